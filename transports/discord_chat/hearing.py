"""What discord.py tells, as signals: one act of one person each, by a name that is the same whenever it is told.

Rule: what the bot and other bots do is no act, but that one of the bot's messages is gone is told.
"""

from __future__ import annotations

from datetime import datetime

import discord

from core.incident.vocabulary import Account, MessageRef
from core.port import Clock
from transports.discord_chat.levels import Levels
from transports.discord_chat.places import Places
from transports.discord_chat.refs import NAME, channel_ref, message_ref
from transports.discord_chat.words import words
from transports.signals import (
    ChannelLost,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionAdded,
    ReactionRemoved,
    ThreadLost,
    Unpinned,
)

SPOKEN = (discord.MessageType.default, discord.MessageType.reply)
"""What people say; the other kinds are Discord's own notes (something was pinned, a thread was begun)."""


class Hearing:
    """Makes signals. Each raises a `TransportFailure` where a place has to be asked for."""

    def __init__(self, places: Places, levels: Levels, clock: Clock, own: int) -> None:
        self._places = places
        self._levels = levels
        self._clock = clock
        self._own = own

    def spoken(self, message: discord.Message) -> bool:
        """Whether a person wrote it."""
        return not message.author.bot and message.webhook_id is None and message.type in SPOKEN

    def sent(self, message: discord.Message) -> MessageSent:
        ref, thread = self._read(message)
        by, text, at = self._places.account(message.author), words(message), message.created_at
        return MessageSent(ref, by, text, at, f"{NAME}:{message.id}", thread, self._mentions(message))

    def edited(self, message: discord.Message, at: datetime) -> MessageEdited:
        ref, thread = self._read(message)
        by, text = self._places.account(message.author), words(message)
        # To the millisecond, as Discord tells it in each of its ways.
        source = f"{NAME}:{message.id}/edit/{int(at.timestamp() * 1000)}"
        return MessageEdited(ref, by, text, at, source, thread, self._mentions(message))

    async def deleted(self, place: int, message: int) -> MessageDeleted:
        channel, thread = await self._places.where(place)
        ref = message_ref(int(channel.id), message, thread)
        return self.missing(ref, message)

    def missing(self, ref: MessageRef, message: int) -> MessageDeleted:
        return MessageDeleted(ref, None, self._clock.now(), f"{NAME}:{message}/deleted")

    def unpinned(self, ref: MessageRef) -> Unpinned:
        now = self._clock.now()
        return Unpinned(ref, now, f"{NAME}:{ref.id}/unpinned/{int(now.timestamp())}")

    async def reacted(self, ref: MessageRef, message: int, by: Account, emoji: str) -> ReactionAdded | None:
        """Nothing when that reaction is known to be there."""
        name = await self._levels.turned_on(message, int(by.id), emoji)
        return ReactionAdded(ref, emoji, by, self._clock.now(), name) if name else None

    async def unreacted(self, message: int, by: Account, emoji: str) -> ReactionRemoved | None:
        """Nothing when that reaction is not known to have been there."""
        names = await self._levels.turned_off(message, int(by.id), emoji)
        return ReactionRemoved(names[0], by, self._clock.now(), names[1]) if names else None

    async def put(self, told: discord.RawReactionActionEvent) -> ReactionAdded | None:
        """A reaction was put on a message."""
        if told.user_id == self._own or (told.member is not None and told.member.bot):
            return None
        if told.member is not None:
            self._places.remember(told.member)
        channel, thread = await self._places.where(told.channel_id)
        ref = message_ref(int(channel.id), told.message_id, thread)
        return await self.reacted(ref, told.message_id, self._places.known(told.user_id), str(told.emoji))

    async def taken(self, told: discord.RawReactionActionEvent) -> ReactionRemoved | None:
        """A reaction is gone. Whether its owner or a moderator took it, Discord does not tell."""
        if told.user_id == self._own:
            return None
        return await self.unreacted(told.message_id, self._places.known(told.user_id), str(told.emoji))

    def lost(self, channel: int) -> ChannelLost:
        return ChannelLost(channel_ref(channel), self._clock.now(), f"{NAME}:{channel}/lost")

    def unhung(self, channel: int, thread: int) -> ThreadLost:
        return ThreadLost(message_ref(channel, thread), self._clock.now(), f"{NAME}:{thread}/unhung")

    def _read(self, message: discord.Message) -> tuple[MessageRef, MessageRef | None]:
        if isinstance(message.author, discord.Member):
            self._places.remember(message.author)
        return self._places.reading(message)

    def _mentions(self, message: discord.Message) -> tuple[Account, ...]:
        return tuple(self._places.account(person) for person in message.mentions if not person.bot)
