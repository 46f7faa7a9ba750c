"""What somebody does with messages on the fake Discord, person or bot: each act checked, done, and told to the gateway.

Every act takes who does it and raises `Refused` as Discord would answer them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord_shapes as shapes
from discord_clock import stamped
from discord_direct import may_write
from discord_entry import awake, enter, find, look, may, place, post, require, tell, tell_of, unarchive
from discord_files import Upload, attach
from discord_forms import components, content, embeds, emoji, length, not_empty
from discord_limits import (
    LOCKED,
    NOT_THE_AUTHOR,
    PINS_FULL,
    REACTIONS_FULL,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    WRONG_CHANNEL,
    Refused,
)
from discord_permissions import Permission, in_channel
from discord_world import (
    COMPONENTS_V2,
    DIRECT,
    PINNED,
    REPLY,
    SUPPRESS_EMBEDS,
    TEXT,
    Channel,
    Json,
    Message,
    User,
    World,
)

P = Permission


def send(world: World, who: User, channel_id: int, body: Json, uploads: Sequence[Upload] = ()) -> Message:
    """A message. With `enforce_nonce`, the one that the same author sent under that nonce a few minutes ago."""
    channel = world.channel(channel_id)
    if channel is None:
        raise Refused(UNKNOWN_CHANNEL)
    enter(world, who, channel_id, P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES)
    if channel.type == DIRECT:
        may_write(world, channel)
    elif channel.type != TEXT and not channel.is_thread:
        raise Refused(WRONG_CHANNEL)
    if uploads:
        require(who, channel, P.ATTACH_FILES)
    nonce = None if body.get("nonce") is None else str(body["nonce"])
    length("nonce", nonce or "", world.caps.nonce)
    if nonce and body.get("enforce_nonce") and (earlier := _sent_before(world, who, nonce)):
        return earlier
    made = compose(world, who, channel, body, uploads)
    made.nonce = nonce
    if (answered := body.get("message_reference")) is not None:
        made.type, made.reference = REPLY, _reply(channel, answered)
        require(who, channel, P.READ_MESSAGE_HISTORY)
    if not may(who, channel, P.EMBED_LINKS):
        made.embeds = []
    if channel.is_thread:
        _wake(world, who, channel)
    post(world, made)
    if nonce:
        world.nonces[who.id, nonce] = (made, world.clock.time())
    return made


def compose(world: World, who: User, channel: Channel, body: Json, uploads: Sequence[Upload] = ()) -> Message:
    """A message that its form allows, not posted yet."""
    flags = int(body.get("flags") or 0)
    made = Message(world.clock.snowflake(), channel, who, world.clock.now(), flags=flags)
    made.content = content(world.caps, body)
    made.embeds = embeds(world.caps, body.get("embeds"))
    made.components = components(world.caps, body.get("components"), v2=bool(flags & COMPONENTS_V2))
    made.attachments = attach(world, made, body.get("attachments"), uploads)
    not_empty(made.content, made.embeds, made.components, made.attachments, flags=flags)
    mention(world, made, body.get("allowed_mentions"))
    return made


def _sent_before(world: World, who: User, nonce: str) -> Message | None:
    """docs/resources/message, enforce_nonce. One that was deleted meanwhile is unknown: api-docs pull request 6647."""
    made, at = world.nonces.get((who.id, nonce), (None, 0.0))
    if made is None or world.clock.time() - at > world.windows.nonce:
        return None
    return find(made.channel, made.id)


def _reply(channel: Channel, answered: Json) -> Json | None:
    message_id = int(answered["message_id"])
    if message_id not in channel.messages and answered.get("fail_if_not_exists", True):
        raise Refused(UNKNOWN_MESSAGE)
    place = {"guild_id": str(channel.guild.id), "channel_id": str(channel.id)}
    return {"type": 0, "message_id": str(message_id)} | place


def _wake(world: World, who: User, channel: Channel) -> None:
    """Sending unarchives, unless a moderator locked the thread."""
    if channel.locked and not may(who, channel, P.MANAGE_THREADS):
        raise Refused(LOCKED)
    if channel.archived:
        unarchive(world, channel)


def mention(world: World, made: Message, allowed: Json | None) -> None:
    """Whom a message names and whose client it rings: docs/resources/message#allowed-mentions-object."""
    guild, text = made.channel.guild, made.content
    named = {int(each) for each in re.findall(r"<@!?(\d+)>", text)} & guild.members.keys()
    roles = {int(each) for each in re.findall(r"<@&(\d+)>", text)} & guild.roles.keys()
    loud = may(made.author, made.channel, P.MENTION_EVERYONE)
    everyone = loud and re.search(r"@(everyone|here)\b", text) is not None
    if allowed is not None:
        parse = allowed.get("parse", [])
        everyone = everyone and "everyone" in parse
        named &= named if "users" in parse else {int(each) for each in allowed.get("users", [])}
        roles &= roles if "roles" in parse else {int(each) for each in allowed.get("roles", [])}
    rung = set(named)
    for role in roles:
        if loud or guild.roles[role].mentionable:
            rung |= {each.user.id for each in guild.members.values() if role in each.roles}
    rung |= guild.members.keys() if everyone else set()
    made.mentions, made.mention_roles, made.mention_everyone = sorted(named), sorted(roles), everyone
    made.pings = frozenset(each for each in rung if in_channel(guild.members[each], made.channel))


def edit(
    world: World, who: User, channel_id: int, message_id: int, body: Json, *, uploads: Sequence[Upload] = ()
) -> Message:
    channel = enter(world, who, channel_id)
    changed = find(channel, message_id)
    awake(who, channel)
    if changed.author is not who and (set(body) - {"flags"} or not may(who, channel, P.MANAGE_MESSAGES)):
        raise Refused(NOT_THE_AUTHOR)
    change(world, changed, body, uploads)
    return changed


def change(world: World, changed: Message, body: Json, uploads: Sequence[Upload] = ()) -> None:
    """New words, embeds, components or files of a message; what is not named stays."""
    caps, flags = world.caps, changed.flags
    if (given := body.get("flags")) is not None:
        flags = flags & ~SUPPRESS_EMBEDS | int(given) & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    text = content(caps, body) if "content" in body else changed.content
    shown = embeds(caps, body["embeds"]) if "embeds" in body else changed.embeds
    v2 = bool(flags & COMPONENTS_V2)
    parts = components(caps, body["components"], v2=v2) if "components" in body else changed.components
    listed = body.get("attachments") if "attachments" in body or not uploads else []
    files = attach(world, changed, listed, uploads)
    not_empty(text, shown, parts, files, flags=flags)
    changed.content, changed.embeds, changed.components, changed.attachments = text, shown, parts, files
    changed.flags = flags
    if "content" in body:
        rung = changed.pings
        mention(world, changed, body.get("allowed_mentions"))
        changed.pings = rung  # an edit rings nobody
    changed.edited = world.clock.now()
    tell_of(world, "MESSAGE_UPDATE", changed)


def delete(world: World, who: User, channel_id: int, message_id: int) -> None:
    channel = enter(world, who, channel_id)
    gone = find(channel, message_id)
    if gone.author is not who:
        require(who, channel, P.MANAGE_MESSAGES)
    del channel.messages[message_id]
    tell(world, "MESSAGE_DELETE", channel, place(channel, id=str(message_id)))


def delete_many(world: World, who: User, channel_id: int, message_ids: list[int]) -> None:
    channel = enter(world, who, channel_id, P.MANAGE_MESSAGES)
    ids = [str(each) for each in message_ids if channel.messages.pop(each, None)]
    tell(world, "MESSAGE_DELETE_BULK", channel, place(channel, ids=ids))


def react(world: World, who: User, channel_id: int, message_id: int, key: str) -> None:
    """A reaction; one that is there already is success. A new emoji needs a permission that joining in does not."""
    message = look(world, who, channel_id, message_id)
    awake(who, message.channel)
    users = message.reactions.get(emoji(key), [])
    if who.id in users:
        return
    if not users:
        require(who, message.channel, P.ADD_REACTIONS)
        if len(message.reactions) >= world.caps.reactions:
            raise Refused(REACTIONS_FULL)
    message.reactions.setdefault(key, []).append(who.id)
    member = message.channel.guild.members[who.id]
    more = {"member": shapes.member(member), "message_author_id": str(message.author.id)}
    _tell_reaction(world, "MESSAGE_REACTION_ADD", message, user_id=str(who.id), **_one(key), **more)


def unreact(world: World, who: User, channel_id: int, message_id: int, key: str, *, whose: int) -> None:
    """Take a reaction away; one that is not there is success."""
    channel = enter(world, who, channel_id)
    message = find(channel, message_id)
    awake(who, channel)
    if whose != who.id:
        require(who, channel, P.MANAGE_MESSAGES)
    users = message.reactions.get(emoji(key), [])
    if whose not in users:
        return
    users.remove(whose)
    if not users:
        del message.reactions[key]
    _tell_reaction(world, "MESSAGE_REACTION_REMOVE", message, user_id=str(whose), **_one(key))


def clear(world: World, who: User, channel_id: int, message_id: int, key: str | None = None) -> None:
    """Take everybody's reactions away, of one emoji or of all."""
    channel = enter(world, who, channel_id, P.MANAGE_MESSAGES)
    message = find(channel, message_id)
    awake(who, channel)
    if key is None:
        message.reactions.clear()
        _tell_reaction(world, "MESSAGE_REACTION_REMOVE_ALL", message)
    elif message.reactions.pop(emoji(key), None):
        _tell_reaction(world, "MESSAGE_REACTION_REMOVE_EMOJI", message, emoji=shapes.emoji(key))


def pin(world: World, who: User, channel_id: int, message_id: int) -> None:
    """Pin, and say so in the channel, as Discord does; what is pinned already stays so."""
    channel = enter(world, who, channel_id, P.PIN_MESSAGES)
    message = find(channel, message_id)
    awake(who, channel)
    if message.pinned_at is not None:
        return
    if len(channel.pins()) >= world.caps.pins:
        raise Refused(PINS_FULL)
    message.pinned_at = world.clock.now()
    _tell_pins(world, message)
    note = Message(world.clock.snowflake(), channel, who, world.clock.now(), type=PINNED)
    note.reference = {
        "type": 0,
        "message_id": str(message_id),
        "channel_id": str(channel.id),
        "guild_id": str(channel.guild.id),
    }
    post(world, note)


def unpin(world: World, who: User, channel_id: int, message_id: int) -> None:
    channel = enter(world, who, channel_id, P.PIN_MESSAGES)
    message = find(channel, message_id)
    awake(who, channel)
    if message.pinned_at is not None:
        message.pinned_at = None
        _tell_pins(world, message)


def _tell_pins(world: World, message: Message) -> None:
    channel = message.channel
    tell_of(world, "MESSAGE_UPDATE", message)
    pins = channel.pins()
    last = shapes.stamp(pins[0].pinned_at) if pins else None
    tell(world, "CHANNEL_PINS_UPDATE", channel, place(channel, last_pin_timestamp=last))


def is_old(world: World, message: Message) -> bool:
    """Whether an edit of it counts towards 30046."""
    return world.clock.time() - stamped(message.id) > world.windows.old_message


def _one(key: str) -> Json:
    return {"emoji": shapes.emoji(key), "burst": False, "type": 0}


def _tell_reaction(world: World, name: str, message: Message, **more: Any) -> None:
    tell(world, name, message.channel, place(message.channel, message_id=str(message.id), **more))
