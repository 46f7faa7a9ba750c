"""Sentences that tell nothing: filler where the next step should stand, and an impact that could be any.

Rule: only a whole sentence is empty. One that says a thing more ("we are looking into failed card payments") is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.incident.wording.reading import Reading, Sentence, pattern

_LONGEST = 160
"""Characters of the longest sentence that can be empty as a whole."""

_WE = (
    r"(?:(?:we(?:'re| are| have been)?|(?:our |the )?(?:(?:engineering|technical|dev|ops|support) )?(?:team|teams|engineers)"
    r"(?: is| are)?) )?(?:(?:currently|now|still|already|actively|urgently|also|all|continuing to|continue to|aware and|hard at"
    r"|working hard|are|is) ){0,3}"
)
_IT = (
    r"(?:it|this|that|things|(?:the|this|these|an?|some) (?:(?:current|ongoing|reported|potential) )?"
    r"(?:issues?|problems?|incident|situation|matter|outage)|(?:a |the )?(?:fix|solution|resolution))"
)
_WHEN = r"(?: (?:now|right now|at the moment|currently|as we speak|and will (?:keep you posted|update you)(?: soon| shortly)?))?"

_NOTHING = re.compile(
    rf"{_WE}(?:(?:looking|look|digging) into {_IT}|(?:working|work) on (?:fixing |resolving |solving )?{_IT}|on it|on the case"
    rf"|working to (?:fix|resolve|solve) {_IT}(?: as (?:quickly|soon|fast) as (?:possible|we can))?){_WHEN}"
)
"""Says that somebody works, which nobody doubts."""

_POLITE = re.compile(
    rf"{_WE}(?:investigating(?: {_IT})?|aware of {_IT}|investigate {_IT}){_WHEN}"
    r"|(?:we (?:apologi[sz]e|are sorry)|(?:our )?apologies|sorry|please accept our apologies) for (?:the|any|this|all)? ?"
    r"(?:inconvenience|trouble|disruption|delay)(?: (?:this|it) (?:may|might) (?:have caused|cause)| caused)?"
    r"|(?:thank you|thanks|we appreciate your) ?(?:for your )?(?:patience|understanding)(?: and (?:patience|understanding))?"
    r"|more (?:information|details|news|updates?)? ?(?:to follow|to come|soon)"
)
"""Good manners, and true, and beside something that is said they are welcome."""

PHRASES = (
    pattern(
        r"\b(?:stay tuned|(?:please )?bear with us|hang (?:in there|tight)|watch this space|rest assured|all hands on deck"
        r"|(?:working|work) (?:hard|tirelessly|diligently|around the clock|feverishly)|doing (?:all|everything) (?:that )?we can)\b",
        "stay", "bear", "hang", "watch", "rest", "hands", "work", "doing",
    ),
)  # fmt: skip
"""Words that are empty wherever they stand."""


def _whole(sentence: Sentence, *empty: re.Pattern[str]) -> bool:
    return len(sentence.bare) <= _LONGEST and any(one.fullmatch(sentence.bare) for one in empty)


def filler(reading: Reading) -> Iterator[str]:
    """The words that tell nobody anything."""
    body = reading.of("impact", "affected", "working", "next")
    for sentence in body:
        for phrase in PHRASES:
            for match in phrase.among(sentence):
                yield sentence.text[match.start() : match.end()]
    telling = [one for one in body if not _whole(one, _NOTHING, _POLITE)]
    if not telling:
        yield from (one.text for one in body)
    elif not any(one.field == "next" or _ABOUT_US.search(one.plain) for one in telling):
        yield from (one.text for one in body if _whole(one, _NOTHING))


_ABOUT_US = re.compile(r"\b(?:we|our team|our engineers|engineers)\b")
"""A sentence that says what is being done."""

_SOMEBODY = (
    r"(?:(?:some|many|several|certain|a few|a (?:small )?number of|a subset of|most|all|our)(?: of)?(?: our)? )?"
    r"(?:users|customers|people|clients)"
)
_LEAD = (
    r"(?:(?:we(?:'re| are)?|(?:the |our )?(?:site|website|service|services|system|systems|platform|app|product)(?: is| are)?"
    rf"|{_SOMEBODY}(?: (?:may|might|could|are|have))?(?: be)?(?: been)?) (?:(?:currently|now|still|also) )?"
    r"(?:experienc(?:e|es|ing)|having|have|seeing|see|fac(?:e|ing)|encounter(?:ing)?|reporting|suffering from|aware of"
    r"|investigating) |there (?:is|are|may be|might be|seems? to be) (?:(?:currently|still) )?|investigating |possible )?"
)
_KIND = (
    r"(?:(?:an?|the|some|several|various|minor|major|small|big|serious|intermittent|ongoing|temporary|partial|technical"
    r"|general|service|site|website|web ?site|system|systems|platform|app|application|product|unexpected|widespread|known"
    r"|current|few|multiple|brief|degraded|performance|potential|unknown|reports of|kind of|sort of) ){0,6}"
)
_WRONG = (
    r"(?:issues?|problems?|difficult(?:y|ies)|disruptions?|outages?|interruptions?|incidents?|troubles?|degradation|errors?"
    r"|instability|glitch(?:es)?|hiccups?|downtime|performance|service)"
)
_WHERE = (
    r"(?: (?:at the moment|right now|currently|at this time|today|again|in progress"
    r"|(?:with|on|in|across|affecting) (?:some of )?(?:our|the|some|several) "
    r"(?:service|services|site|website|systems?|platform|app|application|product)s?)){0,2}"
)

_VAGUE = re.compile(
    rf"{_LEAD}{_KIND}{_WRONG}{_WHERE}"
    r"|something (?:is|went|has gone) wrong|things are (?:broken|down|not working)|(?:it|something) (?:is|does) (?:broken|not work)"
    r"|not everything (?:is working|works)|there (?:is|was) a (?:glitch|hiccup)"
)
_SOUND = re.compile(r"(?:the |our |normal |full )*service|(?:normal|good|the )*performance")
"""Words of the pattern that name no trouble when nothing stands beside them."""


def vague(reading: Reading) -> Iterator[str]:
    """The sentences that could be about anything, where they are all there is of the impact, or of the headline."""
    for field in ("headline", "impact"):
        sentences = reading.of(field)
        telling = [one for one in sentences if not _whole(one, _VAGUE, _NOTHING, _POLITE) or _SOUND.fullmatch(one.bare)]
        if not telling:
            yield from (one.text for one in sentences if not _whole(one, _NOTHING, _POLITE))
