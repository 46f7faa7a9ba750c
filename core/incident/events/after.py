"""What comes after the close: follow-ups, the postmortem, the debrief; and the evidence in items' threads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import ChannelRef, FollowUpRef, MessageRef, Person, Priority, Value


class FollowUpAdded(Happened):
    """Work that outlives the incident. `item` is the one on the shared list that it carries over."""

    kind: Literal["follow_up_added"] = "follow_up_added"
    number: int
    text: str
    owner: Person
    due: date
    priority: Priority
    item: str = ""


class FollowUpMoved(Happened):
    """Its day, or whose it is, changed; the event has both as they are now."""

    kind: Literal["follow_up_moved"] = "follow_up_moved"
    number: int
    owner: Person
    due: date
    why: str = ""


class FollowUpEnded(Happened):
    """Done, or dropped with a reason."""

    kind: Literal["follow_up_ended"] = "follow_up_ended"
    number: int
    done: bool
    why: str = ""


class PostmortemAssigned(Happened):
    """Somebody writes the postmortem, by a day."""

    kind: Literal["postmortem_assigned"] = "postmortem_assigned"
    owner: Person
    due: date


class PostmortemDrafted(Happened):
    """The record was asked for as a file to write the postmortem in; it is posted in the channel."""

    kind: Literal["postmortem_drafted"] = "postmortem_drafted"


class PostmortemPublished(Happened):
    """It is out; `where`, in the words of whoever said so."""

    kind: Literal["postmortem_published"] = "postmortem_published"
    where: str = ""


class PostmortemWaived(Happened):
    """There will be none."""

    kind: Literal["postmortem_waived"] = "postmortem_waived"
    why: str


class Debriefed(Happened):
    """The one thing that is done otherwise the next time."""

    kind: Literal["debriefed"] = "debriefed"
    change: str


class EntryHidden(Happened):
    """An entry is left out of the postmortem, or is in it again; the timeline keeps it either way."""

    kind: Literal["entry_hidden"] = "entry_hidden"
    entry: int
    hidden: bool


class EvidenceGiven(Happened):
    """Words in an item's thread, which are about that item and nothing else."""

    kind: Literal["evidence_given"] = "evidence_given"
    item: str
    text: str
    said_by: Person
    said_at: datetime
    message: MessageRef


class OpenFollowUp(Value):
    """A row of the weekly list."""

    ref: FollowUpRef
    text: str
    owner: Person
    due: date
    priority: Priority
    triage: ChannelRef


class OwedPostmortem(Value):
    """A postmortem on the weekly list."""

    incident: int
    title: str
    owner: Person
    due: date
    triage: ChannelRef


class DigestPosted(Happened):
    """The weekly list of what is open, of all incidents, as of the day `week`; of the house."""

    kind: Literal["digest_posted"] = "digest_posted"
    week: date
    follow_ups: tuple[OpenFollowUp, ...] = ()
    postmortems: tuple[OwedPostmortem, ...] = ()
