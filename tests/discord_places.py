"""What somebody does with channels, threads, roles and members on the fake Discord: checked, done, told to the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import discord_shapes as shapes
from discord_entry import enter, named, require, tell_channel
from discord_forms import length
from discord_limits import (
    CHANNELS_FULL,
    NO_PERMISSION,
    UNKNOWN_GUILD,
    UNKNOWN_MEMBER,
    UNKNOWN_OVERWRITE,
    UNKNOWN_ROLE,
    Refused,
    invalid,
)
from discord_permissions import ALL, Permission, in_channel, in_guild, may_see
from discord_threads import edit_thread
from discord_world import (
    CATEGORY,
    TEXT,
    Channel,
    Event,
    Guild,
    Json,
    Member,
    Overwrite,
    User,
    Viewer,
    World,
)

P = Permission


def guild_of(world: World, who: User, guild_id: int) -> tuple[Guild, Member]:
    guild = world.guilds.get(guild_id)
    if guild is None or who.id not in guild.members:
        raise Refused(UNKNOWN_GUILD)
    return guild, guild.members[who.id]


def create_channel(world: World, who: User, guild_id: int, body: Json) -> Channel:
    """A text channel or category. Without overwrites of its own it takes its category's, as the clients' button does."""
    guild, member = guild_of(world, who, guild_id)
    parent = _parent(world, guild, body.get("parent_id"))
    granted = in_channel(member, parent) if parent else in_guild(guild, member)
    if not granted & P.MANAGE_CHANNELS:
        raise Refused(NO_PERMISSION)
    if sum(not each.is_thread for each in guild.channels.values()) >= world.caps.guild_channels:
        raise Refused(CHANNELS_FULL)
    kind = int(body.get("type", TEXT))
    made = Channel(world.clock.snowflake(), guild, kind, named(world, body, kind), parent)
    made.topic = _topic(world, body)
    given = body.get("permission_overwrites")
    # "Setting MANAGE_ROLES permission in channels is only possible for guild administrators": docs/resources/guild
    grantable = in_guild(guild, member) if granted == ALL else in_guild(guild, member) & ~P.MANAGE_ROLES
    made.overwrites = _overwrites(given or [], grantable, {})
    if given is None and parent is not None:
        made.overwrites = {key: Overwrite(**vars(each)) for key, each in parent.overwrites.items()}
    made.position = len(guild.channels)
    guild.channels[made.id] = made
    tell_channel(world, "CHANNEL_CREATE", made)
    return made


def edit_channel(world: World, who: User, channel_id: int, body: Json) -> Channel:
    channel = enter(world, who, channel_id)
    if channel.is_thread:
        return edit_thread(world, who, channel, body)
    require(who, channel, P.MANAGE_CHANNELS)
    overwrites, parent = channel.overwrites, channel.parent
    if "permission_overwrites" in body:
        require(who, channel, P.MANAGE_ROLES)
        granted = _grantable(channel.guild.members[who.id], channel)
        overwrites = _overwrites(body["permission_overwrites"] or [], granted, channel.overwrites)
    if "parent_id" in body:
        parent = _parent(world, channel.guild, body["parent_id"], channel)
    name = named(world, body, channel.type) if "name" in body else channel.name
    topic = _topic(world, body) if "topic" in body else channel.topic

    def change() -> None:
        channel.overwrites, channel.parent, channel.name, channel.topic = overwrites, parent, name, topic
        channel.position = int(body.get("position") or channel.position)

    with_access(world, channel.guild, change, told=True)
    tell_channel(world, "CHANNEL_UPDATE", channel)
    return channel


def delete_channel(world: World, who: User, channel_id: int) -> Channel:
    channel = enter(world, who, channel_id)
    require(who, channel, P.MANAGE_THREADS if channel.is_thread else P.MANAGE_CHANNELS)
    for child in list(channel.children()):
        child.parent = None
        tell_channel(world, "CHANNEL_UPDATE", child)
    for thread in [each for each in channel.guild.channels.values() if each.is_thread and each.parent is channel]:
        del channel.guild.channels[thread.id]
    del channel.guild.channels[channel.id]
    if channel.is_thread:
        names = {"id": channel.id, "guild_id": channel.guild.id, "parent_id": channel.home.id}
        shape: Json = {key: str(value) for key, value in names.items()} | {"type": channel.type}
        world.tell(Event("THREAD_DELETE", channel.guild, lambda _: shape, channel))
    else:
        tell_channel(world, "CHANNEL_DELETE", channel)
    return channel


def set_overwrite(world: World, who: User, channel_id: int, target: int, body: Json) -> None:
    """Only what one may oneself can be given or taken, unless one has MANAGE_ROLES by overwrite: docs/resources/channel."""
    channel = enter(world, who, channel_id, P.MANAGE_ROLES)
    guild, member = channel.guild, channel.guild.members[who.id]
    given = {"id": target, **body}
    if target not in guild.roles and target not in world.users:
        raise Refused(UNKNOWN_OVERWRITE)
    made = _overwrites([given], _grantable(member, channel), channel.overwrites)
    with_access(world, guild, lambda: channel.overwrites.update(made), told=True)
    tell_channel(world, "CHANNEL_UPDATE", channel)


def drop_overwrite(world: World, who: User, channel_id: int, target: int) -> None:
    channel = enter(world, who, channel_id, P.MANAGE_ROLES)
    if target not in channel.overwrites:
        raise Refused(UNKNOWN_OVERWRITE)
    with_access(world, channel.guild, lambda: channel.overwrites.pop(target), told=True)
    tell_channel(world, "CHANNEL_UPDATE", channel)


def _grantable(member: Member, channel: Channel) -> int:
    own = channel.overwrites.get(member.user.id)
    if own is not None and own.allow & P.MANAGE_ROLES:
        return -1
    return in_guild(channel.guild, member) | (in_channel(member, channel.parent) if channel.parent else 0)


def _overwrites(given: list[Json], granted: int, before: dict[int, Overwrite]) -> dict[int, Overwrite]:
    """What is not granted may not be changed."""
    found = {}
    for each in given:
        made = Overwrite(int(each["id"]), int(each["type"]), int(each.get("allow") or 0), int(each.get("deny") or 0))
        was = before.get(made.id, Overwrite(made.id, made.type))
        if ((made.allow ^ was.allow) | (made.deny ^ was.deny)) & ~granted:
            raise Refused(NO_PERMISSION)
        found[made.id] = made
    return found


def _parent(world: World, guild: Guild, parent_id: Any, child: Channel | None = None) -> Channel | None:
    if parent_id is None:
        return None
    parent = guild.channels.get(int(parent_id))
    if parent is None or parent.type != CATEGORY:
        raise invalid("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist")
    if sum(each is not child for each in parent.children()) >= world.caps.category_channels:
        most = world.caps.category_channels
        raise invalid(
            "parent_id",
            "CHANNEL_PARENT_MAX_CHANNELS",
            f"Maximum number of channels in category reached ({most})",
        )
    return parent


def give_role(world: World, who: User, guild_id: int, user_id: int, role_id: int, *, take: bool = False) -> None:
    """Give or take a role that stands below one's own: docs/topics/permissions#permission-hierarchy."""
    guild, member = guild_of(world, who, guild_id)
    target, role = guild.members.get(user_id), guild.roles.get(role_id)
    if target is None:
        raise Refused(UNKNOWN_MEMBER)
    if role is None:
        raise Refused(UNKNOWN_ROLE)
    top = max((guild.roles[each].position for each in member.roles), default=0)
    above = guild.owner_id == who.id or top > role.position
    if not (in_guild(guild, member) & P.MANAGE_ROLES and above):
        raise Refused(NO_PERMISSION)
    with_access(world, guild, lambda: target.roles.discard(role_id) if take else target.roles.add(role_id))
    shape = shapes.member(target) | {"guild_id": str(guild.id)}
    world.tell(Event("GUILD_MEMBER_UPDATE", guild, lambda _: shape))


def with_access(world: World, guild: Guild, change: Callable[[], object], *, told: bool = False) -> None:
    """Do what may change which channels a bot sees. It is told of those it gains or loses (docs/topics/permissions),
    unless it is `told` of them anyway, and of the threads in those it gains (docs/topics/threads#channel-access).
    """

    def seen() -> set[tuple[int, int]]:
        bots = [each for each in guild.members.values() if each.user.bot]
        places = [each for each in guild.channels.values() if not each.is_thread]
        return {(each.user.id, place.id) for each in bots for place in places if may_see(each, place)}

    before = seen()
    change()
    after = seen()
    for user_id, channel_id in sorted(before ^ after):
        channel = guild.channels[channel_id]
        if not told:
            tell_channel(world, "CHANNEL_UPDATE", channel, only=user_id)
        if (user_id, channel_id) in after:
            _tell_threads(world, channel, user_id)


def _tell_threads(world: World, channel: Channel, user_id: int) -> None:
    guild = channel.guild
    active = [each for each in guild.channels.values() if each.is_thread and each.parent is channel]

    def shape(viewer: Viewer) -> Json:
        found = [each for each in active if not each.archived and in_channel(guild.members[viewer.user], each)]
        return {
            "guild_id": str(guild.id),
            "channel_ids": [str(channel.id)],
            "threads": [shapes.thread(each, viewer) for each in found],
            "members": [shapes.thread_member(each, viewer.user) for each in found if viewer.user in each.joined],
        }

    world.tell(Event("THREAD_LIST_SYNC", guild, shape, only=user_id))


def _topic(world: World, body: Json) -> str | None:
    length("topic", body.get("topic") or "", world.caps.topic)
    return body.get("topic")
