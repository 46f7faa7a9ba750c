"""A card: one message that should exist in one channel, by key, with its document computed from the incident."""

from __future__ import annotations

from dataclasses import dataclass

from core.incident.document import Choice, Document, File, Post
from core.incident.emoji import EMOJI
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef, Person


@dataclass(frozen=True, slots=True)
class Card:
    """`spaced` cards change often: the newest wins and edits keep their distance. `pinned` ones are pinned.

    `room`: where the incident asks for it, when that is a name of the config's and `channel` what the chat calls it.
    """

    channel: ChannelRef
    post: Post
    pinned: bool = False
    spaced: bool = False
    room: ChannelRef | None = None

    @property
    def place(self) -> ChannelRef:
        return self.room or self.channel

    @property
    def key(self) -> str:
        return self.post.card


def card(
    incident: Incident,
    channel: ChannelRef,
    key: str,
    document: Document,
    *,
    text: str | None = None,
    pings: tuple[Person, ...] = (),
    calls: tuple[Person, ...] = (),
    topic: str = "",
    choices: tuple[Choice, ...] = (),
    seeds: tuple[str, ...] = (),
    reply_to: MessageRef | None = None,
    thread: MessageRef | None = None,
    pinned: bool = False,
    spaced: bool = False,
    file: File | None = None,
) -> Card:
    """A card of this incident."""
    post = Post(
        document,
        incident.name,
        key,
        number=incident.number,
        text=text,
        pings=pings,
        calls=calls,
        topic=topic,
        choices=choices,
        seeds=seeds,
        # A reply can only be made where the message is.
        reply_to=reply_to if reply_to is not None and reply_to.channel == channel else None,
        thread=thread,
        file=file,
    )
    return Card(channel, post, pinned, spaced)


def choice(incident: Incident, action: str, label: str, command: str) -> Choice:
    """A choice by its action's name, with the emoji that the house uses for it."""
    # An incident that an earlier version declared knows nothing of the acts that came since.
    return Choice(incident.policy.emoji.get(action, EMOJI[action]), label, command)
