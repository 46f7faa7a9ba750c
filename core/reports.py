"""What people must know of the displays: a channel made or gone, a copy that is late, a right that is lacking.

Rule: it is told as an ordinary command, down the road that people's acts take, and so it is on the record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.activity_log import HOUSE
from core.command_post import CommandPost, Order
from core.incident import commands as c
from core.incident.cards import Card
from core.incident.vocabulary import ChannelRef
from core.patience import patiently
from core.port import Clock, TransportFailure


class Reports:
    """Hands reports in, each as work of its own: nobody waits for them."""

    def __init__(self, post: CommandPost, clock: Clock, spawn: Callable[[Awaitable[None]], object]) -> None:
        self._post = post
        self._clock = clock
        self._spawn = spawn

    def channel_gone(self, stream: str, channel: ChannelRef) -> None:
        self._spawn(self.hand_in(stream, c.LoseChannel(channel=channel), f"gone/{channel}"))

    def right_missing(self, stream: str, right: str) -> None:
        self._spawn(self.hand_in(stream, c.NoteMissingRight(right=right)))

    def right_given(self, stream: str, right: str) -> None:
        self._spawn(self.hand_in(stream, c.NoteRightGiven(right=right)))

    def remade(self, stream: str, what: str) -> None:
        """What somebody deleted was made again; nothing where nobody but one person misses it."""
        if what:
            self._spawn(self.hand_in(stream, c.NoteRemade(what=what)))

    def undeliverable(self, stream: str, card: Card, failure: TransportFailure) -> None:
        self._delivery(stream, card, "impossible", str(failure))

    def late(self, stream: str, card: Card, failure: TransportFailure) -> None:
        self._delivery(stream, card, "late", str(failure))

    def delivered(self, stream: str, card: Card) -> None:
        self._delivery(stream, card, "delivered", "")

    def _delivery(self, stream: str, card: Card, state: str, reason: str) -> None:
        # Only copies of updates are promised to anybody.
        if card.post.text is not None:
            fields = {"card": card.key, "channel": card.channel, "state": state, "reason": reason}
            self._spawn(self.hand_in(stream, c.NoteDelivery.model_validate(fields)))

    def note(self, stream: str, command: c.AnyCommand) -> None:
        """Hands in what somebody else has to report."""
        self._spawn(self.hand_in(stream, command))

    async def hand_in(self, stream: str, command: c.AnyCommand, source: str = "") -> None:
        """Gives a command to the command post; `source` names what must be told once."""
        if stream != HOUSE:
            order = Order(command, stream, f"{stream}/{source}" if source else None, self._clock.now())
            await patiently(self._clock, lambda: self._post.handle(order))


def called(card: str) -> str:
    """A card as people call it; nothing for an answer to one person."""
    kind, _, number = card.partition("/")
    if kind in ("letter", "answer"):
        return ""
    return f"the card of {number}" if kind == "item" else f"the {kind} {number}".strip()
