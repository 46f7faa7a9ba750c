"""The command post: where every act arrives, is decided, and is on the record before anything else happens.

    handle: lock the incident → load it → decide → append (durable) → evolve → tell the reconcilers

Rule: one act at a time to an incident; what was not written did not happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from weakref import WeakValueDictionary

import structlog

from core.activity_log import HOUSE, ActivityLog, Repeated, Unreadable, stream_of
from core.alarms import Alarms
from core.covers import Covers
from core.incident import commands as c
from core.incident import refusals
from core.incident.alerts import sender
from core.incident.audience import Eyes, Sight, audience, open_to_all
from core.incident.deadlines import deadlines
from core.incident.decide import Act, Elsewhere, Events, alerts, covering, decide, declare, duplicates
from core.incident.decide.declaring import channel_name
from core.incident.decide.drills import listed, wanted
from core.incident.decide.outside import outside
from core.incident.digest import digest
from core.incident.drill import Scenario
from core.incident.events import (
    AlertsLinked,
    Declared,
    Event,
    Heard,
    Origin,
    Recorded,
    Refused,
)
from core.incident.evolve import evolve, replay
from core.incident.policy import Policy
from core.incident.refusals import Refusal
from core.incident.runbook import Shelf
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, Person
from core.keys import bug_id
from core.port import Clock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """An act on its way in. `stream` is the incident it is for, `HOUSE` where there is none; `source` names it for ever."""

    command: c.AnyCommand
    stream: str
    source: str | None
    at: datetime
    by: Person | None = None
    origin: Origin | None = None
    triage: ChannelRef | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `records` is empty for a repeat; `refused` is the answer that a person was given."""

    stream: str
    records: tuple[Recorded, ...] = ()

    @property
    def repeated(self) -> bool:
        return not self.records

    @property
    def refused(self) -> str:
        first = self.records[0].event if self.records else None
        return first.answer if isinstance(first, Refused) else ""


Listener = Callable[[str, Incident | None, Sequence[Recorded]], None]
"""Told after each commit: the stream, the incident as it now is (none for the house), and what is new.

By then all that the act touched is as the record has it; and one who fails keeps nobody else from being told.
"""


@dataclass
class CommandPost:
    """Holds the awake incidents in memory, each behind its own lock."""

    log: ActivityLog
    clock: Clock
    policy: Callable[[], Policy]
    covers: Covers = field(default_factory=Covers)
    shelf: Callable[[], Shelf] = Shelf
    listeners: list[Listener] = field(default_factory=list)
    sleepers: list[Callable[[str], None]] = field(default_factory=list)
    places: Callable[[ChannelRef], ChannelRef | None] = lambda channel: channel
    """What a channel is by the config's name for it; `None` while its chat has not told."""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alarms = Alarms(self.log)
        self._incidents: dict[str, Incident] = {}
        # A lock is there for as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # --- looking ------------------------------------------------------------------------------------------------------

    async def incident(self, stream: str) -> Incident | None:
        """The incident as the record has it; `None` when there is none of that name. A look wakes none that sleeps."""
        if stream == HOUSE:
            return None
        return self._incidents.get(stream) or replay(await self.log.load(stream))

    def awake(self) -> tuple[tuple[str, Incident], ...]:
        """The incidents in memory."""
        return tuple(self._incidents.items())

    async def wake(self) -> None:
        """Loads every incident that still changes, the alerts that go on, and who covers whom; at start."""
        await self.alarms.load()
        self.covers.take_in(await self.log.since(self.covers.oldest(self.clock.now())))
        for stream in await self.log.awake():
            incident = await self.incident(stream)
            if incident is not None:
                self._incidents[stream] = incident

    def let_go(self, stream: str) -> None:
        """The incident sleeps until somebody acts on it; the log has it. `sleepers` are told."""
        self._incidents.pop(stream, None)
        for sleeper in self.sleepers:
            sleeper(stream)

    # --- acting -------------------------------------------------------------------------------------------------------

    async def handle(self, order: Order) -> Outcome:
        """Decides and records an act. Raises what is a bug or the database's trouble; a refusal is an outcome."""
        match order.command:
            case c.Declare() if order.triage is not None:
                return await self._declare(order, order.command, order.triage)
            case c.Drill() if order.triage is not None:
                return await self._drill(order, order.command, order.triage)
            case c.PostDigest():
                return await self._digest(order, order.command)
            case c.HearAlerts():
                return await self._hear(order, order.command)
            case c.DeclareAlert():
                return await self._declare_alert(order, order.command)
            case c.EndAlerts():
                return await self._end_alerts(order, order.command)
            case c.Cover() | c.EndCover():
                return await self._cover(order, order.command)
            case _:
                return await self._in_an_incident(order)

    async def _in_an_incident(self, order: Order) -> Outcome:
        incident = await self.incident(order.stream)
        if incident is None or _hidden(incident, order):
            return await self._outside(replace(order, stream=HOUSE))
        number = duplicates.other(incident, order.command)
        other = stream_of(number) if number is not None else None
        async with self._locked([order.stream, *([other] if other else [])]):
            incident = await self._there(order.stream)
            known, moved = {order.stream: incident}, dict[str, Events]()
            try:
                if other:
                    known[other] = await self._other(incident, other, order.by)
                events = decide(incident, order.command, self._act(order))
                if other and duplicates.closed_as_one(events) and all(map(open_to_all, known.values())):
                    moved[other] = duplicates.moves(incident, known[other])
            except Refusal as refusal:
                events = _refused(refusal)
            return await self._record(order, {order.stream: events, **{k: v for k, v in moved.items() if v}}, known)

    def _act(self, order: Order) -> Act:
        now = self.clock.now()
        return Act(order.by, min(order.at, now), now, self.policy(), self.shelf())

    async def _outside(self, order: Order) -> Outcome:
        async with self._locked([HOUSE]):
            try:
                events = outside(order.command, self._act(order))
            except Refusal as refusal:
                events = _refused(refusal)
            return await self._record(order, {HOUSE: events})

    async def _there(self, stream: str) -> Incident:
        incident = await self.incident(stream)
        if incident is None:
            raise refusals.no_such_incident(int(stream.removeprefix("inc-")))
        return incident

    async def _other(self, incident: Incident, stream: str, by: Person | None) -> Incident:
        """The incident that another one names. One that is private is named by its members, and by no open one."""
        other = await self._there(stream)
        if not open_to_all(other) and (open_to_all(incident) or audience(other, Eyes(by)) is not Sight.WHOLE):
            raise refusals.no_such_incident(other.number)
        return other

    async def _drill(self, order: Order, command: c.Drill, triage: ChannelRef) -> Outcome:
        if not command.scenario.strip():
            async with self._locked([HOUSE]):
                return await self._record(replace(order, stream=HOUSE), {HOUSE: listed(self.scenarios)})
        try:
            wish = wanted(self.scenarios, command)
        except Refusal as refusal:
            async with self._locked([HOUSE]):
                return await self._record(replace(order, stream=HOUSE), {HOUSE: _refused(refusal)})
        return await self._declare(order, wish, triage)

    async def _declare(self, order: Order, command: c.Declare, triage: ChannelRef) -> Outcome:
        policy, act = self.policy(), self._act(order)
        async with self._locked([HOUSE]):
            # A code name is borne once for ever, whatever the day.
            stem = "inc-" if command.private else channel_name(command.title, act.at, frozenset())[:40]
            message = command.quote.message if command.quote else None
            since = act.at - policy.times.declare_window
            house = await self.log.house(since, message, stem, command.alarm)
            try:
                events = declare(house, command, act, policy, triage, source=order.source or "")
            except Refusal as refusal:
                events = _refused(refusal)
            if not isinstance(events, Elsewhere):
                if not isinstance(events[0], Declared):
                    return await self._record(order, {HOUSE: events})
                # The incident's own stream carries the act; the house keeps the declaration, chained in both.
                return await self._record(order, {stream_of(house.next_number): events, HOUSE: events[:1]})
            if command.alarm is not None and act.person.machine:
                # Nobody is brought in by it, and nobody asked.
                linked = AlertsLinked(number=command.alarm.number, incident=events.number)
                return await self._record(order, {HOUSE: (linked,)})
        return await self.handle(replace(order, command=events.command, stream=stream_of(events.number)))

    async def _hear(self, order: Order, command: c.HearAlerts) -> Outcome:
        async with self._locked([HOUSE]):
            records = await self.alarms.hear(command, self._act(order), self._is_closed)
            if records:
                await self.log.append(records)
                self._keep(HOUSE, records)
            return Outcome(HOUSE, tuple(records))

    async def _is_closed(self, number: int) -> bool:
        incident = await self.incident(stream_of(number))
        return incident is not None and incident.closed

    async def _end_alerts(self, order: Order, command: c.EndAlerts) -> Outcome:
        async with self._locked([HOUSE]):
            return await self._record(order, {HOUSE: alerts.end(self.alarms.groups.get(command.alert), command)})

    async def _declare_alert(self, order: Order, command: c.DeclareAlert) -> Outcome:
        """An incident that the rules want at once. Nobody is in command of it but who takes command."""
        group = self.alarms.groups.get(command.alert)
        triage = self.places(group.channel) if group is not None else None
        if group is None or triage is None or not alerts.wanted(group):
            return Outcome(HOUSE)
        declare = c.Declare(
            title=group.title, severity=group.severity, service=group.service, alarm=group.alarm, anew=True
        )
        return await self._declare(replace(order, by=sender(group.hook)), declare, triage)

    async def _digest(self, order: Order, command: c.PostDigest) -> Outcome:
        """The weekly list, from every incident that left something open; the ones that sleep are read, and sleep on."""
        async with self._locked([HOUSE]):
            left = [one for stream in await self.log.unfinished() if (one := await self._readable(stream))]
            posted = digest(left, command.week, command.at)
            # Where nothing is open nothing is written either: a later look finds the same.
            return await self._record(order, {HOUSE: (posted,)}) if posted else Outcome(HOUSE)

    async def _cover(self, order: Order, command: c.Cover | c.EndCover) -> Outcome:
        """Covers are the house's: whoever is called in any incident goes by them. Where one was said, it stands as well."""
        stream = order.stream if await self.incident(order.stream) is not None else HOUSE
        async with self._locked([HOUSE, stream]):
            known = {stream: await self._there(stream)} if stream != HOUSE else {}
            try:
                events = covering.settle(command, self._act(order), known.get(stream))
                every = {stream: events, **({HOUSE: events} if events else {})}
            except Refusal as refusal:
                every = {stream: _refused(refusal)}
            return await self._record(replace(order, stream=stream), every, known)

    async def _readable(self, stream: str) -> Incident | None:
        """The incident, unless its record is damaged: then the list goes without it, and the log says so."""
        try:
            return await self.incident(stream)
        except Unreadable as damage:
            log.warning("the weekly list leaves out an incident that cannot be read", reason=str(damage))
            return None

    async def _record(
        self, order: Order, events: dict[str, Events], known: Mapping[str, Incident] = MappingProxyType({})
    ) -> Outcome:
        """Writes it, evolves what it touched (`known`, as it was decided on), and tells the reconcilers."""
        if not events[next(iter(events))]:
            if order.source is None:
                return Outcome(order.stream)
            events = {order.stream: (Heard(),)}
        records = [
            record
            for stream, happened in events.items()
            for record in await self._numbered(
                order, stream, happened, first=stream == next(iter(events)), known=known.get(stream)
            )
        ]
        try:
            await self.log.append(records)
        except Repeated:
            return Outcome(order.stream)
        happened = {stream: [record for record in records if record.stream == stream] for stream in events}
        for stream, mine in happened.items():
            if stream != HOUSE:
                self._incidents[stream] = _after(known.get(stream), mine)
        self.covers.take_in(happened.get(HOUSE, ()))
        for stream, mine in happened.items():
            self._keep(stream, mine)
        first = records[0].stream
        return Outcome(first, tuple(happened[first]))

    def _keep(self, stream: str, records: Sequence[Recorded]) -> None:
        for recorded in records if stream == HOUSE else ():
            self.alarms.take_in(recorded)
        self._tell(stream, records)

    def _tell(self, stream: str, records: Sequence[Recorded]) -> None:
        for listener in self.listeners:
            try:
                listener(stream, self._incidents.get(stream), records)
            except Exception:
                # The act is on the record: a bug in one who is told of it undoes nothing, and the others are told.
                log.exception("bug", id=bug_id(self.clock.now()), incident=stream)

    async def _numbered(
        self, order: Order, stream: str, events: Sequence[Event], *, first: bool, known: Incident | None = None
    ) -> list[Recorded]:
        # After what it was decided on: if that is not the newest any more, the log takes nothing.
        version, act = known.version if known is not None else await self.log.version(stream), self._act(order)
        return [
            Recorded(
                stream=stream,
                version=version + index,
                at=act.at,
                heard_at=act.now,
                by=order.by,
                source=order.source if first and index == 1 else None,
                origin=order.origin if index == 1 else None,
                about=type(order.command).__name__ if index == 1 else "",
                event=event,
            )
            for index, event in enumerate(events, 1)
        ]

    @asynccontextmanager
    async def _locked(self, streams: Sequence[str]) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            # In one order everywhere, so that two acts that need both never wait for each other.
            for stream in sorted(set(streams)):
                await stack.enter_async_context(self._locks.setdefault(stream, asyncio.Lock()))
            yield


def _hidden(incident: Incident, order: Order) -> bool:
    """Whether somebody names it from outside who may not know that it is there."""
    here = order.origin.message.channel if order.origin and order.origin.message else incident.channel
    return order.by is not None and here != incident.channel and audience(incident, Eyes(order.by)) is not Sight.WHOLE


def _refused(refusal: Refusal) -> Events:
    """A refusal is on the record too: else an act that was turned down could be replayed, and succeed."""
    return (Refused(rule=refusal.rule, answer=refusal.answer),)


def over(incident: Incident) -> bool:
    """Whether an incident changes no more unless somebody acts on it: read-only, and nothing is still to come."""
    # What is due is gone from here once it took effect: to let go of an incident before that is never to do it.
    return incident.locked and not deadlines(incident)


def _after(known: Incident | None, records: Sequence[Recorded]) -> Incident:
    """An incident after what an act brought about; its first act is its declaration."""
    incident = replay(records) if known is None else reduce(evolve, records, known)
    assert incident is not None, "an act on an incident is recorded by at least one event"
    return incident
