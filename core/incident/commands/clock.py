"""What the clock asks for, when a deadline has come."""

from __future__ import annotations

from datetime import date, datetime

from core.incident.commands.wish import Command


class AskForCommander(Command):
    step: int


class AskDecision(Command):
    """A decision point is due: ask who is entitled and not asked yet, or say that nobody answered."""

    point: str


class EndPause(Command):
    """The five minutes of a pause are over."""

    item: str


class AskWhetherItWorked(Command):
    """The watcher's time is over."""

    item: str


class LetItStand(Command):
    """The tie-breaker was silent: the choice stands."""

    prompt: str


class Nudge(Command):
    """A row of `core.incident.nudges` is due."""

    row: str


class RemindUpdate(Command):
    """A step of the reminders for the update promised for `due`: 0 before, 1 at it, 2 the backup, 3 the commander."""

    due: datetime
    step: int


class RemindPostmortem(Command):
    """A reminder of the postmortem due on a day, so many business days before it; below zero, after it."""

    due: date
    days: int


class AskToClose(Command):
    pass


class LockChannel(Command):
    pass
