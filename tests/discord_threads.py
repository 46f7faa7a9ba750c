"""Threads of the fake Discord: started on a message or without one, changed, joined and left."""

from __future__ import annotations

import discord_shapes as shapes
from discord_entry import enter, find, may, named, post, require, room_for_thread, tell_of, tell_thread, unarchive
from discord_limits import (
    ARCHIVED,
    NO_PERMISSION,
    THREAD_EXISTS,
    THREAD_MEMBERS_FULL,
    UNKNOWN_MEMBER,
    WRONG_CHANNEL,
    Refused,
    invalid,
)
from discord_permissions import Permission
from discord_world import (
    HAS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    RENAMED,
    TEXT,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Event,
    Json,
    Message,
    User,
    World,
)

P = Permission
ARCHIVES = (60, 1440, 4320, 10080)


def start_thread(world: World, who: User, channel_id: int, body: Json, message_id: int | None = None) -> Channel:
    """A thread on a message, whose id it takes, or one of its own."""
    channel = enter(world, who, channel_id)
    if channel.type != TEXT:
        raise Refused(WRONG_CHANNEL)
    kind = PUBLIC_THREAD if message_id is not None else int(body.get("type", PRIVATE_THREAD))
    require(who, channel, P.CREATE_PUBLIC_THREADS if kind == PUBLIC_THREAD else P.CREATE_PRIVATE_THREADS)
    origin = find(channel, message_id) if message_id is not None else None
    if message_id is not None and message_id in channel.guild.channels:
        raise Refused(THREAD_EXISTS)
    room_for_thread(world, channel.guild)
    thread_id = message_id or world.clock.snowflake()
    made = Channel(thread_id, channel.guild, kind, named(world, body, kind), channel, owner_id=who.id)
    made.auto_archive = _archive(body.get("auto_archive_duration") or 4320)
    made.archive_at, made.active_at = world.clock.now(), world.clock.time()
    made.joined[who.id] = world.clock.now()
    channel.guild.channels[made.id] = made
    tell_thread(world, "THREAD_CREATE", made, newly_created=True)
    if origin is not None:
        _started_from(world, who, origin, made)
    return made


def _started_from(world: World, who: User, origin: Message, made: Channel) -> None:
    """The message learns of its thread, the thread starts with it, and an older one is announced in the channel."""
    origin.flags |= HAS_THREAD
    tell_of(world, "MESSAGE_UPDATE", origin)
    guild = str(made.guild.id)
    first = Message(world.clock.snowflake(), made, origin.author, world.clock.now(), type=THREAD_STARTER)
    first.reference = {"type": 0, "message_id": str(origin.id), "channel_id": str(origin.channel.id), "guild_id": guild}
    post(world, first)
    made.total_sent -= 1
    if origin.channel.last_message_id != origin.id:
        note = Message(world.clock.snowflake(), origin.channel, who, world.clock.now(), made.name, THREAD_CREATED)
        note.reference = {"type": 0, "channel_id": str(made.id), "guild_id": guild}
        post(world, note)


def _archive(minutes: int) -> int:
    if minutes not in ARCHIVES:
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {ARCHIVES}.")
    return minutes


def edit_thread(world: World, who: User, thread: Channel, body: Json) -> Channel:
    """docs/resources/channel#modify-channel-json-params-thread."""
    moderates = may(who, thread, P.MANAGE_THREADS)
    waking = body.get("archived") is False
    if thread.archived and not waking:
        raise Refused(ARCHIVED)
    if "locked" in body or not waking or thread.locked:
        owns = thread.owner_id == who.id and "locked" not in body and not thread.locked
        if not (moderates or owns):
            raise Refused(NO_PERMISSION)
    else:
        require(who, thread, P.SEND_MESSAGES_IN_THREADS)
    if waking and thread.archived:
        unarchive(world, thread, quiet=True)
    if "auto_archive_duration" in body:
        thread.auto_archive = _archive(int(body["auto_archive_duration"]))
        thread.active_at = world.clock.time()
    thread.locked = bool(body.get("locked", thread.locked))
    if body.get("archived"):
        thread.archived, thread.archive_at = True, world.clock.now()
    renamed = "name" in body and named(world, body, thread.type) != thread.name
    if renamed:
        thread.name = named(world, body, thread.type)
    tell_thread(world, "THREAD_UPDATE", thread)
    if renamed:
        post(world, Message(world.clock.snowflake(), thread, who, world.clock.now(), thread.name, RENAMED))
    return thread


def join_thread(world: World, who: User, channel_id: int, whom: int, *, leaving: bool = False) -> None:
    thread = enter(world, who, channel_id)
    if thread.archived:
        raise Refused(ARCHIVED)
    if leaving:
        if whom != who.id and not (thread.is_private and thread.owner_id == who.id):
            require(who, thread, P.MANAGE_THREADS)
        if thread.joined.pop(whom, None) is None:
            raise Refused(UNKNOWN_MEMBER)
        _tell_joined(world, thread, whom, {"removed_member_ids": [str(whom)]})
        return
    if whom not in thread.guild.members:
        raise Refused(UNKNOWN_MEMBER)
    if whom != who.id:
        require(who, thread, P.SEND_MESSAGES_IN_THREADS)
    if whom not in thread.joined:
        if len(thread.joined) >= world.caps.thread_members:
            raise Refused(THREAD_MEMBERS_FULL)
        thread.joined[whom] = world.clock.now()
        _tell_joined(world, thread, whom, {"added_members": [shapes.thread_member(thread, whom)]})


def _tell_joined(world: World, thread: Channel, whom: int, more: Json) -> None:
    """To those who have the members intent, and to whom it concerns: docs/events/gateway-events."""
    shape: Json = {"id": str(thread.id), "guild_id": str(thread.guild.id), "member_count": len(thread.joined), **more}
    world.tell(Event("THREAD_MEMBERS_UPDATE", thread.guild, lambda _: shape, thread, only=whom))
