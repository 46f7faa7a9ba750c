"""Incident channels: made once, found again by their marker, and what may be done with them.

Rule: Discord has no key that makes creating a channel repeatable. So the topic bears the incident's name, and a second
attempt looks at the guild as it is now before it makes anything. Name and topic are set once: Discord takes two changes of
them in ten minutes, so nothing that lives stands there.
"""

from __future__ import annotations

import re

import discord
import structlog

from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan, Forbidden, Permanent
from transports.discord_chat.permissions import beside, lacking, locked
from transports.discord_chat.places import Places
from transports.discord_chat.refs import NAME, channel_ref
from transports.discord_chat.requests import Requests
from transports.discord_chat.settings import DiscordSettings

log = structlog.get_logger(__name__)

IN_CATEGORY = 50
"""Channels that one category holds (resources/channel)."""

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
        self._tried: set[str] = set()

    # --- making -------------------------------------------------------------------------------------------------------

    async def open(self, plan: ChannelPlan) -> ChannelRef:
        """The plan's channel, made or found."""
        found = await self._made_before(plan.incident)
        if found is None:
            found = await self._make(plan)
        return channel_ref(found.id)

    async def _made_before(self, incident: str) -> discord.TextChannel | None:
        """What discord.py knows is what stood when it connected; what was tried since is looked for in Discord."""
        guild = self._places.guild
        there = list(guild.text_channels)
        if incident in self._tried:
            asked = await self._requests.ask(guild.fetch_channels)
            there = [each for each in asked if isinstance(each, discord.TextChannel)]
        return next((each for each in there if _is_marked(each, incident)), None)

    async def _make(self, plan: ChannelPlan) -> discord.TextChannel:
        guild, topic = self._places.guild, marked(plan.topic, plan.incident)
        triage = self._places.channel(plan.beside) if plan.beside.transport == NAME else None
        overwrites = beside(triage) if triage else {}
        category = await self._category()
        self._tried.add(plan.incident)
        try:
            made = await self._requests.ask(
                lambda: guild.create_text_channel(
                    plan.name, topic=topic, category=category, overwrites=overwrites, reason=plan.incident
                )
            )
        except Forbidden as failure:
            lacks = lacking(category or (triage or guild.text_channels[0]), "manage_channels", "manage_roles")
            raise Forbidden(f"Tocsin lacks {lacks or failure} to make a channel") from failure
        if len(guild.channels) >= NEAR:
            log.warning(
                "the guild has nearly all the channels that it may", channels=len(guild.channels), limit=IN_GUILD
            )
        return made

    async def _category(self) -> discord.CategoryChannel | None:
        """The first of the configured category and its followers that has room; a new one when none has."""
        if self._settings.category is None:
            return None
        first = self._named(self._settings.category)
        followers = re.compile(rf"{re.escape(first.name)} (\d+)")
        family = [each for each in self._places.guild.categories if followers.fullmatch(each.name)]
        for one in (first, *sorted(family, key=lambda each: each.position)):
            if len(one.channels) < IN_CATEGORY:
                return one
        name, overwrites = f"{first.name} {len(family) + 2}", first.overwrites
        return await self._requests.ask(lambda: self._places.guild.create_category(name, overwrites=overwrites))

    def _named(self, name: str) -> discord.CategoryChannel:
        found = [each for each in self._places.guild.categories if name in (str(each.id), each.name)]
        if not found:
            raise Permanent(f"there is no category {name} that the bot may see")
        return found[0]

    # --- changing -----------------------------------------------------------------------------------------------------

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        """Whoever may see a channel is in it; the others are let in."""
        place = self._places.channel(channel)
        member = await self._places.member(account_id)
        if not self._places.sees(member, place):
            await self._requests.ask(lambda: place.set_permissions(member, view_channel=True))

    async def lock(self, channel: ChannelRef, *, lock: bool) -> None:
        """Read-only and moved to the archive; or open, and back where incidents are."""
        place = self._places.channel(channel)
        wanted = locked(place, lock=lock)
        changes: dict[str, object] = {} if wanted == place.overwrites else {"overwrites": wanted}
        category = await self._shelf(lock=lock)
        if category is not None and place.category_id != category.id:
            changes |= {"category": category, "sync_permissions": False}
        if changes:
            await self._requests.ask(lambda: place.edit(**changes))

    async def _shelf(self, *, lock: bool) -> discord.CategoryChannel | None:
        if self._settings.archive is None:
            return None
        if not lock:
            return await self._category()
        shelf = self._named(self._settings.archive)
        # A full shelf keeps nobody's channel from being read-only.
        return shelf if len(shelf.channels) < IN_CATEGORY else None


def marked(topic: str, incident: str) -> str:
    """The topic with the incident's name in it, by which its channel is found."""
    return topic if _names(topic, incident) else f"{topic} · {incident}"


def _is_marked(channel: discord.TextChannel, incident: str) -> bool:
    """Whether this is the incident's channel: its topic says so, and the bot is let in by name, as in all that it makes."""
    return _names(channel.topic or "", incident) and channel.guild.me in channel.overwrites


def _names(topic: str, incident: str) -> bool:
    return re.search(rf"(?<!\S){re.escape(incident)}(?!\S)", topic) is not None
