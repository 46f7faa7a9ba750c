"""Incident channels: made once, found again by their marker, and what may be done with them.

Rule: Discord has no key that makes creating a channel repeatable. So the topic bears the incident's name, and while the end
of an attempt is unknown, Discord is asked what stands before anything is made. Name and topic are set once: Discord takes
two changes of them in ten minutes, so nothing that lives stands there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeGuard, TypeVar

import discord
import structlog

from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan, Missing, Permanent, Temporary
from transports.discord_chat.categories import Standing, family, with_room
from transports.discord_chat.permissions import beside, invited_only, locked, naming
from transports.discord_chat.places import Places
from transports.discord_chat.refs import NAME, channel_ref
from transports.discord_chat.requests import GuildFull, Malformed, NotHere, Requests
from transports.discord_chat.settings import DiscordSettings

T = TypeVar("T")

log = structlog.get_logger(__name__)

IN_GUILD = 500
"""Channels that a guild holds, categories among them (JSON error 30013)."""

NEAR = 450
"""From so many on it is said how near the end is."""


class Channels:
    """What the bot does to channels. Each raises a `TransportFailure`."""

    def __init__(self, settings: DiscordSettings, places: Places, requests: Requests) -> None:
        self._settings = settings
        self._places = places
        self._requests = requests
        self._unsure: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    # --- making -------------------------------------------------------------------------------------------------------

    async def open(self, plan: ChannelPlan) -> ChannelRef:
        """The plan's channel, made or found."""
        # Two that are made at once would each make the category that both lack.
        async with self._one_at_a_time:
            there = await self._standing()
            found = next((each for each in there if _is_marked(each, plan.incident)), None)
            if found is None:
                found = await self._open(plan, there)
            elif self._places.guild.get_channel(found.id) is None:
                raise Temporary(f"Discord has made {found.name} and not told of it yet")
            self._unsure.discard(plan.incident)
            return channel_ref(found.id)

    async def _standing(self) -> Standing:
        """The guild's channels: as discord.py knows them, or as Discord does, while something may stand untold."""
        guild = self._places.guild
        self._unsure -= {each.name for each in guild.categories}
        return await self._requests.ask(guild.fetch_channels) if self._unsure else guild.channels

    async def _open(self, plan: ChannelPlan, there: Standing) -> discord.TextChannel:
        guild, topic = self._places.guild, marked(plan.topic, plan.incident)
        shared = plan.beside.transport == NAME and not plan.private
        triage = self._places.channel(plan.beside) if shared else None
        category = await self._category(there)
        made = await self._make(
            plan.incident,
            category or guild,
            lambda: guild.create_text_channel(
                plan.name,
                topic=topic,
                category=category,
                overwrites=invited_only(guild) if plan.private else beside(triage) if triage else {},
                reason=plan.incident,
            ),
        )
        if warning := self.crowding():
            log.warning(warning)
        return made

    async def _category(self, there: Standing) -> discord.CategoryChannel | None:
        if self._settings.category is None:
            return None
        try:
            return await with_room(self._settings.category, self._places.guild, there, self._make)
        except Permanent as failure:
            # Where a channel stands is less than that it stands.
            log.warning("the channel is made outside of the category", reason=str(failure))
            return None

    async def _make(
        self, what: str, within: discord.Guild | discord.CategoryChannel, create: Callable[[], Awaitable[T]]
    ) -> T:
        """Makes one thing; until it is known to be made, or not, what stands is asked of Discord."""
        self._unsure.add(what)
        try:
            async with naming(within, "view_channel", "manage_channels"):
                made = await self._requests.ask(create)
        except GuildFull:
            raise Permanent(
                f"the server has the {IN_GUILD} channels that Discord allows: delete some that are read-only "
                "(`tocsin export` keeps the record)"
            ) from None
        except Malformed as refused:
            if "parent_id" not in str(refused):
                raise
            raise Temporary(f"{within.name} has become full") from refused
        self._unsure.discard(what)
        return made

    def crowding(self) -> str:
        """How near the end of the guild's channels is; nothing while it is far, or not known."""
        try:
            count = len(self._places.guild.channels)
        except (Missing, Temporary):
            return ""
        if count < NEAR:
            return ""
        return (
            f"The server has {count} of the {IN_GUILD} channels that Discord allows. Delete those of incidents that are "
            "long over; `tocsin export` keeps their record."
        )

    # --- changing -----------------------------------------------------------------------------------------------------

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        """Whoever may see a channel is in it; the others are let in."""
        place = self._places.channel(channel)
        try:
            member = await self._places.member(account_id)
        except NotHere:
            raise Permanent(f"{account_id} is not in the server") from None
        if not self._places.sees(member, place):
            let_in = place.overwrites_for(member)
            let_in.update(view_channel=True)
            await self._change(place, lambda: place.set_permissions(member, overwrite=let_in), "manage_roles")

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        """Take back that somebody was let in by name. Who sees every channel goes on seeing this one: that is named."""
        known = self._places.channel(channel)
        place = await self._change(known, lambda: self._places.guild.fetch_channel(known.id), "view_channel")
        assert isinstance(place, discord.TextChannel), "a channel keeps its kind"
        kept = {target: overwrite for target, overwrite in place.overwrites.items() if str(target.id) != account_id}
        if len(kept) < len(place.overwrites):
            await self._change(place, lambda: place.edit(overwrites=kept), "manage_roles")
        try:
            member = await self._places.member(account_id)
        except NotHere:
            return
        if member.guild_permissions.administrator:
            raise Permanent(f"{account_id} is an administrator of the server, and sees every channel")

    async def lock(self, channel: ChannelRef, *, lock: bool) -> None:
        """Read-only and moved to the archive; or open, and back where incidents are."""
        known = self._places.channel(channel)
        # What discord.py knows may be older than the last invitation, and all overwrites are changed at once.
        place = await self._change(known, lambda: self._places.guild.fetch_channel(known.id), "view_channel")
        assert isinstance(place, discord.TextChannel), "a channel keeps its kind"
        await self._change(place, lambda: place.edit(overwrites=locked(place, lock=lock)), "manage_roles")
        # Moved by itself: that there is no shelf keeps nobody's channel from being read-only.
        if self._settings.archive is not None:
            await self._shelve(place, self._settings.archive if lock else self._settings.category)

    async def _shelve(self, place: discord.TextChannel, shelf: str | None) -> None:
        async with self._one_at_a_time:
            there = await self._standing()
            if place.category_id in ([each.id for each in family(shelf, there)] if shelf else [None]):
                return
            category = await with_room(shelf, self._places.guild, there, self._make) if shelf else None
            async with naming(category or self._places.guild, "view_channel", "manage_channels"):
                await self._change(place, lambda: place.edit(category=category, sync_permissions=False))

    async def _change(self, place: discord.TextChannel, do: Callable[[], Awaitable[T]], *rights: str) -> T:
        async with naming(place, "view_channel", "manage_channels", *rights):
            return await self._requests.ask(do)


def marked(topic: str, incident: str) -> str:
    """The topic with the incident's name in it, by which its channel is found."""
    return topic if _names(topic, incident) else f"{topic} · {incident}"


def _is_marked(channel: discord.abc.GuildChannel, incident: str) -> TypeGuard[discord.TextChannel]:
    """Whether this is the incident's channel: its topic says so, and the bot is let in by name, as in all that it makes."""
    if not isinstance(channel, discord.TextChannel):
        return False
    return _names(channel.topic or "", incident) and channel.guild.me in channel.overwrites


def _names(topic: str, incident: str) -> bool:
    return re.search(rf"(?<!\S){re.escape(incident)}(?!\S)", topic) is not None
