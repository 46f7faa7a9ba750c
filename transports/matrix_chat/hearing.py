"""Raw events of a timeline → signals. Rule: an event is data from a stranger; whatever is malformed is silence, never an error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from transports.matrix_chat.pills import NAMED, ids_in, pills_as_ids
from transports.prefix import prefix
from transports.signals import (
    MessageDeleted,
    MessageEdited,
    MessageSent,
    PersonLeft,
    ReactionAdded,
    ReactionRemoved,
    Signal,
)

Event = Mapping[str, Any]

SPOKEN = frozenset({"m.text", "m.emote", "m.image", "m.file", "m.video", "m.audio", "m.location"})
"""What people say. `m.notice` is left out: it is what bots say, and bots do not give orders."""

PRIVATE = "private"
"""The word in a command that takes a room of two (`core.incident.verbs`)."""

FILES = frozenset({"m.image", "m.file", "m.video", "m.audio"})
"""Those whose body is a name, unless they have a caption."""


class Hearing:
    """Makes signals of one account's events; what an event leaves out is asked of the server."""

    def __init__(
        self,
        transport: str,
        user_id: str,
        look: Callable[[str, str], Awaitable[dict[str, Any] | None]],
        account: Callable[[str], Awaitable[Account]],
        aside: Callable[[str, str], Awaitable[bool]] | None = None,
    ) -> None:
        self._transport = transport
        self._user_id = user_id
        self._look = look
        self._account = account
        self._aside = aside

    async def signal(self, room: str, event: Event) -> Signal | None:
        """What an event tells, `None` when it tells nothing. Raises a `TransportFailure` when the server cannot be asked."""
        if not all(isinstance(event.get(key), str) for key in ("type", "event_id", "sender")):
            return None
        match event["type"]:
            case "m.room.redaction":
                return await self._redaction(room, event)
            case "m.room.member":
                return await self._member(room, event)
            case _ if event["sender"] == self._user_id:
                return None
            case "m.room.message":
                return await self._message(room, event)
            case "m.reaction":
                return await self._reaction(room, event)
            case _:
                return None

    async def _message(self, room: str, event: Event) -> MessageSent | MessageEdited | None:
        content = _dict(event, "content")
        relation = _dict(content, "m.relates_to")
        if relation.get("rel_type") == "m.replace":
            return await self._edit(room, event, _dict(content, "m.new_content"), _str(relation, "event_id"))
        if _str(content, "msgtype") not in SPOKEN:
            return None
        return MessageSent(
            message=self._ref(room, event["event_id"]),
            author=await self._account(event["sender"]),
            text="" if _is_bare_file(content) else text_of(content),
            at=moment_of(event),
            source=self._source(event),
            thread=self._thread(room, content),
            mentions=await self._mentions(content),
            aside=await self._is_aside(room, event["sender"], text_of(content)),
        )

    async def _edit(self, room: str, event: Event, new: Event, target: str) -> MessageEdited | None:
        # Servers let anyone send a replacement of anything; only the author's own counts.
        original = await self._look(room, target) if target else None
        if original is None or original.get("sender") != event["sender"] or _str(new, "msgtype") not in SPOKEN:
            return None
        return MessageEdited(
            message=self._ref(room, target),
            author=await self._account(event["sender"]),
            text=text_of(new),
            at=moment_of(event),
            source=self._source(event),
            thread=self._thread(room, _dict(original, "content")),
            mentions=await self._mentions(new),
            aside=await self._is_aside(room, event["sender"], text_of(new)),
        )

    async def _is_aside(self, room: str, sender: str, text: str) -> bool:
        """Whether it was said to the bot alone. The server is asked where that matters: what is declared in private."""
        words = prefix(text)
        if words is None or PRIVATE not in words.casefold() or self._aside is None:
            return False
        return await self._aside(room, sender)

    async def _reaction(self, room: str, event: Event) -> ReactionAdded | None:
        relation = _dict(_dict(event, "content"), "m.relates_to")
        target, key = _str(relation, "event_id"), _str(relation, "key")
        if relation.get("rel_type") != "m.annotation" or not target or not key:
            return None
        by = await self._account(event["sender"])
        return ReactionAdded(self._ref(room, target), key, by, moment_of(event), self._source(event))

    async def _redaction(self, room: str, event: Event) -> ReactionRemoved | MessageDeleted | None:
        target = _str(event, "redacts") or _str(_dict(event, "content"), "redacts")
        # The redacted event has lost its content, but keeps its type and its author.
        gone = await self._look(room, target) if target else None
        if gone is None:
            return None
        by, author = event["sender"], gone.get("sender")
        if gone.get("type") == "m.reaction" and by == author and by != self._user_id:
            return ReactionRemoved(
                f"{self._transport}:{target}", await self._account(by), moment_of(event), self._source(event)
            )
        if gone.get("type") == "m.room.message" and (by != self._user_id or author == self._user_id):
            return MessageDeleted(
                self._ref(room, target), await self._account(by), moment_of(event), self._source(event)
            )
        return None

    async def _member(self, room: str, event: Event) -> PersonLeft | None:
        who, before = _str(event, "state_key"), _dict(_dict(event, "unsigned"), "prev_content")
        out = _str(_dict(event, "content"), "membership") in ("leave", "ban")
        # An invitation that is turned down, and a ban of somebody who had gone, end no stay.
        if not out or _str(before, "membership") != "join" or not who or who == self._user_id:
            return None
        channel = ChannelRef(transport=self._transport, id=room)
        return PersonLeft(channel, await self._account(who), moment_of(event), self._source(event))

    async def _mentions(self, content: Event) -> tuple[Account, ...]:
        named = _dict(content, "m.mentions").get("user_ids")
        ids = [each for each in named if isinstance(each, str)] if isinstance(named, list) else []
        text = text_of(content)
        # Elsewhere an id is only text: a pasted log has thousands of what looks like one ("deploy@10.0.0.1:22").
        ids += ids_in(text) if prefix(text) is not None else []
        return tuple(await asyncio.gather(*map(self._account, list(dict.fromkeys(ids))[:NAMED])))

    def _thread(self, room: str, content: Event) -> MessageRef | None:
        return thread_of(ChannelRef(transport=self._transport, id=room), content)

    def _ref(self, room: str, event: str) -> MessageRef:
        return MessageRef(channel=ChannelRef(transport=self._transport, id=room), id=event)

    def _source(self, event: Event) -> str:
        return f"{self._transport}:{event['event_id']}"


def thread_of(channel: ChannelRef, content: Event) -> MessageRef | None:
    """The message that the thread of this content hangs on."""
    relation = _dict(content, "m.relates_to")
    root = _str(relation, "event_id") if relation.get("rel_type") == "m.thread" else ""
    return MessageRef(channel=channel, id=root) if root else None


def text_of(content: Event) -> str:
    """What a person sees of a message: its body without the quotation that old clients put before a reply.

    In a command, pills become account ids.
    """
    body = _str(content, "body")
    if _dict(_dict(content, "m.relates_to"), "m.in_reply_to") and body.startswith("> "):
        rows = body.split("\n")
        quoted = next((at for at, row in enumerate(rows) if not row.startswith(">")), len(rows))
        body = "\n".join(rows[quoted:]).removeprefix("\n")
    if content.get("msgtype") == "m.emote":
        return f"* {body}"
    return pills_as_ids(body, _str(content, "formatted_body")) if prefix(body) is not None else body


def _is_bare_file(content: Event) -> bool:
    """Whether it is a picture or a file without words: then its body is its name (client-server API, "Media captions")."""
    return content.get("msgtype") in FILES and _str(content, "filename") in ("", _str(content, "body"))


def moment_of(event: Event) -> datetime:
    """When the server says it happened."""
    stamp = event.get("origin_server_ts")
    # A day of year 5138 and beyond is a mistake, or somebody's joke.
    good = isinstance(stamp, int) and not isinstance(stamp, bool) and 0 <= stamp < 10**14
    return datetime.fromtimestamp(stamp / 1000 if good and stamp is not None else 0, UTC)


def _dict(of: Event, key: str) -> Event:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def _str(of: Event, key: str) -> str:
    value = of.get(key)
    return value if isinstance(value, str) else ""
