"""Who is on call when, and who takes whose pages: stretches and covers, and what follows from them at a moment.

Rule: a stretch holds from its beginning to just before its end, so that at a hand-over one person is on and not two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from core.incident.vocabulary import Person, Value


class Stretch(Value):
    """One person's time on call in a rotation. `service` is what the rotation serves; the whole house where empty."""

    rotation: str
    who: Person
    since: datetime
    until: datetime
    backup: bool = False
    zone: str = "UTC"
    service: str = ""

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until


class Rotated(Value):
    """A rotation of the config by its name. `service` and `zone` as its stretches have them."""

    name: str
    service: str = ""
    zone: str = "UTC"


class Cover(Value):
    """`by` takes the pages of `who` for a while."""

    who: Person
    by: Person
    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until


def on(stretches: Iterable[Stretch], at: datetime) -> tuple[Stretch, ...]:
    """The stretches that hold: primaries first, each in the order of the rotations."""
    return tuple(sorted((one for one in stretches if one.holds(at)), key=lambda one: one.backup))


def coming(stretches: Iterable[Stretch], rotation: str, at: datetime) -> tuple[Stretch, ...]:
    """What begins next in a rotation: the primary's stretch, and the backup's that begins with it."""
    later = [one for one in stretches if one.rotation == rotation and one.since > at]
    first = min((one.since for one in later if not one.backup), default=None)
    return tuple(sorted((one for one in later if one.since == first), key=lambda one: one.backup))


def gaps(
    stretches: Iterable[Stretch], rotation: str, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When a rotation has no primary, within a time."""
    held = sorted(
        (one.since, one.until)
        for one in stretches
        if one.rotation == rotation and not one.backup and one.until > since and one.since < until
    )
    at = since
    for begins, ends in held:
        if begins > at:
            yield at, begins
        at = max(at, ends)
    if at < until:
        yield at, until


def once(people: Iterable[Person]) -> tuple[Person, ...]:
    """Each person once, where they stand first."""
    found: dict[str, Person] = {}
    for person in people:
        found.setdefault(person.key, person)
    return tuple(found.values())


def covering(person: Person, covers: Sequence[Cover], at: datetime) -> Person:
    """Who takes somebody's pages now: they themselves, or who covers them, or who covers that one in turn."""
    taker, seen = person, {person.key}
    while True:
        found = next((one for one in reversed(covers) if one.who.is_(taker) and one.holds(at)), None)
        if found is None or found.by.key in seen:
            return taker
        taker = found.by
        seen.add(taker.key)


def called(people: Iterable[Person], covers: Sequence[Cover], at: datetime) -> tuple[Person, ...]:
    """Who is called, first the primary: those people, or who covers them."""
    return once(covering(person, covers, at) for person in people)
