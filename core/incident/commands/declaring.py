"""Beginning an incident, or joining the one that is there."""

from __future__ import annotations

from core.incident.commands.wish import Command, Quote, Title
from core.incident.drill import Scenario
from core.incident.events.alerts import Alarm
from core.incident.vocabulary import MessageRef, Person, Severity


class Declare(Command):
    """Begin an incident. `anew` says that it is not the young one which is open: who asks was asked.

    `aside`: it was said where nobody else reads along, as a private one must be.
    `scenario`: it is a drill of that. `quote` is the message that it was declared from; `typed` the one in which somebody
    declared it, `alarm` the alert that it is about.
    """

    title: Title
    severity: Severity | None = None
    service: str = ""
    private: bool = False
    quote: Quote | None = None
    typed: MessageRef | None = None
    anew: bool = False
    aside: bool = False
    alarm: Alarm | None = None
    scenario: Scenario | None = None


class Join(Command):
    """Bring a person into the incident that is there; `title` is what they had called it."""

    title: str = ""


class AskSameOrNew(Command):
    """Another alarm while a young incident is open: ask that person which it is."""

    title: Title
    quote: Quote


class SettleSameOrNew(Command):
    """The answer, or after a minute of silence the clock's: the same."""

    ask: int
    new: bool


class Invite(Command):
    """Bring somebody into the incident's channel; `guest` says that they are no responder."""

    who: Person
    guest: bool = False


class Uninvite(Command):
    """Put somebody out of a private incident."""

    who: Person
