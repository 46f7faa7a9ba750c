"""Routes about messages, reactions and pins: docs/resources/message."""

from __future__ import annotations

from typing import Any

import discord_acts as acts
import discord_shapes as shapes
from discord_buckets import Buckets
from discord_entry import enter, look, may
from discord_forms import emoji
from discord_limits import OLD_EDITS
from discord_permissions import Permission
from discord_rest import Call, Route
from discord_world import Json, Message

P = Permission


def _shape(call: Call, message: Message) -> Json:
    return shapes.message(call.world, message, call.viewer)


def send(call: Call) -> Json:
    return _shape(call, acts.send(call.world, call.who, call.id("channel"), call.body, call.uploads))


def edit(call: Call) -> Json:
    place, message = call.id("channel"), call.id("message")
    return _shape(call, acts.edit(call.world, call.who, place, message, call.body, uploads=call.uploads))


def _old_edits(call: Call, buckets: Buckets) -> None:
    """An edit of a message of over an hour counts apart, for each channel."""
    channel = call.world.channel(call.id("channel"))
    message = channel.messages.get(call.id("message")) if channel else None
    if message is not None and acts.is_old(call.world, message):
        buckets.spend_hidden("old-edits", call.args["channel"], call.discord.rates.old_edits, OLD_EDITS)


def read(call: Call) -> Json:
    return _shape(call, look(call.world, call.who, call.id("channel"), call.id("message")))


def history(call: Call) -> list[Json]:
    """The latest first. Without the permission to read history there is none: docs/resources/message."""
    channel = enter(call.world, call.who, call.id("channel"))
    if not may(call.who, channel, P.READ_MESSAGE_HISTORY):
        return []
    limit = call.whole("limit", 50)
    ids = sorted(channel.messages)
    if "after" in call.query:
        ids = [each for each in ids if each > int(call.query["after"])][:limit]
    elif "around" in call.query:
        middle = int(call.query["around"])
        before = [each for each in ids if each < middle][-(limit // 2) :]
        ids = before + [each for each in ids if each >= middle][: limit - len(before)]
    elif "before" in call.query:
        ids = [each for each in ids if each < int(call.query["before"])]
    return [_shape(call, channel.messages[each]) for each in reversed(ids[-limit:])]


def delete(call: Call) -> None:
    acts.delete(call.world, call.who, call.id("channel"), call.id("message"))


def delete_many(call: Call) -> None:
    acts.delete_many(call.world, call.who, call.id("channel"), [int(each) for each in call.body["messages"]])


def react(call: Call) -> None:
    acts.react(call.world, call.who, call.id("channel"), call.id("message"), call.args["emoji"])


def unreact(call: Call) -> None:
    whose = int(call.args.get("user", call.who.id))
    acts.unreact(call.world, call.who, call.id("channel"), call.id("message"), call.args["emoji"], whose=whose)


def clear(call: Call) -> None:
    acts.clear(call.world, call.who, call.id("channel"), call.id("message"), call.args.get("emoji"))


def reacted(call: Call) -> list[Json]:
    """Who reacted, by user id: docs/resources/message#get-reactions."""
    message = look(call.world, call.who, call.id("channel"), call.id("message"))
    after = call.whole("after", 0)
    users = sorted(each for each in message.reactions.get(emoji(call.args["emoji"]), []) if each > after)
    return [shapes.user(call.world.users[each]) for each in users[: call.whole("limit", 25)]]


def pin(call: Call) -> None:
    acts.pin(call.world, call.who, call.id("channel"), call.id("message"))


def unpin(call: Call) -> None:
    acts.unpin(call.world, call.who, call.id("channel"), call.id("message"))


def pins(call: Call) -> Json:
    """The latest pin first, at most 50 at a time: docs/resources/message#get-channel-pins."""
    channel = enter(call.world, call.who, call.id("channel"))
    found = channel.pins() if may(call.who, channel, P.READ_MESSAGE_HISTORY) else []
    before, limit = call.query.get("before"), call.whole("limit", 50)
    stamps: list[tuple[Any, Message]] = [(shapes.stamp(each.pinned_at), each) for each in found]
    page = [(at, each) for at, each in stamps if before is None or at < before]
    items = [{"pinned_at": at, "message": _shape(call, each)} for at, each in page[:limit]]
    return {"items": items, "has_more": len(page) > limit}


def typing(call: Call) -> None:
    enter(call.world, call.who, call.id("channel"), P.SEND_MESSAGES)


IN = r"/channels/{channel:\d+}"
AT = IN + r"/messages/{message:\d+}"

ROUTES = (
    Route("POST", IN + "/messages", "message-send", send),
    Route("GET", IN + "/messages", "message-read", history),
    Route("POST", IN + "/messages/bulk-delete", "message-delete", delete_many, 204),
    Route("GET", IN + "/messages/pins", "message-read", pins),
    Route("PUT", IN + r"/messages/pins/{message:\d+}", "pin", pin, 204),
    Route("DELETE", IN + r"/messages/pins/{message:\d+}", "pin", unpin, 204),
    Route("GET", AT, "message-read", read),
    Route("PATCH", AT, "message-edit", edit, hidden=_old_edits),
    Route("DELETE", AT, "message-delete", delete, 204),
    Route("DELETE", AT + "/reactions", "reaction", clear, 204),
    Route("GET", AT + "/reactions/{emoji}", "message-read", reacted),
    Route("DELETE", AT + "/reactions/{emoji}", "reaction", clear, 204),
    Route("PUT", AT + "/reactions/{emoji}/@me", "reaction", react, 204),
    Route("DELETE", AT + "/reactions/{emoji}/@me", "reaction", unreact, 204),
    Route("DELETE", AT + r"/reactions/{emoji}/{user:\d+}", "reaction", unreact, 204),
    Route("POST", IN + "/typing", "other", typing, 204),
)
