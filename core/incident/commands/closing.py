"""Users are served again; it is over; it came back."""

from __future__ import annotations

from core.incident.commands.wish import Command, Maybe, Words
from core.incident.vocabulary import Person


class Resolve(Command):
    fixed: Maybe = ""


class CameBack(Command):
    why: Maybe = ""


class Close(Command):
    """The declared close; empty fields are filled from the record, and asked for where it is silent."""

    cause: Maybe = ""
    fixed: Maybe = ""
    next: Maybe = ""
    owner: Person | None = None


class CloseFalseAlarm(Command):
    why: Words


class CloseDuplicate(Command):
    of: int


class Reopen(Command):
    why: Maybe
    number: int | None = None
