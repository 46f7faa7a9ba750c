"""What of ours stands in a channel already, by the chat's own history: the way back when an answer or a row was lost.

Rule: within the chat's memory of keys a repeated send is harmless; past it, after a start, and for a card that was
deleted once, the history is read before anything is sent.
"""

from __future__ import annotations

from asyncio import get_running_loop
from datetime import datetime, timedelta

from core.desk import Desk
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Transport
from core.rests import Name, forget

CAUTION = 0.8
"""The part of a chat's memory of keys that is relied upon."""


class History:
    """One channel's, by stream and card."""

    def __init__(self, desk: Desk, channel: ChannelRef, transport: Transport) -> None:
        self._desk = desk
        self._channel = channel
        self._transport = transport
        self._marks: dict[str, dict[str, MessageRef]] = {}
        self._first_tried: dict[Name, tuple[datetime, float]] = {}

    def tried_for(self, stream: str, card: str) -> timedelta:
        """For how long this card has been tried, by whichever clock says longer: one may be set, one sleeps with the machine."""
        now, steady = self._desk.now(), get_running_loop().time()
        since, began = self._first_tried.setdefault((stream, card), (now, steady))
        return max(now - since, timedelta(seconds=steady - began))

    def settle(self, stream: str, card: str) -> None:
        """The card stands, and what was tried is over."""
        self._first_tried.pop((stream, card), None)

    def forget(self, stream: str, card: str) -> None:
        """As `core.rests.forget`."""
        forget(self._first_tried, stream, card)
        if not card:
            self._marks.pop(stream, None)

    async def sent_before(self, stream: str, card: str, generation: int = 1) -> MessageRef | None:
        """The message of a card that was sent already. Raises `TransportFailure`."""
        old = self.tried_for(stream, card) > self._transport.traits.resend_window * CAUTION
        if old or generation > 1 or (stream not in self._marks and self._desk.left_behind(stream)):
            await self._read(stream)
        mark = self._marks.get(stream, {}).get(card)
        known = self._desk.showing.known(mark) if mark is not None else None
        # A message that the card has left bears its mark until it is retired.
        return mark if known is None or known.card == card else None

    async def learn(self) -> None:
        """Finds the cards that may stand in the channel though their rows do not say so. Raises `TransportFailure`."""
        for stream in self._desk.wanted.streams():
            cards = self._desk.cards(stream, self._channel)
            rows = [self._desk.showing.row(stream, card.key, self._channel) for card in cards]
            blank = [row for row in rows if row.message is None]
            unread = self._desk.left_behind(stream) and stream not in self._marks
            if blank and (unread or any((stream, row.card) in self._first_tried for row in blank)):
                await self._read(stream)
                known = blank
            else:
                # What was read before may name a card that was deleted since.
                known = [row for row in blank if row.generation == 1]
            marks = self._marks.get(stream, {})
            for row in known:
                if row.card in marks and row.message is None:
                    row.message = marks[row.card]
                    self._desk.showing.save(row)

    async def _read(self, stream: str) -> dict[str, MessageRef]:
        mark = self._desk.wanted.mark(stream, self._desk.now())
        self._marks[stream] = dict(await self._transport.marked(self._channel, *mark))
        return self._marks[stream]
