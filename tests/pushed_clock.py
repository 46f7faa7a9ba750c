"""A clock that stands still until it is pushed, and the way to wait until nothing can run any more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 5, 2, 10, 2, tzinfo=UTC)
"""When the checkout story begins (spec, section 14)."""


class PushedClock:
    """A `core.port.Clock`: whoever sleeps wakes when its moment has come, and that is when somebody pushes it there."""

    def __init__(self, at: datetime = START) -> None:
        self._now = at
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), waking))
        await waking

    @property
    def next_waking(self) -> datetime | None:
        """The first moment at which somebody wakes."""
        self._sleepers = [(at, waking) for at, waking in self._sleepers if not waking.done()]
        return min((at for at, _ in self._sleepers), default=None)

    def set(self, at: datetime) -> None:
        """It is `at` now; whoever was to wake by then is woken, and runs when the loop does."""
        self._now = max(self._now, at)
        for due, waking in self._sleepers:
            if due <= self._now and not waking.done():
                waking.set_result(None)


async def quiet() -> None:
    """Returns when no callback of the loop is ready to run: what is left waits for a clock, a thread or a person."""
    # The loop's own queue says it exactly; counting turns would guess, and wait for nothing most of the time.
    loop: Any = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0)
        if not loop._ready:
            return
