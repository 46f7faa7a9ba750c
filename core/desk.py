"""What a lane asks of the displays that it works for: what should be there, what is, and whom to tell."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from core.copies import Copies
from core.incident.cards import Card
from core.incident.vocabulary import ChannelRef
from core.port import Permanent
from core.reports import Reports
from core.shown import Showing, Shown
from core.undone import Undone
from core.wanted import Wanted


class Desk(Protocol):
    """The displays, as a lane sees them."""

    @property
    def showing(self) -> Showing: ...

    @property
    def wanted(self) -> Wanted: ...

    @property
    def reports(self) -> Reports: ...

    @property
    def copies(self) -> Copies: ...

    @property
    def undone(self) -> Undone: ...

    def now(self) -> datetime: ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Until the event, or for so long on the clock."""

    async def written(self) -> None:
        """Once what is known of the cards is durable. Raises `Temporary`."""

    def cards(self, stream: str, channel: ChannelRef) -> list[Card]:
        """The cards that a stream calls for in a channel now."""

    def left_behind(self, stream: str) -> bool:
        """Whether an earlier process may have shown something of it."""

    async def recall(self, stream: str) -> None:
        """Reads what the chats show of an incident that slept when this process began."""

    def entered(self, stream: str) -> None:
        """Its people are in its new channel, or that has to wait."""

    def make_again(self, row: Shown) -> None: ...

    def delivered(self, stream: str, card: Card) -> None: ...

    def undeliverable(self, stream: str, card: Card, failure: Permanent) -> None:
        """The chat will not have a card, as things stand."""

    def answer_given(self, stream: str, version: int) -> None: ...

    def idle(self, stream: str) -> None:
        """The lane has nothing to do for a stream."""

    def bug_id(self) -> str: ...
