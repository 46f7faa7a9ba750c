"""What rests after a failure, and for how long: one thing, a kind of call, or all that is done in a channel.

Rule: what the chat said (`retry_after`) is kept to whoever asks; what is our own guess grows with each try that was made
once it was over, and with no other. A clock that is set back ends a rest: one try too many, and nothing stands still.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.port import Temporary

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each further try after a passing failure."""

SOONEST = 0.05
"""Seconds, at least, before a further try."""

Name = tuple[str, str]
"""Stream, and what is done about it."""


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds from a moment on."""

    since: datetime
    seconds: float

    def left(self, now: datetime) -> float:
        gone = (now - self.since).total_seconds()
        return self.seconds - gone if 0 <= gone < self.seconds else 0.0


class Rests:
    """By name, what was tried in vain."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._pauses: dict[Name, tuple[Pause, int]] = {}

    def __contains__(self, name: Name) -> bool:
        """Whether this failed when it was last tried."""
        return name in self._pauses

    def left(self, name: Name) -> float:
        """Seconds for which this still rests; 0 when it may be tried."""
        return self._pauses[name][0].left(self._now()) if name in self._pauses else 0.0

    def begin(self, name: Name, failure: Temporary) -> float:
        """It failed: it rests for as long as the chat said, or for longer each time. Returns the seconds."""
        now = self._now()
        before, tries = self._pauses.get(name, (None, 0))
        # Who was woken early and failed again has learned nothing new.
        tries += before is None or not before.left(now)
        guess = BACKOFF[min(tries, len(BACKOFF)) - 1]
        return self.rest(name, guess if failure.retry_after is None else max(failure.retry_after, SOONEST), tries)

    def rest(self, name: Name, seconds: float, tries: int = 1) -> float:
        """It is not tried for so long."""
        self._pauses[name] = (Pause(self._now(), seconds), tries)
        return seconds

    def end(self, name: Name) -> None:
        """It worked, or is wanted no more."""
        self._pauses.pop(name, None)

    def forget(self, stream: str, card: str) -> None:
        """As the function of this name."""
        forget(self._pauses, stream, card)


def forget(notes: MutableMapping[Name, Any], stream: str, card: str = "") -> None:
    """Drops what is noted of a stream, or of one card of it, because nothing of that is wanted any more."""
    for name in [name for name in notes if name[0] == stream and card in ("", name[1])]:
        del notes[name]
