"""Rotations as stretches: who is on, and who is backup, from hand-over to hand-over.

Rule: hand-overs are told in the rotation's own zone, so that nine o'clock stays nine o'clock. One at a time that a clock
set forward leaves out comes as much later (02:30 is 03:30), one at a time that there is twice comes the first time. One on
a holiday waits for the next business day, at its time of day; where another comes before that, the other counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from dateutil.tz import resolve_imaginary

from core.incident.on_call import Stretch
from core.incident.vocabulary import Person
from core.incident.workdays import business_day


@dataclass(frozen=True, slots=True)
class Piece:
    """A time with its primary and its backup, as far as there are any."""

    since: datetime
    until: datetime
    primary: Person | None
    backup: Person | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody is on instead."""

    who: Person
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """One of the config. `backups` of `None`: whoever is on next. `weekday` counts from Monday, and is none for any day."""

    name: str
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    people: tuple[Person, ...] = ()
    backups: tuple[Person, ...] | None = None
    every: timedelta = timedelta(weeks=1)
    weekday: int | None = 0
    at: time = time(9)
    start: date = date(2024, 1, 1)
    holidays: frozenset[date] = frozenset()
    overrides: tuple[Override, ...] = ()
    service: str = ""
    calendar: str = field(default="", repr=False)


def moment(wall: datetime, zone: tzinfo) -> datetime:
    """The moment of a clock time in a zone; see the rule above for those that are not there, or twice."""
    return resolve_imaginary(wall.replace(tzinfo=zone)).astimezone(UTC)


def stretches(rotation: Rotation, since: datetime, until: datetime) -> tuple[Stretch, ...]:
    """Who is on between two moments, by the rotation's people; the first and last stretch may reach beyond."""
    return told(rotation, turns(rotation, since, until))


def turns(rotation: Rotation, since: datetime, until: datetime) -> list[Piece]:
    """From hand-over to hand-over."""
    people = rotation.people
    if not people:
        return []
    backups = (*people[1:], people[0]) if rotation.backups is None else rotation.backups
    found = []
    handed = _handovers(rotation, since, until)
    for (number, begins), (_, ends) in pairwise(handed):
        primary = people[number % len(people)]
        backup = backups[number % len(backups)] if backups else None
        found.append(Piece(begins, ends, primary, None if primary.is_(backup) else backup))
    return found


def _handovers(rotation: Rotation, since: datetime, until: datetime) -> list[tuple[int, datetime]]:
    """Each with its number since the start: the last before `since`, those between, the first after `until`."""
    found: list[tuple[int, datetime]] = []
    number = _near(rotation, since)
    while True:
        at = _handed(rotation, number)
        # One that waited for a business day, and that another overtook, is none.
        while found and found[-1][1] >= at:
            found.pop()
        if len(found) > 1 and found[1][1] <= since:
            del found[0]
        found.append((number, at))
        if len(found) > 1 and found[-2][1] > until:
            return found[:-1]
        number += 1


def _near(rotation: Rotation, since: datetime) -> int:
    """Where to begin counting: at the first, or at one before `since` that did not wait, since none before it overtakes that."""
    local = since.astimezone(rotation.zone).replace(tzinfo=None)
    number = max(0, (local - _wall(rotation, 0)) // rotation.every)
    while number and (_wall(rotation, number).date() in rotation.holidays or _handed(rotation, number) > since):
        number -= 1
    return number


def _handed(rotation: Rotation, number: int) -> datetime:
    wall = _wall(rotation, number)
    day = business_day(wall.date(), 0, rotation.holidays) if wall.date() in rotation.holidays else wall.date()
    return moment(datetime.combine(day, wall.time()), rotation.zone)


def _wall(rotation: Rotation, number: int) -> datetime:
    """What the clock there says at a hand-over, but for holidays."""
    begin = datetime.combine(rotation.start, rotation.at)
    wait = 0 if rotation.weekday is None else (rotation.weekday - begin.weekday()) % 7
    return begin + timedelta(days=wait) + number * rotation.every


def told(rotation: Rotation, pieces: Iterable[Piece]) -> tuple[Stretch, ...]:
    """The pieces with the overrides in their place, as stretches; what touches and is alike is one."""
    found: list[Stretch] = []
    last: dict[bool, int] = {}
    for piece in overridden(pieces, rotation.overrides):
        for who, backup in ((piece.primary, False), (piece.backup, True)):
            if who is None:
                continue
            before = found[last[backup]] if backup in last else None
            if before is not None and before.until == piece.since and before.who.is_(who):
                found[last[backup]] = before.model_copy(update={"until": piece.until})
                continue
            last[backup] = len(found)
            found.append(
                Stretch(
                    rotation=rotation.name,
                    who=who,
                    since=piece.since,
                    until=piece.until,
                    backup=backup,
                    zone=rotation.zone_name,
                    service=rotation.service,
                )
            )
    return tuple(found)


def overridden(pieces: Iterable[Piece], overrides: Sequence[Override]) -> list[Piece]:
    """The pieces with whoever is on instead; of two overrides at a time the later one of the list counts."""
    now = list(pieces)
    for one in overrides:
        cut = [part for piece in now for part in _without(piece, one)]
        kept = [
            Piece(max(piece.since, one.since), min(piece.until, one.until), one.who, _other(piece, one.who))
            for piece in now
            if piece.since < one.until and one.since < piece.until
        ]
        holes = _holes(kept, one)
        now = sorted([*cut, *kept, *holes], key=lambda piece: piece.since)
    return now


def _other(piece: Piece, who: Person) -> Person | None:
    """The backup still; none where they are on themselves."""
    return None if who.is_(piece.backup) else piece.backup


def _without(piece: Piece, one: Override) -> Iterator[Piece]:
    if piece.until <= one.since or one.until <= piece.since:
        yield piece
        return
    if piece.since < one.since:
        yield Piece(piece.since, one.since, piece.primary, piece.backup)
    if one.until < piece.until:
        yield Piece(one.until, piece.until, piece.primary, piece.backup)


def _holes(kept: Sequence[Piece], one: Override) -> Iterator[Piece]:
    """Where nobody was on, an override is on as well."""
    at = one.since
    for piece in kept:
        if piece.since > at:
            yield Piece(at, piece.since, one.who)
        at = piece.until
    if at < one.until:
        yield Piece(at, one.until, one.who)
