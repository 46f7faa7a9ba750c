"""The first simulation: the story survives death at every step and a bad network, and the laws find planted bugs."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
import simulation
from simulated_loop import Deadlock, SimulatedClock, SimulatedLoop
from simulated_process import memory
from simulation import Broken, Plan, crash, play, seeded, undisturbed

from core.answering import Answering
from core.card_keeping import SPACING, CardKeeping
from core.command_post import CommandPost, Order, Outcome
from core.displays import Displays
from core.incident.cards import Card
from core.incident.decide import Events
from core.incident.document import When
from core.incident.events import Recorded
from core.incident.evolve import evolve
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Clock, Inbox, Notebook
from core.shown import Shown
from core.timers import Timers
from transports.sandbox.transport import CURSOR, SandboxTransport

SHORT = timedelta(seconds=10)
"""A chat that soon forgets the keys of sends."""

LONG = 700.0
"""A pause after which acts that reach outside are asked again."""

STEPS = range(1, 1001)

SOME = [seeded(seed) for seed in (4, 8, 13, 40, 51, 71)]
"""Seeds with lost answers, deletions, a busy database and deaths among them."""


def all_hold(plans: Iterable[Plan]) -> None:
    """Plays them all, and reports every one that broke a law."""
    broken = []
    for plan in plans:
        try:
            play(plan)
        except Broken as error:
            broken.append(str(error))
    assert not broken, "\n\n".join(broken)


# --- the story holds --------------------------------------------------------------------------------------------------


def test_the_story_goes_well_when_nothing_goes_wrong() -> None:
    played = undisturbed()
    assert played.outcome["phase"] == "closed"
    assert played.story_steps > STEPS.stop


def test_a_board_is_edited_at_most_every_two_seconds() -> None:
    calm = simulation.Simulation(Plan())
    calm.play()
    [board] = [one for one in calm.world.messages.values() if one.post and one.post.card == "board"]
    # The first edit comes at once; those after it keep their distance.
    edits = [version.at for version in board.versions[1:]]
    assert len(edits) > 5
    assert all(later - sooner >= SPACING for sooner, later in pairwise(edits))


@pytest.mark.parametrize("step", range(11, STEPS.stop, 91))
def test_the_story_survives_death(step: int) -> None:
    all_hold([crash(step)])


@pytest.mark.parametrize("step", [130, 420, 800])
def test_the_story_survives_a_long_death_and_a_chat_that_forgets(step: int) -> None:
    all_hold([crash(step, LONG, cut=True, window=SHORT)])


@pytest.mark.parametrize(
    "plan", [*SOME, *map(seeded, (262, 1013, 1205, 1207, 1369, 2206))], ids=lambda plan: plan.again
)
def test_the_story_survives_a_bad_network_and_deaths(plan: Plan) -> None:
    all_hold([plan])


@pytest.mark.parametrize("step", [310, 620, 930])
def test_the_story_survives_the_loss_of_every_table_but_the_log(step: int) -> None:
    all_hold([crash(step, wipe=True)])


@pytest.mark.endure
@pytest.mark.parametrize("first", range(STEPS.start, STEPS.stop, 100))
def test_the_story_survives_death_at_every_step(first: int) -> None:
    all_hold(crash(step, cut=step % 2 == 0) for step in range(first, first + 100))


@pytest.mark.endure
@pytest.mark.parametrize("first", range(STEPS.start, STEPS.stop, 250))
def test_the_story_survives_a_long_death_at_every_third_step(first: int) -> None:
    all_hold(crash(step, LONG, cut=step % 2 == 0) for step in range(first, first + 250, 3))


@pytest.mark.endure
@pytest.mark.parametrize("first", range(STEPS.start, STEPS.stop, 250))
def test_the_story_survives_death_at_every_third_step_in_a_chat_that_forgets(first: int) -> None:
    all_hold(crash(step, 20.0, cut=step % 2 == 0, window=SHORT) for step in range(first, first + 250, 3))


@pytest.mark.endure
@pytest.mark.parametrize("first", range(STEPS.start, STEPS.stop, 250))
def test_the_story_survives_the_loss_of_every_table_but_the_log_at_every_third_step(first: int) -> None:
    all_hold(crash(step, wipe=True) for step in range(first, first + 250, 3))


@pytest.mark.endure
def test_the_rest_of_the_story_survives_death_at_every_tenth_step() -> None:
    all_hold(crash(step) for step in range(STEPS.stop, undisturbed().story_steps, 10))


@pytest.mark.endure
@pytest.mark.parametrize("first", range(1000, 1400, 100))
def test_the_story_survives_many_seeds(first: int) -> None:
    all_hold(seeded(seed) for seed in range(first, first + 100))


# --- a play can be played again ---------------------------------------------------------------------------------------


def test_a_seed_plays_the_same_twice() -> None:
    assert play(seeded(12)).trace == play(seeded(12)).trace != play(seeded(13)).trace


def test_a_seed_plays_the_same_in_another_process_by_the_line_that_is_printed() -> None:
    here = play(seeded(3)).trace
    line = [sys.executable, "tests/simulation.py", *seeded(3).again.split()]
    root = Path(__file__).parent.parent
    there = subprocess.run(
        line, cwd=root, env=os.environ | {"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    )
    assert f"trace='{here}'" in there.stdout


def test_a_loop_in_which_all_wait_says_so() -> None:
    loop = SimulatedLoop()
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
    loop.end()


def test_an_hour_takes_no_time() -> None:
    loop = SimulatedLoop()
    clock = SimulatedClock(loop)
    before = clock.now()
    loop.run_until_complete(clock.sleep(3600))
    assert clock.now() - before == timedelta(hours=1)
    loop.end()


# --- the laws find what is planted ------------------------------------------------------------------------------------


def found(plans: Iterable[Plan], *laws: str) -> str:
    """One of the plays breaks one of these laws; what is told of it."""
    told = []
    for plan in plans:
        try:
            play(plan)
        except Broken as error:
            told.append(str(error))
            if any(law in told[-1] for law in laws):
                return told[-1]
    pytest.fail(f"no play found it; what broke: {told}")


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
                "DROP TABLE events; DROP TABLE shown; DROP TABLE answered; DROP TABLE notebook;" + loose
            )
            return connection.serialize()

    planted.setattr(simulation, "_schema", image)
    found((Plan(seed=seed, faults={"repeat": 0.3}) for seed in range(4)), "an act takes effect once")


def test_a_row_written_before_its_message_is_found(planted: pytest.MonkeyPatch) -> None:
    send = CardKeeping._send

    async def noted_first(self: CardKeeping, stream: str, card: Card, row: Shown, wanted: str) -> float:
        row.hash = wanted
        self._desk.showing.save(row)
        await self._desk.showing.flush()
        return await send(self, stream, card, row, wanted)

    planted.setattr(CardKeeping, "_send", noted_first)
    found((crash(step, cut=True) for step in range(300, 900, 8)), "every card is shown once", "everything goes on")


def test_deadlines_that_die_with_the_process_are_found(planted: pytest.MonkeyPatch) -> None:
    watch = Timers.watch

    def forgetful(self: Timers, stream: str, incident: Incident | None, records: Sequence[Recorded] = ()) -> None:
        if records:
            watch(self, stream, incident, records)

    planted.setattr(Timers, "watch", forgetful)
    found([crash(undisturbed().story_steps - 300)], "everything goes on")


def test_a_card_that_is_known_only_once_its_sender_heard_of_it_is_found(planted: pytest.MonkeyPatch) -> None:
    async def find(self: Displays, message: MessageRef) -> Shown | None:
        return await self.showing.find(message)

    planted.setattr(Displays, "find", find)
    found((crash(step) for step in range(204, 900, 7)), "every act is honoured once")


def test_answers_that_are_not_given_again_are_found(planted: pytest.MonkeyPatch) -> None:
    async def never(self: Answering, stream: str, incident: Incident | None) -> None:
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


def test_a_deleted_card_that_is_taken_for_a_lost_channel_is_found(planted: pytest.MonkeyPatch) -> None:
    gone = CardKeeping._gone

    def by_row(self: CardKeeping, stream: str, card: Card, row: Shown, *of: Any) -> None:
        gone(self, stream, card, row, row.message, of[-1])

    planted.setattr(CardKeeping, "_gone", by_row)
    slow = (Plan(seed=seed, faults={"delay": 2.0}, deletions=tuple(range(75, 700, 3))) for seed in range(30))
    found(slow, "committed, then seen", "everything goes on", "nothing is shown that is not called for")


def test_what_a_busy_database_did_not_take_is_found(planted: pytest.MonkeyPatch) -> None:
    async def once(_: Clock, work: Callable[[], Awaitable[object]]) -> object:
        return await work()

    planted.setattr("core.displays.patiently", once)
    planted.setattr("core.reports.patiently", once)
    found((Plan(seed=seed, busy=0.2) for seed in range(4)), "there are no bugs")
