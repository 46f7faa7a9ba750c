"""The one text for everybody outside."""

from __future__ import annotations

from core.incident.commands.wish import Command, Maybe, Quote, Words
from core.incident.policy import Audience
from core.incident.times import Length


class Draft(Command):
    """The fields of a base update; an empty one keeps what the draft in hand says."""

    headline: Maybe = ""
    impact: Maybe = ""
    affected: Maybe = ""
    working: Maybe = ""
    next: Maybe = ""
    every: Length | None = None
    quote: Quote | None = None


class Publish(Command):
    """Publish the draft. `draft` names the one that was read; a newer one is not published unread."""

    draft: int | None = None


class Discard(Command):
    """Throw the draft away. `draft` names the one that was meant; a newer one stays."""

    draft: int | None = None


class PublishUnchanged(Command):
    """The same facts, said again. `reminder` is the card that asked for it: one that is settled asks no more."""

    every: Length | None = None
    reminder: str = ""


class CorrectUpdate(Draft):
    """New words for fields of the last update, in every copy."""


class WithdrawUpdate(Command):
    why: Words


class Snooze(Command):
    """Put the reminders of the next update off, for a while and not for ever."""

    length: Length | None = None


class NoteAudiences(Command):
    """The config says that these are the audiences now."""

    audiences: tuple[Audience, ...]
