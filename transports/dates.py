"""Days inside a command's words: `Friday`, `12 May`, `2026-05-12`, `5d`, `in 2 weeks`.

Rule: that of every reader in `transports.arguments`. A day is never guessed: `05/12` could be two days, and is turned down.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta

from core.incident.workdays import WEEKDAYS

FARTHEST = timedelta(days=731)
"""How far ahead a day may be."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NAMED = re.compile(
    r"(?:(?!the )([a-z]{2,9})\.?,? )?(?:the )?([0-9]{1,2})(?:st|nd|rd|th|\.)? (?:of )?([a-z]{3,9})\.?(?:,? ([0-9]{4}))?"
)
_AMERICAN = re.compile(r"(?:([a-z]{2,9})\.?,? )?([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?:,? ([0-9]{4}))?")
_AHEAD = re.compile(r"(?:in )?([0-9]{1,3}) ?(d|days?|w|weeks?)|in (?:a|one) (day|week)")
_VAGUE = re.compile(
    r"(?:(?:next|this|the) )?(?:end of (?:the )?)?(?:week|month|quarter|year)|eow|eom|asap|soon|monday week"
)
_FIGURES = re.compile(r"[0-9]{1,2}[./][0-9]{1,2}(?:[./][0-9]{0,4})?")


def day(words: str, today: date) -> date | None:
    """The day that the words mean; `None` where they mean none. Raises `ValueError`."""
    said = words.strip().casefold().rstrip(",;")
    said = said.removeprefix("on ").removeprefix("by ").removeprefix("to ").strip()
    if _FIGURES.fullmatch(said):
        raise ValueError(f"I do not read {words}: write the day as in `12 May` or `2026-05-12`")
    if _VAGUE.fullmatch(said):
        raise ValueError(f"{words} is no day: name one, as in `Friday` or `12 May`")
    found = _found(said, today)
    if found is not None and found - today > FARTHEST:
        raise ValueError(f"{words} is too far ahead: a day is named for the next two years")
    return found


def _found(said: str, today: date) -> date | None:
    if said in ("today", "tomorrow"):
        return today + timedelta(days=said == "tomorrow")
    if ahead := _AHEAD.fullmatch(said):
        unit = ahead[2] or ahead[3]
        return today + timedelta(days=int(ahead[1] or 1) * (7 if unit.startswith("w") else 1))
    if iso := _ISO.fullmatch(said):
        return _made(int(iso[1]), int(iso[2]), int(iso[3]))
    weekday = _which(said.removeprefix("next ").removeprefix("this "), WEEKDAYS)
    if weekday is not None:
        # Today's name means the one in a week.
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    name, number, month, year = _parts(said)
    weekday = _which(name, WEEKDAYS) if name else None
    if month is None or (name and weekday is None):
        return None
    found = _near(today, month + 1, int(number), year)
    # "Friday 7 May" where that is a Thursday is one of two days.
    if weekday is not None and weekday != found.weekday():
        raise ValueError(f"{found.day} {found:%B %Y} is a {found:%A}, and you say {said}")
    return found


def _parts(said: str) -> tuple[str, str, int | None, str | None]:
    """The weekday, the day, the month and the year as they stand there."""
    if named := _NAMED.fullmatch(said):
        return named[1] or "", named[2], _which(named[3], _MONTHS), named[4]
    if american := _AMERICAN.fullmatch(said):
        return american[1] or "", american[3], _which(american[2], _MONTHS), american[4]
    return "", "", None, None


def _which(word: str, names: tuple[str, ...]) -> int | None:
    word = word.rstrip(".")
    found = [at for at, name in enumerate(names) if len(word) > 2 and name.startswith(word)]
    return found[0] if len(found) == 1 else None


def _near(today: date, month: int, number: int, year: str | None) -> date:
    if year is not None:
        return _made(int(year), month, number)
    for one in (today.year, today.year + 1):
        # In December, `12 January` is the one to come; and 29 February is not in every year.
        with suppress(ValueError):
            found = date(one, month, number)
            if today - found < timedelta(days=183):
                return found
    return _made(today.year, month, number)


def _made(year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        name = _MONTHS[month - 1].title() if 0 < month <= len(_MONTHS) else f"month {month}"
        raise ValueError(f"there is no {number} {name} in {year}") from None
