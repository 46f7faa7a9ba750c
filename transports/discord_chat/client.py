"""The connection: discord.py's client with what Tocsin needs of it, and nothing more.

Rule: only raw events, no cache of messages, nobody pinged unless a message says whom (notes, section 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import discord
import discord.gateway
import discord.http
import yarl
from pydantic import SecretStr

from transports.discord_chat.buttons import is_ours, pressable
from transports.discord_chat.commands import Tree
from transports.discord_chat.interactions import Interactions
from transports.discord_chat.requests import Requests
from transports.discord_chat.settings import DiscordSettings

Told = Callable[[str, Any], None]
"""Takes an event by its name in discord.py, with what it brings; returns at once."""


def point(settings: DiscordSettings) -> None:
    """Where Discord is. discord.py has one address for a process, and one opinion on voice, which Tocsin has no use for."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    discord.http.Route.BASE = settings.api_url.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)


async def hears_words(token: SecretStr, requests: Requests) -> bool:
    """Whether the developer portal lets this bot read what people write (the message-content intent)."""
    scout = discord.Client(intents=discord.Intents(guilds=True), http_trace=requests.trace())
    try:
        await scout.login(token.get_secret_value())
        flags = scout.application.flags if scout.application else discord.ApplicationFlags()
        return flags.gateway_message_content or flags.gateway_message_content_limited
    finally:
        await scout.close()


@dataclass(frozen=True, slots=True)
class Deleted:
    """Messages that are gone, one or many at once."""

    guild_id: int | None
    channel_id: int
    message_ids: tuple[int, ...]


class Client(discord.Client):
    """`told` hears of everything in the order in which it came."""

    def __init__(
        self, settings: DiscordSettings, requests: Requests, told: Told, used: Interactions, *, words: bool
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, message_content=words),
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=settings.ready_timeout,
            http_trace=requests.trace(),
        )
        self._told = told
        self._used = used
        guild = discord.Object(int(settings.guild) if settings.guild.isdecimal() else 0)
        self.tree = Tree(self, guild, used)
        self.add_dynamic_items(pressable(used.pressed))

    # Each is a task of its own, begun in order: without an await, the order stands.

    async def on_connect(self) -> None:
        self._told("session", None)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._told("guild", guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self._told("guild", guild)

    async def on_message(self, message: discord.Message) -> None:
        self._told("message", message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self._told("edit", payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self._told("delete", Deleted(payload.guild_id, payload.channel_id, (payload.message_id,)))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        gone = tuple(sorted(payload.message_ids))
        self._told("delete", Deleted(payload.guild_id, payload.channel_id, gone))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self._told("react", payload)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self._told("unreact", payload)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        self._told("rights", None)

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        self._told("rights", None)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        self._told("rights", None)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self._told("gone", channel)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        self._told("thread gone", payload)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        # Commands, menus and our buttons are told by discord.py, but no form that an earlier process opened.
        match interaction.type:
            case discord.InteractionType.modal_submit:
                await self._used.sent_off(interaction)
            case discord.InteractionType.component if not is_ours(interaction):
                await self._used.unknown(interaction)
