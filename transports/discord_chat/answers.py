"""Where people are answered who used a command, a menu or a button: in private, for as long as Discord lets us.

Rule: an interaction is acknowledged at once and answered through its own token, which lives for fifteen minutes and in
this process alone; who cannot be answered there any more is answered in the channel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import discord

from core.incident.vocabulary import MessageRef
from core.port import Clock
from transports.discord_chat.refs import answer_ref, answered
from transports.discord_chat.requests import Requests

LIFE = timedelta(minutes=14)
"""How long an interaction's token is used; Discord ends it after fifteen (receiving-and-responding)."""

WORKED = "✅"


@dataclass
class Open:
    """An interaction that was acknowledged. `thinking` is whether its answer is awaited: a button's card is enough."""

    interaction: discord.Interaction
    since: datetime
    thinking: bool
    said: dict[int, discord.WebhookMessage | discord.InteractionMessage] = field(default_factory=dict)


class Answers:
    """The interactions of this process."""

    def __init__(self, requests: Requests, clock: Clock) -> None:
        self._requests = requests
        self._clock = clock
        self._open: dict[int, Open] = {}

    def begin(self, interaction: discord.Interaction, *, thinking: bool) -> MessageRef:
        """It was acknowledged; answers go to the place that this returns."""
        now = self._clock.now()
        self._open = {key: one for key, one in self._open.items() if now - one.since < LIFE}
        self._open[interaction.id] = Open(interaction, now, thinking)
        place = interaction.channel
        channel = place.parent_id if isinstance(place, discord.Thread) else interaction.channel_id
        return answer_ref(channel or 0, interaction.id)

    def known(self, place: MessageRef) -> bool:
        return self._find(place) is not None

    async def say(self, place: MessageRef, embed: discord.Embed) -> MessageRef:
        """Answer there. Raises `LookupError` when that is no longer to be had, and a `TransportFailure`."""
        one = self._find(place)
        if one is None:
            raise LookupError(place.id)
        if one.thinking:
            one.thinking = False
            said: discord.WebhookMessage | discord.InteractionMessage = await self._requests.ask(
                lambda: one.interaction.edit_original_response(content=None, embed=embed)
            )
        else:
            said = await self._requests.ask(
                lambda: one.interaction.followup.send(embed=embed, ephemeral=True, wait=True)
            )
        one.said[said.id] = said
        return answer_ref(int(place.channel.id), one.interaction.id, said.id)

    async def worked(self, place: MessageRef) -> None:
        """What was asked for is done; whoever pressed a button sees it on the card."""
        one = self._find(place)
        if one is not None and one.thinking:
            one.thinking = False
            await self._requests.ask(lambda: one.interaction.edit_original_response(content=WORKED))

    async def change(self, message: MessageRef, embed: discord.Embed) -> None:
        """Edit an answer; one that can no longer be edited is nobody's business."""
        one, known = self._find(message), answered(message)
        said = one.said.get(known[1]) if one is not None and known is not None and known[1] is not None else None
        if said is not None:
            await self._requests.ask(lambda: said.edit(embed=embed))

    def _find(self, place: MessageRef) -> Open | None:
        known = answered(place)
        one = self._open.get(known[0]) if known is not None else None
        return one if one is not None and self._clock.now() - one.since < LIFE else None
