"""The one door between the core and a chat: what a transport must do, what it may ask of the core, and how it fails.

A failure says in its type what to do next:

    TransportFailure
    ├── Temporary      try again, after `retry_after` seconds when the chat said so; shown as pending
    │   ├── Crowded    this kind of call alone; others in the same channel may be made
    │   └── Stale      this message alone, for its age; a new one would be edited at once
    ├── Permanent      trying again will not help; said out loud in another place
    │   ├── Deleted    what this key made before was deleted by somebody
    │   ├── Missing    the channel or message is gone; it is made again, once
    │   └── Forbidden  a right is lacking; named to people, done when it is there
    └── Fatal          the account is refused; the process ends with one clear line
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from core.incident.document import Post
from core.incident.vocabulary import Account, ChannelRef, MessageRef


class TransportFailure(Exception):
    """A chat did not do what it was asked; the subclass says whether asking again can help."""


class Temporary(TransportFailure):
    """Not now. `retry_after` is in seconds, `None` when the chat did not say."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Crowded(Temporary):
    """Enough of this kind of call for now, in this channel; `retry_after` says for how long."""


class Stale(Temporary):
    """The chat edits old messages seldom, and this one is old."""


class Permanent(TransportFailure):
    """Never, as things stand."""


class Missing(Permanent):
    """The channel or message is no longer there."""


class Deleted(Permanent):
    """The message that a key made before was deleted, and the key makes no other."""


class Forbidden(Permanent):
    """The bot lacks a right; the message names it."""


class Fatal(TransportFailure):
    """The account itself is refused; the message is the one line that a person reads."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a chat can do, where chats differ.

    `seeds_choices`: a card's choices are seeded as reactions (else the chat shows buttons).
    `resend_window`: how long a repeated send with the same key is known to make no second message.
    """

    seeds_choices: bool
    resend_window: timedelta


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """A channel as it should be made: `name` as people see it, `incident` the mark by which it is found again.

    `beside` is the triage channel whose members may see it; one that is `private` is by invitation only. Opening the same plan twice yields the same channel.
    """

    name: str
    incident: str
    topic: str
    beside: ChannelRef
    private: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it stands in the chat now."""

    ref: MessageRef
    author: Account
    text: str
    at: datetime
    thread: MessageRef | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing: well, not well with the way out, or (`None`) worth knowing."""

    well: bool | None
    what: str
    mend: str = ""


class Transport(Protocol):
    """What every chat does. All times are aware UTC; each call raises a `TransportFailure` or has done what it says.

    `key` makes a call effectively once: a chat that saw it within `traits.resend_window` answers with what it already
    made. Keys are 24 characters of `[a-z0-9]`, different for every effect.
    """

    @property
    def name(self) -> str: ...

    @property
    def traits(self) -> Traits: ...

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        """Stay connected until cancelled, giving every signal to `inbox`; call `ready` once the first sync is done.

        A signal counts as handled when `inbox` returns; a cursor is saved only after that. Raises `Fatal` when the
        account is refused.
        """

    async def resolve(self, name: str) -> ChannelRef:
        """The channel that a name of the config means (an id, `#alias:server`, a bare name)."""

    async def direct(self, account_id: str) -> ChannelRef:
        """Where this person and the bot are alone, made if need be; the same for ever. A card there may be refused still."""

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        """Make the channel, or find the one that this plan made before and prove it ours."""

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        """Bring a person in; somebody already there is success."""

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        """Take somebody out of a private channel; somebody who is not in it is success."""

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        """Read-only for everyone but the bot, or open again."""

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        """Say it: one message, with the post's file in it, by its name and byte for byte.

        The file's text is made here and nowhere else. A chat that will not have the file does not send the words
        without it: `Forbidden` names the right that it takes, and any other refusal (too large) is `Permanent`.
        """

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        """Make it read so, with these choices. The file that went with it stays, and its text is not made again."""

    async def pin(self, message: MessageRef) -> None: ...

    async def unpin(self, message: MessageRef) -> None:
        """Take the pin away; one that is not there is success."""

    async def react(self, message: MessageRef, emoji: str, key: str) -> None:
        """Put a reaction of the bot's own there; one already there is success."""

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        """Take a person's reaction away, where the chat allows it; elsewhere do nothing."""

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        """The bot's own cards of an incident (by name, and number) in a channel's history after a moment, by card key."""

    async def read(self, message: MessageRef) -> Said:
        """A message as it stands now. Raises `Missing`."""

    async def standing(self, account_id: str) -> frozenset[str]:
        """What the chat says a person belongs to: `triage`, `discord-role:ID`."""

    async def open_to_public(self) -> tuple[str, ...]:
        """The triage channels that everyone may enter, or read; `run` refuses to start on them without named responders."""


class Headquarters(Protocol):
    """What a chat may ask of the core, answered from memory: for catching up, and for whoever is filling a form in."""

    def means(self, emoji: str) -> bool:
        """Whether an emoji means anything anywhere; the others need not be looked up."""

    def channels(self, transport: str) -> tuple[ChannelRef, ...]:
        """The incidents' channels of a chat where things may still happen."""

    def ranked(self, channel: ChannelRef, accounts: Sequence[Account]) -> list[Account]:
        """People who did the same while nobody could tell who was first (spec, section 3), who goes first."""

    def cards(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        """The bot's messages that should stand in a channel."""

    def pinned(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        """Those of them that should be pinned."""

    def emoji(self, action: str) -> str:
        """The emoji in force for an act, by its stable name."""

    def form(self, channel: ChannelRef, verb: str, by: Account) -> Mapping[str, str] | None:
        """What a verb's form, by the verb's path, is filled with in a channel, by slot; `None` for no form.

        Then the bare command says why.
        """

    def suggest(self, channel: ChannelRef, verb: str, slot: str, typed: str) -> tuple[tuple[str, str], ...]:
        """What may stand in a slot of a verb, by its path, given what was typed: what is shown, and what it stands for."""


@runtime_checkable
class Briefed(Protocol):
    """A chat that asks."""

    def brief(self, headquarters: Headquarters) -> None:
        """Before it runs."""


@runtime_checkable
class Bounded(Protocol):
    """A chat that holds only so many channels."""

    def crowding(self) -> str:
        """How near the last of them is and what to do about it, as a sentence; nothing while it is far."""


@runtime_checkable
class Troubled(Protocol):
    """A chat that may be connected and yet not whole."""

    def trouble(self) -> str:
        """What keeps it from its work, as a sentence; nothing where all is well."""


Inbox = Callable[[Any], Awaitable[None]]
"""Takes a signal (`transports.signals.Signal`); returns when what it meant is durable."""


class Notebook(Protocol):
    """A transport's own small notes (cursor, device, tokens), kept beside the log under its name."""

    async def heard(self, prefix: str) -> tuple[str, ...]:
        """The sources of acts on the record that begin so, for a chat that has to count acts to name them.

        `prefix` ends with a slash.
        """

    async def read(self, key: str) -> str | None: ...

    async def write(self, key: str, value: str) -> None: ...


class Clock(Protocol):
    """The only source of time. Everything that waits or stamps asks it, so that a simulation can own it."""

    def now(self) -> datetime:
        """The moment, aware UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait, in the clock's own seconds."""
