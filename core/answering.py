"""Which answers wait to be given: each act's once, in the order of the acts, and after a restart the ones that were not.

Rule: up to which act all were answered is kept beside the log; where that was lost, the young ones are answered again,
and a send repeated with its key makes no second message. While nobody was there, nothing grew older.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime, timedelta

from core.activity_log import HOUSE, ActivityLog
from core.answers import Answer, answers
from core.incident.events import Recorded
from core.incident.state import Incident
from core.port import Clock
from core.shown import Showing

ANSWER_STILL = timedelta(hours=1)
"""Acts younger than this, when an earlier process was last there, are answered after a restart that lost the place."""


class Answering:
    """Hands answers on: `give` takes the stream, the act's place in it and the answer to the lane that it is for."""

    def __init__(
        self,
        log: ActivityLog,
        showing: Showing,
        clock: Clock,
        chats: Container[str],
        give: Callable[[str, int, Answer], None],
    ) -> None:
        self._log = log
        self._showing = showing
        self._clock = clock
        self._chats = chats
        self._give = give
        self._waiting: dict[str, set[int]] = {}
        self._last: dict[str, int] = {}

    async def oldest(self) -> datetime:
        """Since when what was asked may wait for its answer still."""
        now = self._clock.now()
        return min(now, await self._log.last_heard() or now) - ANSWER_STILL

    async def still(self, stream: str, incident: Incident | None, oldest: datetime) -> datetime | None:
        """Answers what an earlier process did not. Returns when the first of it was asked, as its chat tells time."""
        after = self._showing.answered(stream)
        if after is None and stream == HOUSE:
            # Of the house, which never ends, only what is young is read.
            records = await self._log.since(oldest)
        else:
            records = await self._log.load(stream, after or 0)
        waiting = [recorded for recorded in records if after is not None or recorded.heard_at >= oldest]
        for recorded in waiting:
            self.answer(stream, incident, recorded)
        return min((recorded.at for recorded in waiting), default=None)

    def answer(self, stream: str, incident: Incident | None, recorded: Recorded) -> None:
        """Has an act answered. `incident` is as it was just after; none for the house."""
        self._last[stream] = recorded.version
        for answer in answers(incident, recorded):
            if answer.channel.transport in self._chats:
                self._waiting.setdefault(stream, set()).add(recorded.version)
                self._give(stream, recorded.version, answer)
        if not self._waiting.get(stream):
            self._showing.note_answered(stream, recorded.version)

    def given(self, stream: str, version: int) -> None:
        waiting = self._waiting[stream]
        waiting.discard(version)
        self._showing.note_answered(stream, min(waiting) - 1 if waiting else self._last[stream])

    def waits(self, stream: str) -> bool:
        """Whether an act of this stream is still to be answered."""
        return bool(self._waiting.get(stream))

    def forget(self, stream: str) -> None:
        self._waiting.pop(stream, None)
        self._last.pop(stream, None)
