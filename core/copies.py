"""Whether every copy of every update is where it belongs; one that is late, or cannot be delivered, is told.

Rule: a copy is awaited from the moment it is called for, whatever its chat does: says no, says nothing, or is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from core.incident import deliveries
from core.incident.cards import Card
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef
from core.keys import digest
from core.port import Clock, Deleted, Permanent, Temporary
from core.reports import Reports
from core.rooms import Rooms
from core.shown import Showing
from core.wanted import Wanted

LATE = timedelta(seconds=60)
"""A copy that is not there for so long is shown as late."""

Copy = tuple[str, ChannelRef]
"""A card's key, and the room as the config names it."""


class Copies:
    """The copies in the audiences' rooms, by stream. The incident's own is in everybody's sight already."""

    def __init__(
        self,
        clock: Clock,
        reports: Reports,
        *,
        wanted: Wanted,
        rooms: Rooms,
        showing: Showing,
        spawn: Callable[[Awaitable[None]], asyncio.Task[None]],
    ) -> None:
        self._clock = clock
        self._reports = reports
        self._wanted = wanted
        self._rooms = rooms
        self._showing = showing
        self._spawn = spawn
        self._since: dict[str, dict[Copy, datetime]] = {}
        self._why: dict[str, dict[Copy, str]] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}

    # --- being told ---------------------------------------------------------------------------------------------------

    def show(self, stream: str, before: Incident | None, incident: Incident) -> None:
        """An incident is as it is now: what is new in its updates is awaited, and what was missed may be there."""
        known = {update.number: update for update in before.updates} if before else {}
        for update in incident.updates:
            if update is not known.get(update.number):
                for mirror in update.mirrors:
                    self._await(stream, (deliveries.key(update), mirror.room))
        for late in incident.deliveries:
            if late.channel != deliveries.PAGE and self._there(stream, (late.card, late.channel)):
                self._reports.delivery(stream, late.card, late.channel, "delivered")

    def looked(self, stream: str) -> None:
        """Rooms were found, or found missing."""
        for copy in list(self._since.get(stream, {})):
            self._tell_if_missing(stream, copy)

    def failed(self, stream: str, card: Card, failure: Temporary) -> None:
        """A copy could not be delivered just now."""
        if not self._is_copy(stream, card):
            return
        copy = (card.key, card.place)
        self._why.setdefault(stream, {})[copy] = str(failure)
        self._await(stream, copy)
        since = self._since.get(stream, {}).get(copy)
        # What the chat will not take for so long is late already.
        if since is not None and self._clock.now() + timedelta(seconds=failure.retry_after or 0) - since >= LATE:
            self._late(stream, copy)
            self._await_no_more(stream, copy)

    def undeliverable(self, stream: str, card: Card, failure: Permanent) -> None:
        """The chat will not have a copy, as things stand."""
        if self._is_copy(stream, card):
            self._impossible(stream, (card.key, card.place), str(failure), gone=isinstance(failure, Deleted))

    def delivered(self, stream: str, card: Card) -> None:
        """A copy is there; that is news where it was missed."""
        self._why.get(stream, {}).pop((card.key, card.place), None)
        self._await_no_more(stream, (card.key, card.place))
        incident = self._wanted.incidents.get(stream)
        for late in incident.deliveries if incident else ():
            if late.card == card.key and late.channel in (card.channel, card.place):
                self._reports.delivery(stream, late.card, late.channel, "delivered")

    def forget(self, stream: str) -> None:
        self._why.pop(stream, None)
        for copy in list(self._since.get(stream, {})):
            self._await_no_more(stream, copy)

    # --- watching -----------------------------------------------------------------------------------------------------

    def _await(self, stream: str, copy: Copy) -> None:
        self._since.setdefault(stream, {}).setdefault(copy, self._clock.now())
        if stream not in self._watches:
            self._watches[stream] = self._spawn(self._watch(stream))
        self._tell_if_missing(stream, copy)

    def _await_no_more(self, stream: str, copy: Copy) -> None:
        waiting = self._since.get(stream, {})
        if waiting.pop(copy, None) is not None and not waiting:
            del self._since[stream]
            self._watches.pop(stream).cancel()

    async def _watch(self, stream: str) -> None:
        """For as long as something is awaited; the last that is not ends this."""
        while stream in self._since:
            left = min(self._since[stream].values()) + LATE - self._clock.now()
            await self._clock.sleep(min(left, LATE).total_seconds())
            for copy, since in list(self._since[stream].items()):
                if self._clock.now() - since >= LATE:
                    if not self._there(stream, copy):
                        self._late(stream, copy)
                    self._await_no_more(stream, copy)

    def _late(self, stream: str, copy: Copy) -> None:
        why, chat = self._why.get(stream, {}).get(copy, ""), copy[1].transport
        if chat not in self._wanted.connected:
            why = f"{chat} is not connected"
        self._tell(stream, copy, "late", why or "the chat has not answered")

    def _tell_if_missing(self, stream: str, copy: Copy) -> None:
        why = self._rooms.missing(copy[1])
        if why is not None:
            self._impossible(stream, copy, why)

    def _impossible(self, stream: str, copy: Copy, why: str, *, gone: bool = False) -> None:
        self._await_no_more(stream, copy)
        self._tell(stream, copy, "impossible", why, gone=gone)

    def _tell(self, stream: str, copy: Copy, state: str, why: str, *, gone: bool = False) -> None:
        channel = None if gone else self._rooms.channel(copy[1])
        stale = channel is not None and self._showing.row(stream, copy[0], channel).message is not None
        self._reports.delivery(stream, *copy, state, why, stale=stale)

    # --- looking ------------------------------------------------------------------------------------------------------

    def _is_copy(self, stream: str, card: Card) -> bool:
        """Only copies of updates are promised to anybody."""
        return card.post.text is not None and not self._wanted.at_home(stream, card.channel)

    def _there(self, stream: str, copy: Copy) -> bool:
        channel = self._rooms.channel(copy[1])
        if channel is None:
            return False
        found = (card for card in self._wanted.cards(stream, channel) if card.key == copy[0])
        return any(self._showing.row(stream, copy[0], channel).hash == digest(card.post) for card in found)
