"""Where people are answered who used a command, a menu or a button: in private, for as long as Discord lets us.

Rule: an interaction is acknowledged at once and answered through its own token, which lives for fifteen minutes and in
this process alone; who cannot be answered there any more is answered in the channel.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import discord

from core.incident.vocabulary import MessageRef
from core.port import Clock, Missing
from transports.discord_chat.refs import answer_ref, answered
from transports.discord_chat.requests import Lapsed, Requests

LIFE = timedelta(minutes=14)
"""How long an interaction's token is used; Discord ends it after fifteen (receiving-and-responding)."""

WORKED = "✅"


@dataclass
class Open:
    """An interaction that was acknowledged. `thinking` is whether its answer is awaited: a button's card is enough."""

    interaction: discord.Interaction
    place: MessageRef
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
        where = interaction.channel
        channel = where.parent_id if isinstance(where, discord.Thread) else interaction.channel_id
        place = answer_ref(channel or 0, interaction.id)
        self._open[interaction.id] = Open(interaction, place, now, thinking)
        return place

    def known(self, place: MessageRef) -> bool:
        return self._find(place) is not None

    async def say(self, place: MessageRef, embed: discord.Embed) -> MessageRef:
        """Answer there. Raises `LookupError` when that is no longer to be had, and a `TransportFailure`."""
        one = self._find(place)
        if one is None:
            raise LookupError(place.id)
        try:
            said = await self._requests.ask(lambda: _said(one, embed))
        except Lapsed as failure:
            self._open.pop(one.interaction.id, None)
            raise LookupError(place.id) from failure
        one.thinking = False
        one.said[said.id] = said
        return answer_ref(int(place.channel.id), one.interaction.id, said.id)

    async def worked(self, place: MessageRef) -> None:
        """What was asked for is done; whoever pressed a button sees it on the card."""
        one = self._find(place)
        if one is not None and one.thinking:
            with suppress(Lapsed):
                await self._requests.ask(lambda: one.interaction.edit_original_response(content=WORKED))
            one.thinking = False

    async def change(self, message: MessageRef, embed: discord.Embed) -> None:
        """Edit an answer; one that can no longer be edited is nobody's business."""
        one, known = self._find(message), answered(message)
        said = one.said.get(known[1]) if one is not None and known is not None and known[1] is not None else None
        if said is not None:
            with suppress(Lapsed, Missing):
                await self._requests.ask(lambda: said.edit(embed=embed))

    def waiting(self) -> tuple[MessageRef, ...]:
        """The places where somebody was promised an answer and has none."""
        return tuple(one.place for one in self._open.values() if one.thinking)

    def forget(self) -> None:
        """The connection is gone through which they were answered."""
        self._open.clear()

    def _find(self, place: MessageRef) -> Open | None:
        known = answered(place)
        one = self._open.get(known[0]) if known is not None else None
        return one if one is not None and self._clock.now() - one.since < LIFE else None


async def _said(one: Open, embed: discord.Embed) -> discord.WebhookMessage | discord.InteractionMessage:
    if one.thinking:
        return await one.interaction.edit_original_response(content=None, embed=embed)
    return await one.interaction.followup.send(embed=embed, ephemeral=True, wait=True)
