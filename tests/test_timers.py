"""The real ticker on a real clock: what is due is handed in at its moment, whatever moves, the clocks included."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from running import until
from structlog.testing import capture_logs

from core.activity_log import ActivityLog
from core.command_post import CommandPost, Order
from core.database import open_file
from core.incident import commands as c
from core.incident.deadlines import Deadline
from core.incident.events import Asked, Recorded
from core.incident.policy import Policy, Times
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, Person
from core.timers import Ticker, Timers

TRIAGE = ChannelRef(transport="nowhere", id="triage")
ANN = Person(key="person:Ann", name="Ann", initials="AN", account=Account(transport="nowhere", id="ann", name="Ann"))
SELDOM = 30.0
"""A tick that comes to nothing within a test: what is handed in was woken for."""

PROMPT = 0.4
"""Seconds after its moment in which a deadline is on the record, on a machine that is busy with other tests."""


class JumpingClock:
    """The wall clock, set forward or back by whoever owns it; `asyncio`'s own time goes on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class House:
    """The record and its timers, without a chat; `late` is by how much each deadline was, by incident."""

    def __init__(self, log: ActivityLog) -> None:
        self.clock = JumpingClock()
        self.post = CommandPost(log, self.clock, self.policy)
        self.timers = Timers(self.post, self.clock)
        self.post.listeners += [self.heard, self.timers.watch]
        self.waits: tuple[float, ...] = ()
        self.late: dict[str, list[float]] = {}

    async def declare(self, *waits: float) -> str:
        """An incident that asks for a commander after so many seconds."""
        self.waits = waits
        source = f"nowhere:{len(self.post.awake())}"
        order = Order(c.Declare(title="checkout fails"), "", source, self.clock.now(), ANN, None, TRIAGE)
        return (await self.post.handle(order)).stream

    def policy(self) -> Policy:
        waits = tuple(timedelta(seconds=wait) for wait in self.waits)
        return Policy(times=Times(no_commander=waits, declare_window=timedelta(0)))

    def heard(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        assert incident is not None or stream == "house"
        for record in records:
            if incident is not None and isinstance(record.event, Asked):
                wait = incident.policy.times.no_commander[record.event.step]
                due = incident.declared_at + wait
                self.late.setdefault(stream, []).append((self.clock.now() - due).total_seconds())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await open_file(tmp_path / "tocsin.db")
    yield House(ActivityLog(database))
    await database.close()


def started(timers: Timers, seconds: float = SELDOM) -> Ticker:
    ticker = Ticker(timers, seconds)
    ticker.start()
    return ticker


async def test_it_wakes_at_the_first_deadline_and_at_each_that_follows(house: House) -> None:
    ticker = started(house.timers)
    stream = await house.declare(0.1, 0.101, 0.3, 60)
    await asyncio.sleep(0.3 + PROMPT)
    ticker.stop()
    assert len(house.late[stream]) == 3
    assert all(0 <= late < PROMPT for late in house.late[stream])


async def test_a_nearer_deadline_that_comes_later_is_woken_for(house: House) -> None:
    ticker = started(house.timers)
    far, near = await house.declare(60), await house.declare(0.1)
    await asyncio.sleep(0.1 + PROMPT)
    ticker.stop()
    assert [*house.late] == [near] != [far]


async def test_what_was_due_before_the_ticker_started_is_handed_in_at_once(house: House) -> None:
    stream = await house.declare(0.05)
    await asyncio.sleep(0.1)
    ticker = started(house.timers)
    await asyncio.sleep(PROMPT)
    ticker.stop()
    assert len(house.late[stream]) == 1


async def test_a_stopped_ticker_wakes_nobody(house: House) -> None:
    ticker = started(house.timers, 0.05)
    await house.declare(0.1)
    ticker.stop()
    await house.declare(0.1)
    await asyncio.sleep(0.3)
    assert house.late == {}


# --- clocks that jump -------------------------------------------------------------------------------------------------


async def test_a_clock_set_forward_delays_nothing_by_more_than_a_tick(house: House) -> None:
    ticker = started(house.timers, 0.05)
    stream = await house.declare(1800, 7200)
    house.clock.ahead = timedelta(hours=1)
    await asyncio.sleep(0.05 + PROMPT)
    ticker.stop()
    assert len(house.late[stream]) == 1


async def test_a_clock_set_back_makes_nothing_early_and_loses_and_doubles_nothing(house: House) -> None:
    ticker = started(house.timers, 0.05)
    stream = await house.declare(0.05, 600)
    await until(lambda: stream in house.late)
    for ahead, asked in ((-60, 1), (-59, 1), (0, 1), (11, 2), (-60, 2), (11, 2)):
        house.clock.ahead = timedelta(minutes=ahead)
        await asyncio.sleep(0.12)
        assert len(house.late[stream]) == asked
    ticker.stop()
    assert min(house.late[stream]) >= 0


async def test_the_ticker_goes_on_when_the_machines_own_clock_is_set_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wall(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + house.clock.ahead

    for module in ("schedulers.base", "triggers.interval"):
        monkeypatch.setattr(f"apscheduler.{module}.datetime", Wall)
    ticker = started(house.timers, 0.05)
    await asyncio.sleep(0.1)
    house.clock.ahead = -timedelta(hours=1)
    looks = []
    monkeypatch.setattr(house.timers, "_look_ahead", lambda: looks.append(house.clock.now()))
    await asyncio.sleep(0.4)
    ticker.stop()
    assert 3 <= len(looks) <= 10


# --- deadlines that move, and trouble ---------------------------------------------------------------------------------


@dataclass
class Desk:
    """A command post that only notes what is handed in, and deadlines that are what the test says."""

    clock: JumpingClock = field(default_factory=JumpingClock)
    taken: list[tuple[str, float]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    async def handle(self, order: Order) -> None:
        if self.trouble:
            raise self.trouble.pop()
        self.taken.append((str(order.source), self.clock.now().timestamp()))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("core.timers.deadlines", lambda incident: incident)
    return Desk()


def timers_of(desk: Desk) -> Timers:
    return Timers(cast("CommandPost", desk), desk.clock)


def due(timers: Timers, at: datetime | None, key: str = "one") -> None:
    """The incident's only deadline is due then, or it has none."""
    timers.watch("inc-1", cast("Incident", [Deadline(key, at, c.AskToClose())] if at else []))


@pytest.mark.parametrize(("first", "then"), [(0.3, 0.1), (0.1, 0.3)], ids=["to a nearer moment", "to a later one"])
async def test_a_deadline_that_moves_is_handed_in_once_at_its_new_moment(desk: Desk, first: float, then: float) -> None:
    timers, now = timers_of(desk), desk.clock.now()
    ticker = started(timers)
    due(timers, now + timedelta(seconds=first))
    due(timers, moment := now + timedelta(seconds=then))
    await asyncio.sleep(0.3 + PROMPT)
    ticker.stop()
    [(source, at)] = desk.taken
    assert source == "clock/inc-1/one"
    assert 0 <= at - moment.timestamp() < PROMPT


async def test_deadlines_close_together_are_each_woken_for(desk: Desk) -> None:
    timers, now = timers_of(desk), desk.clock.now() + timedelta(seconds=0.05)
    ticker = started(timers)
    close = [Deadline(f"{index}", now + timedelta(microseconds=130 * index), c.AskToClose()) for index in range(1000)]
    timers.watch("inc-1", cast("Incident", close))
    await asyncio.sleep(0.2 + PROMPT)
    ticker.stop()
    assert len(desk.taken) == 1000


async def test_a_deadline_that_goes_and_comes_back_is_handed_in_once(desk: Desk) -> None:
    timers, now = timers_of(desk), desk.clock.now()
    due(timers, now)
    due(timers, None)
    await timers.tick()
    assert desk.taken == []
    due(timers, now)
    due(timers, now - timedelta(seconds=1))
    await timers.tick()
    await timers.tick()
    assert len(desk.taken) == 1


@pytest.mark.parametrize("gone", [False, True], ids=["at once", "by way of none"])
async def test_a_deadline_that_stumbled_and_moves_is_not_handed_in_before_its_new_moment(
    desk: Desk, gone: bool
) -> None:
    timers, now = timers_of(desk), desk.clock.now()
    desk.trouble = [RuntimeError("a bug")]
    due(timers, now)
    with capture_logs():
        await timers.tick()
    if gone:
        due(timers, None)
    due(timers, now + timedelta(minutes=5))
    desk.clock.ahead = timedelta(minutes=4)
    await timers.tick()
    assert desk.taken == []
    desk.clock.ahead = timedelta(minutes=6)
    await timers.tick()
    assert len(desk.taken) == 1


async def test_what_a_busy_database_did_not_take_waits_for_the_next_tick(desk: Desk) -> None:
    timers = timers_of(desk)
    desk.trouble = [sqlite3.OperationalError("database is locked") for _ in range(3)]
    ticker = started(timers, 0.1)
    due(timers, moment := desk.clock.now() + timedelta(seconds=0.05))
    with capture_logs():
        await until(lambda: bool(desk.taken))
    ticker.stop()
    assert desk.taken[0][1] - moment.timestamp() > 0.15


async def test_nothing_is_kept_of_a_deadline_that_stumbled_once_it_is_met_or_its_incident_is_over(desk: Desk) -> None:
    timers = timers_of(desk)
    desk.trouble = [RuntimeError("a bug")]
    due(timers, desk.clock.now())
    with capture_logs():
        await timers.tick()
    desk.clock.ahead = timedelta(seconds=2)
    await timers.tick()
    assert (len(desk.taken), timers._stumbled) == (1, {})
    desk.trouble = [RuntimeError("a bug")]
    due(timers, desk.clock.now(), "another")
    with capture_logs():
        await timers.tick()
    timers.forget("inc-1")
    assert timers._stumbled == {}
