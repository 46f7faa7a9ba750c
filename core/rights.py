"""What a chat would not do in one channel: named to people, asked again now and then, and named again when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from core.desk import Desk
from core.incident.vocabulary import ChannelRef
from core.port import Forbidden, Missing, Permanent
from core.rests import Name, Pause, forget

log = structlog.get_logger(__name__)

ASK_AGAIN = timedelta(minutes=5)
"""How long what was refused is not asked for again; nobody tells that a right is there again."""

LOOK_AGAIN = timedelta(minutes=1)
"""The same for what is not there: somebody makes a room, or lets the bot in, and expects to see that it works."""


SHUT = timedelta(seconds=30)
"""How long no other call of a kind is made in a channel where one was forbidden: an incident changes all the time."""

SHARED = ("send", "edit", "react")
"""Kinds of call that take the same right whatever they are about; an invitation may be refused for the person's sake."""


@dataclass(frozen=True, slots=True)
class _TurnedDown:
    """`value` as it was wanted, how long it is not asked for again, the right that it takes."""

    value: str
    pause: Pause
    right: str
    reason: str


class Rights:
    """One channel's refusals, by stream and name of what was wanted."""

    def __init__(self, desk: Desk, channel: ChannelRef) -> None:
        self._desk = desk
        self._channel = channel
        self._refused: dict[Name, _TurnedDown] = {}
        self._waiting: list[Pause] = []
        self._shut: dict[str, Pause] = {}
        self.forbidden = 0

    def shut(self, kind: str) -> float:
        """Seconds for which no call of this kind is made."""
        return self._shut[kind].left(self._desk.now()) if kind in self._shut else 0.0

    def called(self, kind: str, *, forbidden: bool) -> None:
        """A call of this kind was made."""
        if forbidden and kind in SHARED:
            self._shut[kind] = Pause(self._desk.now(), SHUT.total_seconds())
        elif not forbidden:
            self._shut.pop(kind, None)

    def look_anew(self) -> None:
        """A new look begins: nothing is known to wait yet."""
        self._waiting.clear()

    def rest(self) -> float | None:
        """Seconds until the first of what this look passed over is asked again."""
        return min((pause.left(self._desk.now()) for pause in self._waiting), default=None)

    def turned_down(self, stream: str, name: str, value: str) -> bool:
        """Whether this was refused so lately that it is passed over."""
        refused = self._refused.get((stream, name))
        if refused is None or refused.value != value or not refused.pause.left(self._desk.now()):
            return False
        self._waiting.append(refused.pause)
        return True

    def turn_down(self, stream: str, name: str, value: str, failure: Permanent) -> None:
        right = str(failure) if isinstance(failure, Forbidden) else ""
        self.forbidden += bool(right)
        before, wait = self._refused.get((stream, name)), LOOK_AGAIN if isinstance(failure, Missing) else ASK_AGAIN
        pause = Pause(self._desk.now(), wait.total_seconds())
        self._refused[stream, name] = _TurnedDown(value, pause, right, str(failure))
        if before is not None and before.right != right:
            self._given(stream, before.right)
        if right:
            self._desk.reports.right_missing(stream, right)
        if before is None or before.reason != str(failure):
            log.warning("turned down", what=name, channel=str(self._channel), reason=str(failure))

    def forget(self, stream: str, card: str) -> None:
        """As `core.rests.forget`."""
        forget(self._refused, stream, card)

    def worked(self, stream: str, name: str) -> None:
        """What was refused before is done: the right is there, unless something else still lacks it."""
        refused = self._refused.pop((stream, name), None)
        if refused is not None:
            self._given(stream, refused.right)

    def _given(self, stream: str, right: str) -> None:
        if right and right not in [one.right for one in self._refused.values()]:
            self._desk.reports.right_given(stream, right)
