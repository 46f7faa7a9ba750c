"""Days in the config: calendars of holidays (`DE`, `DE-BY`, `US-CA`) and the moment of a week (`Mon 09:00`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from difflib import get_close_matches

from core.incident.policy import Weekly
from core.incident.workdays import WEEKDAYS

YEARS = 3
"""How many years from the start of the process a calendar is looked up for: no incident is due later."""


def known_calendar(code: str) -> str:
    """The code of a calendar that the library has. Raises `ValueError` with the nearest."""
    # It knows every country of the world, which takes a while: only a house with a calendar waits for it.
    from holidays import list_supported_countries

    country, _, part = code.strip().upper().partition("-")
    known = list_supported_countries(include_aliases=True)
    if country not in known:
        raise ValueError("this is no calendar; write a country's code, as in DE, or with its part, as in DE-BY")
    if part and part not in known[country]:
        near = get_close_matches(part, known[country], 1, 0.4)
        hint = f"; did you mean {country}-{near[0]}?" if near else f"; {country} alone will do"
        raise ValueError(f"{country} has no such part{hint}")
    return f"{country}-{part}" if part else country


def holidays(code: str | None, more: Iterable[date], since: int) -> tuple[date, ...]:
    """The days on which nobody works: those of a calendar from the year `since` on, and the house's own."""
    found = set(more)
    if code is not None:
        from holidays import country_holidays

        country, _, part = code.partition("-")
        found |= set(country_holidays(country, subdiv=part or None, years=range(since, since + YEARS)))
    return tuple(sorted(found))


def free_day(word: str) -> str:
    """A holiday, or a calendar of them, as it was written. Raises `ValueError`."""
    try:
        return date.fromisoformat(word.strip()).isoformat()
    except ValueError:
        if any(letter.isdigit() for letter in word):
            raise ValueError("write a day as 2026-12-24, or a calendar as DE-BY") from None
    return known_calendar(word)


def free_days(words: Iterable[str], since: int) -> frozenset[date]:
    """The days that these words mean: days, and calendars from the year `since` on."""
    found: set[date] = set()
    for word in words:
        found |= {date.fromisoformat(word)} if word[:1].isdigit() else set(holidays(word, (), since))
    return frozenset(found)


def known_handover(text: str) -> str:
    """The moment of a hand-over as it was written. Raises `ValueError`."""
    handover(text)
    return text


def handover(text: str) -> tuple[int | None, time]:
    """The day of the week, if one is said, and the time that `Mon 09:00` or `09:00` means. Raises `ValueError`."""
    if clock := re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip()):
        return None, time(int(clock[1]), int(clock[2]))
    try:
        found = week(text)
    except ValueError:
        found = None
    if found is None:
        raise ValueError('write it as "Mon 09:00", or as "09:00" where shifts are shorter than a week')
    return found.weekday, found.at


def known_week(text: str) -> str:
    """The moment of a week as it was written. Raises `ValueError`."""
    week(text)
    return text


def week(text: str) -> Weekly | None:
    """The moment that `Mon 09:00` means; nothing for an empty text. Raises `ValueError`."""
    if not text.strip():
        return None
    found = re.fullmatch(r"([a-z]{3,9})\.? +([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip().casefold())
    day = next((at for at, name in enumerate(WEEKDAYS) if found and name.startswith(found[1])), None)
    if found is None or day is None:
        raise ValueError('write it as "Mon 09:00"; "" turns it off')
    return Weekly(weekday=day, at=time(int(found[2]), int(found[3])))
