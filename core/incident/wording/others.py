"""The smaller checks: what is missing, blame, names that mean nothing outside, words not filled in yet, length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.incident.vocabulary import Person, Phase, Severity
from core.incident.wording.reading import FIELDS, Reading, pattern

LONGEST = 800
"""Characters that are read in a hurry, on a phone; the updates of good status pages have a third of that."""

_WORDS = re.compile(r"\w")


def no_impact(reading: Reading) -> Iterator[str]:
    """The impact, where there is none: nothing, or marks without a letter."""
    if not _WORDS.search(reading.wording.impact):
        yield reading.wording.impact


def no_next_time(reading: Reading) -> Iterator[str]:
    """The next time, where none is promised though it has to be (spec, section 7)."""
    incident = reading.incident
    free = incident.phase in (Phase.RESOLVED, Phase.CLOSED) or incident.severity is Severity.SEV3
    if reading.promised_at is None and not free:
        yield ""


_WORKER = (
    r"(?:engineer|developer|employee|operator|administrator|admin|intern|colleague|contractor|technician|teammate)"
)
_OTHERS = rf"(?:provider|vendor|supplier|partner|host|{_WORKER}|team)"
_HARM = (
    r"(?:broke|deleted|dropped|wiped|forgot|messed up|misconfigured|screwed up|crashed|took down|shut down|unplugged"
    r"|pushed|overlooked|mistyped)"
)
_BY_MISTAKE = r"(?:(?:accidentally|mistakenly|wrongly|carelessly|just|has|have|had) ){0,2}"

BLAME = (
    pattern(r"\b(?:human|operator|manual) (?:error|mistake|failure)\b|\bfat[- ]finger\w*", "human", "operator", "manual", "fat"),
    pattern(rf"\b{_OTHERS}s?'s? (?:own )?(?:fault|mistake|negligence|carelessness|incompetence)\b", "'"),
    pattern(rf"\b(?:fault|mistake|negligence) (?:of|by|on the part of) (?:an?|our|the|one of our) (?:[\w-]+ ){{0,2}}{_OTHERS}s?\b", "fault", "mistake", "negligence"),
    pattern(rf"\b(?:an?|one of our|our|the) (?:[\w-]+ ){{0,2}}?{_WORKER}s? {_BY_MISTAKE}{_HARM}\b", *_HARM.strip("(?:)").split("|")),
    pattern(r"\b(?:someone|somebody|an individual) " + f"{_BY_MISTAKE}{_HARM}\\b", "some", "an individual"),
    pattern(r"(?<!nobody )(?<!no one )(?<!not )\b(?:is|are|was|were) (?:solely |entirely |partly )?to blame\b|\bnot our fault\b", "to blame", "our fault"),
)  # fmt: skip

_NO_BLAME = re.compile(r"\b(?:no|not|never|without|any|nobody|isn't|wasn't)\b(?: \w+){0,2} $")

_NAMED = re.compile(
    r"\b(?!(?:The|This|It|That|These|Something|Nothing|What|We|Which|And|But|Someone|Somebody)\b)[A-Z][a-z]+(?: [A-Z][a-z]+)?"
    r" (?:accidentally |just |has |then )?broke (?!at|for|in|after|on|down|because|when|again|during|since|off|and|out|up|"
    r"yesterday|today|while|as|with|around|about|early|late|this|last)\w+"
)
"""A name, and what was broken by it."""


def blame(reading: Reading) -> Iterator[str]:
    """The words that say whose fault it is."""
    harmed = _harmed(reading.incident.people)
    for sentence in reading.sentences:
        for one in BLAME:
            for match in one.among(sentence):
                if not _NO_BLAME.search(sentence.plain[: match.start()][-40:]):
                    yield sentence.text[match.start() : match.end()]
        if "broke" in sentence.plain:
            yield from (match[0] for match in _NAMED.finditer(sentence.text))
        if harmed:
            yield from (match[0] for match in harmed.finditer(sentence.text))


def _harmed(people: tuple[Person, ...]) -> re.Pattern[str] | None:
    """One of these people, and the harm that they did."""
    names = "|".join(re.escape(person.name) for person in people if person.name)
    return re.compile(rf"\b(?:{names}) {_BY_MISTAKE}{_HARM}\b") if names else None


_INSIDE = re.compile(r"\binc-\d{4}-\d\d-\d\d[\w-]*|\bSEV[ -]?[1-4]\b")


def inside(reading: Reading) -> Iterator[str]:
    """Names that only people in the incident know: its channel, its severity, its items."""
    keys = [*reading.incident.items, *reading.incident.points]
    ours = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, keys))})(?![\w-])") if keys else None
    for sentence in reading.sentences:
        yield from (match[0] for match in _INSIDE.finditer(sentence.text))
        if ours:
            yield from (match[0] for match in ours.finditer(sentence.text))


_UNFILLED = re.compile(
    r"\bTB[DC]\b|\b(?:TODO|FIXME):|\[(?:insert|your|name|time|date|service|component|feature|impact|description)[^\]]{0,40}\]"
    r"|<(?:insert|name|time|date|service|component|feature|impact|description)[^>]{0,40}>|\{\{[^}]{0,40}\}\}|\blorem ipsum\b",
    re.IGNORECASE,
)


def unfilled(reading: Reading) -> Iterator[str]:
    """Places that a form or a template leaves to be filled in."""
    for field in FIELDS:
        words = getattr(reading.wording, field)
        # An impact without a letter is missing, which is said already.
        if words and field != "impact" and not _WORDS.search(words):
            yield words
    for sentence in reading.sentences:
        yield from (match[0] for match in _UNFILLED.finditer(sentence.text))


def too_long(reading: Reading) -> Iterator[str]:
    """How long it is, where that is too long."""
    length = sum(len(getattr(reading.wording, field)) for field in FIELDS if field != "headline")
    if length > LONGEST:
        yield f"{length} characters"
