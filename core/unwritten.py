"""Saying that the record takes nothing: from memory, into every channel where somebody may be acting, while it lasts.

Rule: an act that cannot be recorded is neither done nor acknowledged, and waits in its place; so whoever waits for an
answer is told why there is none, and told again when the record is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from core.activity_log import HOUSE
from core.database import Guarded
from core.incident.document import Document, Post, Strong, When, line
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import key
from core.port import Clock, Permanent, Temporary, Transport

log = structlog.get_logger(__name__)

CARD = "unwritten"
"""How the messages are marked."""

PATIENCE = 5.0
"""Seconds that the database may take nothing before people are told; another program's short lock is nobody's news."""

LOOKS = 60
"""Looks for which what was not written may rest before nobody waits for it: many tries may stand in line for one lock."""

CLOCKS = timedelta(hours=1)
"""How far a chat's clock may be behind ours."""

AGAIN = 1.0
"""Seconds between two looks at it, and two tries to tell."""


class Unwritten:
    """Tells of one trouble after the other. `rooms` are the channels where people act now."""

    def __init__(
        self,
        database: Guarded,
        clock: Clock,
        transports: Mapping[str, Transport],
        rooms: Callable[[], Iterable[ChannelRef]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._transports = transports
        self._rooms = rooms

    async def run(self) -> None:
        """Watches until cancelled."""
        while True:
            await self._database.troubled.wait()
            began = self._clock.now()
            while self._database.trouble and (self._clock.now() - began).total_seconds() < PATIENCE:
                await self._clock.sleep(AGAIN)
            if self._database.trouble:
                log.warning("the record cannot be written", reason=self._database.trouble)
                told = await self._tell(began)
                log.warning("the record is written again", since=began.isoformat())
                await self._take_back(told, began)

    async def _tell(self, began: datetime) -> dict[ChannelRef, MessageRef | None]:
        """Tells every room while it lasts; the messages by room, none where a chat will not have one."""
        told: dict[ChannelRef, MessageRef | None] = {}
        tried: set[ChannelRef] = set()

        async def say(room: ChannelRef, document: Document) -> None:
            name, chat, post = (
                key(CARD, began.isoformat(), str(room)),
                self._transports[room.transport],
                _post(document, began),
            )
            with suppress(Temporary):
                try:
                    # An answer that was lost may have told of it; there is no row to look that up in.
                    there = await chat.marked(room, HOUSE, 0, began - CLOCKS) if room in tried else {}
                    tried.add(room)
                    told[room] = there.get(post.card) or await chat.send(room, post, name)
                except Permanent as failure:
                    log.info("a room is not told that the record cannot be written", reason=str(failure))
                    told[room] = None

        while reason := self._database.trouble:
            await asyncio.gather(*(say(room, _trouble(reason, began)) for room in self._rooms() if room not in told))
            await self._clock.sleep(AGAIN)
            self._database.look_again(LOOKS)
        return told

    async def _take_back(self, told: dict[ChannelRef, MessageRef | None], began: datetime) -> None:
        """Says in the same messages that it is over, until all say so or the next trouble begins."""
        standing = {message for message in told.values() if message is not None}
        document = _over(began, self._clock.now())

        async def mend(message: MessageRef) -> None:
            name = key(CARD, "over", str(document), str(message))
            with suppress(Temporary):
                with suppress(Permanent):
                    await self._transports[message.channel.transport].edit(message, _post(document, began), name)
                standing.discard(message)

        while standing and not self._database.trouble:
            await asyncio.gather(*map(mend, list(standing)))
            if standing:
                await self._clock.sleep(AGAIN)


def _post(document: Document, began: datetime) -> Post:
    return Post(document, HOUSE, f"{CARD}/{int(began.timestamp())}")


def _trouble(reason: str, began: datetime) -> Document:
    return Document(
        (
            line("⚠️ ", Strong("Nothing is recorded"), " since ", When(began), f": {reason}."),
            line(
                "What you type or click is not done and gets no answer until that is mended; "
                "then it is done in its order, and need not be repeated."
            ),
        )
    )


def _over(began: datetime, ended: datetime) -> Document:
    return Document(
        (
            line(
                "All is recorded again since ",
                When(ended),
                ". What waited from ",
                When(began),
                " on is done, or answered.",
            ),
        )
    )
