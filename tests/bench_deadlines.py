"""How long after its moment a deadline is on the record, with 1,000 others pending, beside a bare asyncio timer's call.

Ours is durable by then: APScheduler has woken the timers, the deadline is decided, and SQLite has synced it. So a timer
that commits a bare row is measured as well: a slow disk is slow for both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from statistics import median, quantiles

from bench_commit import ANN, BARE, CHANNEL, bare_file
from bench_figures import Figure, Run, ratio

from core.activity_log import ActivityLog
from core.clock import SystemClock
from core.command_post import CommandPost, Order
from core.database import Database, open_file
from core.displays import Displays
from core.incident import commands as c
from core.incident.deadlines import deadlines as due
from core.incident.events import Asked, Recorded
from core.incident.policy import Policy, Times
from core.incident.state import Incident
from core.shown import Showing
from core.timers import Ticker, Timers

INCIDENTS, EACH = 100, 10
"""What is pending all the while: 1,000 deadlines, an hour away and more."""

SOON = (0.03, 0.15)
"""Seconds from setting a deadline to its moment: at random, so that no tick of a quarter second keeps step with it."""

DRIFT = 1000.0
"""Milliseconds within which the issue wants a timed decision to be asked."""

TO_TIMER, TO_TIMER_AND_COMMIT = 10.0, 2.0
"""Our own choice, for a machine that is busy with other things too. Without being woken, a mere tick takes over 100."""


async def deadlines(run: Run) -> list[Figure]:
    folder = run.home / "deadlines"
    folder.mkdir()
    database, bare = await open_file(folder / "tocsin.db"), await bare_file(folder / "bare.db")
    ticker = None
    try:
        house = House(database)
        far = [timedelta(hours=1 + step) for step in range(EACH)]
        for _ in range(INCIDENTS):
            await house.declare(far)
        pending = sum(len(due(incident)) for _, incident in house.post.awake())
        ticker = Ticker(house.timers)
        ticker.start()
        ours, timer, committed, rng = [], [], [], Random(1)
        for index in range(run.samples + 5):
            row = (f"bare:{index}", "", "asked", "x" * 700)
            ours.append(await house.asked(timedelta(seconds=rng.uniform(*SOON))))
            timer.append(await _called(rng.uniform(*SOON)))
            committed.append(await _called(rng.uniform(*SOON), lambda row=row: bare.execute(BARE, row)))  # type: ignore[misc]
        return _figures(ours[5:], timer[5:], committed[5:], pending)
    finally:
        if ticker is not None:
            ticker.stop()
        await bare.close()
        await database.close()


class House:
    """The record and its reconcilers as they are wired, on a real file; no chat is connected."""

    def __init__(self, database: Database) -> None:
        self.clock = SystemClock()
        self.post = CommandPost(ActivityLog(database), self.clock, self._policy)
        displays = Displays({}, self.post, Showing(database), self.clock)
        self.timers = Timers(self.post, self.clock)
        self.post.listeners += [self._durable, displays.show, self.timers.watch]
        self._waits: tuple[timedelta, ...] = ()
        self._declared = 0
        self._asked: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

    def _policy(self) -> Policy:
        return Policy(times=Times(no_commander=self._waits, declare_window=timedelta(0)))

    async def declare(self, waits: Sequence[timedelta]) -> Incident:
        """An incident that asks for a commander after so long."""
        self._waits, self._declared = tuple(waits), self._declared + 1
        command, source = c.Declare(title="The drift of a deadline"), f"nowhere:{self._declared}"
        order = Order(command, "", source, self.clock.now(), ANN, None, CHANNEL)
        incident = await self.post.incident((await self.post.handle(order)).stream)
        assert incident is not None, "it was declared"
        return incident

    async def asked(self, wait: timedelta) -> float:
        """Seconds from a deadline's moment until what it asks is durable."""
        self._asked = asyncio.get_running_loop().create_future()
        incident = await self.declare([wait])
        return (await self._asked - (incident.declared_at + wait)).total_seconds()

    def _durable(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        if isinstance(records[0].event, Asked):
            self._asked.set_result(self.clock.now())


async def _called(wait: float, work: Callable[[], Awaitable[object]] | None = None) -> float:
    """Seconds from its moment until a timer of asyncio's own calls back, and some work is done."""
    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    moment = loop.time() + wait
    loop.call_at(moment, called.set)
    await called.wait()
    if work is not None:
        await work()
    return loop.time() - moment


def _figures(ours: Sequence[float], timer: Sequence[float], committed: Sequence[float], pending: int) -> list[Figure]:
    (ours_mid, ours_late), (bare_mid, bare_late) = _drift(ours), _drift(timer)
    detail = f"median {ours_mid:.2f} ms over {bare_mid:.2f} ms, p99 {ours_late:.2f} ms over {bare_late:.2f} ms"
    what = f"a deadline's drift, {pending:,} pending"
    return [
        ratio(f"{what}: to a bare timer's", ours, timer, TO_TIMER),
        ratio(f"{what}: to a bare timer and commit", ours, committed, TO_TIMER_AND_COMMIT),
        Figure(f"{what}: 99th percentile", ours_late, DRIFT, "ms", f"{detail}, n={len(ours)}"),
    ]


def _drift(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    return median(seconds) * 1000, quantiles(seconds, n=100, method="inclusive")[-1] * 1000
