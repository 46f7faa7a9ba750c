"""Up to which message each channel was heard: where catching up begins.

Rule: a place is noted after its act was handled, and written a little later. Dying in between repeats acts that the
record knows by their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.port import Clock, Notebook

NOTE = "seen"

SAVE_EVERY = 2.0
"""Seconds in which changes gather before they are written."""


class Seen:
    """The newest handled message of each channel, its threads' among them."""

    def __init__(self, notebook: Notebook, clock: Clock) -> None:
        self._notebook = notebook
        self._clock = clock
        self._until: dict[str, int] = {}
        self._written: Mapping[str, int] = {}
        self._held: set[int] = set()

    async def load(self) -> None:
        self._until = json.loads(await self._notebook.read(NOTE) or "{}")
        self._written = dict(self._until)

    def until(self, channel: int) -> int | None:
        """The newest message of a channel that was handled; `None` for a channel never heard."""
        return self._until.get(str(channel))

    def begin(self, channel: int, since: int) -> int:
        """Where hearing a channel began: at `since`, unless that was said before. What stood there then was no act."""
        return self._until.setdefault(f"{channel}/begun", since)

    def note(self, channel: int, message: int, *, read: bool = False) -> None:
        """It was handled, when it was told of or when the channel was `read`."""
        if not read and channel in self._held:
            return
        self._until[str(channel)] = max(message, self._until.get(str(channel), 0))

    def hold(self, channel: int) -> None:
        """What was said before is not read yet: until it is, what is told says nothing of how far the channel was heard."""
        self._held.add(channel)

    def release(self, channel: int) -> None:
        self._held.discard(channel)

    async def keep(self) -> None:
        """Writes what changes, until cancelled."""
        while True:
            await self._clock.sleep(SAVE_EVERY)
            await self.save()

    async def save(self) -> None:
        if self._until != self._written:
            self._written = dict(self._until)
            await self._notebook.write(NOTE, json.dumps(self._written))
