"""What `tocsin doctor` looks at on Discord: the server, what may be read, each right where it matters, and what is full.

Rule: a line for each thing, with Discord's own names for rights; what is wrong says what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import discord

from core.port import Finding, Missing, Permanent
from transports.discord_chat.categories import HOLDS, family, held
from transports.discord_chat.channels import IN_GUILD, NEAR
from transports.discord_chat.permissions import RIGHTS, invite_link, missing, said
from transports.discord_chat.places import Places
from transports.discord_chat.requests import Requests
from transports.discord_chat.settings import DiscordSettings

IN_TRIAGE = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "embed_links",
    "read_message_history",
    "add_reactions",
    "manage_messages",
)
IN_A_ROOM = ("view_channel", "send_messages", "embed_links", "read_message_history")
IN_A_CATEGORY = ("view_channel", "manage_channels")
"""The rights that matter in each kind of place; an incident's own channel is made with all of them."""

IN_SETTINGS = "allow it for Tocsin in the settings there, under Permissions"

PINS = 250
"""Messages that may be pinned in a channel (JSON error 30003)."""

FEW = 25
"""Pins left, from which on it is said."""

HEARS = "Message Content is on: any message can be reacted to, and commands can be typed"
DEAF = (
    "Message Content is off: /incident, buttons and Apps > … work, and what people write is read only where they mention "
    "Tocsin; to react to any message, switch Message Content Intent on in the developer portal under Bot, and restart"
)


@dataclass
class Checkup:
    """One look. Raises a `TransportFailure` when the connection is lost meanwhile."""

    settings: DiscordSettings
    places: Places
    requests: Requests
    client: discord.Client

    async def findings(self, rooms: Sequence[str]) -> list[Finding]:
        """Each thing, with the triage channels and the audiences' rooms by their names in the config."""
        assert self.client.application_id is not None, "known from signing in on"
        link = invite_link(self.client.application_id)
        words = Finding(True, HEARS) if self.client.intents.message_content else Finding(None, DEAF)
        try:
            guild = self.places.guild
        except Missing:
            mend = f"the bot is not in it; an administrator opens {link} (or mend [transports.discord] guild)"
            return [words, Finding(False, f"server {self.settings.guild}", mend)]
        return [
            words,
            *_rights(guild),
            *(self._place(name) for name in dict.fromkeys(rooms)),
            *_category(guild, "category", self.settings.category),
            *_category(guild, "archive_category", self.settings.archive),
            _count(guild),
            *await self._pins(guild),
            Finding(None, f"the invite link with exactly the rights that are needed: {link}"),
        ]

    def _place(self, name: str) -> Finding:
        triage = name in self.settings.triage
        what = f"{'triage channel' if triage else 'room'} {name}"
        try:
            place = self.places.find(name)
        except Missing as gone:
            return Finding(False, what, f"{gone}; mend the name, give its id, or let Tocsin see it")
        return _allowed(what, missing(place, *(IN_TRIAGE if triage else IN_A_ROOM)), IN_SETTINGS)

    async def _pins(self, guild: discord.Guild) -> list[Finding]:
        """The incidents' channels in which there is hardly room for another board."""
        found = []
        for place in filter(_is_ours, guild.text_channels):
            pinned = len(await self.requests.ask(partial(_pinned, place)))
            if pinned > PINS - FEW:
                what, mend = f"#{place.name} has {pinned} of {PINS} pins", "take some away, or no board can be pinned"
                found.append(Finding(False if pinned >= PINS else None, what, mend))
        return found


def _rights(guild: discord.Guild) -> Iterator[Finding]:
    how = "allow it to the bot's role under Server Settings, Roles, or open the invite link below once more"
    yield _allowed(f"rights in the server {guild.name}", missing(guild, *RIGHTS), how)
    if guild.me.guild_permissions.administrator:
        yield Finding(None, "Tocsin is Administrator and need not be: the invite link has all that it needs")


def _category(guild: discord.Guild, key: str, name: str | None) -> Iterator[Finding]:
    if name is None:
        return
    try:
        known = family(name, guild.channels)
    except Permanent as gone:
        yield Finding(False, f"{key} {name}", f"{gone} in the server; mend the name, or give its id")
        return
    for one in known:
        # One that is not seen has no name.
        what = f"{key} {name if one is known[0] else one.name}"
        yield _allowed(what, missing(one, *IN_A_CATEGORY), IN_SETTINGS)
    if all(held(one, guild.channels) >= HOLDS for one in known):
        yield Finding(None, f"{key} {known[-1].name} has its {HOLDS} channels; Tocsin makes another when it needs one")


def _allowed(what: str, lacks: list[str], how: str) -> Finding:
    # Of a place that is not seen, no other right can be told.
    seen = lacks[:1] if lacks[:1] == ["view_channel"] else lacks
    names = ", ".join(f"{said(name)} (to {RIGHTS[name]})" for name in seen)
    return Finding(not names, what, f"Tocsin lacks {names}; {how}" if names else "")


def _count(guild: discord.Guild) -> Finding:
    count = len(guild.channels)
    what = f"{count} of the {IN_GUILD} channels that a server can have"
    if count < NEAR:
        return Finding(True, what)
    mend = "delete those of incidents that are long over (`tocsin export` keeps the record)"
    return Finding(False if count >= IN_GUILD else None, what, mend)


def _is_ours(place: discord.TextChannel) -> bool:
    """An incident's channel in which something may still happen: the bot is let in by name, and people speak."""
    overwrites = place.overwrites
    everyone = overwrites.get(place.guild.default_role)
    return place.guild.me in overwrites and not (everyone is not None and everyone.send_messages is False)


async def _pinned(place: discord.TextChannel) -> list[discord.Message]:
    return [each async for each in place.pins(limit=None)]
