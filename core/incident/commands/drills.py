"""Practising: a drill is asked for, and the clock plays it."""

from __future__ import annotations

from core.incident.commands.wish import Command, Maybe
from core.incident.vocabulary import MessageRef


class Drill(Command):
    """Run a scenario; without a name, say which there are. `private`, `aside` and `typed` are as of `Declare`."""

    scenario: Maybe = ""
    private: bool = False
    typed: MessageRef | None = None
    aside: bool = False


class SayInject(Command):
    """An inject of the scenario is due, by its number from 1."""

    number: int


class EndDrill(Command):
    """The drill's time is over."""
