"""Calendars of holidays by country, and by its part where those differ: `DE`, `DE-BY`, `US-CA`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches

from holidays import country_holidays, list_supported_countries

YEARS = 3
"""How many years from the start of the process a calendar is looked up for: no incident is due later."""


def known_calendar(code: str) -> str:
    """The code of a calendar that the library has. Raises `ValueError` with the nearest."""
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
        country, _, part = code.partition("-")
        found |= set(country_holidays(country, subdiv=part or None, years=range(since, since + YEARS)))
    return tuple(sorted(found))
