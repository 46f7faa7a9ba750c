"""Which entries of a timeline are asked for: since and until when, by whom, of what kind, about which item.

Rule: what cannot be meant is one line that names what can (`Unclear`); nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches

from core.incident.state import Entry, Incident
from core.incident.vocabulary import Person

NAMED = 20
"""As many names as one line can list."""

KINDS: dict[str, tuple[str, ...]] = {
    "decision": (
        *("decision_marked", "path_chosen", "asked", "objected", "tie_broken", "threshold_met", "threshold_unmet"),
        *("decision_point_set", "decision_point_moved", "decision_point_withdrawn"),
        *("decision_point_answered", "decision_point_unanswered"),
    ),
    "update": (
        *("published", "corrected", "update_withdrawn", "reminders_snoozed", "audiences_set", "delivery_noted"),
    ),
    "item": ("item_added", "item_grabbed", "item_let_go", "item_ended", "signal_named", "signal_seen"),
    "role": ("role_taken", "role_vacated", "backup_named"),
    "note": ("noted", "runbook_shown"),
    "status": (
        *("declared", "severity_set", "phase_set", "impact_set", "resolved", "came_back", "closed", "reopened"),
    ),
    "change": ("change_recorded", "frozen", "unfrozen"),
    "follow-up": ("follow_up_added", "follow_up_moved", "follow_up_ended"),
    "postmortem": ("postmortem_assigned", "postmortem_published", "postmortem_waived", "debriefed"),
    "page": ("page_tried", "page_answered", "page_unanswered", "widened", "cover_begun"),
    "alert": ("alert_noted",),
    "drill": ("injected",),
    "channel": (
        *("joined", "left", "put_out", "channel_opened", "channel_gone", "channel_locked", "remade"),
        *("right_missing", "right_given"),
    ),
}
"""Every kind of entry, under the word that people have for such."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(rf"({_DAY.pattern})[T ]([0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)(Z|[+-][0-9]{{2}}:[0-9]{{2}})?")
_CLOCK = re.compile(r"([0-9]{1,2}:[0-9]{2})(Z)?")
_ITEM = re.compile(r"#?([HAR])-?([0-9]{1,4})", re.IGNORECASE)


class Unclear(Exception):
    """What is wrong with what was asked, in one line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """As it was typed. Nothing asked is everything, but for what is hidden from the postmortem."""

    since: str = ""
    until: str = ""
    by: str = ""
    kinds: tuple[str, ...] = ()
    item: str = ""
    hidden: bool = False

    @property
    def filters(self) -> bool:
        return bool(self.since or self.until or self.by or self.kinds or self.item)


Fits = Callable[[Entry], bool]


def sieve(asked: Asked, incidents: Sequence[Incident], zone: tzinfo) -> Fits:
    """Whether an entry of these incidents is asked for. Raises `Unclear`."""
    kinds = _kinds(asked.kinds)
    item = _item(asked.item, incidents) if asked.item else ""
    who = _who(asked.by, incidents) if asked.by else frozenset()
    since = _span("since", asked.since, incidents, zone)[0] if asked.since else None
    until = _span("until", asked.until, incidents, zone)[1] if asked.until else None
    if since and until and until <= since:
        raise Unclear(f"--until {asked.until} is before --since {asked.since}")

    def fits(entry: Entry) -> bool:
        return (
            (asked.hidden or not entry.hidden)
            and (since is None or entry.at >= since)
            and (until is None or entry.at < until)
            and (not kinds or entry.kind in kinds)
            and (not item or entry.item == item)
            and (not who or not who.isdisjoint(person.key for person in _people(entry)))
        )

    return fits


def nearest(what: str, word: str, known: Iterable[str]) -> Unclear:
    """That there is none, the nearest, and all there are where they can be listed."""
    there = list(dict.fromkeys(known))
    folded = {one.casefold(): one for one in there}
    near = get_close_matches(word.casefold(), folded, n=1)
    hint = f"; did you mean {folded[near[0]]}?" if near else "; "
    every = f"there are {', '.join(there)}" if there else "there are none"
    if len(there) > NAMED:
        every = f"there are {len(there)}, and `tocsin timeline` shows them"
    return Unclear(f"there is no {what} {word}{hint}{f' T{every[1:]}' if near else every}")


def _kinds(words: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    folded = {_fold(kind): kind for kind in KINDS}
    for word in words:
        kind = folded.get(_fold(word)) or folded.get(_fold(word).removesuffix("s"))
        if kind is None:
            raise nearest("kind", word, KINDS)
        found |= set(KINDS[kind])
    return frozenset(found)


def _fold(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _item(word: str, incidents: Sequence[Incident]) -> str:
    found = _ITEM.fullmatch(word)
    if found is None:
        raise Unclear(f"{word} is no item; items are called H2, A1 or R1")
    key, known = f"{found[1].upper()}{int(found[2])}", [key for incident in incidents for key in incident.items]
    if key not in known:
        raise nearest("item", key, sorted(known))
    return key


def _people(entry: Entry) -> Iterable[Person]:
    """Whose words or act it is, and who put it on the record."""
    return (person for person in (entry.by, entry.marked_by, *entry.also) if person is not None)


def _who(word: str, incidents: Sequence[Incident]) -> frozenset[str]:
    """The keys of those who are called so, by name or account."""
    wanted = word.removeprefix("@").casefold()
    everyone = [person for incident in incidents for entry in incident.entries for person in _people(entry)]
    found = frozenset(person.key for person in everyone if wanted in _called(person))
    if not found:
        raise nearest("person called", word, sorted(person.name for person in everyone))
    return found


def _called(person: Person) -> Iterable[str]:
    for account in (person.account, *person.others):
        yield account.name.casefold()
        yield account.id.removeprefix("@").casefold()
    yield person.name.casefold()


def _span(option: str, word: str, incidents: Sequence[Incident], zone: tzinfo) -> tuple[datetime, datetime]:
    """The day, minute or second that was named: where it begins, and where the next does. Raises `Unclear`."""
    try:
        if _DAY.fullmatch(word):
            day = date.fromisoformat(word)
            return _local(day, time(), zone), _local(day + timedelta(days=1), time(), zone)
        if moment := _MOMENT.fullmatch(word):
            clock = time.fromisoformat(moment[2])
            whose = datetime.fromisoformat(f"2000-01-01T00:00{moment[3]}").tzinfo if moment[3] else zone
            begin = _local(date.fromisoformat(moment[1]), clock, whose or zone)
            return begin, begin + timedelta(seconds=1 if moment[2].count(":") > 1 else 60)
        if found := _CLOCK.fullmatch(word):
            whose = UTC if found[2] else zone
            clock = time.fromisoformat(found[1].zfill(5))
            begin = _local(_only_day(option, word, incidents, whose), clock, whose)
            return begin, begin + timedelta(minutes=1)
    except (ValueError, OverflowError):
        raise Unclear(f"--{option}: there is no {word}") from None
    raise Unclear(f"--{option} {word} is no time: write 2026-05-02T10:05, 2026-05-02 or 10:05")


def _local(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _only_day(option: str, word: str, incidents: Sequence[Incident], zone: tzinfo) -> date:
    """The day of an incident that began and ended on one."""
    with_day = f"--{option} {word} needs its day, as in 2026-05-02T{word}"
    if len(incidents) != 1:
        raise Unclear(f"{with_day}, where more than one incident is asked for")
    [incident] = incidents
    last = incident.closed_at or incident.in_time[-1].at
    begun, ended = (at.astimezone(zone).date() for at in (incident.declared_at, last))
    if begun != ended:
        raise Unclear(f"{with_day}: incident {incident.number} went from {begun} to {ended}")
    return begun
