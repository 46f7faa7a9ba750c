"""The laws find bugs that are planted: in what is kept, shown, heard and answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import simulation
from simulated_finding import found
from simulated_process import memory
from simulation import Broken, Plan, crash, play, undisturbed

from core.answering import Answering
from core.card_keeping import CardKeeping
from core.command_post import CommandPost, Order, Outcome
from core.displays import Displays
from core.incident.cards import CARDS, Card
from core.incident.cards.card import card as made
from core.incident.cards.updates import copies
from core.incident.decide import Events
from core.incident.document import Document, When, line
from core.incident.events import Recorded
from core.incident.evolve import evolve
from core.incident.evolve.updates import mirrors
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Clock, Inbox, Notebook
from core.shown import Shown
from core.timers import Timers
from transports.sandbox.transport import CURSOR, SandboxTransport

SHORT = timedelta(seconds=10)
"""A chat that soon forgets the keys of sends."""


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    # The undisturbed story is remembered, so it must be played before anything is planted.
    undisturbed()
    return monkeypatch


def lossy() -> Iterator[Plan]:
    """Networks on which every third answer is lost."""
    return (Plan(seed=seed, faults={"lost_reply": 0.3, "retry_after": 1.0}) for seed in range(12))


async def _no_marks(
    self: SandboxTransport, channel: ChannelRef, incident: str, number: int, since: datetime
) -> Mapping[str, MessageRef]:
    return {}


def test_keys_made_at_random_are_found(planted: pytest.MonkeyPatch) -> None:
    number = count()
    planted.setattr("core.card_keeping.key", lambda *_: f"random{next(number)}")
    planted.setattr(SandboxTransport, "marked", _no_marks)
    found(lossy(), "no card twice")


def test_a_file_that_is_left_out_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr("transports.sandbox.server._attached", lambda _: None)
    found([Plan()], "every card is true")


@pytest.mark.endure
def test_a_history_that_is_not_read_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(SandboxTransport, "marked", _no_marks)
    told = found((crash(step, window=SHORT) for step in range(100, 900, 30)), "no card twice")
    again = re.search(r"--crash (\d+) --pause 20 --window 10$", told)
    assert again, "what is told ends with the line that plays it again"
    with pytest.raises(Broken, match="no card twice"):
        play(crash(int(again[1]), window=SHORT))


def test_telling_before_writing_is_found(planted: pytest.MonkeyPatch) -> None:
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

    planted.setattr(CommandPost, "_record", told_first)
    found((Plan(seed=seed, busy=0.3) for seed in range(4)), "committed, then seen")


@pytest.mark.endure
def test_a_cursor_saved_before_handling_is_found(planted: pytest.MonkeyPatch) -> None:
    async def run(self: SandboxTransport, inbox: Inbox, notebook: Notebook, ready: Any) -> None:
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

    planted.setattr(SandboxTransport, "run", run)
    found((crash(step) for step in range(100, 900, 8)), "every act is honoured once", "everything goes on")


def test_an_act_that_may_be_recorded_twice_is_found(planted: pytest.MonkeyPatch) -> None:
    schema = memory()
    sql = "\n".join(row[0] + ";" for row in schema.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    loose = sql.replace("source TEXT UNIQUE", "source TEXT")
    assert loose != sql
    schema.close()

    def image() -> bytes:
        with closing(memory()) as connection:
            connection.executescript(
                "DROP TABLE events; DROP TABLE shown; DROP TABLE answered; DROP TABLE notebook;"
                "DROP TABLE public; DROP TABLE figures;" + loose
            )
            return connection.serialize()

    planted.setattr(simulation, "_schema", image)
    found((Plan(seed=seed, faults={"repeat": 0.3}) for seed in range(4)), "an act takes effect once")


def test_a_draft_that_gets_out_is_found(planted: pytest.MonkeyPatch) -> None:
    def leaky(incident: Incident) -> Iterator[Card]:
        yield from copies(incident)
        if incident.draft is not None:
            key = f"update/{len(incident.updates) + 1}"
            for mirror in mirrors(incident.audiences):
                words = Document((line(incident.draft.wording.impact),))
                yield made(incident, mirror.room, key, words, text=incident.draft.wording.impact)

    planted.setitem(CARDS, "update", leaky)
    found([Plan()], "nothing gets out that nobody published")


@pytest.mark.endure
def test_a_row_written_before_its_message_is_found(planted: pytest.MonkeyPatch) -> None:
    send = CardKeeping._send

    async def noted_first(self: CardKeeping, stream: str, card: Card, row: Shown, wanted: str) -> float:
        row.hash = wanted
        self._desk.showing.save(row)
        await self._desk.showing.flush()
        return await send(self, stream, card, row, wanted)

    planted.setattr(CardKeeping, "_send", noted_first)
    found((crash(step, cut=True) for step in range(452, 900, 8)), "every card is shown once", "everything goes on")


def test_deadlines_that_die_with_the_process_are_found(planted: pytest.MonkeyPatch) -> None:
    watch = Timers.watch

    def forgetful(self: Timers, stream: str, incident: Incident | None, records: Sequence[Recorded] = ()) -> None:
        if records:
            watch(self, stream, incident, records)

    planted.setattr(Timers, "watch", forgetful)
    found([crash(undisturbed().story_steps - 300)], "everything goes on")


@pytest.mark.endure
def test_a_card_that_is_known_only_once_its_sender_heard_of_it_is_found(planted: pytest.MonkeyPatch) -> None:
    async def find(self: Displays, message: MessageRef) -> Shown | None:
        return await self.showing.find(message)

    planted.setattr(Displays, "find", find)
    found((crash(step) for step in range(204, 900, 7)), "every act is honoured once")


@pytest.mark.endure
def test_answers_that_are_not_given_again_are_found(planted: pytest.MonkeyPatch) -> None:
    async def never(self: Answering, stream: str, incident: Incident | None, oldest: datetime) -> None:
        await asyncio.sleep(0)

    planted.setattr(Answering, "still", never)
    found((crash(step) for step in range(290, 900, 10)), "every act is answered")


# What the simulation found when it was first run stays found.


def test_a_moment_with_two_forms_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(When, "__post_init__", lambda _: None)
    found([Plan()], "every card is true")


def test_a_sleeping_incident_whose_cards_are_not_recalled_is_found(planted: pytest.MonkeyPatch) -> None:
    async def recall(self: Displays, stream: str) -> None:
        await asyncio.sleep(0)

    planted.setattr(Displays, "recall", recall)
    found([Plan()], "everything goes on", "every card is shown once")


@pytest.mark.endure
def test_a_repeated_send_that_is_taken_for_its_newest_words_is_found(planted: pytest.MonkeyPatch) -> None:
    class Newest(dict[Any, Any]):
        def setdefault(self, key: Any, default: Any = None) -> Any:
            return default

    begin = CardKeeping.__init__

    def init(self: CardKeeping, *of: Any) -> None:
        begin(self, *of)
        self._said = Newest()

    planted.setattr(CardKeeping, "__init__", init)
    # While a chat's limit holds, what an unanswered send was to say goes out of date.
    limited = {"lost_reply": 0.5, "rate_limit": 0.3, "retry_after": 20.0}
    found((Plan(seed=seed, faults=limited) for seed in range(14)), "every card is true")


@pytest.mark.endure
def test_a_deleted_card_that_is_taken_for_a_lost_channel_is_found(planted: pytest.MonkeyPatch) -> None:
    gone = CardKeeping._gone

    def by_row(self: CardKeeping, stream: str, card: Card, row: Shown, *of: Any) -> None:
        gone(self, stream, card, row, row.message, of[-1])

    planted.setattr(CardKeeping, "_gone", by_row)
    slow = (Plan(seed=seed, faults={"delay": 2.0}, deletions=tuple(range(75, 700, 3))) for seed in range(30))
    found(slow, "committed, then seen", "everything goes on", "nothing is shown that is not called for")


@pytest.mark.endure
def test_what_a_busy_database_did_not_take_is_found(planted: pytest.MonkeyPatch) -> None:
    async def once(_: Clock, work: Callable[[], Awaitable[object]]) -> object:
        return await work()

    planted.setattr("core.displays.patiently", once)
    planted.setattr("core.reports.patiently", once)
    found((Plan(seed=seed, busy=0.2) for seed in range(4)), "there are no bugs")
