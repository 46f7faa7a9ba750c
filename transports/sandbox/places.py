"""What the sandbox is made of: people, channels and the messages in them, as they stand now.

Rule: these only hold; the world alone changes them, so that every change is one happening in its history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.incident.document import Post
from core.incident.vocabulary import Account, ChannelRef, MessageRef
from transports.signals import Signal

NAME = "sandbox"
"""This chat's name in every account, channel and message reference."""


class Kind(StrEnum):
    """What a channel is for: alarms are raised in triage, an audience listens, an incident is worked on, or one talks to the bot."""

    TRIAGE = "triage"
    AUDIENCE = "audience"
    INCIDENT = "incident"
    DIRECT = "direct"


@dataclass(slots=True)
class Channel:
    """`members` and `invited` are account ids in the order they came. `public`: anyone at all may enter.

    `incident` is the plan's mark and `beside` the triage channel's id, on a channel that the bot made.
    """

    ref: ChannelRef
    name: str
    kind: Kind
    at: datetime
    topic: str = ""
    public: bool = False
    incident: str = ""
    beside: str = ""
    locked: bool = False
    gone: bool = False
    members: list[str] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said from `at` on, until its next version."""

    at: datetime
    text: str
    post: Post | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as it was sent with a message: no edit of the words changes it."""

    name: str
    media_type: str
    data: bytes

    @property
    def text(self) -> str:
        """What it says."""
        return self.data.decode()


@dataclass(slots=True)
class Message:
    """`versions` is never empty and its last is what stands there. `thread` is the root that this message hangs on.

    `reactions` holds, for each emoji, account id → source of that turn on, in the order they were put there.
    """

    ref: MessageRef
    author: Account
    at: datetime
    versions: list[Version]
    thread: MessageRef | None = None
    reply_to: MessageRef | None = None
    reactions: dict[str, dict[str, str]] = field(default_factory=dict)
    mentions: tuple[Account, ...] = ()
    file: Attached | None = None
    deleted: bool = False

    @property
    def text(self) -> str:
        """What it says now, in plain text."""
        return self.versions[-1].text

    @property
    def post(self) -> Post | None:
        """The bot's post as it stands now; nothing on a person's message."""
        return self.versions[-1].post

    @property
    def mark(self) -> tuple[str, str] | None:
        """(incident, card), by which the bot finds its card again."""
        return (self.post.incident, self.post.card) if self.post else None

    @property
    def pings(self) -> tuple[str, ...]:
        """The account ids whose attention it calls."""
        if self.post is None:
            return tuple(account.id for account in self.mentions)
        return tuple(person.account.id for person in self.post.pings if person.account.transport == NAME)

    @property
    def edited(self) -> datetime | None:
        """When it was last changed, if ever."""
        return self.versions[-1].at if len(self.versions) > 1 else None

    def who(self, emoji: str) -> tuple[str, ...]:
        """The account ids that put this emoji there, in order."""
        return tuple(self.reactions.get(emoji, ()))


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of the world, `number` in its order. `signal` is what the bot hears of it, if anything."""

    number: int
    at: datetime
    subject: Account | Channel | Message
    signal: Signal | None = None


class Turned(Exception):
    """The sandbox turns a person down; the text is the answer to that person."""
