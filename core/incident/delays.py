"""What delayed an incident, as far as the record shows it: each delay with when it was and how long it took.

Rule: no guess. Time counts only while users were not served, except for promises and decisions, which wait for nobody; a
wait that the house has turned off is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from core.incident.course import Place, Span, Track, by_place
from core.incident.document import utc
from core.incident.parts import DecisionPoint, Item, Update
from core.incident.state import Incident
from core.incident.stuck import plain_words
from core.incident.vocabulary import ItemKind, Person, Phase, Role

LEAST = timedelta(minutes=1)
"""Nobody in command for less is how an incident begins."""


class Kind(StrEnum):
    """What the time went to."""

    COMMAND = "nobody in command"
    SILENCE = "silence on the record"
    PROMISE = "a promise broken"
    TWICE = "handled twice"
    DECISION = "a decision that waited"


@dataclass(frozen=True, slots=True)
class Delay:
    """One of them. `until` is nothing while it goes on."""

    kind: Kind
    at: datetime
    until: datetime | None
    text: str

    def lasted(self, end: datetime) -> timedelta:
        return max((self.until or end) - self.at, timedelta())


def end_of(incident: Incident) -> datetime:
    """The end of what is told: the close, or the last act of an incident that goes on."""
    return incident.closed_at or incident.changed_at or incident.declared_at


def delays(incident: Incident) -> tuple[Delay, ...]:
    """All that there are, in the order of time."""
    spans = by_place(incident.course)
    found = [one for rule in RULES for one in rule(incident, spans)]
    return tuple(sorted(found, key=lambda one: (one.at, one.kind, one.text)))


Spans = Mapping[Place, list[Span]]

Stretch = tuple[datetime, datetime | None]


def _unserved(incident: Incident) -> tuple[Stretch, ...]:
    """When users were not served, neighbouring phases as one."""
    found: list[Stretch] = []
    for one in incident.course:
        if one.track is Track.PHASE and one.key not in (Phase.RESOLVED, Phase.CLOSED):
            since = found.pop()[0] if found and found[-1][1] == one.since else one.since
            found.append((since, one.until))
    return tuple(found)


def _no_commander(incident: Incident, spans: Spans) -> Iterator[Delay]:
    held = spans.get((Track.ROLE, Role.IC.value), [])
    for since, until in _unserved(incident):
        at, last = since, until or end_of(incident)
        for begun, over in [*((one.since, one.until or last) for one in held), (last, last)]:
            gap = min(begun, last)
            if gap - at >= LEAST:
                yield Delay(Kind.COMMAND, at, None if until is None and gap == last else gap, "nobody was in command")
            at = max(at, over)


def _silence(incident: Incident, _: Spans) -> Iterator[Delay]:
    longest, end = incident.policy.times.quiet_record, end_of(incident)
    said = [one.at for one in incident.entries] + [one.put_at for one in incident.entries if one.put_at]
    said += [one.at for one in incident.evidence.values()]
    for since, until in _unserved(incident) if longest else ():
        last = until or end
        # By the figure: moments of two zones are compared slowly, and there are thousands.
        inside = sorted([since, last, *(at for at in said if since < at < last)], key=datetime.timestamp)
        for before, after in pairwise(inside):
            if after - before > longest:
                yield Delay(Kind.SILENCE, before, after, "nothing new came on the record")


def _promises(incident: Incident, _: Spans) -> Iterator[Delay]:
    """As they are counted: to the minute, each until the next update, or the close that ended it."""
    closes = sorted(
        [one.closed_at for one in incident.reopenings] + ([incident.closed_at] if incident.closed_at else [])
    )
    for index, update in enumerate(incident.updates):
        following = incident.updates[index + 1].at if index + 1 < len(incident.updates) else None
        closed = next((at for at in closes if at >= update.at), None)
        kept_by = min((at for at in (following, closed) if at is not None), default=None)
        late = _late(update, kept_by, end_of(incident))
        if late is not None:
            came = f"came {utc(kept_by)}" if kept_by is not None and kept_by == following else "did not come"
            yield Delay(Kind.PROMISE, late, kept_by, f"the update promised for {utc(late)} {came}")


def _late(update: Update, kept_by: datetime | None, end: datetime) -> datetime | None:
    due = update.promised_at
    if due is None or update.withdrawn:
        return None
    return due if (kept_by or end).replace(second=0, microsecond=0) > due else None


def _handled_twice(incident: Incident, spans: Spans) -> Iterator[Delay]:
    for item in incident.items.values():
        held = [(one.since, one.who) for one in spans.get((Track.ITEM, item.key), ()) if one.who is not None]
        hands: dict[str, Person] = {}
        for since, who in held:
            if hands and who.key not in hands:
                names = ", ".join(known.name for known in hands.values())
                text = f"{item.key} was in the hands of {names}, then of {who.name}"
                yield Delay(Kind.TWICE, held[0][0], since, text)
            hands.setdefault(who.key, who)


def _same_twice(incident: Incident, spans: Spans) -> Iterator[Delay]:
    known: dict[frozenset[str], Item] = {}
    for item in incident.items_of(ItemKind.HYPOTHESIS):
        words, mine = plain_words(item.text), spans.get((Track.ITEM, item.key))
        if words and words in known and mine:
            said = f"{item.key} says what {known[words].key} said: {item.text}"
            yield Delay(Kind.TWICE, mine[0].since, mine[-1].until, said)
        known.setdefault(words, item)


def _decisions(incident: Incident, _: Spans) -> Iterator[Delay]:
    for point in incident.points.values():
        last = point.over_at or end_of(incident)
        if last - point.at >= LEAST:
            yield Delay(Kind.DECISION, point.at, point.over_at, _waited(point))


def _waited(point: DecisionPoint) -> str:
    silent = ", and nobody who was asked had answered" if point.unanswered else ""
    return f"{point.key} waited past its time{silent}: {point.condition}"


RULES: tuple[Callable[[Incident, Spans], Iterator[Delay]], ...] = (
    _no_commander,
    _silence,
    _promises,
    _handled_twice,
    _same_twice,
    _decisions,
)
"""Each looks for one kind of delay."""
