"""Where every act on the fake Discord begins and ends: may they enter, is it awake, and who is told.

The acts themselves are in `discord_acts`, `discord_threads` and `discord_places`.
"""

from __future__ import annotations

import re
from typing import Any

import discord_shapes as shapes
from discord_forms import length
from discord_limits import (
    ARCHIVED,
    LOCKED,
    NO_ACCESS,
    NO_PERMISSION,
    THREADS_FULL,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    Problem,
    Refused,
)
from discord_permissions import Permission, in_channel
from discord_world import DEFAULT, DIRECT, EPHEMERAL, TEXT, Channel, Event, Guild, Json, Message, User, Viewer, World

P = Permission


def enter(world: World, who: User, channel_id: int, *needed: Permission) -> Channel:
    """The channel, for somebody who may see it and has the permissions."""
    channel = world.channel(channel_id)
    if channel is None:
        raise Refused(UNKNOWN_CHANNEL)
    require(who, channel, P.VIEW_CHANNEL, problem=NO_ACCESS)
    require(who, channel, *needed)
    return channel


def require(who: User, channel: Channel, *needed: Permission, problem: Problem = NO_PERMISSION) -> None:
    member = channel.guild.members.get(who.id)
    granted = in_channel(member, channel) if member else 0
    if any(not granted & each for each in needed):
        raise Refused(problem)


def may(who: User, channel: Channel, permission: Permission) -> bool:
    member = channel.guild.members.get(who.id)
    return member is not None and bool(in_channel(member, channel) & permission)


def find(channel: Channel, message_id: int) -> Message:
    found = channel.messages.get(message_id)
    if found is None:
        raise Refused(UNKNOWN_MESSAGE)
    return found


def look(world: World, who: User, channel_id: int, message_id: int) -> Message:
    """One message, for somebody who may read what was said before."""
    return find(enter(world, who, channel_id, P.READ_MESSAGE_HISTORY), message_id)


def awake(who: User, channel: Channel) -> None:
    """Nothing but sending and deleting happens in an archived thread: docs/topics/threads."""
    if channel.archived:
        raise Refused(ARCHIVED)
    if channel.locked and not may(who, channel, P.MANAGE_THREADS):
        raise Refused(LOCKED)


def post(world: World, made: Message) -> None:
    """Put a message into its channel and tell of it."""
    channel = made.channel
    channel.messages[made.id] = made
    channel.last_message_id = made.id
    if channel.is_thread:
        channel.total_sent += 1
        channel.active_at = world.clock.time()
        channel.joined.setdefault(made.author.id, made.at)
    tell_of(world, "MESSAGE_CREATE", made)


def tell_of(world: World, name: str, message: Message) -> None:
    """A message event, each viewer with what they may read; an ephemeral one has none."""
    # Of direct messages the gateway tells who asked for that intent, and Tocsin does not.
    if message.flags & EPHEMERAL or message.channel.type == DIRECT:
        return
    channel = message.channel
    member = channel.guild.members.get(message.author.id)
    more: Json = {"guild_id": str(channel.guild.id), "channel_type": channel.type}
    if member is not None and message.application_id is None and message.type == DEFAULT:
        more["member"] = shapes.member(member, with_user=False)

    def shape(viewer: Viewer) -> Json:
        return shapes.message(world, message, viewer) | more

    world.tell(Event(name, channel.guild, shape, channel))


def tell(world: World, name: str, channel: Channel, shape: Json) -> None:
    world.tell(Event(name, channel.guild, lambda _: shape, channel))


def place(channel: Channel, **more: Any) -> Json:
    return {"channel_id": str(channel.id), "guild_id": str(channel.guild.id), **more}


def tell_channel(world: World, name: str, channel: Channel, only: int | None = None) -> None:
    """Everybody is told of every channel; who may not view it learns little more than that it is there."""
    world.tell(Event(name, channel.guild, lambda viewer: shapes.channel(channel, viewer), only=only))


def tell_thread(world: World, name: str, thread: Channel, **more: Any) -> None:
    def shape(viewer: Viewer) -> Json:
        return shapes.thread(thread, viewer) | more

    world.tell(Event(name, thread.guild, shape, thread))


def room_for_thread(world: World, guild: Guild) -> None:
    active = sum(each.is_thread and not each.archived for each in guild.channels.values())
    if active >= world.caps.active_threads:
        raise Refused(THREADS_FULL)


def unarchive(world: World, thread: Channel, *, quiet: bool = False) -> None:
    room_for_thread(world, thread.guild)
    thread.archived, thread.archive_at, thread.active_at = False, world.clock.now(), world.clock.time()
    if not quiet:
        tell_thread(world, "THREAD_UPDATE", thread)


def archive_idle(world: World) -> None:
    """Threads in which nothing happened for as long as they wait archive themselves."""
    for guild in world.guilds.values():
        for each in guild.channels.values():
            idle = world.clock.time() - each.active_at > each.auto_archive * 60
            if each.is_thread and not each.archived and idle:
                each.archived, each.archive_at = True, world.clock.now()
                tell_thread(world, "THREAD_UPDATE", each)


def named(world: World, body: Json, kind: int) -> str:
    name = str(body.get("name") or "").strip()
    length("name", name, world.caps.channel_name, 1)
    return re.sub(r"\s+", "-", name.lower()) if kind == TEXT else name
