"""What is said to one person alone, in their direct messages.

Rule: it is for their eyes and asks for nothing: no button, no thread, no pin. Who takes none keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import discord

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Permanent
from transports.discord_chat.refs import address, channel_ref, message_ref
from transports.discord_chat.render import embed, mark
from transports.discord_chat.requests import Closed, Requests
from transports.discord_chat.settings import DiscordSettings


class Directs:
    """The direct channels that were asked for. `client` raises `Temporary` while there is no connection."""

    def __init__(self, settings: DiscordSettings, requests: Requests, client: Callable[[], discord.Client]) -> None:
        self._settings = settings
        self._requests = requests
        self._client = client
        self._open: set[str] = set()

    def has(self, channel: ChannelRef) -> bool:
        """Whether this is somebody's, and no channel of the guild's."""
        return channel.id in self._open

    async def open(self, account_id: str) -> ChannelRef:
        """Somebody's, the same each time. Raises a `TransportFailure`."""
        if not account_id.isdecimal():
            raise Permanent(f"{account_id} is no account of Discord's")
        made = await self._requests.ask(lambda: self._client().create_dm(discord.Object(int(account_id))))
        self._open.add(str(made.id))
        return channel_ref(made.id)

    async def say(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        where, shown = self._place(channel), embed(post, self._settings.guild)
        kind = ("POST", where.id, False)
        try:
            said = await self._requests.ask(lambda: where.send(embed=shown, nonce=key), kind)
        except Closed as refusal:
            raise Permanent("they take no direct messages") from refusal
        return message_ref(where.id, said.id)

    async def change(self, message: MessageRef, post: Post) -> None:
        where, own = address(message)
        old = self._client().get_partial_messageable(where).get_partial_message(own)
        await self._requests.ask(lambda: old.edit(embed=embed(post, self._settings.guild)), ("PATCH", where, False))

    async def marked(self, channel: ChannelRef, number: int, since: datetime) -> Mapping[str, MessageRef]:
        where, found = self._place(channel), dict[str, MessageRef]()
        # Discord's times end at the millisecond.
        start = since - timedelta(milliseconds=1)

        async def look() -> list[discord.Message]:
            return [each async for each in where.history(limit=100, after=start, oldest_first=False)]

        for message in await self._requests.ask(look):
            footer = message.embeds[0].footer.text if message.embeds else None
            borne = mark(footer or "")
            ours = message.author.bot  # the other one there is a person
            if ours and borne is not None and borne[0] == number:
                found.setdefault(borne[1], message_ref(where.id, message.id))
        return found

    def _place(self, channel: ChannelRef) -> discord.PartialMessageable:
        return self._client().get_partial_messageable(int(channel.id))
