"""How the fake Discord's things read as JSON, each for the viewer whom it is written for."""

from __future__ import annotations

from datetime import datetime

from discord_files import attachment
from discord_permissions import in_channel, may_see
from discord_world import (
    CATEGORY,
    HAS_THREAD,
    PUBLIC_THREAD,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    Viewer,
    World,
)

OBFUSCATED = 1 << 17


def stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def optional(snowflake: int | None) -> str | None:
    return None if snowflake is None else str(snowflake)


def user(one: User) -> Json:
    shape: Json = {
        "id": str(one.id),
        "username": one.name.lower(),
        "global_name": None if one.bot else one.name,
        "discriminator": f"{one.id % 9000 + 1000}" if one.bot else "0",
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }
    return shape | ({"bot": True} if one.bot else {})


def member(one: Member, *, with_user: bool = True) -> Json:
    shape: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": stamp(one.joined_at),
        "nick": one.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(each) for each in sorted(one.roles)],
        "mute": False,
        "deaf": False,
    }
    return shape | ({"user": user(one.user)} if with_user else {})


def role(one: Role) -> Json:
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(one.permissions),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": one.managed,
        "mentionable": one.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(one: Channel, viewer: Viewer) -> Json:
    """A channel or thread; hidden behind `___hidden___` from who may not view it (docs/topics/permissions, since 2026)."""
    if one.is_thread:
        return thread(one, viewer)
    looking = one.guild.members.get(viewer.user)
    hidden = looking is None or not may_see(looking, one)
    overwrites = [
        {"id": str(each.id), "type": each.type, "allow": str(each.allow), "deny": str(each.deny)}
        for each in one.overwrites.values()
    ]
    shape: Json = {
        "id": str(one.id),
        "type": one.type,
        "flags": OBFUSCATED if hidden else 0,
        "guild_id": str(one.guild.id),
        "name": "___hidden___" if hidden else one.name,
        "position": one.position,
        "parent_id": optional(one.parent.id if one.parent else None),
        "nsfw": False,
        "permission_overwrites": [{"id": str(one.guild.id), "type": 0, "allow": "0", "deny": str(1 << 10)}]
        if hidden
        else overwrites,
    }
    if one.type == CATEGORY:
        return shape
    pins = [] if hidden else one.pins()
    return shape | {
        "topic": None if hidden else one.topic,
        "last_message_id": None if hidden else optional(one.last_message_id),
        "last_pin_timestamp": stamp(pins[0].pinned_at) if pins else None,
        "rate_limit_per_user": 0,
    }


def thread(one: Channel, viewer: Viewer) -> Json:
    starters = sum(1 for each in one.messages.values() if each.type == 21)
    shape: Json = {
        "id": str(one.id),
        "type": one.type,
        "flags": 0,
        "guild_id": str(one.guild.id),
        "name": one.name,
        "parent_id": optional(one.home.id),
        "owner_id": str(one.owner_id),
        "last_message_id": optional(one.last_message_id),
        "rate_limit_per_user": 0,
        "message_count": len(one.messages) - starters,
        "total_message_sent": one.total_sent,
        "member_count": min(len(one.joined), 50),
        "thread_metadata": {
            "archived": one.archived,
            "archive_timestamp": stamp(one.archive_at),
            "auto_archive_duration": one.auto_archive,
            "locked": one.locked,
        },
    }
    if one.type != PUBLIC_THREAD:
        shape["thread_metadata"]["invitable"] = True
    return shape | ({"member": thread_member(one, viewer.user)} if viewer.user in one.joined else {})


def thread_member(one: Channel, user_id: int) -> Json:
    return {"id": str(one.id), "user_id": str(user_id), "join_timestamp": stamp(one.joined[user_id]), "flags": 0}


def emoji(key: str) -> Json:
    name, _, emoji_id = key.partition(":")
    return {"id": emoji_id or None, "name": name}


def message(world: World, one: Message, viewer: Viewer) -> Json:
    """A message; its words only for who may read them: docs/events/gateway#message-content-intent."""
    readable = viewer.content or one.author.id == viewer.user or viewer.user in one.mentions
    shape: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "type": one.type,
        "content": one.content if readable else "",
        "embeds": one.embeds if readable else [],
        "components": one.components if readable else [],
        "attachments": [attachment(world, one.channel.id, each) for each in one.attachments if readable],
        "mentions": [user(world.users[each]) for each in one.mentions],
        "mention_roles": [str(each) for each in one.mention_roles],
        "mention_everyone": one.mention_everyone,
        "timestamp": stamp(one.at),
        "edited_timestamp": stamp(one.edited),
        "flags": one.flags,
        "pinned": one.pinned_at is not None,
        "tts": False,
    }
    if one.reactions:
        shape["reactions"] = [_reaction(key, users, viewer) for key, users in one.reactions.items()]
    if one.application_id is not None:
        shape["application_id"] = str(one.application_id)
        shape["webhook_id"] = str(one.application_id)
    if one.interaction is not None:
        shape["interaction_metadata"] = one.interaction
    if one.nonce is not None:
        shape["nonce"] = one.nonce
    if one.reference is not None:
        shape["message_reference"] = one.reference
        origin = referred(world, one)
        if one.type in (19, 21):
            shape["referenced_message"] = None if origin is None else message(world, origin, viewer)
    if one.flags & HAS_THREAD and (started := one.channel.guild.channels.get(one.id)) is not None:
        shape["thread"] = thread(started, viewer)
    return shape


def referred(world: World, one: Message) -> Message | None:
    if one.reference is None or "message_id" not in one.reference:
        return None
    place = world.channel(int(one.reference["channel_id"]))
    found = place.messages.get(int(one.reference["message_id"])) if place else None
    return found if found is None or found.reference is None else None


def _reaction(key: str, users: list[int], viewer: Viewer) -> Json:
    return {
        "emoji": emoji(key),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me_burst": False,
        "me": viewer.user in users,
    }


def guild(one: Guild) -> Json:
    """What `GET /guilds/{id}` answers."""
    return {
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner_id),
        "roles": [role(each) for each in one.roles.values()],
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 250000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(one: Guild, viewer: Viewer, *, all_members: bool) -> Json:
    """What GUILD_CREATE carries: every channel, the active threads that the viewer may see, and who is in it."""
    me = one.members[viewer.user]
    threads = [each for each in one.channels.values() if each.is_thread and not each.archived]
    return guild(one) | {
        "unavailable": False,
        "joined_at": stamp(me.joined_at),
        "large": False,
        "member_count": len(one.members),
        "members": [member(each) for each in (one.members.values() if all_members else [me])],
        "channels": [channel(each, viewer) for each in one.channels.values() if not each.is_thread],
        "threads": [thread(each, viewer) for each in threads if in_channel(me, each)],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
