"""Rate limits as Discord counts them: a window opens with its first request and closes when its time is over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from discord_clock import Clock
from discord_limits import INVALID_REQUESTS, TOO_FAST, Problem, Rate, Rates, Refused


class Limited(Refused):
    """429. `scope` is `user`, `global` or `shared`."""

    def __init__(self, seconds: float, scope: str = "user", problem: Problem = TOO_FAST) -> None:
        super().__init__(problem, retry_after=max(seconds, 0.001))
        self.scope = scope


@dataclass
class Window:
    ends: float = 0.0
    used: int = 0


class Buckets:
    def __init__(self, rates: Rates, clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}
        self.refused: list[tuple[str, str]] = []  # every 429 that was given, as (bucket, major parameter)
        self.invalid = 0

    def take(self, bucket: str, major: str, *, with_global: bool = True) -> dict[str, str]:
        """The headers of a request that fits into its bucket. Raises `Limited`."""
        if with_global:
            self._spend("everything", "", self._rates.everything, scope="global")
        rate = self._rates.buckets[bucket]
        window = self._spend(bucket, major, rate)
        return {
            "X-RateLimit-Limit": str(rate.limit),
            "X-RateLimit-Remaining": str(rate.limit - window.used),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{max(window.ends - self._clock.time(), 0.001):.3f}",
            "X-RateLimit-Bucket": hashlib.md5(bucket.encode()).hexdigest(),
        }

    def spend_hidden(self, name: str, major: str, rate: Rate, problem: Problem = TOO_FAST) -> None:
        """A limit within a bucket that no header tells of."""
        self._spend(name, major, rate, problem=problem)

    def _spend(self, name: str, major: str, rate: Rate, scope: str = "user", problem: Problem = TOO_FAST) -> Window:
        now = self._clock.time()
        window = self._windows.setdefault((name, major), Window())
        if window.ends <= now:
            window.ends, window.used = now + rate.seconds * self._rates.pace, 0
        if window.used >= rate.limit:
            self.refused.append((name, major))
            raise Limited(window.ends - now, scope, problem)
        window.used += 1
        return window

    def count_invalid(self, status: int, scope: str) -> bool:
        """Count 401, 403 and 429 (a shared one is nobody's fault); whether that was one too many."""
        self.invalid += status in (401, 403) or (status == 429 and scope != "shared")
        return self.invalid >= INVALID_REQUESTS.limit
