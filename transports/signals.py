"""What a chat tells Tocsin, in one vocabulary for every chat.

`source` names the act for ever: the same act heard twice carries the same source, and nothing else does. `at` is the
chat's own time for it. Own messages and reactions of the bot, and those of other bots, never become signals, except
that a deletion of one of the bot's own cards is a `MessageDeleted` whoever did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.incident.vocabulary import Account, ChannelRef, MessageRef


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A person wrote. `thread` is the message that the thread hangs on; `mentions` are the accounts named in it.

    `aside`: to the bot alone, in a direct message that nobody else reads.
    """

    message: MessageRef
    author: Account
    text: str
    at: datetime
    source: str
    thread: MessageRef | None = None
    mentions: tuple[Account, ...] = ()
    aside: bool = False


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A person changed what they had written; `text` is the whole new text. `aside` as of `MessageSent`."""

    message: MessageRef
    author: Account
    text: str
    at: datetime
    source: str
    thread: MessageRef | None = None
    mentions: tuple[Account, ...] = ()
    aside: bool = False


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message was taken away; `by` is `None` where the chat does not say who did it."""

    message: MessageRef
    by: Account | None
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class ReactionAdded:
    """A person put an emoji on a message, or pressed what does the same; then `answer` is where they are answered.

    `action` is there when they chose it by name, from a menu: it is that act on what somebody wrote, and no other.
    `others` put it there too, while nobody could tell who was first.
    """

    message: MessageRef
    emoji: str
    by: Account
    at: datetime
    source: str
    answer: MessageRef | None = None
    others: tuple[Account, ...] = ()
    action: str = ""


@dataclass(frozen=True, slots=True)
class ReactionRemoved:
    """A person took their own emoji back. `undoes` is the source of the `ReactionAdded` that it takes back."""

    undoes: str
    by: Account
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """A command that came as such: the words of a verb, and each option's value by its name.

    `answer` is where that person is answered; `thread` is the message on which the thread hangs that it was given in.
    `aside`: nobody else in the channel sees it, nor its answer.
    """

    channel: ChannelRef
    by: Account
    verb: str
    options: Mapping[str, str]
    at: datetime
    source: str
    answer: MessageRef
    mentions: tuple[Account, ...] = ()
    thread: MessageRef | None = None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Unpinned:
    """A message of the bot's that should be pinned is not."""

    message: MessageRef
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class ThreadLost:
    """The thread that hung on a message is gone; the message may be there."""

    message: MessageRef
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class ChannelLost:
    """The bot is no longer in a channel, or the channel is gone."""

    channel: ChannelRef
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody is no longer in a channel: they left, or were put out. Not every chat tells."""

    channel: ChannelRef
    who: Account
    at: datetime
    source: str


Signal = (
    MessageSent
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | CommandGiven
    | Unpinned
    | ThreadLost
    | ChannelLost
    | PersonLeft
)
