"""Bugs that are planted, to see that the crowd finds them: `PLANTS`, a row for each.

Rule: a plant is one small mistake that somebody could make in earnest, in one place of the product.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from crowd_call_laws import ENDS, ONCE, TOLD
from crowd_plan import CrowdPlan, crowd_plan
from crowd_secret_laws import SECRET, UNSEEN
from crowd_simulation import law_of, play_crowd
from simulation import Broken

from core.card_keeping import CardKeeping
from core.command_post import CommandPost, Order, Outcome
from core.incident.cards import CARDS, Card
from core.incident.commands import AnyCommand, NotePageTried
from core.incident.decide import Events
from core.incident.events import PageAnswered, Recorded
from core.incident.evolve import evolve
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef, Person
from core.keys import key
from core.port import Inbox, Notebook
from core.reports import Reports
from core.shown import Shown
from core.timers import Timers
from transports.reception import Reception
from transports.sandbox.transport import CURSOR, SandboxTransport

SEEDS = 500
"""Within so many seeds each is found."""


def _acknowledge_before_commit(at: pytest.MonkeyPatch) -> None:
    record = CommandPost._record

    async def told_first(self: CommandPost, order: Order, events: dict[str, Events], *known: Any) -> Outcome:
        stream = next(iter(events))
        incident = self._incidents.get(stream)
        if events[stream] and incident is not None:
            records = await self._numbered(order, stream, events[stream], first=True)
            for one in records:
                incident = evolve(incident, one)
            for listener in self.listeners:
                listener(stream, incident, records)
        return await record(self, order, events, *known)

    at.setattr(CommandPost, "_record", told_first)


def _random_keys(at: pytest.MonkeyPatch) -> None:
    number = count()
    at.setattr("core.card_keeping.key", lambda *of: key(*of, str(next(number))))


def _mark_before_send(at: pytest.MonkeyPatch) -> None:
    send = CardKeeping._send

    async def noted_first(self: CardKeeping, stream: str, card: Card, row: Shown, wanted: str) -> float:
        row.hash = wanted
        self._desk.showing.save(row)
        await self._desk.showing.flush()
        return await send(self, stream, card, row, wanted)

    at.setattr(CardKeeping, "_send", noted_first)


def _cursor_before_handling(at: pytest.MonkeyPatch) -> None:
    async def run(self: SandboxTransport, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        since, wait = self._cursor(await notebook.read(CURSOR)), False
        while True:
            batch = await self._next(since, wait=wait)
            since = batch.until
            await notebook.write(CURSOR, str(since))
            for signal in batch.signals:
                await inbox(signal)
            if not wait:
                wait = True
                ready()

    at.setattr(SandboxTransport, "run", run)


def _timer_outside_the_log(at: pytest.MonkeyPatch) -> None:
    watch = Timers.watch

    def forgetful(self: Timers, stream: str, incident: Incident | None, records: Sequence[Recorded] = ()) -> None:
        # Set when the act was heard, and by nobody else: a new process knows of none.
        if records:
            watch(self, stream, incident, records)

    at.setattr(Timers, "watch", forgetful)


def _no_reconcile_past_the_window(at: pytest.MonkeyPatch) -> None:
    async def nothing(
        self: SandboxTransport, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        return {}

    at.setattr(SandboxTransport, "marked", nothing)


def _authority_skipped(at: pytest.MonkeyPatch) -> None:
    at.setattr("core.incident.authority.permit", lambda *_: None)


def _responders_not_asked(at: pytest.MonkeyPatch) -> None:
    async def everybody(self: Reception, person: Person, incident: Incident | None = None) -> bool:
        return True

    at.setattr(Reception, "may_act", everybody)


def _audience_skipped(at: pytest.MonkeyPatch) -> None:
    summary = CARDS["summary"]

    def to_all(incident: Incident) -> Iterator[Card]:
        open_to_all = tuple(one.model_copy(update={"internal": True}) for one in incident.audiences)
        yield from summary(replace(incident, audiences=open_to_all))

    at.setitem(CARDS, "summary", to_all)


def _privacy_skipped(at: pytest.MonkeyPatch) -> None:
    # Whoever looks sees the whole of it: `audience` asks this first.
    at.setattr("core.incident.audience.open_to_all", lambda _: True)


def _answer_ends_nothing(at: pytest.MonkeyPatch) -> None:
    at.setattr("core.incident.decide.paging.answered", lambda prompt, _: (PageAnswered(prompt=prompt.key),))


def _call_not_recorded(at: pytest.MonkeyPatch) -> None:
    hand_in = Reports.hand_in

    async def unless_a_call(self: Reports, stream: str, command: AnyCommand, source: str = "") -> None:
        if not isinstance(command, NotePageTried):
            await hand_in(self, stream, command, source)

    at.setattr(Reports, "hand_in", unless_a_call)


def _stale_edit_wins(at: pytest.MonkeyPatch) -> None:
    edit = SandboxTransport.edit
    held: list[asyncio.Task[None]] = []

    async def unordered(self: SandboxTransport, *of: Any) -> None:
        # Sent and not waited for: whichever arrives last stands there.
        held[:] = [one for one in held if not one.done()]
        held.append(asyncio.ensure_future(edit(self, *of)))
        await asyncio.sleep(0)

    at.setattr(SandboxTransport, "edit", unordered)


def _refusal_not_recorded(at: pytest.MonkeyPatch) -> None:
    record = CommandPost._record

    async def silent(self: CommandPost, order: Order, events: dict[str, Events], *known: Any) -> Outcome:
        first = next(iter(events.values()))
        if len(first) == 1 and first[0].kind == "refused":
            return Outcome(order.stream)
        return await record(self, order, events, *known)

    at.setattr(CommandPost, "_record", silent)


@dataclass(frozen=True, slots=True)
class Plant:
    """A mistake by its name, how it is made, and the laws of which it breaks one. `beside`: it shows in acts of another kind."""

    name: str
    sow: Callable[[pytest.MonkeyPatch], None]
    laws: tuple[str, ...]
    beside: bool = False

    def plan(self, seed: int) -> CrowdPlan:
        """What is played to find it."""
        whole = crowd_plan(seed)
        aside = () if self.beside else (one.part for one in (*whole.secrets, *whole.calls))
        return crowd_plan(seed, set(whole.parts).difference(aside))


PLANTS: tuple[Plant, ...] = (
    Plant("acknowledge before commit", _acknowledge_before_commit, ("committed, then seen", "every card is of the record")),
    Plant("random keys", _random_keys, ("no card twice",)),
    Plant("mark before send", _mark_before_send, ("every card is shown once",)),
    Plant("cursor saved before handling", _cursor_before_handling, ("every act is honoured once",)),
    Plant("timer outside the log", _timer_outside_the_log, ("no deadline is lost",)),
    Plant("no reconcile past the window", _no_reconcile_past_the_window, ("no card twice",)),
    Plant("authority skipped", _authority_skipped, ("nobody acts without the right", "only who is entitled decides")),
    Plant("responders not asked", _responders_not_asked, ("nobody acts without the right",)),
    Plant("audience skipped", _audience_skipped, ("nothing gets out that nobody published",)),
    Plant("privacy skipped", _privacy_skipped, (SECRET, UNSEEN), beside=True),
    Plant("answer ends no page", _answer_ends_nothing, (ENDS,), beside=True),
    Plant("call not on the record", _call_not_recorded, (TOLD, ONCE), beside=True),
    Plant("stale edit wins", _stale_edit_wins, ("no card goes back", "every card is true")),
    Plant("refusal not recorded", _refusal_not_recorded, ("every act is honoured once",)),
)  # fmt: skip


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as at:
        plant.sow(at)
        yield


def find(plant: Plant) -> tuple[int, str]:
    """The first seed that finds it, and the law that broke. Raises `AssertionError` when none does."""
    others: list[str] = []
    for seed in range(SEEDS):
        try:
            with planted(plant):
                play_crowd(plant.plan(seed))
        except Broken as error:
            law = law_of(error)
            if law in plant.laws:
                return seed, law
            if law == "there are no bugs":
                # A plant that only stumbles proves nothing: what it replaces has another shape by now.
                raise AssertionError(f"{plant.name} does not fit any more: {error}") from error
            others.append(f"{seed}: {law}")
    raise AssertionError(f"{plant.name} is not found in {SEEDS} seeds; what broke: {others}")


def table() -> int:
    """Prints which seed found each; the number of those that none found."""
    missed = 0
    for plant in PLANTS:
        try:
            seed, law = find(plant)
            print(f"{plant.name:<32} seed {seed:>3}  {law}", flush=True)
        except AssertionError as error:
            missed += 1
            print(error, flush=True)
    return missed
