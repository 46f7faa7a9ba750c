"""What a chat tells of: its channels, its messages, its people, and words that could not be read."""

from __future__ import annotations

from typing import Literal

from core.incident.commands.wish import Command
from core.incident.vocabulary import ChannelRef


class NoteChannel(Command):
    """The incident's channel is there; `crowding` is what to say when few more can be made."""

    channel: ChannelRef
    crowding: str = ""


class LoseChannel(Command):
    """The incident's channel is gone; it will be made again."""

    channel: ChannelRef


class NoteDelivery(Command):
    """How a copy fares: `late`, `impossible`, or `delivered` after all."""

    card: str
    channel: ChannelRef
    state: Literal["late", "impossible", "delivered"]
    reason: str = ""
    stale: bool = False


class NoteMissingRight(Command):
    """The bot may not do something; named to people once."""

    right: str


class NoteRightGiven(Command):
    """The bot may do again what it could not."""

    right: str


class NoteRemade(Command):
    """Somebody deleted one of Tocsin's messages, or a thread of its, and it was made again."""

    what: str


class NoteArrival(Command):
    """Somebody said something in the incident's channel for the first time: they are there."""


class NoteLeft(Command):
    """Somebody left the incident's channel, or was put out of it."""


class Misread(Command):
    """Words meant as a command that could not be read; the answer is the nearest form."""

    answer: str
    typed: str = ""


class DenyStranger(Command):
    """Somebody who is not a responder asked for something; they are told whom to ask."""

    wanted: str
