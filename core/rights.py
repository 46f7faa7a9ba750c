"""What a chat would not do in one channel: named to people, asked again now and then, and named again when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.desk import Desk
from core.incident.vocabulary import ChannelRef
from core.port import Forbidden, Permanent

log = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(minutes=5)
"""How long what was refused is not asked for again; nobody tells that a right is there again."""


@dataclass(frozen=True, slots=True)
class _TurnedDown:
    """`value` as it was wanted, until when it is not asked again, the right that it takes."""

    value: str
    until: datetime
    right: str


class Rights:
    """One channel's refusals, by stream and name of what was wanted."""

    def __init__(self, desk: Desk, channel: ChannelRef) -> None:
        self._desk = desk
        self._channel = channel
        self._refused: dict[tuple[str, str], _TurnedDown] = {}
        self._waiting: list[datetime] = []

    def look_anew(self) -> None:
        """A new look begins: nothing is known to wait yet."""
        self._waiting.clear()

    def rest(self) -> float | None:
        """Seconds until the first of what this look passed over is asked again."""
        return min(((at - self._desk.now()).total_seconds() for at in self._waiting), default=None)

    def turned_down(self, stream: str, name: str, value: str) -> bool:
        """Whether this was refused so lately that it is passed over."""
        refused = self._refused.get((stream, name))
        if refused is None or refused.value != value or refused.until <= self._desk.now():
            return False
        self._waiting.append(refused.until)
        return True

    def turn_down(self, stream: str, name: str, value: str, failure: Permanent) -> None:
        right = str(failure) if isinstance(failure, Forbidden) else ""
        self._refused[stream, name] = _TurnedDown(value, self._desk.now() + ASK_AGAIN, right)
        if right:
            self._desk.reports.right_missing(stream, right)
        log.warning("turned down", what=name, channel=str(self._channel), reason=str(failure))

    def worked(self, stream: str, name: str) -> None:
        """What was refused before is done: the right is there, unless something else still lacks it."""
        refused = self._refused.pop((stream, name), None)
        if refused is not None and refused.right and refused.right not in [one.right for one in self._refused.values()]:
            self._desk.reports.right_given(stream, refused.right)
