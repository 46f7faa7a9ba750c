"""People out: who is on call, and who takes whose pages."""

from __future__ import annotations

from datetime import datetime

from core.incident.commands.wish import Command
from core.incident.times import Length
from core.incident.vocabulary import Person


class ShowOnCall(Command):
    """Answer the asker: who is on call now, and who is next."""


class Cover(Command):
    """Somebody takes the pages of a person who is busy, for a while: of `who`, or where they are not on call, of the actor."""

    who: Person
    length: Length | None = None


class EndCover(Command):
    """A cover's time is over."""

    who: Person
    by: Person
    until: datetime


class OfferShift(Command):
    """Somebody's time on call, as primary or as backup, ended at a moment: they are offered to hand over what they hold."""

    who: Person
    rotation: str
    backup: bool = False
    at: datetime
