"""A process that can die between any two awaits: every port it has goes dead, and no `finally` of its is run.

Rule: an effect is one instant between two waits. Whoever waits at a dead port waits for ever; a request that was under
way when the process died still arrives, or is lost, as the death was told.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from core.database import Row
from core.port import Clock, Temporary, TransportFailure
from core.schema import migrations
from core.timers import Timers
from transports.sandbox.server import Batch, Server

T = TypeVar("T")

REST = 5.0
"""Seconds between two looks of the simulated ticker for which it was not woken: a look is cheap, but a day has many."""


@dataclass(eq=False, slots=True)
class Life:
    """One process's. `cut`: what was under way when it ended is lost on the way. `over`: the run is, let everything go."""

    number: int
    dead: bool = False
    cut: bool = False
    over: bool = False
    held: asyncio.Future[None] | None = None

    def hold(self) -> None:
        """The process stands still, as one that is stopped or swapped out, until it goes on."""
        self.held = asyncio.get_running_loop().create_future()

    def go_on(self) -> None:
        if self.held is not None:
            self.held.set_result(None)

    async def gate(self) -> None:
        """Lets the living through."""
        if self.over:
            raise asyncio.CancelledError
        if self.held is not None and not self.held.done():
            await asyncio.shield(self.held)
        if self.dead:
            await asyncio.get_running_loop().create_future()


class MortalClock:
    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock = clock
        self._life = life

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        await self._life.gate()
        await self._clock.sleep(seconds)
        await self._life.gate()


class MortalDatabase:
    """SQLite in memory, which outlives the process: one statement, durable at one instant, as `core.database` has it.

    `busy` is the chance that a statement that writes is turned away (SQLITE_BUSY), `wrote` is told of each that was not.
    """

    def __init__(
        self, connection: sqlite3.Connection, life: Life, busy: Callable[[], bool], wrote: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._life = life
        self._busy = busy
        self._wrote = wrote

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        await self._hop()
        if self._busy():
            raise sqlite3.OperationalError("database is locked")
        self._connection.execute(sql, _bound(parameters))
        self._wrote(sql)
        await self._hop()

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        await self._hop()
        found = self._connection.execute(sql, _bound(parameters)).fetchall()
        await self._hop()
        return found

    async def close(self) -> None:
        """The next process opens what this one wrote."""

    async def _hop(self) -> None:
        await self._life.gate()
        await asyncio.sleep(0)
        await self._life.gate()


def _bound(parameters: Sequence[object]) -> tuple[Any, ...]:
    return tuple(parameters)


def memory(image: bytes | None = None) -> sqlite3.Connection:
    """A database in memory, migrated as a file is; from an image when there is one."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if image is not None:
        connection.deserialize(image)
        return connection
    for number, sql in migrations():
        connection.executescript(f"BEGIN IMMEDIATE; {sql} PRAGMA user_version={number}; COMMIT;")
    return connection


class _Cut(Exception):
    """The request never arrived."""


class Line:
    """A process's line to the sandbox's server. `landed` is told of each request that took effect: its name, its subjects."""

    def __init__(self, server: Server, life: Life, landed: Callable[[str, tuple[Any, ...]], None]) -> None:
        self._server = server
        self._life = life
        self._landed = landed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    async def request(self, effect: Callable[[], T], key: str | None = None) -> T:
        def landing() -> T:
            if self._life.cut:
                raise _Cut
            answer = effect()
            if isinstance(effect, partial):
                self._landed(effect.func.__name__, effect.args)
            return answer

        await self._life.gate()
        try:
            answer = await self._server.request(landing, key)
        except (TransportFailure, _Cut):
            await self._life.gate()
            raise
        await self._life.gate()
        return answer

    async def sync(self, since: int, *, wait: bool) -> Batch:
        await self._life.gate()
        try:
            batch = await self._server.sync(since, wait=wait)
        except Temporary:
            await self._life.gate()
            raise
        await self._life.gate()
        return batch


class SimulatedTicker:
    """Looks at what is due at the moment that it is told of, and every few seconds besides."""

    def __init__(self, timers: Timers, clock: MortalClock) -> None:
        self._timers = timers
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look())
        self._timers.tell(self._wake_at)

    def stop(self) -> None:
        self._timers.tell(None)
        if self._first is not None:
            self._first.cancel()
        if self._task is not None:
            self._task.cancel()

    def _wake_at(self, moment: float) -> None:
        loop = asyncio.get_running_loop()
        if self._first is not None:
            self._first.cancel()
        # The tick that tells is not over yet, so the next is a task of its own.
        # A hair later, since the clock has whole microseconds, and what it does not show yet is not due.
        wait = max(0.0, moment - self._clock.now().timestamp()) + 1e-5
        self._first = loop.call_later(wait, lambda: loop.create_task(self._timers.tick()))

    async def _look(self) -> None:
        while True:
            await self._timers.tick()
            await self._clock.sleep(REST)
