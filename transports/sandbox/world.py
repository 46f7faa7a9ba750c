"""The sandbox's world: what people do in it, and the ordered history from which the bot and the page learn of it.

Rule: every change goes through `World.record`, which stamps and numbers it; the number names the act for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.port import Clock
from transports.sandbox.places import NAME, Channel, Happening, Kind, Message, Turned, Version
from transports.signals import (
    ChannelLost,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    PersonLeft,
    ReactionAdded,
    ReactionRemoved,
    Signal,
)

TEXT_LIMIT = 40_000
"""Characters of one message, a person's or the bot's."""

FILE_LIMIT = 8 * 1024 * 1024
"""Bytes of the file of one of the bot's messages."""

NAME_LIMIT = 40
"""Characters of a person's or a channel's name that a person may choose."""

EMOJI_LIMIT = 24
"""Code points of one reaction; a family of four with skin tones takes eleven."""

HOUSE = (Kind.TRIAGE, Kind.AUDIENCE)
"""The kinds of channels that everybody comes into who is new."""

Form = Callable[[ChannelRef, Account, str], dict[str, Any] | None]
"""What a text asks somebody to fill in; `None` for nothing. The bot tells once it is there."""

Listener = Callable[[Happening], None]
Occasion = Callable[[datetime, str], Signal]
"""Makes the signal of a happening from its moment and its source."""


class World:
    """One chat server's memory. `era` tells this world's ids from those of one that ran before on the same log.

    People's acts raise `Turned` with the answer to that person when they cannot be done; then nothing is changed.
    """

    def __init__(self, clock: Clock, era: str = "", bot: str = "Tocsin") -> None:
        self.clock = clock
        self.era = era
        self.bot = Account(transport=NAME, id="tocsin", name=bot)
        self.people: dict[str, Account] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}
        self.history: list[Happening] = []
        self._listeners: list[Listener] = []
        self.form: Form = lambda *_: None

    # Reading

    def room(self, channel: ChannelRef) -> Channel:
        """The channel as it stands. Raises `Turned` when there is none, or no longer."""
        found = self.channels.get(channel.id)
        if found is None or found.gone or channel.transport != NAME:
            raise Turned("That channel is gone.")
        return found

    def look(self, message: MessageRef) -> Message:
        """The message as it stands. Raises `Turned` when there is none, or no longer."""
        room = self.room(message.channel)
        found = self.messages.get(message.id)
        if found is None or found.deleted or found.ref.channel != room.ref:
            raise Turned("That message is gone.")
        return found

    def account(self, account_id: str) -> Account:
        """Whoever has this id, the bot included. Raises `Turned`."""
        found = self.bot if account_id == self.bot.id else self.people.get(account_id)
        if found is None:
            raise Turned(f"Nobody here is called {account_id!r}.")
        return found

    def named(self, name: str) -> Channel | None:
        """The newest channel of this name or id, with or without `#`."""
        name = name.removeprefix("#")
        rooms = (room for room in reversed(self.channels.values()) if not room.gone)
        return next((room for room in rooms if name in {room.name, room.ref.id}), None)

    def sees(self, person: Account, room: Channel) -> bool:
        """Whether the channel is open to this person: as a member, a member of the channel beside it, or anyone."""
        if room.gone or person.id not in self.people:
            return False
        beside = self.channels.get(room.beside)
        return room.public or person.id in room.members or (beside is not None and person.id in beside.members)

    def reads(self, person: Account, message: Message) -> bool:
        """Whether this message is for this person's eyes: a letter is for one, the rest for whoever sees the channel."""
        room = self.channels[message.ref.channel.id]
        letter = message.post.private_to if message.post else None
        return self.sees(person, room) and (letter is None or letter.account == person)

    def said(self, channel: ChannelRef) -> list[Message]:
        """Every message of a channel that still stands, threads included, oldest first."""
        return [self.messages[name] for name in self.room(channel).messages if not self.messages[name].deleted]

    # People's acts

    def create_channel(self, name: str, kind: Kind = Kind.TRIAGE, *, public: bool = False) -> ChannelRef:
        """A channel of the house; whoever is there already becomes a member."""
        room = Channel(self._channel_ref(), _name(name), kind, self.clock.now(), public=public)
        room.members.extend(self.people)
        self.channels[room.ref.id] = room
        self.record(room)
        return room.ref

    def direct(self, person: Account) -> ChannelRef:
        """Where this person talks to the bot and nobody else reads; there is one for each."""
        for room in self.channels.values():
            if room.kind is Kind.DIRECT and room.members == [person.id]:
                return room.ref
        room = Channel(self._channel_ref(), self.bot.name, Kind.DIRECT, self.clock.now(), members=[person.id])
        self.channels[room.ref.id] = room
        self.record(room)
        return room.ref

    def create_person(self, name: str, channels: Sequence[ChannelRef] | None = None) -> Account:
        """Somebody new, a member of `channels` (of every channel of the house unless told). A known name is that person."""
        name = _name(name)
        for known in (self.bot, *self.people.values()):
            if known.name.casefold() == name.casefold():
                if known is self.bot:
                    raise Turned(f"{name} is the bot; choose another name.")
                return known
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
        free = slug and slug not in self.people and slug != self.bot.id
        person = Account(transport=NAME, id=slug if free else f"person-{len(self.people) + 1}", name=name)
        self.people[person.id] = person
        house = [room.ref for room in self.channels.values() if room.kind in HOUSE and not room.gone]
        for channel in house if channels is None else channels:
            self.room(channel).members.append(person.id)
        self.record(person)
        return person

    def join(self, person: Account, channel: ChannelRef) -> None:
        """Enter a channel that one can see."""
        room = self._open_to(person, channel)
        if person.id not in room.members:
            room.members.append(person.id)
            self.record(room)

    def leave(self, person: Account, channel: ChannelRef) -> None:
        """Go out of a channel."""
        room = self.room(channel)
        if person.id in room.members:
            room.members.remove(person.id)
            self.record(room, lambda at, source: PersonLeft(channel, person, at, source))

    def say(
        self,
        person: Account,
        channel: ChannelRef,
        text: str,
        *,
        thread: MessageRef | None = None,
        reply_to: MessageRef | None = None,
    ) -> MessageRef:
        """Write a message; who can see the channel and is not in it yet joins by writing."""
        room = self._writable(person, channel)
        root = self.root(thread) if thread else None
        if any(place and place.channel != room.ref for place in (thread, reply_to)):
            raise Turned("One answers in the channel where the message stands.")
        if reply_to:
            self.look(reply_to)
        text, mentions = _text(text), self.mentioned(text)
        self.join(person, channel)
        ref = MessageRef(channel=room.ref, id=f"{self.era}m{len(self.history) + 1}")
        at = self.clock.now()
        message = Message(ref, person, at, [Version(at, text)], thread=root, reply_to=reply_to, mentions=mentions)
        aside = room.kind is Kind.DIRECT
        self.keep(message, lambda at, source: MessageSent(ref, person, text, at, source, root, mentions, aside))
        return ref

    def edit(self, person: Account, message: MessageRef, text: str) -> None:
        """Change one's own words; the old ones stay in `versions`."""
        written = self.look(message)
        if written.author != person:
            raise Turned(f"Only {written.author.name} can edit that message.")
        aside = self._writable(person, message.channel).kind is Kind.DIRECT
        text = _text(text)
        if text == written.text:
            return
        mentions = written.mentions = self.mentioned(text)
        written.versions.append(Version(self.clock.now(), text))
        self.record(
            written,
            lambda at, source: MessageEdited(message, person, text, at, source, written.thread, mentions, aside),
        )

    def delete(self, person: Account, message: MessageRef) -> None:
        """Take away one's own message, or one of the bot's (everyone moderates the bot here)."""
        written = self.look(message)
        if written.author not in {person, self.bot}:
            raise Turned(f"Only {written.author.name} can delete that message.")
        room = self._open_to(person, message.channel)
        written.deleted = True
        written.reactions.clear()
        if message.id in room.pins:
            room.pins.remove(message.id)
            self.record(room)
        self.record(written, lambda at, source: MessageDeleted(message, person, at, source))

    def react(self, person: Account, message: MessageRef, emoji: str) -> None:
        """Put a reaction there; one already there stays as it is."""
        emoji = emoji.strip()
        if not emoji or len(emoji) > EMOJI_LIMIT or emoji.isascii() or any(mark.isspace() for mark in emoji):
            raise Turned("A reaction is one emoji.")
        written = self.look(message)
        self._writable(person, message.channel)
        turns = written.reactions.get(emoji, {})
        if person.id in turns:
            return
        self.join(person, message.channel)
        written.reactions[emoji] = turns
        turns[person.id] = self._source(len(self.history) + 1)
        self.record(written, lambda at, source: ReactionAdded(message, emoji, person, at, source))

    def unreact(self, person: Account, message: MessageRef, emoji: str) -> None:
        """Take one's own reaction back; one that is not there stays away."""
        undoes = self.take(self.look(message), emoji, person.id)
        if undoes:
            self.record(self.look(message), lambda at, source: ReactionRemoved(undoes, person, at, source))

    def delete_channel(self, person: Account, channel: ChannelRef) -> None:
        """Take a whole channel away."""
        room = self._open_to(person, channel)
        room.gone = True
        self.record(room, lambda at, source: ChannelLost(channel, at, source))

    # What people's acts and the bot's requests share

    def record(self, subject: Account | Channel | Message, occasion: Occasion | None = None) -> Happening:
        """Write a change into the history, and tell whoever listens."""
        number, at = len(self.history) + 1, self.clock.now()
        signal = occasion(at, self._source(number)) if occasion else None
        happening = Happening(number, at, subject, signal)
        self.history.append(happening)
        for listener in tuple(self._listeners):
            listener(happening)
        return happening

    def keep(self, message: Message, occasion: Occasion | None = None) -> None:
        """Put a new message at the end of its channel."""
        self.messages[message.ref.id] = message
        self.channels[message.ref.channel.id].messages.append(message.ref.id)
        self.record(message, occasion)

    def take(self, message: Message, emoji: str, account_id: str) -> str | None:
        """Take a reaction off; its source, or nothing when it was not there."""
        turns = message.reactions.get(emoji, {})
        source = turns.pop(account_id, None)
        if not turns:
            message.reactions.pop(emoji, None)
        return source

    def root(self, thread: MessageRef) -> MessageRef:
        """The message that a thread hangs on: there are no threads within threads. It may have been deleted since."""
        found = self.messages.get(thread.id)
        if found is None or found.ref.channel != thread.channel:
            raise Turned("That thread is gone.")
        return found.thread or found.ref

    def mentioned(self, text: str) -> tuple[Account, ...]:
        """The people whose `@Name` stands in a text; the longest name that fits counts."""
        if "@" not in text or not self.people:
            return ()
        names = sorted(self.people.values(), key=lambda person: -len(person.name))
        anyone = "|".join(re.escape(person.name) for person in names)
        by_name = {person.name.casefold(): person for person in names}
        found = re.findall(rf"(?<![\w@])@({anyone})(?!\w)", text, re.IGNORECASE)
        known = (by_name.get(name.casefold()) for name in found)
        return tuple(dict.fromkeys(person for person in known if person))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every happening from now on, until the function that is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _source(self, number: int) -> str:
        return f"{NAME}:{self.era}{number}"

    def _channel_ref(self) -> ChannelRef:
        return ChannelRef(transport=NAME, id=f"{self.era}c{len(self.history) + 1}")

    def _open_to(self, person: Account, channel: ChannelRef) -> Channel:
        room = self.room(channel)
        if not self.sees(person, room):
            raise Turned(f"#{room.name} is not open to you.")
        return room

    def _writable(self, person: Account, channel: ChannelRef) -> Channel:
        room = self._open_to(person, channel)
        if room.locked:
            raise Turned(f"#{room.name} is read-only.")
        return room


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise Turned(f"A name is 1 to {NAME_LIMIT} characters on one line.")
    return name


def _text(text: str) -> str:
    if not text.strip():
        raise Turned("There is nothing in that message.")
    if len(text) > TEXT_LIMIT:
        raise Turned(f"A message is {TEXT_LIMIT} characters at most; that one is {len(text)}.")
    return text
