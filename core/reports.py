"""What people must know of the displays: a channel made or gone, a copy that is late, a right that is lacking.

Rule: it is told as an ordinary command, down the road that people's acts take, and so it is on the record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from core.activity_log import HOUSE
from core.command_post import CommandPost, Order
from core.incident import commands as c
from core.incident.policy import Audience
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef
from core.patience import patiently
from core.port import Clock

log = structlog.get_logger(__name__)


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

    def delivery(
        self, stream: str, card: str, room: ChannelRef, state: str, reason: str = "", *, stale: bool = False
    ) -> None:
        """How the copy of an update fares in a room, as the config names it."""
        fields = {"card": card, "channel": room, "state": state, "reason": reason, "stale": stale}
        self._spawn(self.hand_in(stream, c.NoteDelivery.model_validate(fields)))

    def tell(self, stream: str, command: c.AnyCommand, source: str) -> None:
        """Any other report; `source` names what must be told once."""
        self._spawn(self.hand_in(stream, command, source))

    async def audiences(self, stream: str, incident: Incident, now: tuple[Audience, ...]) -> None:
        """The config has other audiences than an incident that goes on knows."""
        if not incident.closed and incident.audiences != now:
            await self.hand_in(stream, c.NoteAudiences(audiences=now))
            log.info("the audiences are others now", incident=stream)

    async def hand_in(self, stream: str, command: c.AnyCommand, source: str = "") -> None:
        """Gives a command to the command post; `source` names what must be told once."""
        if stream != HOUSE:
            order = Order(command, stream, f"{stream}/{source}" if source else None, self._clock.now())
            await patiently(self._clock, lambda: self._post.handle(order))


def called(card: str) -> str:
    """A card as people call it; nothing for what one person alone was told."""
    kind, _, number = card.partition("/")
    if kind in ("letter", "answer", "newcomer"):
        return ""
    if kind == "delivery":
        return f"the word that update {number} is not everywhere"
    return f"the card of {number}" if kind == "item" else f"the {kind} {number}".strip()
