"""Who makes which call."""

from __future__ import annotations

from core.incident.commands.wish import Command
from core.incident.vocabulary import Person, Role


class Claim(Command):
    """`others` claimed it too, while nobody could tell who was first."""

    role: Role
    others: tuple[Person, ...] = ()


class Release(Command):
    role: Role


class Assign(Command):
    role: Role
    who: Person


class Vacate(Command):
    role: Role


class NameBackup(Command):
    role: Role
    who: Person


class HandOff(Command):
    """Offer one role, or all of one's own, to somebody; the giver holds them until it is accepted."""

    who: Person
    role: Role | None = None


class TakeOver(Command):
    role: Role


class PassRole(Command):
    """The holder was silent about this question: the role passes to who asked."""

    prompt: str
