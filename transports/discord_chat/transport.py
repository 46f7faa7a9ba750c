"""Discord as the core's `Transport`: what to do is said here, how it is done is in the files beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from random import Random
from typing import Any

import discord
import structlog

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import (
    ChannelPlan,
    Clock,
    Deleted,
    Finding,
    Forbidden,
    Headquarters,
    Inbox,
    Missing,
    Notebook,
    Permanent,
    Said,
    Temporary,
    Traits,
)
from transports.discord_chat.alone import Directs
from transports.discord_chat.answers import Answers
from transports.discord_chat.buttons import buttons
from transports.discord_chat.catch_up import Alone
from transports.discord_chat.channels import Channels
from transports.discord_chat.checkup import Checkup
from transports.discord_chat.markdown import plain
from transports.discord_chat.permissions import lacking
from transports.discord_chat.places import Place, Places
from transports.discord_chat.refs import NAME, address, answered, channel_ref, message_ref
from transports.discord_chat.render import allowed, embed, mark, pinged
from transports.discord_chat.requests import UNKNOWN_MESSAGE, Requests
from transports.discord_chat.session import Session
from transports.discord_chat.settings import DiscordSettings
from transports.discord_chat.threads import Threads
from transports.discord_chat.words import Targets, words

log = structlog.get_logger(__name__)

TRAITS = Traits(
    seeds_choices=False,
    # "the past few minutes" (resources/message#create-message); two of them are relied upon.
    resend_window=timedelta(minutes=2),
)

TOLD = 1.0
"""Seconds within which the gateway tells of a right that was taken."""

SAYING = ("view_channel", "send_messages", "embed_links", "read_message_history")
"""The rights that a message takes."""


class DiscordTransport:
    """One bot in one guild."""

    name = NAME
    traits = TRAITS

    def __init__(self, settings: DiscordSettings, clock: Clock, chance: Random) -> None:
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._requests = Requests(clock)
        self._places = Places(settings, self._requests, clock, lambda: self._client)
        self._channels = Channels(settings, self._places, self._requests)
        self._threads = Threads(self._places, self._requests)
        self._answers = Answers(self._requests, clock)
        self._directs = Directs(settings, self._requests, lambda: self._client)
        self._targets = Targets()
        self._session: Session | None = None
        self._headquarters: Headquarters = Alone()

    def brief(self, headquarters: Headquarters) -> None:
        self._headquarters = headquarters

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        self._session = Session(
            self._settings,
            self._places,
            self._requests,
            self._answers,
            self._headquarters,
            targets=self._targets,
            clock=self._clock,
            chance=self._chance,
        )
        try:
            await self._session.run(inbox, notebook, ready)
        finally:
            self._session = None

    @property
    def _client(self) -> discord.Client:
        client = self._session.client if self._session is not None else None
        if client is None:
            raise Temporary("Discord is not connected")
        return client

    # Channels

    async def resolve(self, name: str) -> ChannelRef:
        return channel_ref(self._places.find(name).id)

    async def direct(self, account_id: str) -> ChannelRef:
        return await self._directs.open(account_id)

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        return await self._channels.open(plan)

    def crowding(self) -> str:
        return self._channels.crowding()

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        await self._channels.invite(channel, account_id)

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        await self._channels.put_out(channel, account_id)

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        await self._channels.lock(channel, lock=locked)

    # Messages

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        # An answer in private is an embed alone; a file is for the channel.
        if post.file is None and post.reply_to is not None and self._answers.known(post.reply_to):
            with suppress(LookupError):  # too late: they are answered in the channel
                return await self._answers.say(post.reply_to, self._embed(post))
        if self._directs.has(channel):
            return await self._directs.say(channel, post, key)
        place = self._places.channel(channel)
        thread = address(post.thread)[1] if post.thread is not None else None
        try:
            said = await self._say(place, post, key, thread)
        except Missing:
            if thread is None:
                raise
            # What the thread hung on is gone too. The channel may be there all the same.
            thread, said = None, await self._say(place, post, key, None)
        ref = message_ref(place.id, said.id, thread)
        if post.topic:
            # The card stands, whatever becomes of its thread, which the next edit of the card wants again.
            try:
                await self._threads.hang(ref, post.topic)
            except Permanent as failure:
                log.warning("a card has no thread", message=ref.id, reason=str(failure))
        return ref

    async def _say(self, place: discord.TextChannel, post: Post, key: str, thread: int | None) -> discord.Message:
        where = self._client.get_partial_messageable(thread or place.id, guild_id=place.guild.id)
        more: dict[str, Any] = {"view": view} if (view := buttons(post)) else {}
        more |= {"reference": reference} if (reference := self._reference(post, place.guild)) else {}
        call = pinged(post) or None

        async def say() -> discord.Message:
            # Made anew for each try, as where a thread has to be opened first: discord.py closes what it has sent.
            with_it: dict[str, Any] = {}
            if post.file is not None:
                with_it["file"] = discord.File(BytesIO(post.file.data()), post.file.name)
            try:
                return await where.send(
                    call, embed=self._embed(post), nonce=key, allowed_mentions=allowed(post), **more, **with_it
                )
            except discord.NotFound as gone:
                if gone.code != UNKNOWN_MESSAGE:
                    raise
                # The nonce is known, and the message that it made is not there any more (api-docs PR 6647).
                raise Deleted(f"Discord said {gone}") from gone

        rights = (*SAYING, "attach_files") if post.file is not None else SAYING
        said: discord.Message = await self._in(
            place, say, thread=thread, root=post.thread, rights=rights, method="POST"
        )
        return said

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        if answered(message) is not None:
            return await self._answers.change(message, self._embed(post))
        if self._directs.has(message.channel):
            return await self._directs.change(message, post)
        place, old, thread = self._standing(message)
        view, call = buttons(post), pinged(post) or None
        await self._in(
            place, lambda: old.edit(content=call, embed=self._embed(post), view=view), thread=thread, method="PATCH"
        )
        if post.topic:
            await self._threads.hang(message, post.topic)
        return None

    async def pin(self, message: MessageRef) -> None:
        if answered(message) is None:
            place, old, thread = self._standing(message)
            await self._in(place, old.pin, thread=thread, rights=("view_channel", "pin_messages"))

    async def unpin(self, message: MessageRef) -> None:
        if answered(message) is None:
            place, old, thread = self._standing(message)
            with suppress(Missing):
                await self._in(place, old.unpin, thread=thread, rights=("view_channel", "pin_messages"))

    async def react(self, message: MessageRef, emoji: str, key: str) -> None:
        if answered(message) is not None:
            return await self._answers.worked(message)
        place, old, thread = self._standing(message)
        rights = ("view_channel", "add_reactions")
        await self._in(
            place, lambda: old.add_reaction(emoji), thread=thread, rights=rights, method="PUT", reactions=True
        )
        return None

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        place, old, thread = self._standing(message)
        with suppress(Permanent):  # in other people's channels the bot may not; the answer to the person says it all
            whose = discord.Object(int(account_id))
            await self._in(
                place, lambda: old.remove_reaction(emoji, whose), thread=thread, method="DELETE", reactions=True
            )

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        if self._directs.has(channel):
            return await self._directs.marked(channel, number, since)
        place = self._places.channel(channel)
        found: dict[str, MessageRef] = {}
        # Discord's times end at the millisecond.
        start = since - timedelta(milliseconds=1)
        wheres: tuple[Place, ...] = (place, *place.threads)
        for where in wheres:
            before: discord.Object | None = None
            # Page by page, each with its own patience: a room that talked for days is long.
            while page := await self._in(place, partial(_page, where, before)):
                for message in page:
                    footer = message.embeds[0].footer.text if message.embeds else None
                    borne = mark(footer or "") if message.author.id == place.guild.me.id else None
                    if borne is not None and borne[0] == number and message.created_at >= start:
                        found.setdefault(borne[1], self._places.reading(message)[0])
                if page[-1].created_at < start:
                    break
                before = discord.Object(page[-1].id)
        return found

    async def read(self, message: MessageRef) -> Said:
        place, old, thread = self._standing(message)
        said = await self._in(place, old.fetch)
        ours = said.author.id == place.guild.me.id
        shown = said.embeds[0].description if said.embeds else None
        text = plain(shown or "") if ours else words(said) or self._targets.words(message)
        root = None if thread is None else message_ref(place.id, thread)
        return Said(message, self._places.account(said.author), text, said.created_at, root, ours)

    def _standing(self, message: MessageRef) -> tuple[discord.TextChannel, discord.PartialMessage, int | None]:
        """A message to act on: the channel it belongs to, the message, the thread it stands in. Raises `Missing`."""
        place = self._places.channel(message.channel)
        try:
            where, own = address(message)
        except ValueError:
            raise Missing(f"{message.id} is no message of Discord's") from None
        at = self._client.get_partial_messageable(where, guild_id=place.guild.id)
        return place, at.get_partial_message(own), None if where == place.id else where

    async def _in(
        self,
        place: discord.TextChannel,
        do: Callable[[], Awaitable[Any]],
        *,
        thread: int | None = None,
        root: MessageRef | None = None,
        rights: tuple[str, ...] = SAYING,
        method: str = "",
        reactions: bool = False,
    ) -> Any:
        """What a request in a channel answers; a right that is lacking is named. `method` where people wait for more."""
        kind = (method, thread or place.id, reactions) if method else None
        try:
            if thread is None:
                return await self._requests.ask(do, kind)
            return await self._threads.within(thread, do, root, kind)
        except Forbidden:
            if thread is not None:
                rights = tuple("send_messages_in_threads" if name == "send_messages" else name for name in rights)
                rights = (*rights, "manage_threads")
            if not lacking(place, *rights):
                # Discord forbids it before the gateway has told why.
                await self._clock.sleep(TOLD)
            if names := lacking(place, *rights):
                raise Forbidden(f"{names} in #{place.name}") from None
            raise

    def _embed(self, post: Post) -> discord.Embed:
        return embed(post, self._settings.guild)

    def _reference(self, post: Post, guild: discord.Guild) -> discord.MessageReference | None:
        if post.reply_to is None or answered(post.reply_to) is not None:
            return None
        where, own = address(post.reply_to)
        return discord.MessageReference(message_id=own, channel_id=where, guild_id=guild.id, fail_if_not_exists=False)

    async def findings(self, rooms: Sequence[str]) -> list[Finding]:
        return await Checkup(self._settings, self._places, self._requests, self._client).findings(rooms)

    # People

    async def standing(self, account_id: str) -> frozenset[str]:
        try:
            member = await self._places.member(account_id)
        except Permanent:
            return frozenset()
        belongs = {f"discord-role:{role.id}" for role in member.roles}
        if any(self._places.sees(member, channel) for channel in self._places.triage()):
            belongs.add("triage")
        return frozenset(belongs)

    def trouble(self) -> str:
        """Which triage channel the bot may not see; nothing where it sees them all, or is not connected."""
        try:
            hidden = self._places.hidden_triage()
        except (Missing, Temporary):
            return ""
        return (
            f"Tocsin may not see the triage channel {hidden[0]}, so nobody counts as being in it; allow it View Channel there"
            if hidden
            else ""
        )

    async def open_to_public(self) -> tuple[str, ...]:
        everyone = self._places.guild.default_role
        return tuple(f"#{one.name}" for one in self._places.triage() if one.permissions_for(everyone).view_channel)


async def _page(place: Place, before: discord.Object | None) -> list[discord.Message]:
    return [each async for each in place.history(limit=100, before=before)]
