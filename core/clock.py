"""Real time, the only place where it comes in: everything else is handed a `core.port.Clock`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ScaledClock:
    """A story's own time: it stands at `start` when made and runs `speed` times as fast as the wall clock."""

    def __init__(self, start: datetime, speed: float) -> None:
        if start.tzinfo is None:
            raise ValueError("a story starts at an aware time")
        if speed <= 0:
            raise ValueError("a story's time goes forward: speed must be above 0")
        self.start = start.astimezone(UTC)
        self.speed = speed
        # Monotonic, so that a wall clock that is set while the story plays moves nothing in it.
        self._began = time.monotonic()
        self._still_since: float | None = None

    def now(self) -> datetime:
        here = time.monotonic() if self._still_since is None else self._still_since
        return self.start + timedelta(seconds=(here - self._began) * self.speed)

    @contextmanager
    def still(self) -> Iterator[None]:
        """The story waits: its time stands still within the block, so that a fast play is no later than a slow one."""
        if self._still_since is not None:
            yield
            return
        self._still_since = time.monotonic()
        try:
            yield
        finally:
            self._began += time.monotonic() - self._still_since
            self._still_since = None

    async def sleep(self, seconds: float) -> None:
        """Wait, in the story's seconds: `seconds / speed` real ones."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)
