"""The incident and its record."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.policy import Response
from core.incident.vocabulary import MessageRef, Person, Phase, Severity


class SeveritySet(Happened):
    kind: Literal["severity_set"] = "severity_set"
    severity: Severity
    response: Response


class PhaseSet(Happened):
    kind: Literal["phase_set"] = "phase_set"
    phase: Phase
    why: str = ""


class ImpactSet(Happened):
    kind: Literal["impact_set"] = "impact_set"
    text: str


class Noted(Happened):
    """Words on the timeline at `said_at`, by `said_by`; the actor of the record is who put them there."""

    kind: Literal["noted"] = "noted"
    text: str
    said_by: Person
    said_at: datetime
    message: MessageRef | None = None


class DecisionMarked(Happened):
    """A decision, word for word."""

    kind: Literal["decision_marked"] = "decision_marked"
    text: str
    said_by: Person
    said_at: datetime
    message: MessageRef | None = None


class ChangeRecorded(Happened):
    """A change to the system that people made, at `made_at`."""

    kind: Literal["change_recorded"] = "change_recorded"
    what: str
    made_at: datetime


class EntryAmended(Happened):
    """The entry's text as it now is, and its time where that changed."""

    kind: Literal["entry_amended"] = "entry_amended"
    entry: int
    text: str
    at: datetime | None = None


class EntryWithdrawn(Happened):
    kind: Literal["entry_withdrawn"] = "entry_withdrawn"
    entry: int


class EntrySeconded(Happened):
    """Somebody else put the same mark on the entry's message: it stands until the last of them takes theirs back."""

    kind: Literal["entry_seconded"] = "entry_seconded"
    entry: int


class EntryUnseconded(Happened):
    """One of several marks on the entry's message was taken back."""

    kind: Literal["entry_unseconded"] = "entry_unseconded"
    entry: int


class SourceEdited(Happened):
    """A captured message was edited. `kept` says that nothing but the log learns of it."""

    kind: Literal["source_edited"] = "source_edited"
    message: MessageRef
    text: str
    kept: bool


class SourceDeleted(Happened):
    kind: Literal["source_deleted"] = "source_deleted"
    message: MessageRef
