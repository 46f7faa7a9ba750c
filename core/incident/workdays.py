"""Days as people work: business days, and the morning of a day.

Rule: which days are holidays comes in; Saturdays and Sundays are none of them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

MORNING = time(9)
"""When people are reminded of what is due on a day."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

SATURDAY = WEEKDAYS.index("saturday")


def works(day: date, holidays: Collection[date]) -> bool:
    """Whether people work on a day."""
    return day.weekday() < SATURDAY and day not in holidays


def business_day(start: date, days: int, holidays: Collection[date] = ()) -> date:
    """The day that lies so many business days after `start`, or before it where `days` is below zero.

    With none, it is `start` itself, or the next business day where nobody works on it.
    """
    step = timedelta(days=-1 if days < 0 else 1)
    day, left = start, abs(days)
    while left or not works(day, holidays):
        day += step
        left -= left > 0 and works(day, holidays)
    return day


def day_of(at: datetime, zone: str) -> date:
    """The day that a moment is on, in a zone."""
    return at.astimezone(_zone(zone)).date()


def morning(day: date, zone: str) -> datetime:
    """The moment at which people are reminded of what is due on a day."""
    return moment_of(day, MORNING, zone)


def moment_of(day: date, at: time, zone: str) -> datetime:
    """The moment of a clock time on a day, in a zone."""
    return datetime.combine(day, at, _zone(zone)).astimezone(UTC)


def in_zone(at: datetime, zone: str) -> datetime:
    """A moment as the clocks of a zone show it."""
    return at.astimezone(_zone(zone))


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def day_words(day: date) -> str:
    """A day for people: `Fri 8 May 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"
