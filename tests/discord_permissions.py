"""Who may do what in a channel, by the steps of docs/topics/permissions#permission-overwrites."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discord_world import Channel, Guild, Member


class Permission(IntFlag):
    MANAGE_CHANNELS = 1 << 4
    ADD_REACTIONS = 1 << 6
    ADMINISTRATOR = 1 << 3
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


P = Permission
ALL = (1 << 53) - 1
NEW_GUILD = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.SEND_MESSAGES_IN_THREADS
    | P.CREATE_PUBLIC_THREADS
    | P.CREATE_PRIVATE_THREADS
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.USE_APPLICATION_COMMANDS
    | P.MENTION_EVERYONE
)
"""What everyone may in a guild that nobody has changed (of the bits that matter here)."""

TALKING = P.MENTION_EVERYONE | P.SEND_TTS_MESSAGES | P.ATTACH_FILES | P.EMBED_LINKS
"""Denied along with sending: docs/topics/permissions#implicit-permissions."""


def in_guild(guild: Guild, member: Member) -> int:
    """What a member's roles give, before any channel."""
    if member.user.id == guild.owner_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role in member.roles:
        granted |= guild.roles[role].permissions
    return ALL if granted & P.ADMINISTRATOR else granted


def in_channel(member: Member, channel: Channel) -> int:
    """What a member may in a channel or thread, implicit denials included."""
    guild = channel.guild
    granted = in_guild(guild, member)
    if granted == ALL:
        return ALL
    place = channel.home
    if (everyone := place.overwrites.get(guild.id)) is not None:
        granted = granted & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role in member.roles:
        if (overwrite := place.overwrites.get(role)) is not None:
            allow, deny = allow | overwrite.allow, deny | overwrite.deny
    granted = granted & ~deny | allow
    if (own := place.overwrites.get(member.user.id)) is not None:
        granted = granted & ~own.deny | own.allow
    return _implied(granted, member, channel)


def _implied(granted: int, member: Member, channel: Channel) -> int:
    if not granted & P.VIEW_CHANNEL:
        return 0
    if channel.is_private and not granted & P.MANAGE_THREADS and member.user.id not in channel.joined:
        return 0
    speaking = P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES
    return granted if granted & speaking else granted & ~TALKING


def may_see(member: Member, channel: Channel) -> bool:
    """A category is seen where one of its channels is: docs/topics/permissions#channel-visibility."""
    if in_channel(member, channel) & P.VIEW_CHANNEL:
        return True
    return any(in_channel(member, child) & P.VIEW_CHANNEL for child in channel.children())
