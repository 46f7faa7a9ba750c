"""The world as JSON for one person's page: structure and plain words only, the page makes the elements.

Rule: nothing leaves here that the person may not read (`World.sees`, `World.reads`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, assert_never

from core.incident.document import Code, Jump, Place, Plain, Post, Span, Strong, Struck, Typed, When, Who, span_text
from core.incident.vocabulary import Account
from transports.sandbox.places import Attached, Channel, Happening, Message
from transports.sandbox.world import World

Json = dict[str, Any]

LATEST = 500
"""How many of a channel's messages a page is given when it opens the channel."""


def moment(at: datetime) -> str:
    """A time as the page reads it: ISO 8601 in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def person_view(account: Account) -> Json:
    return {"id": account.id, "name": account.name}


def channel_view(room: Channel, person: Account) -> Json:
    return {
        "id": room.ref.id,
        "name": room.name,
        "kind": room.kind.value,
        "topic": room.topic,
        "locked": room.locked,
        "members": list(room.members),
        "joined": person.id in room.members,
        "pins": list(room.pins),
    }


def message_view(message: Message) -> Json:
    return {
        "id": message.ref.id,
        "channel": message.ref.channel.id,
        "author": message.author.id,
        "at": moment(message.at),
        "edited": moment(message.edited) if message.edited else None,
        "thread": message.thread.id if message.thread else None,
        "reply_to": message.reply_to.id if message.reply_to else None,
        "deleted": message.deleted,
        "text": "" if message.deleted else message.text,
        "card": post_view(message.post) if message.post and not message.deleted else None,
        "file": file_view(message.file) if message.file and not message.deleted else None,
        "pings": list(message.pings),
        "reactions": [{"emoji": emoji, "by": list(turns)} for emoji, turns in message.reactions.items()],
    }


def file_view(file: Attached) -> Json:
    """What a link to it says; the page makes the address."""
    return {"name": file.name, "size": len(file.data)}


def post_view(post: Post) -> Json:
    """A bot's post as structured JSON."""
    return {
        "incident": post.incident,
        "key": post.card,
        "title": [span_view(span) for span in post.document.title],
        "lines": [
            {
                "label": line.label,
                "bullet": line.bullet,
                "quote": line.quote,
                "spans": [span_view(span) for span in line.spans],
            }
            for line in post.document.lines
        ],
        "choices": [{"emoji": one.emoji, "label": one.label, "command": one.command} for one in post.choices],
        "seeds": list(post.seeds),
        "private": post.private_to is not None,
        "text": post.text,
    }


def span_view(span: Span) -> Json:
    """A span's kind, its words, and where it leads."""
    view: Json = {"kind": type(span).__name__.lower(), "text": span_text(span)}
    match span:
        case Typed(text):
            view["text"] = f"/inc {text}"
        case Who(person):
            view["person"] = person.account.id
        case When(at):
            view["at"] = moment(at)
        case Jump(to):
            view |= {"channel": to.channel.id, "message": to.id}
        case Place(channel):
            view["channel"] = channel.id
        case Plain() | Strong() | Code() | Struck():
            pass
        case _:
            assert_never(span)
    return view


class Viewer:
    """What one open page has been shown, and what it must still be told. Without a person it knows the cast alone."""

    def __init__(self, world: World, person: Account | None) -> None:
        self.world = world
        self.person = person
        self._shown: set[str] = set()
        self._changed: dict[int, Happening] = {}

    def note(self, happening: Happening) -> None:
        """Something happened; a subject that changes often is told once, as it then stands."""
        self._changed[id(happening.subject)] = happening

    def everything(self) -> Json:
        """The first message: the cast, and every channel that this person sees."""
        self._shown.clear()
        self._changed.clear()
        return self._frame("state", self.world.people.values(), self.world.channels.values(), ())

    def news(self) -> Json:
        """What changed since the last time."""
        changed, self._changed = self._changed, {}
        subjects = [happening.subject for happening in changed.values()]
        return self._frame(
            "news",
            [subject for subject in subjects if isinstance(subject, Account)],
            # A channel may come into sight by a membership elsewhere, so all of them are asked.
            self.world.channels.values(),
            [subject for subject in subjects if isinstance(subject, Message)],
            [subject for subject in subjects if isinstance(subject, Channel)],
        )

    def _frame(
        self,
        kind: str,
        people: Iterable[Account],
        rooms: Iterable[Channel],
        messages: Iterable[Message],
        touched: Iterable[Channel] = (),
    ) -> Json:
        person = self.person
        sighted = [room for room in rooms if person and self.world.sees(person, room)]
        now_seen = {room.ref.id for room in sighted}
        fresh = [room for room in sighted if room.ref.id not in self._shown]
        gone = self._shown - now_seen
        self._shown = now_seen
        fresh_ids = {room.ref.id for room in fresh}
        again = [room for room in touched if room.ref.id in now_seen - fresh_ids]
        backlog = [self.world.messages[name] for room in fresh for name in room.messages[-LATEST:]]
        live = [one for one in messages if one.ref.channel.id in now_seen - fresh_ids]
        return {
            "type": kind,
            "now": moment(self.world.clock.now()),
            "you": person.id if person else None,
            "bot": person_view(self.world.bot),
            "people": [person_view(one) for one in people],
            "channels": [channel_view(room, person) for room in (*fresh, *again) if person],
            "messages": [message_view(one) for one in (*backlog, *live) if person and self.world.reads(person, one)],
            "gone": sorted(gone),
        }
