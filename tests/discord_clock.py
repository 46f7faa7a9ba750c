"""The fake Discord's clock and the ids that it stamps: real-shaped snowflakes, so that `created_at` is true.

The clock runs with the real one and can be pushed ahead; nothing else in the fake asks for the time.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH = 1_420_070_400.0
"""The first second of 2015: docs/reference#snowflakes."""


class Clock:
    def __init__(self, start: datetime | None = None) -> None:
        self._start = (start or datetime.now(UTC)).timestamp() - time.monotonic()
        self._last = 0

    def time(self) -> float:
        """Seconds since 1970."""
        return self._start + time.monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def push(self, seconds: float) -> None:
        """Let time pass at once; what waits in real time (a 429, a heartbeat) does not notice."""
        self._start += seconds

    def snowflake(self) -> int:
        """An id that was never given before, later than all that were."""
        self._last = max(self._last + 1, int((self.time() - EPOCH) * 1000) << 22)
        return self._last


def stamped(snowflake: int) -> float:
    """The second in which an id was given."""
    return (snowflake >> 22) / 1000 + EPOCH
