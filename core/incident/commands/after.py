"""After the close: follow-ups, the postmortem, the debrief; and what is written in items' threads."""

from __future__ import annotations

from datetime import date, datetime

from core.incident.commands.wish import Command, Maybe, Quote, Words
from core.incident.vocabulary import FollowUpRef, Person, Priority


class FollowUp(Command):
    """Work that outlives the incident: whose it is and by when are asked for; its priority follows the severity."""

    text: Words
    owner: Person | None = None
    due: date | None = None
    priority: Priority | None = None


class MoveFollowUp(Command):
    follow_up: FollowUpRef
    owner: Person | None = None
    due: date | None = None
    why: Maybe = ""


class EndFollowUp(Command):
    follow_up: FollowUpRef
    done: bool
    why: Maybe = ""


class AskPostmortem(Command):
    """Say who writes it or by when; with neither, post the record as a file to write it in."""

    owner: Person | None = None
    due: date | None = None


class PublishPostmortem(Command):
    """It is out. `number` names the incident where it is said in triage."""

    number: int | None = None
    where: Maybe = ""


class WaivePostmortem(Command):
    number: int | None = None
    why: Words


class Debrief(Command):
    """The one change, of all that one might make."""

    change: Words


class HideEntry(Command):
    """Leave a timeline entry out of the postmortem, or take it in again."""

    entry: int
    hidden: bool


class GiveEvidence(Command):
    """Words in an item's thread."""

    item: str
    text: Maybe
    quote: Quote


class PostDigest(Command):
    """The weekly list of the day `week` is due, as things were at a moment of that day."""

    week: date
    at: datetime
