"""Work that nobody waits for: begun here, and ended together.

Rule: none of it fails unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog

from core.port import Fatal

log = structlog.get_logger(__name__)


class Errands:
    """The tasks under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self) -> None:
        """Ends them where they stand."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # What ends the process is told once, by whoever runs everything.
        if error is not None and not isinstance(error, Fatal):
            log.error("an errand failed", exc_info=error)
