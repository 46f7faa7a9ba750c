"""Commands about getting people: paging, answering for it, and widening the circle."""

from __future__ import annotations

from core.incident.commands.wish import Command, Maybe
from core.incident.vocabulary import Person


class Page(Command):
    """Call somebody, or a group by its name; they are asked to come, in the chat and wherever they said."""

    called: Person | str
    why: Maybe = ""


class EscalatePage(Command):
    """The time of a page is over."""

    prompt: str


class NotePageTried(Command):
    """A call to an address was made, or failed."""

    prompt: str
    to: Person
    via: str
    sent: bool
    why: str = ""


class Widen(Command):
    """Call the next ring."""


class OfferWidening(Command):
    """So long after it began nobody has got further: offer the next ring to the commander."""

    step: int
