"""What can go wrong between a bot and Discord, switched on by a test: before the effect, after it, or instead of an answer.

A path is written as in the documentation without its ids: `/channels/*/messages`; `**` stands for whatever follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Kind = Literal["status", "abort", "silence", "limit", "delay"]


@dataclass
class Fault:
    """One thing that goes wrong, for the next `times` requests that it fits. `met` counts them."""

    kind: Kind
    method: str
    path: str
    times: int
    after: bool = False
    status: int = 500
    seconds: float = 0.0
    scope: str = "user"
    met: int = 0

    def fits(self, method: str, path: str, *, after: bool) -> bool:
        pattern = re.escape(self.path).replace(r"\*\*", ".*").replace(r"\*", "[^/]+")
        open_still = self.met < self.times and self.after == after
        return open_still and self.method in ("*", method) and re.fullmatch(pattern, path) is not None


class Faults:
    """The switches. Those of the gateway end or hinder the connections that are open now."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.down = False
        self.banned = False
        self.on_outage: Callable[[], None] = lambda: None

    def fail(self, status: int, method: str = "*", path: str = "**", *, times: int = 1, after: bool = False) -> Fault:
        """Answer 500, 502, 503, 504; with `after`, once the request has had its effect."""
        return self._add(Fault("status", method, path, times, after, status))

    def abort(self, method: str = "*", path: str = "**", *, times: int = 1, after: bool = False) -> Fault:
        """Drop the connection instead of answering."""
        return self._add(Fault("abort", method, path, times, after))

    def lose_reply(self, method: str = "*", path: str = "**", *, times: int = 1, seconds: float = 3600.0) -> Fault:
        """The request has its effect and no answer comes for so long."""
        return self._add(Fault("silence", method, path, times, after=True, seconds=seconds))

    def limit(
        self, method: str = "*", path: str = "**", *, times: int = 1, seconds: float = 0.05, scope: str = "user"
    ) -> Fault:
        """429 to the next requests: scope `user`, `global` or `shared` (docs/topics/rate-limits)."""
        return self._add(Fault("limit", method, path, times, seconds=seconds, scope=scope))

    def slow(self, seconds: float, method: str = "*", path: str = "**", *, times: int = 1) -> Fault:
        return self._add(Fault("delay", method, path, times, seconds=seconds))

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Nothing can be reached, and the gateway drops whoever is connected; sessions live on for their while."""
        self.down = True
        self.on_outage()
        try:
            yield
        finally:
            self.down = False

    def clear(self) -> None:
        self.rules.clear()
        self.down = self.banned = False

    def next(self, method: str, path: str, *, after: bool) -> Fault | None:
        """What goes wrong with this request, which is thereby used up."""
        found = next((each for each in self.rules if each.fits(method, path, after=after)), None)
        if found is not None:
            found.met += 1
        return found

    def _add(self, fault: Fault) -> Fault:
        self.rules.append(fault)
        return fault
