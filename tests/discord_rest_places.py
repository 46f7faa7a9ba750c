"""Routes about the account, guilds, members, roles, channels and threads: docs/resources/guild, channel, user."""

from __future__ import annotations

from typing import Any

import discord_direct as direct
import discord_places as places
import discord_shapes as shapes
import discord_threads as threads
from discord_buckets import Buckets
from discord_entry import enter
from discord_limits import NO_ACCESS, UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER, Refused
from discord_permissions import Permission, in_channel, in_guild, may_see
from discord_rest import Call, Route
from discord_world import Channel, Json

P = Permission
MEMBERS_INTENT = 1 << 1


def me(call: Call) -> Json:
    return shapes.user(call.who) | {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}


def application(call: Call) -> Json:
    return call.discord.bot.application()


def gateway(call: Call) -> Json:
    limits = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return {"url": call.discord.gateway_url, "shards": 1, "session_start_limit": limits}


def user(call: Call) -> Json:
    found = call.world.users.get(call.id("user"))
    if found is None:
        raise Refused(UNKNOWN_USER)
    return shapes.user(found)


def guilds(call: Call) -> list[Json]:
    mine = [each for each in call.world.guilds.values() if call.who.id in each.members]
    keys = ("id", "name", "icon", "banner", "features")
    return [
        {key: shapes.guild(each)[key] for key in keys}
        | {"owner": each.owner_id == call.who.id, "permissions": str(in_guild(each, each.members[call.who.id]))}
        for each in mine
    ]


def open_direct(call: Call) -> Json:
    return direct.shape(call.world, direct.open_direct(call.world, call.who, int(call.body["recipient_id"])))


def guild(call: Call) -> Json:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    counts = {"approximate_member_count": len(found.members), "approximate_presence_count": len(found.members)}
    return shapes.guild(found) | (counts if call.query.get("with_counts") in ("1", "true", "True") else {})


def channels(call: Call) -> list[Json]:
    """Those that one may view, without threads: docs/resources/guild#get-guild-channels."""
    found, member = places.guild_of(call.world, call.who, call.id("guild"))
    seen = [each for each in found.channels.values() if not each.is_thread and may_see(member, each)]
    return [shapes.channel(each, call.viewer) for each in seen]


def create_channel(call: Call) -> Json:
    made = places.create_channel(call.world, call.who, call.id("guild"), call.body)
    return shapes.channel(made, call.viewer)


def channel(call: Call) -> Json:
    return shapes.channel(enter(call.world, call.who, call.id("channel")), call.viewer)


def edit_channel(call: Call) -> Json:
    return shapes.channel(places.edit_channel(call.world, call.who, call.id("channel"), call.body), call.viewer)


def _renames(call: Call, buckets: Buckets) -> None:
    """A new name and a new topic are each limited apart from other edits, and no header says so."""
    found = call.world.channel(call.id("channel"))
    for key, now in (("name", found and found.name), ("topic", found and (found.topic or ""))):
        if key in call.body and (call.body[key] or "") != now:
            buckets.spend_hidden(f"rename-{key}", call.args["channel"], call.discord.rates.rename)


def delete_channel(call: Call) -> Json:
    return shapes.channel(places.delete_channel(call.world, call.who, call.id("channel")), call.viewer)


def set_overwrite(call: Call) -> None:
    places.set_overwrite(call.world, call.who, call.id("channel"), call.id("target"), call.body)


def drop_overwrite(call: Call) -> None:
    places.drop_overwrite(call.world, call.who, call.id("channel"), call.id("target"))


def start_thread(call: Call) -> Json:
    message = int(call.args["message"]) if "message" in call.args else None
    made = threads.start_thread(call.world, call.who, call.id("channel"), call.body, message)
    return shapes.thread(made, call.viewer)


def _listed(call: Call, found: list[Channel], limit: int | None = None) -> Json:
    page = found[:limit]
    mine = [shapes.thread_member(each, call.who.id) for each in page if call.who.id in each.joined]
    return {
        "threads": [shapes.thread(each, call.viewer) for each in page],
        "members": mine,
        "has_more": len(page) < len(found),
    }


def active_threads(call: Call) -> Json:
    found, member = places.guild_of(call.world, call.who, call.id("guild"))
    seen = [each for each in found.channels.values() if each.is_thread and in_channel(member, each)]
    return _listed(call, sorted((each for each in seen if not each.archived), key=lambda one: -one.id))


def archived_threads(call: Call) -> Json:
    """By when they were archived, the latest first; private ones for moderators, or the joined by id."""
    private, joined = call.path.endswith("private"), "/@me/" in call.path
    parent = enter(call.world, call.who, call.id("channel"), P.READ_MESSAGE_HISTORY)
    if private and not joined:
        enter(call.world, call.who, parent.id, P.MANAGE_THREADS)
    found: list[tuple[Any, Channel]] = [
        (each.id if joined else shapes.stamp(each.archive_at), each)
        for each in parent.guild.channels.values()
        if each.is_thread and each.archived and each.parent is parent and each.is_private == private
        if not joined or call.who.id in each.joined
    ]
    if (before := call.query.get("before")) is not None:
        border: Any = int(before) if joined else before
        found = [pair for pair in found if pair[0] < border]
    found.sort(key=lambda pair: pair[0], reverse=True)
    return _listed(call, [each for _, each in found], call.whole("limit", 50))


def thread_members(call: Call) -> list[Json]:
    thread = enter(call.world, call.who, call.id("channel"))
    _with_members_intent(call)
    return [shapes.thread_member(thread, each) for each in thread.joined]


def thread_member(call: Call) -> Json:
    thread, user_id = enter(call.world, call.who, call.id("channel")), call.id("user")
    if user_id not in thread.joined:
        raise Refused(UNKNOWN_MEMBER)
    return shapes.thread_member(thread, user_id)


def join(call: Call) -> None:
    whom = int(call.args.get("user", call.who.id))
    threads.join_thread(call.world, call.who, call.id("channel"), whom, leaving=call.method == "DELETE")


def member(call: Call) -> Json:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    if (one := found.members.get(call.id("user"))) is None:
        raise Refused(UNKNOWN_MEMBER if call.id("user") in call.world.users else UNKNOWN_USER)
    return shapes.member(one)


def members(call: Call) -> list[Json]:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    _with_members_intent(call)
    after, limit = call.whole("after", 0), call.whole("limit", 1)
    return [shapes.member(found.members[each]) for each in sorted(found.members) if each > after][:limit]


def search_members(call: Call) -> list[Json]:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    start = call.query["query"].lower()
    names = [each for each in found.members.values() if (each.nick or each.user.name).lower().startswith(start)]
    return [shapes.member(each) for each in names[: call.whole("limit", 1)]]


def _with_members_intent(call: Call) -> None:
    if not call.discord.bot.privileged & MEMBERS_INTENT:
        raise Refused(NO_ACCESS)


def roles(call: Call) -> list[Json]:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    return [shapes.role(each) for each in found.roles.values()]


def role(call: Call) -> Json:
    found, _ = places.guild_of(call.world, call.who, call.id("guild"))
    if call.id("role") not in found.roles:
        raise Refused(UNKNOWN_ROLE)
    return shapes.role(found.roles[call.id("role")])


def give_role(call: Call) -> None:
    ids = (call.id("guild"), call.id("user"), call.id("role"))
    places.give_role(call.world, call.who, *ids, take=call.method == "DELETE")


IN = r"/channels/{channel:\d+}"
OF = r"/guilds/{guild:\d+}"
ROLE = OF + r"/members/{user:\d+}/roles/{role:\d+}"

ROUTES = (
    Route("GET", "/users/@me", "other", me),
    Route("GET", "/users/@me/guilds", "other", guilds),
    Route("POST", "/users/@me/channels", "other", open_direct),
    Route("GET", r"/users/{user:\d+}", "other", user),
    Route("GET", "/oauth2/applications/@me", "other", application),
    Route("GET", "/applications/@me", "other", application),
    Route("GET", "/gateway/bot", "other", gateway),
    Route("GET", OF, "other", guild),
    Route("GET", OF + "/channels", "other", channels),
    Route("POST", OF + "/channels", "channel-create", create_channel, 201),
    Route("GET", OF + "/threads/active", "other", active_threads),
    Route("GET", OF + "/members", "other", members),
    Route("GET", OF + "/members/search", "other", search_members),
    Route("GET", OF + r"/members/{user:\d+}", "other", member),
    Route("PUT", ROLE, "other", give_role, 204),
    Route("DELETE", ROLE, "other", give_role, 204),
    Route("GET", OF + "/roles", "other", roles),
    Route("GET", OF + r"/roles/{role:\d+}", "other", role),
    Route("GET", IN, "other", channel),
    Route("PATCH", IN, "channel-edit", edit_channel, hidden=_renames),
    Route("DELETE", IN, "channel-edit", delete_channel),
    Route("PUT", IN + r"/permissions/{target:\d+}", "overwrite", set_overwrite, 204),
    Route("DELETE", IN + r"/permissions/{target:\d+}", "overwrite", drop_overwrite, 204),
    Route("POST", IN + "/threads", "thread-create", start_thread, 201),
    Route("POST", IN + r"/messages/{message:\d+}/threads", "thread-create", start_thread, 201),
    Route("GET", IN + "/threads/archived/public", "other", archived_threads),
    Route("GET", IN + "/threads/archived/private", "other", archived_threads),
    Route("GET", IN + "/users/@me/threads/archived/private", "other", archived_threads),
    Route("GET", IN + "/thread-members", "other", thread_members),
    Route("PUT", IN + "/thread-members/@me", "other", join, 204),
    Route("DELETE", IN + "/thread-members/@me", "other", join, 204),
    Route("GET", IN + r"/thread-members/{user:\d+}", "other", thread_member),
    Route("PUT", IN + r"/thread-members/{user:\d+}", "other", join, 204),
    Route("DELETE", IN + r"/thread-members/{user:\d+}", "other", join, 204),
)
