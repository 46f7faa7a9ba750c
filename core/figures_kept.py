"""The figures of every incident, kept for the insights; of one that is in memory they are counted as it now is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from core.command_post import CommandPost
from core.incident.events import Recorded
from core.incident.figures import FORM, Figures, figures, kept_apart
from core.incident.state import Incident
from core.patience import patiently
from core.port import Clock
from core.views import Kept, Views

FIGURES = Kept("figures", FORM, Figures, figures, "the insights")

BATCH = 100
"""Incidents that are read between two writes, so that a process that dies leaves the next one less to read."""


def in_order(views: Sequence[Figures]) -> tuple[Figures, ...]:
    """What the insights are made of, by number."""
    return tuple(sorted((one for one in views if not kept_apart(one)), key=lambda one: one.number))


class FiguresKept:
    """The reconciler of the rows: one is written when its incident is closed, and when something happens after that."""

    def __init__(self, post: CommandPost, views: Views[Figures], clock: Clock) -> None:
        self._post = post
        self._views = views
        self._clock = clock
        self._changed = asyncio.Event()
        self.pending: int | None = None

    def watch(self, stream: str, incident: Incident | None, _records: Sequence[Recorded] = ()) -> None:
        """An incident is as it is now. What is open changes with each act, and is counted when somebody asks."""
        if incident is not None and incident.closed:
            self._views.take(stream, incident)
            self._changed.set()

    def all(self) -> tuple[Figures, ...]:
        """The figures of every incident that could be read."""
        awake = {stream: figures(incident) for stream, incident in self._post.awake()}
        return in_order([*(dict(self._views.all()) | awake).values()])

    @property
    def damaged(self) -> Sequence[str]:
        """Why each incident that is left out is."""
        return [*self._views.damaged.values()]

    async def run(self) -> None:
        """Reads the rows, makes those that are lacking again, and writes what changes until cancelled."""
        _, stale = await patiently(self._clock, self._views.read)
        # What is open is in memory, and has its row once it is closed.
        going_on = {stream for stream, incident in self._post.awake() if not incident.closed}
        lacking = [stream for stream in stale if stream not in going_on]
        self.pending = len(lacking)
        for start in range(0, len(lacking), BATCH):
            some = lacking[start : start + BATCH]
            await patiently(self._clock, partial(self._views.rebuild, some))
            await patiently(self._clock, self._views.flush)
            self.pending -= len(some)
        while True:
            self._changed.clear()
            await patiently(self._clock, self._views.flush)
            await self._changed.wait()
