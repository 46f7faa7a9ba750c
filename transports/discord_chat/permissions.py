"""What the bot must be allowed, a row for each right and what it is for; and who may see and do what in a channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord

from core.port import Forbidden

RIGHTS: dict[str, str] = {
    "view_channel": "see the triage channels and its own",
    "send_messages": "post the board and the cards",
    "send_messages_in_threads": "answer in the threads of items",
    "create_public_threads": "make a thread for each item",
    "manage_threads": "open again an item's thread that was archived",
    "embed_links": "show cards",
    "attach_files": "post the postmortem and the picture of the course as files",
    "read_message_history": "find its own cards again, and catch up after it was away",
    "add_reactions": "seed reactions and answer with one",
    "pin_messages": "pin the board",
    "manage_channels": "make the incident's channel",
    "manage_roles": "let in those who see triage, and make a channel read-only after the close",
    "manage_messages": "take away a reaction that was refused",
}
"""The rights in the invite link, by discord.py's names (notes, section 5)."""

SPEAKING = (
    "send_messages",
    "send_messages_in_threads",
    "add_reactions",
    "create_public_threads",
    "create_private_threads",
)
"""What nobody but the bot may do in a channel that is read-only."""


def needed() -> discord.Permissions:
    return discord.Permissions(**dict.fromkeys(RIGHTS, True))


def invite_link(application: int) -> str:
    """Where an administrator lets the bot in, with exactly these rights."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application}"
        f"&scope=bot+applications.commands&permissions={needed().value}"
    )


Target = discord.Role | discord.Member | discord.Object
Overwrites = dict[Target, discord.PermissionOverwrite]


def beside(triage: discord.abc.GuildChannel) -> Overwrites:
    """Who may see what is made beside a channel: whoever may see that one, and the bot.

    Only rights that the bot holds may be given (Discord refuses the others), and managing roles may not be.
    """
    overwrites: Overwrites = {
        target: discord.PermissionOverwrite(view_channel=overwrite.view_channel)
        for target, overwrite in triage.overwrites.items()
        if overwrite.view_channel is not None
    }
    overwrites[triage.guild.me] = _own(triage.guild)
    return overwrites


def invited_only(guild: discord.Guild) -> Overwrites:
    """Who may see a private channel: the bot, and whoever it lets in by name."""
    return {guild.default_role: discord.PermissionOverwrite(view_channel=False), guild.me: _own(guild)}


def _own(guild: discord.Guild) -> discord.PermissionOverwrite:
    """What the bot lets itself do in a channel that it makes."""
    own = guild.me.guild_permissions
    return discord.PermissionOverwrite(
        **{name: True for name in RIGHTS if getattr(own, name) and name != "manage_roles"}
    )


def locked(channel: discord.TextChannel, *, lock: bool) -> Overwrites:
    """A channel's overwrites once only the bot may speak there, or all may again."""
    me, changed = channel.guild.me, channel.overwrites
    own = me.guild_permissions
    # What the bot itself may not do it cannot forbid: of what the invite link does not hold, it leaves that alone.
    silenced = [name for name in SPEAKING if name in RIGHTS or getattr(own, name)]
    changed.setdefault(channel.guild.default_role, discord.PermissionOverwrite())
    changed.setdefault(me, discord.PermissionOverwrite(view_channel=True))
    for target, overwrite in changed.items():
        if target.id != me.id:
            overwrite.update(**dict.fromkeys(silenced, False if lock else None))
        elif lock:
            overwrite.update(**{name: True for name in silenced if name in RIGHTS and getattr(own, name)})
    return changed


def missing(where: discord.abc.GuildChannel | discord.Guild, *names: str) -> list[str]:
    """Which of these rights the bot lacks in a channel, or by its roles alone."""
    me = where.me if isinstance(where, discord.Guild) else where.guild.me
    own = me.guild_permissions if isinstance(where, discord.Guild) else where.permissions_for(me)
    return [name for name in names if not getattr(own, name)]


def lacking(where: discord.abc.GuildChannel | discord.Guild, *names: str) -> str:
    """The same, in Discord's own words; empty when it has them all."""
    return ", ".join(map(said, missing(where, *names)))


@asynccontextmanager
async def naming(where: discord.abc.GuildChannel | discord.Guild, *names: str) -> AsyncIterator[None]:
    """What Discord forbids inside is said by the right that is lacking there."""
    try:
        yield
    except Forbidden:
        if lacks := lacking(where, *names):
            sign = "#" if isinstance(where, discord.TextChannel) else ""
            raise Forbidden(f"{lacks} in {sign}{where.name}") from None
        raise


def said(name: str) -> str:
    """A right as Discord's settings call it: `Pin Messages`."""
    return name.replace("_", " ").title().replace(" In ", " in ")
