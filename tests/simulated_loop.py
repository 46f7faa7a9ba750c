"""Virtual time: an event loop that never waits, runs one callback a step and counts them, and the clock that reads it.

Rule: the same seed runs the same callbacks in the same order. Nothing ready and nothing due is a deadlock, said at once.
The loop reads asyncio's private queue and heap (3.11 to 3.13 have the same); that knowledge stays in this file.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

START = datetime(2026, 5, 2, 10, 2, tzinfo=UTC)


class Deadlock(Exception):
    """Everybody waits for somebody else."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`steps` counts callbacks. `rng` picks among those that are ready; without one they run in their order."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, rng: Random | None = None) -> None:
        super().__init__()
        self.steps = 0
        self.limit = 0
        self.on_step: dict[int, Callable[[], None]] = {}
        self.troubles: list[str] = []
        self._rng = rng
        self._now = 0.0
        # Held here, so that the tasks of a process that died are never collected, and so never unwound, while it plays.
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_task_factory(cast("Any", self._make_task))
        self.set_exception_handler(
            lambda _, context: self.troubles.append(f"{context['message']}: {context.get('exception')!r}")
        )

    def time(self) -> float:
        return self._now

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **how: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **how)
        self._tasks.append(task)
        return task

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The heap is cleared of those as they come up."""

    def _run_once(self) -> None:
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)
        if not self._ready:
            if not self._scheduled:
                raise Deadlock(f"nothing is ready and nothing is due after {self.steps} steps")
            self._now = max(self._now, self._scheduled[0].when())
        while self._scheduled and self._scheduled[0].when() <= self._now:
            self._ready.append(heapq.heappop(self._scheduled))
        if self._rng is not None and len(self._ready) > 1:
            self._ready.rotate(-self._rng.randrange(len(self._ready)))
        handle = self._ready.popleft()
        if handle.cancelled():
            return
        self.steps += 1
        if self.limit and self.steps > self.limit:
            raise Deadlock(f"no end after {self.limit} steps, at {START + timedelta(seconds=self._now):%d %H:%M:%S}")
        handle._run()
        if self.steps in self.on_step:
            self.on_step.pop(self.steps)()

    def end(self) -> None:
        """Unwinds every task that is left, the dead ones too, and closes."""
        self.set_exception_handler(lambda *_: None)
        self.on_step.clear()
        self.limit = 0
        for _ in range(50):
            left = [task for task in self._tasks if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            self.run_until_complete(self._breathe())
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.exception()
        self._tasks.clear()
        self.close()

    @staticmethod
    async def _breathe() -> None:
        for _ in range(5):
            await asyncio.sleep(0)


class SimulatedClock:
    """The loop's time as the story's: it starts at 10:02 on 2 May 2026."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
