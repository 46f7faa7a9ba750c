"""What is told is handled channel by channel, in order, beside each other; while the bot catches up, it waits.

Rule: telling returns at once; what was told is forgotten only when its signal was handled or nobody can handle it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from core.port import Clock, Fatal, Temporary, TransportFailure

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]

TRIES = 5
"""Failed look-ups after which an act goes unheard: what Discord will not tell must not silence what follows."""

AGAIN = 1.0
"""Seconds between them."""


class Ears:
    """One queue for each channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open = asyncio.Event()
        self._waiting: dict[int, deque[Work]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """What is told from here on waits for `open`; what is under way is finished."""
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def tell(self, channel: int, work: Work) -> None:
        self._waiting.setdefault(channel, deque()).append(work)
        if channel not in self._tasks:
            self._tasks[channel] = asyncio.create_task(self._listen(channel))

    async def end(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _listen(self, channel: int) -> None:
        waiting = self._waiting[channel]
        try:
            while waiting:
                await self._open.wait()
                await self._do(waiting[0])
                waiting.popleft()
        except Fatal as failure:
            if not self.failed.done():
                self.failed.set_exception(failure)
        finally:
            del self._tasks[channel], self._waiting[channel]

    async def _do(self, work: Work) -> None:
        for _ in range(TRIES):
            try:
                await work()
            except Fatal:
                raise
            except Temporary as failure:
                log.warning("what was told cannot be understood yet", reason=str(failure))
                await self._clock.sleep(failure.retry_after or AGAIN)
            except TransportFailure as failure:
                log.warning("what was told cannot be understood", reason=str(failure))
                return
            except Exception:  # a loop's edge, design law 7: one act's bug must not silence the rest
                log.exception("what was told was not handled")
                return
            else:
                return
        log.error("an act goes unheard: Discord does not tell what it was done on")
