"""A transport that runs, and what it has been told, for the tests of every chat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from core.port import Transport
from transports.signals import Signal

S = TypeVar("S")

PATIENCE = 45.0
"""Seconds after which something that has to happen has not."""


class Notes:
    """A notebook in memory, which outlives the transport as a database would. `sources` are those of all that was heard."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.sources: set[str] = set()

    async def read(self, key: str) -> str | None:
        return self.kept.get(key)

    async def write(self, key: str, value: str) -> None:
        self.kept[key] = value

    async def heard(self, prefix: str) -> tuple[str, ...]:
        return tuple(source for source in self.sources if source.startswith(prefix))


class Running:
    """One process of the bot: a transport with an inbox that keeps what it hears."""

    def __init__(self, transport: Transport, notes: Notes) -> None:
        self.transport = transport
        self.notes = notes
        self.heard: list[Signal] = []
        self.on_signal: Callable[[Signal], Awaitable[None]] | None = None
        self.task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def start(self) -> Self:
        self.task = asyncio.create_task(self.transport.run(self._inbox, self.notes, self._ready.set))
        ready = asyncio.create_task(self._ready.wait())
        done, _ = await asyncio.wait({self.task, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self.task in done:
            self.task.result()
        assert done, "the transport was not ready in time"
        return self

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def hears(self, kind: type[S], count: int = 1) -> list[S]:
        """The signals of a kind, once there are so many."""
        await until(lambda: sum(isinstance(each, kind) for each in self.heard) >= count)
        return [each for each in self.heard if isinstance(each, kind)]

    async def _inbox(self, signal: Any) -> None:
        if self.on_signal is not None:
            await self.on_signal(signal)
        self.heard.append(signal)
        self.notes.sources.add(signal.source)


async def until(holds: Callable[[], bool], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)
