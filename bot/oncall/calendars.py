"""iCalendar (RFC 5545) as stretches: who its events name, and when.

Rule: a calendar comes from outside. One that is too large, repeats by the minute or cannot be read is turned down whole,
in one line; an event that names nobody of the config is left out, and its name is told once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from itertools import pairwise
from typing import Any

import recurring_ical_events
from icalendar import Calendar

from bot.oncall.rotations import Piece, moment
from core.incident.vocabulary import Person

LIMIT = 1024 * 1024
"""Bytes of a calendar."""

EVENTS = 2000
"""Events of a calendar."""

REPEATS = 200_000
"""Repetitions, since each event began, that are counted to find those of now: a second's work, off the loop."""

PERIODS = {"DAILY": 1.0, "WEEKLY": 7.0, "MONTHLY": 28.0, "YEARLY": 365.0}
"""Days between two repetitions, at the least. What repeats more often is no rotation."""

BACKUP = re.compile(r"\b(?:backup|secondary|second|shadow)\b", re.IGNORECASE)
"""What an event's summary says when it is about the backup."""


BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What the libraries raise for what somebody sent that makes no sense. A zone is a file: one may be named that is a folder."""


class CalendarUnreadable(Exception):
    """Why a calendar cannot be used, in a few words."""


@dataclass(frozen=True, slots=True)
class People:
    """Whom a calendar may mean: by an address, and by a name, in any case."""

    by_mail: dict[str, Person]
    by_name: dict[str, Person]

    def named(self, words: str) -> Person | None:
        """The one person whose name stands in a text: the whole of it first, else as words in it."""
        text = words.strip().casefold()
        if text in self.by_name:
            return self.by_name[text]
        found = [each for name, each in self.by_name.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
        # "Ann Marie" is not Ann too.
        return max(found, key=lambda each: len(each.name)) if found else None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a calendar says of a time, and the names in it that are nobody's."""

    pieces: tuple[Piece, ...]
    unknown: tuple[str, ...] = ()
    events: int = 0


def parsed(data: bytes) -> Calendar:
    """The calendar. Raises `CalendarUnreadable`."""
    if len(data) > LIMIT:
        raise CalendarUnreadable(f"it has more than {LIMIT // 1024} KiB")
    try:
        calendar = Calendar.from_ical(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CalendarUnreadable("it is not text") from None
    except BROKEN as error:
        raise CalendarUnreadable(f"it is no iCalendar file: {_brief(error)}") from None
    if calendar.name != "VCALENDAR":
        raise CalendarUnreadable("it is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
    return calendar


def read(data: bytes, people: People, zone: tzinfo, since: datetime, until: datetime) -> Reading:
    """Who is on between two moments. Raises `CalendarUnreadable`. It may take a second: not for the loop."""
    calendar = parsed(data)
    events = list(calendar.walk("VEVENT"))
    if len(events) > EVENTS:
        raise CalendarUnreadable(f"it has more than {EVENTS} events")
    try:
        if sum(map(_repetitions(until), events)) > REPEATS:
            raise CalendarUnreadable("its events repeat too often for too long: end what is over with UNTIL")
        found = recurring_ical_events.of(calendar).between(since, until)
        shifts = [shift for event in found if (shift := _shift(event, people, zone)) is not None]
    except BROKEN as error:
        raise CalendarUnreadable(f"its events cannot be told: {_brief(error)}") from None
    unknown = dict.fromkeys(shift.name for shift in shifts if not shift.people)
    return Reading(tuple(_pieces(shifts)), tuple(unknown)[:20], len(events))


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _repetitions(until: datetime) -> Callable[[Any], float]:
    def count(event: Any) -> float:
        rules = event.get("RRULE")
        total = 0.0
        for rule in rules if isinstance(rules, list) else [rules] if rules else []:
            period = PERIODS.get(str((rule.get("FREQ") or [""])[0]).upper())
            if period is None:
                raise CalendarUnreadable("an event of it repeats more often than daily")
            begin = getattr(event.get("DTSTART"), "dt", None)
            day = begin.date() if isinstance(begin, datetime) else begin
            if not isinstance(day, date):
                raise CalendarUnreadable("an event of it has no DTSTART")
            # BYDAY, BYHOUR and the like make more of one period.
            more = [len(rule[key]) for key in rule if str(key).upper().startswith("BY")]
            times = 1
            for one in more:
                times *= max(1, one)
            total += max(0.0, (until.date() - day).days / period) * times
        return total

    return count


@dataclass(frozen=True, slots=True)
class _Shift:
    since: datetime
    until: datetime
    people: tuple[Person, ...]
    backup: bool
    name: str


def _shift(event: Any, people: People, zone: tzinfo) -> _Shift | None:
    begins, ends = _moment(event["DTSTART"].dt, zone), _moment(event["DTEND"].dt, zone)
    if begins >= ends or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    summary = str(event.get("SUMMARY", ""))
    found: list[Person] = []
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        mail = re.sub("^mailto:", "", str(attendee).strip(), flags=re.IGNORECASE).casefold()
        name = str(getattr(attendee, "params", {}).get("CN", "")).strip().casefold()
        person = people.by_mail.get(mail) or people.by_name.get(name)
        if person is not None and not any(person.is_(one) for one in found):
            found.append(person)
    if not found and (person := people.named(summary)):
        found.append(person)
    return _Shift(begins, ends, tuple(found), bool(BACKUP.search(summary)), summary.strip()[:60] or "(no summary)")


def _moment(when: date | datetime, zone: tzinfo) -> datetime:
    if not isinstance(when, datetime):
        return moment(datetime.combine(when, time()), zone)
    return moment(when, zone) if when.tzinfo is None else when.astimezone(UTC)


def _pieces(shifts: Sequence[_Shift]) -> Iterator[Piece]:
    """Of those who are on at once, whose time began first is primary and the next is backup; who is called one, is last."""
    shifts = sorted((one for one in shifts if one.people), key=lambda one: (one.backup, one.since, one.until))
    cuts = sorted({at for one in shifts for at in (one.since, one.until)})
    for since, until in pairwise(cuts):
        here = [one for one in shifts if one.since <= since < one.until]
        firsts = _each(one.people for one in here if not one.backup)
        seconds = _each(one.people for one in here if one.backup)
        line = _each([firsts, seconds])
        primary = firsts[0] if firsts else None
        others = [person for person in line if not person.is_(primary)]
        if primary is not None or others:
            yield Piece(since, until, primary, others[0] if others else None)


def _each(groups: Iterable[Sequence[Person]]) -> list[Person]:
    found: list[Person] = []
    for person in (person for group in groups for person in group):
        if not any(person.is_(one) for one in found):
            found.append(person)
    return found
