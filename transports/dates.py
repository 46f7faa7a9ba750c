"""Days inside a command's words: `Friday`, `12 May`, `2026-05-12`, `5d`, `in 2 weeks`.

Rule: that of every reader in `transports.arguments`. A day is never guessed: `05/12` could be two days, and is turned down.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

FARTHEST = timedelta(days=366)
"""How far ahead a day may be."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NAMED = re.compile(r"(?:[a-z]{2,9}\.?,? )?([0-9]{1,2})(?:st|nd|rd|th|\.)? ([a-z]{3,9})\.?(?:,? ([0-9]{4}))?")
_AMERICAN = re.compile(r"([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?:,? ([0-9]{4}))?")
_AHEAD = re.compile(r"(?:in )?([0-9]{1,3}) ?(d|days?|w|weeks?)")
_FIGURES = re.compile(r"[0-9]{1,2}[./][0-9]{1,2}(?:[./][0-9]{0,4})?")


def day(words: str, today: date) -> date | None:
    """The day that the words mean; `None` where they mean none. Raises `ValueError`."""
    said = words.strip().casefold().rstrip(",;")
    said = said.removeprefix("on ").removeprefix("by ").strip()
    if _FIGURES.fullmatch(said):
        raise ValueError(f"I do not read {words}: write the day as in `12 May` or `2026-05-12`")
    found = _found(said, today)
    if found is not None and found - today > FARTHEST:
        raise ValueError(f"{words} is too far ahead: a day is named for the next year")
    return found


def _found(said: str, today: date) -> date | None:
    if said in ("today", "tomorrow"):
        return today + timedelta(days=said == "tomorrow")
    if ahead := _AHEAD.fullmatch(said):
        return today + timedelta(days=int(ahead[1]) * (7 if ahead[2].startswith("w") else 1))
    if iso := _ISO.fullmatch(said):
        return _made(int(iso[1]), int(iso[2]), int(iso[3]))
    weekday = _which(said.removeprefix("next "), _DAYS)
    if weekday is not None:
        # Today's name means the one in a week.
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    named = _NAMED.fullmatch(said)
    number, name, year = named.groups() if named else (None, "", None)
    if named is None and (american := _AMERICAN.fullmatch(said)):
        name, number, year = american.groups()
    month = _which(name, _MONTHS)
    return None if month is None or number is None else _near(today, month + 1, int(number), year)


def _which(word: str, names: tuple[str, ...]) -> int | None:
    word = word.rstrip(".")
    found = [at for at, name in enumerate(names) if len(word) > 2 and name.startswith(word)]
    return found[0] if len(found) == 1 else None


def _near(today: date, month: int, number: int, year: str | None) -> date:
    if year is not None:
        return _made(int(year), month, number)
    this = _made(today.year, month, number)
    # In December, `12 January` is the one to come.
    return this if today - this < timedelta(days=183) else _made(today.year + 1, month, number)


def _made(year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        raise ValueError(f"there is no {number}. {month}. in {year}") from None
