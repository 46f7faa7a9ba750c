"""What people undo in a chat: a card deleted, a pin taken off, a thread that is gone. Each is put back, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.incident.vocabulary import ChannelRef, MessageRef
from core.reports import Reports, called
from core.shown import Showing, Shown
from core.wanted import Wanted

REMEMBERED = 1000
"""Deleted messages that are known as such: a chat tells of all, and of ours within moments of the sending."""


class Undone:
    """Told by the intake. `wake` has an incident shown again that was let go of, `touch` wakes the lanes of a stream,
    `make_again` has a card sent anew.
    """

    def __init__(
        self,
        showing: Showing,
        wanted: Wanted,
        reports: Reports,
        *,
        wake: Callable[[str], Awaitable[None]],
        touch: Callable[[str], None],
        make_again: Callable[[Shown], None],
    ) -> None:
        self._showing = showing
        self._wanted = wanted
        self._reports = reports
        self._wake = wake
        self._touch = touch
        self._make_again = make_again
        self._deleted: dict[MessageRef, None] = {}

    def deleted(self, message: MessageRef) -> bool:
        """Whether somebody deleted this message while this process ran."""
        return message in self._deleted

    def forget(self, channel: ChannelRef | None) -> None:
        """The incident of this channel is let go of."""
        self._deleted = {message: None for message in self._deleted if message.channel != channel}

    async def card_deleted(self, message: MessageRef) -> bool:
        """Somebody deleted one of our cards: it comes back once. False when the message is no card."""
        self._deleted[message] = None
        if len(self._deleted) > REMEMBERED:
            del self._deleted[next(iter(self._deleted))]
        row = await self._showing.find(message)
        if row is None:
            return False
        if row.generation == 1 + len(self._showing.moved(row)) and row.message == message:
            self._make_again(row)
            # The chat tells of a deletion once: what is known of it must not be lost.
            await self._showing.flush()
            await self._wake(row.stream)
            self._reports.remade(row.stream, called(row.card))
        return True

    async def unpinned(self, message: MessageRef) -> None:
        """Somebody took the pin away while nobody looked: it is put back."""
        row = await self._showing.find(message)
        if row is not None and row.pinned:
            row.pinned = False
            self._showing.save(row)
            await self._wake(row.stream)
            self._touch(row.stream)

    async def unhung(self, message: MessageRef) -> None:
        """The thread on a card is gone: the card is edited as if it had changed, which hangs another on it, once."""
        row = await self._showing.find(message)
        if row is None or row.message != message:
            return
        await self._wake(row.stream)
        incident, what = self._wanted.incidents.get(row.stream), f"the thread of {row.card.removeprefix('item/')}"
        if incident is not None and what not in incident.remade:
            row.hash = ""
            self._showing.save(row)
            self._touch(row.stream)
            self._reports.remade(row.stream, what)
