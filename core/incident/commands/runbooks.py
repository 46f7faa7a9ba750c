"""Runbooks: shown by the page, their steps taken as actions."""

from __future__ import annotations

from core.incident.commands.wish import Command, Maybe


class ShowRunbook(Command):
    """A runbook by its name, the incident's own without one; with a number at its end, that page of it."""

    name: Maybe = ""


class TurnPage(Command):
    """The page after the one that a card shows."""

    card: str


class TakeStep(Command):
    """Make an action of a step: of the one that a card shows, or of the runbook that was shown last."""

    step: int
    card: str = ""
