"""What has happened, past tense: the stored format of the log, and the record around each event.

Rule: an event is never changed once a release has written it; a new need is a new event or an optional field. Events
carry what they mean, so that nothing but the log is needed to know the incident.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from core.incident.policy import Policy, Response
from core.incident.vocabulary import (
    ChannelRef,
    ItemKind,
    ItemStatus,
    MessageRef,
    Path,
    Person,
    Phase,
    Role,
    Severity,
    Value,
)


class Happened(Value):
    """An event."""


class Declared(Happened):
    """The first event of an incident, written into the house's stream as well."""

    kind: Literal["declared"] = "declared"
    number: int
    name: str
    title: str
    severity: Severity
    policy: Policy
    triage: ChannelRef
    message: MessageRef | None = None
    reported_by: Person | None = None
    service: str = ""


class Joined(Happened):
    """A person was brought in. `again` says that they had declared the same thing."""

    kind: Literal["joined"] = "joined"
    who: Person
    again: bool = False


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
    kind: Literal["entry_amended"] = "entry_amended"
    entry: int
    text: str


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


class How(StrEnum):
    """How a role came into somebody's hands, or out of them."""

    DECLARED = "declared while on call"
    CLAIMED = "claimed"
    AMONG = "claimed while Tocsin was away"
    ASSIGNED = "assigned"
    HANDED_OFF = "handed off"
    TOOK_OVER = "took over"
    CATALOGUE = "from the service catalogue"
    LEFT = "left the channel"
    RELEASED = "released"
    VACATED = "vacated"


class RoleTaken(Happened):
    kind: Literal["role_taken"] = "role_taken"
    role: Role
    who: Person
    how: How
    before: Person | None = None
    others: tuple[Person, ...] = ()


class RoleVacated(Happened):
    kind: Literal["role_vacated"] = "role_vacated"
    role: Role
    who: Person
    how: How


class BackupNamed(Happened):
    kind: Literal["backup_named"] = "backup_named"
    role: Role
    who: Person


class ItemAdded(Happened):
    """An item on the shared list, by its key (`H2`, `A3`, `R1`)."""

    kind: Literal["item_added"] = "item_added"
    key: str
    item: ItemKind
    text: str
    said_by: Person
    message: MessageRef | None = None
    parent: str = ""
    path: Path | None = None


class ItemGrabbed(Happened):
    kind: Literal["item_grabbed"] = "item_grabbed"
    key: str
    who: Person


class ItemLetGo(Happened):
    kind: Literal["item_let_go"] = "item_let_go"
    key: str
    who: Person


class ItemEnded(Happened):
    kind: Literal["item_ended"] = "item_ended"
    key: str
    status: ItemStatus
    result: str = ""


class DecisionPointSet(Happened):
    """A decision that is due at `at`, by its key (`D1`)."""

    kind: Literal["decision_point_set"] = "decision_point_set"
    key: str
    at: datetime
    condition: str


class DecisionPointMoved(Happened):
    kind: Literal["decision_point_moved"] = "decision_point_moved"
    key: str
    at: datetime


class DecisionPointWithdrawn(Happened):
    kind: Literal["decision_point_withdrawn"] = "decision_point_withdrawn"
    key: str
    why: str = ""


class DecisionPointAnswered(Happened):
    """Decided as the path says that is being gone already; a new path says so in its `PathChosen`."""

    kind: Literal["decision_point_answered"] = "decision_point_answered"
    key: str
    path: Path


class DecisionPointUnanswered(Happened):
    """Everyone entitled was asked and nobody answered: it stays open, and that is said."""

    kind: Literal["decision_point_unanswered"] = "decision_point_unanswered"
    key: str


class ThresholdMet(Happened):
    """The service's sentence `number` (from 1) is met."""

    kind: Literal["threshold_met"] = "threshold_met"
    number: int
    text: str


class ThresholdUnmet(Happened):
    kind: Literal["threshold_unmet"] = "threshold_unmet"
    number: int
    text: str


class SignalNamed(Happened):
    """What will show that the path `item` worked, and who watches it until when."""

    kind: Literal["signal_named"] = "signal_named"
    item: str
    signal: str
    who: Person
    until: datetime


class SignalSeen(Happened):
    """The watcher says that the signal shows it: the path worked."""

    kind: Literal["signal_seen"] = "signal_seen"
    item: str


class Objected(Happened):
    """A role holder objects to the choice of an entry; it stands until the tie-breaker overturns it."""

    kind: Literal["objected"] = "objected"
    entry: int
    why: str


class TieBroken(Happened):
    """The choice of an entry stands, or is overturned. Without an actor the tie-breaker was silent."""

    kind: Literal["tie_broken"] = "tie_broken"
    entry: int
    overturned: bool


class PathChosen(Happened):
    """The recovery owner's call; `item` is the recovery action it opened, `point` the decision point that it answers.

    `unsafe` says why rolling back, which was the rule, is not what is done.
    """

    kind: Literal["path_chosen"] = "path_chosen"
    path: Path
    why: str = ""
    item: str = ""
    point: str = ""
    unsafe: str = ""


class FrozenChanges(Happened):
    kind: Literal["frozen"] = "frozen"
    why: str = ""


class UnfrozenChanges(Happened):
    kind: Literal["unfrozen"] = "unfrozen"
    why: str = ""


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


class Resolved(Happened):
    kind: Literal["resolved"] = "resolved"
    fixed: str = ""


class RelapseSeen(Happened):
    kind: Literal["came_back"] = "came_back"
    why: str = ""


class CloseKind(StrEnum):
    DECLARED = "declared"
    FALSE_ALARM = "false alarm"
    DUPLICATE = "duplicate"


class Closed(Happened):
    """The commander said that it is over. A false alarm or a duplicate carries its reason in `cause`."""

    kind: Literal["closed"] = "closed"
    how: CloseKind
    cause: str
    fixed: str = ""
    next: str = ""
    owner: Person | None = None
    of: int | None = None


class Reopened(Happened):
    kind: Literal["reopened"] = "reopened"
    why: str


class Ask(StrEnum):
    """What Tocsin asks somebody to do; the first word of a prompt's card key."""

    COMMANDER = "commander"
    UPDATE = "update"
    CLOSE = "close"
    WATCH = "watch"
    HANDOFF = "handoff"
    TAKEOVER = "takeover"
    UNFREEZE = "unfreeze"
    SAME = "same"
    STALE = "stale"
    DECISION = "decision"
    RULE = "rule"
    UNSAFE = "unsafe"
    STOP = "stop"
    SIGNAL = "signal"
    WORKED = "worked"
    OBJECTION = "objection"
    SECOND = "second"
    VACANT = "vacant"


class Again(Value):
    """A command to be given again on a yes: its class name and its fields as JSON."""

    command: str
    fields: str


class Asked(Happened):
    """Tocsin asks `to`; the card is `prompt/{ask}-{number}`. What else is filled depends on `ask`.

    `point` is a decision point, `item` an item and `entry` a timeline entry that it is about.
    """

    kind: Literal["asked"] = "asked"
    ask: Ask
    number: int
    to: tuple[Person, ...]
    by: Person | None = None
    roles: tuple[Role, ...] = ()
    step: int = 0
    due: datetime | None = None
    title: str = ""
    message: MessageRef | None = None
    again: Again | None = None
    point: str = ""
    item: str = ""
    entry: int = 0


class Settled(Happened):
    """A prompt needs no answer any more; `how` says why, in a word or two."""

    kind: Literal["settled"] = "settled"
    prompt: str
    how: str


class Nudged(Happened):
    """A row of the nudges was told to somebody."""

    kind: Literal["nudged"] = "nudged"
    row: str
    to: Person


class Told(Happened):
    """Somebody asked for words: the answer is computed from the incident as it then was."""

    kind: Literal["told"] = "told"
    what: Literal["board", "timeline", "help", "form"]
    topic: str = ""


class Heard(Happened):
    """An act that changed nothing, kept so that its repeat cannot."""

    kind: Literal["heard"] = "heard"


class Arrived(Happened):
    """The actor said something in the incident's channel: they are there."""

    kind: Literal["arrived"] = "arrived"


class Left(Happened):
    """The actor is in the incident's channel no longer."""

    kind: Literal["left"] = "left"


class Refused(Happened):
    """An act turned down. Kept, because a refused act that is heard again must be refused again."""

    kind: Literal["refused"] = "refused"
    rule: str
    answer: str


class ChannelOpened(Happened):
    kind: Literal["channel_opened"] = "channel_opened"
    channel: ChannelRef
    crowding: str = ""


class ChannelGone(Happened):
    kind: Literal["channel_gone"] = "channel_gone"
    channel: ChannelRef


class ChannelLocked(Happened):
    """Read-only from now on: the incident is only read any more."""

    kind: Literal["channel_locked"] = "channel_locked"


class DeliveryNoted(Happened):
    kind: Literal["delivery_noted"] = "delivery_noted"
    card: str
    channel: ChannelRef
    state: Literal["late", "impossible", "delivered"]
    reason: str = ""


class RightMissing(Happened):
    kind: Literal["right_missing"] = "right_missing"
    right: str


class RightGiven(Happened):
    kind: Literal["right_given"] = "right_given"
    right: str


class Remade(Happened):
    """`what` was deleted by somebody, and made again, which happens once."""

    kind: Literal["remade"] = "remade"
    what: str


Event = Annotated[
    (Declared | Joined | SeveritySet | PhaseSet | ImpactSet | Noted | DecisionMarked | ChangeRecorded)
    | (EntryAmended | EntryWithdrawn | EntrySeconded | EntryUnseconded | SourceEdited | SourceDeleted)
    | (RoleTaken | RoleVacated | BackupNamed | ItemAdded | ItemGrabbed | ItemLetGo | ItemEnded)
    | (DecisionPointSet | DecisionPointMoved | DecisionPointWithdrawn | DecisionPointAnswered | DecisionPointUnanswered)
    | (ThresholdMet | ThresholdUnmet | SignalNamed | SignalSeen | Objected | TieBroken)
    | (PathChosen | FrozenChanges | UnfrozenChanges)
    | (Drafted | DraftDiscarded | Published | Corrected | UpdateWithdrawn)
    | (Resolved | RelapseSeen | Closed | Reopened | Asked | Settled | Nudged | Told | Heard | Refused)
    | (Arrived | Left)
    | (ChannelOpened | ChannelGone | ChannelLocked | DeliveryNoted | RightMissing | RightGiven | Remade),
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads one stored event."""


class Origin(Value):
    """Where an act came from: the message it was typed in or made on, the thread around that, the emoji of a reaction.

    `answer` is where that person is answered, when not at the message: a button's answer is theirs alone.
    """

    kind: Literal["typed", "reacted", "edited", "clock", "chat"]
    message: MessageRef | None = None
    answer: MessageRef | None = None
    thread: MessageRef | None = None
    emoji: str = ""
    typed: str = ""

    @property
    def reply_to(self) -> MessageRef | None:
        return self.answer or self.message


class Recorded(Value):
    """An event in its place on the record.

    `at` is when it happened (a chat's own time for an act, never later than when it was heard); `heard_at` is when it
    was written down. `source` names the act and stands on its first event alone, and so does `about`, the command's name.
    """

    stream: str
    version: int
    at: datetime
    heard_at: datetime
    by: Person | None = None
    source: str | None = None
    origin: Origin | None = None
    about: str = ""
    event: Event
