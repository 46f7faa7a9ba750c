"""The incident and its record: severity, phase, impact, notes, changes, and how an entry is corrected."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal

from core.incident.commands.wish import Command, Maybe, Quote, Words
from core.incident.vocabulary import MessageRef, Phase, Severity


class SetSeverity(Command):
    severity: Severity


class SetPhase(Command):
    phase: Phase
    why: Maybe = ""


class SetImpact(Command):
    text: Words


class AddNote(Command):
    """Put words on the timeline; with a `quote`, somebody's words at the time they were written."""

    text: Words
    quote: Quote | None = None


class RecordChange(Command):
    """The latest change to the system, made at `at`."""

    what: Words
    at: datetime | None = None


class Show(Command):
    """Answer the asker in words: the board, the timeline, or help on `topic`."""

    what: Literal["board", "timeline", "help"]
    topic: str = ""


class Amend(Command):
    """Correct a timeline entry, its text or its time or both; what it was stays in the log.

    A clock time alone is that of the entry's own day, whenever it is corrected.
    """

    entry: int
    text: Maybe = ""
    at: datetime | time | None = None


class WithdrawEntry(Command):
    """Take back a 📌 or ⚖️ made on a message: the kind of entry that it made."""

    message: MessageRef
    kind: Literal["noted", "decision_marked"]


class EditSource(Command):
    """A message that something was captured from now reads `text`."""

    message: MessageRef
    text: Maybe


class DeleteSource(Command):
    """A message that something was captured from is gone."""

    message: MessageRef
