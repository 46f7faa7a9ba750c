"""The course after an event, from the states before and after it: whatever changed them is in it without a word of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.incident.course import Course, Place, Span, Track
from core.incident.state import Incident
from core.incident.vocabulary import Person, Phase


def begun(incident: Incident) -> Course:
    """The course of an incident that has just been declared."""
    return tuple(_span(place, who, incident.declared_at) for place, who in _there(incident).items())


def after(before: Incident, now: Incident, at: datetime) -> Course:
    """The course after an event: what is there no more ends, what is there newly, or with another holder, begins."""
    if (before.phase, before.frozen) == (now.phase, now.frozen) and (
        before.roles is now.roles and before.items is now.items
    ):
        return now.course
    # Of a long incident's many items an event changes one or two; the others need no look.
    over = (before.phase is Phase.CLOSED) is not (now.phase is Phase.CLOSED)
    moved = None if over else [key for key, item in now.items.items() if before.items.get(key) is not item]
    was, there = _there(before, moved), _there(now, moved)
    ended = {place for place, who in was.items() if place not in there or not _same(who, there[place])}
    begun_now = [(place, who) for place, who in there.items() if place not in was or place in ended]
    if not ended and not begun_now:
        return now.course
    kept = (
        # A clock may be set back; nothing lasts less than no time.
        replace(one, until=max(at, one.since)) if one.until is None and (one.track, one.key) in ended else one
        for one in now.course
    )
    return (*kept, *(_span(place, who, at) for place, who in begun_now))


def _span(place: Place, who: Person | None, at: datetime) -> Span:
    return Span(place[0], place[1], who, at)


def _same(one: Person | None, other: Person | None) -> bool:
    return one.is_(other) if one is not None else other is None


def _there(incident: Incident, items: Sequence[str] | None = None) -> Mapping[Place, Person | None]:
    """What is there now, and whose it is; of the items these, or all."""
    return dict(_each(incident, incident.items if items is None else items))


def _each(incident: Incident, items: Iterable[str]) -> Iterator[tuple[Place, Person | None]]:
    yield (Track.PHASE, incident.phase.value), None
    if incident.phase is not Phase.CLOSED:
        for role, holding in incident.roles.items():
            if holding.holder is not None:
                yield (Track.ROLE, role.value), holding.holder
        for item in (incident.items[key] for key in items if key in incident.items):
            if item.open:
                yield (Track.ITEM, item.key), item.holder
    if incident.frozen is not None:
        yield (Track.FREEZE, "freeze"), incident.frozen.by
