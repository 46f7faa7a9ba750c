"""A promised time of repair. When the next update comes, or a decision, or a step, is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.incident.wording.reading import Reading, Sentence, pattern

_ABOUT = r"(?:(?:about|around|approximately|roughly|less than|under|at most|the next|the coming|the) )?"
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|moments?|weeks?|m|h)\b"
_COUNT = r"(?:\d+(?:[-–]\d+)? ?|(?:a few|a couple of|a|an|one|two|three|five|ten|fifteen|twenty|thirty|half an|few) )?"
_DAY = (
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tonight|tomorrow|noon|midnight|midday|lunch)\b"
)
_CLOCK = r"\d{1,2}(?:[:.]\d\d| ?[ap]\.?m\b)|\d{1,2}(?= ?(?:utc|gmt|cet|est|pst|o'clock)\b)"
_TIME = (
    r"\b(?:soon\b|shortly\b|momentarily\b|today\b|tonight\b|tomorrow\b|in no time\b|any (?:minute|moment) now\b"
    r"|this (?:morning|afternoon|evening|week)\b|later this\b|next week\b|in due course\b"
    rf"|(?:by|before|at|around) {_ABOUT}(?:{_CLOCK}|{_DAY}|(?:the )?end of\b|eod\b|close of business\b"
    r"|this (?:morning|afternoon|evening)\b|next week\b)"
    rf"|(?:in|within) {_ABOUT}{_COUNT}{_UNIT})"
)

_WILL = (
    r"(?:\bwill|\bshould|\bshall|'ll|\bgoing to|\blikely to|\b(?:expect(?:s|ed)?|hopes?|hoping|aims?|aiming|plans?"
    r"|planning|estimated)(?: [\w'-]+){0,5}? to)"
)
_DONE = r"(?:fixed|resolved|restored|repaired|solved|recovered|up and running|up again|working (?:again|normally)|available again|operational)"
_BACK = r"back(?: (?:up|online|to normal|in service|again|up and running))?"
_IT = (
    r"(?:this|it|that|everything|(?:all |full |normal |the )?(?:services?|access)"
    r"|the (?:issue|problem|outage|site|incident|error)s?)"
)

PROMISED = (
    pattern(rf"{_WILL} (?:all )?be (?:(?:all|fully|completely) )?{_DONE}\b[^,;:]{{0,40}}?{_TIME}", " be "),
    pattern(rf"{_WILL} (?:all )?be (?:(?:all|fully|completely) )?{_BACK} {_TIME}", " be "),
    pattern(rf"{_WILL} (?:fix|resolve|restore|repair|solve) {_IT}\b[^,;:]{{0,30}}?{_TIME}", "fix", "re", "solve"),
    pattern(
        rf"{_WILL} have (?:[\w'-]+ ){{1,3}}(?:{_DONE}|{_BACK})\b[^,;:]{{0,30}}?{_TIME}",
        "have ",
    ),
    pattern(rf"{_WILL} (?:recover|return to (?:normal|service))\b[^,;:]{{0,25}}?{_TIME}", "recover", "return to"),
    pattern(
        r"\b(?:expect|anticipate|promise)(?:s|d|ed|ing)? (?:(?:a|the|full|complete|that) ){0,2}"
        rf"(?:fix|recovery|resolution|repair|restoration|service)\b[^,;:]{{0,30}}?{_TIME}",
        "expect", "anticipate", "promise",
    ),
    pattern(
        r"\bfix (?:(?:is )?expected|(?:will|should) be (?:ready|live|out|in place|deployed|released|available|rolled out))\b"
        rf"[^,;:]{{0,20}}?{_TIME}",
        "fix ",
    ),
    pattern(
        r"(?:\beta|\b(?:estimated|expected|anticipated) (?:time (?:to|of|for) )?(?:fix|repair|resolution|recovery|restoration)"
        r"(?: time)?)(?: for [\w'-]+(?: [\w'-]+){0,3}?)?(?: is| of|:|=)? ?(?:(?:about|around|currently|now) )?"
        rf"(?:{_CLOCK}|{_COUNT}{_UNIT}|{_TIME})",
        "eta", "estimated", "expected", "anticipated",
    ),
    pattern(rf"^(?:it's |we're )?back(?: online| up| to normal)? {_TIME}(?: utc)?\W*$", "back "),
)  # fmt: skip

_ELSE = re.compile(r"[^.!?;]{0,20}\b(?:update|news|more|information|details)\b")
"""What comes back is not the service."""

_NOT_SO = re.compile(r"(?:\b(?:not|no|never|whether|if|unless|cannot|when|nor)\b|n't\b)[^.,;:]{0,40}$")


def promises(reading: Reading) -> Iterator[str]:
    """The words that promise when it will be repaired."""
    for sentence in reading.sentences:
        yield from _promised(sentence)


def _promised(sentence: Sentence) -> Iterator[str]:
    for one in PROMISED:
        for match in one.among(sentence):
            if not _NOT_SO.search(sentence.plain[: match.start()][-60:]) and not _ELSE.match(
                sentence.plain, match.end()
            ):
                yield sentence.text[match.start() : match.end()].strip()
