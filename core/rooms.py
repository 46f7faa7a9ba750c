"""Names for rooms, the config's and those for where somebody and the bot are alone: looked up once a chat is there, and
again until each is found.

Rule: a room that is not to be had keeps nothing waiting, neither a chat nor another room. Whoever needs it is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from core.incident.vocabulary import DIRECT, ChannelRef
from core.port import Clock, Temporary, Transport, TransportFailure
from core.rests import BACKOFF

log = structlog.get_logger(__name__)

LOOK_AGAIN = 60.0
"""Seconds before a room that was not found is looked for again: somebody makes it, or lets the bot in."""

GATHER = 0.05
"""Seconds in which what was found gathers, so that everything is shown once for many rooms."""


class Rooms:
    """Which channel a name means. `changed` is called after some were found, or found missing."""

    def __init__(
        self,
        transports: Mapping[str, Transport],
        clock: Clock,
        spawn: Callable[[Awaitable[None]], object],
        changed: Callable[[], None],
    ) -> None:
        self._transports = transports
        self._clock = clock
        self._spawn = spawn
        self._changed = changed
        self._there: set[str] = set()
        self._sought: dict[ChannelRef, None] = {}
        self._found: dict[ChannelRef, ChannelRef] = {}
        self._missing: dict[ChannelRef, str] = {}
        self._gathering = False

    def connect(self, transport: str) -> None:
        """A chat is there: look for its rooms."""
        if transport not in self._there:
            self._there.add(transport)
            for room in self._sought:
                if room.transport == transport:
                    self._spawn(self._find(room))

    def seek(self, rooms: Iterable[ChannelRef]) -> None:
        """These names are needed, from now on."""
        for room in rooms:
            if room not in self._sought:
                self._sought[room] = None
                if room.transport in self._there:
                    self._spawn(self._find(room))

    def channel(self, room: ChannelRef) -> ChannelRef | None:
        """What a name means, `None` while that is not known; a channel that is no name is itself."""
        return self._found.get(room) if room in self._sought else room

    def missing(self, room: ChannelRef) -> str | None:
        """Why a room was not found when it was last looked for; `None` while there is hope."""
        return self._missing.get(room)

    def answered(self, rooms: Iterable[ChannelRef]) -> bool:
        """Whether each of these was looked for once, where its chat is there."""
        return all(
            room in self._found or room in self._missing or room.transport not in self._there
            for room in rooms
            if room in self._sought
        )

    async def _find(self, room: ChannelRef) -> None:
        tries = 0
        while True:
            try:
                self._found[room] = await self._look_up(room)
            except Temporary as failure:
                wait = failure.retry_after or BACKOFF[min(tries, len(BACKOFF) - 1)]
                tries += 1
            except TransportFailure as failure:
                wait = LOOK_AGAIN
                if self._missing.get(room) != str(failure):
                    log.warning("%s cannot be found", _what(room), room=str(room), reason=str(failure))
                    self._missing[room] = str(failure)
                    await self._tell()
            else:
                if self._missing.pop(room, None) is not None:
                    log.info("%s is found", _what(room), room=str(room))
                return await self._tell()
            await self._clock.sleep(wait)

    async def _look_up(self, room: ChannelRef) -> ChannelRef:
        chat = self._transports[room.transport]
        if room.id.startswith(DIRECT):
            return await chat.direct(room.id.removeprefix(DIRECT))
        return await chat.resolve(room.id)

    async def _tell(self) -> None:
        if not self._gathering:
            self._gathering = True
            await self._clock.sleep(GATHER)
            self._gathering = False
            self._changed()


def _what(room: ChannelRef) -> str:
    return "where somebody is alone with the bot" if room.id.startswith(DIRECT) else "an audience's room"
