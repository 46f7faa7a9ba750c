"""The base updates."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.policy import Audience
from core.incident.vocabulary import MessageRef, Value


class Wording(Value):
    """The fields of a base update (spec, section 7). `promised_at` is when the next one comes."""

    headline: str = ""
    impact: str = ""
    affected: str = ""
    working: str = ""
    next: str = ""
    every: float | None = None


class Drafted(Happened):
    kind: Literal["drafted"] = "drafted"
    number: int
    wording: Wording
    message: MessageRef | None = None


class DraftDiscarded(Happened):
    kind: Literal["draft_discarded"] = "draft_discarded"
    number: int


class Published(Happened):
    """A base update, with its text as every audience reads it."""

    kind: Literal["published"] = "published"
    number: int
    text: str
    wording: Wording
    promised_at: datetime | None = None
    draft: int | None = None


class Corrected(Happened):
    kind: Literal["corrected"] = "corrected"
    number: int
    text: str
    wording: Wording
    promised_at: datetime | None = None


class UpdateWithdrawn(Happened):
    kind: Literal["update_withdrawn"] = "update_withdrawn"
    number: int
    why: str


class AudiencesSet(Happened):
    """The audiences from now on: a room that is new gets the update that stands."""

    kind: Literal["audiences_set"] = "audiences_set"
    audiences: tuple[Audience, ...]


class RemindersSnoozed(Happened):
    """The reminders for the update promised for `due` are put off."""

    kind: Literal["reminders_snoozed"] = "reminders_snoozed"
    due: datetime
    until: datetime
