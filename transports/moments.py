"""Times and lengths inside a command's words: `10:02`, `5m ago`, `at 10:15 UTC`, `in 15 minutes`.

Rule: that of every reader in `transports.arguments`. Of several ways to read words as a time none is chosen for people: what
could mean another hour than it seems (`10:15 pm`) is turned down.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from core.incident.times import duration, moment, spell

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
"""Between one update and the next, and of the time that a signal is watched."""

FARTHEST = timedelta(hours=24)
"""How far ahead of now a decision may be set."""

LONGEST_WORDS = 40
"""Characters of a length; what is wrong with it is said with it."""

_UTC = r"(?:\s?(?:utc|z))?"
_CLOCK = re.compile(rf"(?:at [0-9]{{1,2}}[:.][0-9]{{2}}|[0-9]{{1,2}}:[0-9]{{2}}){_UTC}", re.IGNORECASE)
_AT = re.compile(r"(?:at )?([0-9]{1,2})[:.]([0-9]{2})(?:\s?(utc|z))?", re.IGNORECASE)
_DATED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?: ?(?:utc|z|[+-][0-9]{2}:[0-9]{2}))?",
    re.IGNORECASE,
)
# A figure like 99.95 is no time, and 25:00 is a slip in one.
_COMING = re.compile(rf"(?:at )?(?:[0-9]{{1,2}}:[0-9]{{2}}|(?:[01]?[0-9]|2[0-3])\.[0-5][0-9]){_UTC}", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"(?:at )?[0-9]{1,2}(?:[:.][0-9]{2})? ?(?:(?i:[ap]m|[ap]\.m\.?)|GMT|BST|CES?T|EES?T|[ECMP][SD]T|IST|JST)"
)
# Only hours go on into a second word, and in the manner of the first: "15m 30 s of errors" is fifteen minutes.
_AHEAD = re.compile(
    r"(?:in )?(?:\S+|[0-9]+ [a-z]+|[0-9]+h[a-z]* [0-9]+m[a-z]*|[0-9]+ h[a-z]* [0-9]+ m[a-z]*)", re.IGNORECASE
)


def past(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    """A moment behind us. `30s` alone is none: "changed timeout to 30s" says nothing about when."""
    if _CLOCK.fullmatch(words):
        return moment(words, now, zone, past=True)
    if not words.casefold().endswith("ago"):
        return None
    if words.casefold() == "ago":
        raise ValueError("I cannot read that time; write it like `5m ago` or `10:02`.")
    try:
        return moment(words, now, zone, past=True)
    except ValueError:
        return None


def was(words: str, now: datetime, zone: tzinfo) -> datetime | time | None:
    """When something was: a clock time, which may be that of another day than today, or a moment with its day."""
    if clock := _AT.fullmatch(words):
        hour, minute = int(clock[1]), int(clock[2])
        if hour > 23 or minute > 59:
            raise ValueError(f"{words} is no time; write it by the 24-hour clock, like `10:02`")
        return time(hour, minute, tzinfo=UTC if clock[3] else zone)
    if not _DATED.fullmatch(words):
        return past(words, now, zone)
    try:
        at = datetime.fromisoformat(words.upper().replace(" ", "T").replace("TUTC", "Z"))
    except ValueError:
        raise ValueError(f"there is no {words}; write it like `2026-05-02T10:02`") from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def coming(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    """A moment to come, within a day: a clock time or a length from now."""
    words = words.rstrip(",;:.")
    if _ELSEWHERE.fullmatch(words):
        raise ValueError(f"I do not read {words}: write the time by the 24-hour clock in {zone}, like `22:15`")
    if _COMING.fullmatch(words):
        return moment(words, now, zone)
    ahead = _length(words) if _AHEAD.fullmatch(words) else None
    if ahead is None:
        return None
    if ahead > FARTHEST:
        raise ValueError(f"{words} is too far ahead: a decision is set for the next {spell(FARTHEST)}")
    if not ahead:
        raise ValueError(f"{words} is no time to come")
    return now + ahead


def length(words: str) -> timedelta | None:
    """A length of time, with or without "for"."""
    found = _length(re.sub(r"^for ", "", words, flags=re.IGNORECASE))
    if found is not None and not SHORTEST <= found <= LONGEST:
        wrong = "short" if found < SHORTEST else "long"
        raise ValueError(f"{words} is too {wrong}: it can be {spell(SHORTEST)} to {spell(LONGEST)}")
    return found


def marked_length(words: str) -> timedelta | None:
    """A length at the end of a text, where one out of bounds belongs to the text ("latency below 5 s") unless a "for" stands
    before it.
    """
    try:
        return length(words)
    except ValueError:
        if words.casefold().startswith("for "):
            raise
        return None


def _length(words: str) -> timedelta | None:
    try:
        return duration(words) if len(words) <= LONGEST_WORDS else None
    except (ValueError, OverflowError):
        return None
