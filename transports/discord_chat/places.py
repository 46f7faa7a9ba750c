"""Channels and threads by id, whether or not discord.py still knows them; and who may see which.

Rule: an archived thread is told of by nobody; it is asked for when something is to be done there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

import discord

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.port import Clock, Missing, Permanent, Temporary
from transports.discord_chat.refs import NAME, channel_ref, message_ref
from transports.discord_chat.requests import Requests
from transports.discord_chat.settings import DiscordSettings

Place = discord.TextChannel | discord.Thread

MENTION = re.compile(r"<@!?([0-9]{1,20})>")

LOOKED_UP = 10
"""People who are looked up for one command."""

FRESH = timedelta(seconds=5)
"""How long what an act told of the person who did it holds, and for one look: that act is judged by it, and no other."""


class Places:
    """One guild's. `client` raises `Temporary` while there is no connection."""

    def __init__(
        self,
        settings: DiscordSettings,
        requests: Requests,
        clock: Clock,
        client: Callable[[], discord.Client],
    ) -> None:
        self._settings = settings
        self._requests = requests
        self._clock = clock
        self._client = client
        self._members: dict[int, tuple[discord.Member, datetime]] = {}

    @property
    def guild(self) -> discord.Guild:
        """Raises `Temporary` and `Missing`."""
        client, name = self._client(), self._settings.guild
        found = client.get_guild(int(name)) if name.isdecimal() else None
        if found is None:
            raise Missing(f"the bot is in no guild {name}; invite it, or mend [transports.discord] guild")
        if found.unavailable:
            raise Temporary(f"guild {found.id} is not available for now")
        return found

    def find(self, name: str) -> discord.TextChannel:
        """The channel that a name of the config means: an id, or a name that one channel has. Raises `Missing`."""
        wanted = name.removeprefix("#")
        found = [each for each in self.guild.text_channels if wanted in (str(each.id), each.name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Missing(f"{len(found)} channels are called {name}; give the id of the one that is meant")
        raise Missing(f"there is no text channel {name} that the bot may see")

    def triage(self) -> list[discord.TextChannel]:
        """The triage channels that are there."""
        wanted = {name.removeprefix("#") for name in self._settings.triage}
        return [each for each in self.guild.text_channels if wanted & {str(each.id), each.name}]

    def hidden_triage(self) -> list[str]:
        """The triage channels of the config that the bot may not see: Discord tells neither their names nor who may."""
        seen = [each for each in self.triage() if self.sees(self.guild.me, each)]
        known = {name for each in seen for name in (str(each.id), each.name)}
        return [name for name in self._settings.triage if name.removeprefix("#") not in known]

    def channel(self, channel: ChannelRef) -> discord.TextChannel:
        """Raises `Missing` when it is gone, or hidden from the bot."""
        found = self.guild.get_channel(int(channel.id)) if channel.id.isdecimal() else None
        if not isinstance(found, discord.TextChannel):
            raise Missing(f"there is no channel {channel.id} that the bot may see")
        return found

    async def place(self, place: int) -> Place:
        """A channel or a thread, archived ones too. Raises a `TransportFailure`."""
        known = self.guild.get_channel_or_thread(place)
        if known is None:
            known = await self._requests.ask(lambda: self.guild.fetch_channel(place))
        if not isinstance(known, discord.TextChannel | discord.Thread):
            raise Permanent(f"{place} is no channel for text")
        return known

    async def where(self, place: int) -> tuple[ChannelRef, int | None]:
        """The channel that a place is or belongs to, and the thread when it is one. Raises a `TransportFailure`."""
        found = await self.place(place)
        if isinstance(found, discord.Thread):
            return channel_ref(found.parent_id), found.id
        return channel_ref(found.id), None

    # --- people -------------------------------------------------------------------------------------------------------

    def remember(self, member: discord.Member) -> None:
        """Somebody as they stand just now."""
        self._members[member.id] = (member, self._clock.now())

    def known(self, user: int) -> Account:
        """An account by the last name that was seen."""
        member, _ = self._members.get(user, (None, None))
        return Account(transport=NAME, id=str(user), name=member.display_name if member else str(user))

    def account(self, user: discord.User | discord.Member) -> Account:
        return Account(transport=NAME, id=str(user.id), name=user.display_name)

    async def member(self, account_id: str) -> discord.Member:
        """Somebody as they stand now. Raises `Permanent` when they are not in the guild."""
        if not account_id.isdecimal():
            raise Permanent(f"{account_id} is no account of Discord's")
        member, at = self._members.get(int(account_id), (None, None))
        if member is not None and at is not None and self._clock.now() - at < FRESH:
            self._members[member.id] = (member, at - FRESH)
            return member
        member = await self._requests.ask(lambda: self.guild.fetch_member(int(account_id)))
        self._members[member.id] = (member, self._clock.now() - FRESH)
        return member

    async def mentioned(self, texts: Iterable[str], known: Sequence[Account]) -> tuple[Account, ...]:
        """Those who are known, and whoever is mentioned inside of these texts: Discord looks up no more than whole options."""
        found = {account.id: account for account in known}
        ids = dict.fromkeys(name for text in texts for name in MENTION.findall(text) if name not in found)
        for name in islice(ids, LOOKED_UP):
            with suppress(Permanent):  # nobody here has that id, which is answered as any name that nobody has
                try:
                    member = await self.member(name)
                    if not member.bot:
                        found[name] = self.account(member)
                except Temporary:
                    found[name] = self.known(int(name))
        return tuple(found.values())

    def sees(self, member: discord.Member, channel: discord.TextChannel) -> bool:
        return channel.permissions_for(member).view_channel

    def reading(self, message: discord.Message) -> tuple[MessageRef, MessageRef | None]:
        """A message's reference, and the root of the thread that it stands in."""
        place = message.channel
        if isinstance(place, discord.Thread):
            return message_ref(place.parent_id, message.id, place.id), message_ref(place.parent_id, place.id)
        return message_ref(place.id, message.id), None
