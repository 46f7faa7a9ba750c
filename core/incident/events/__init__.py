"""What has happened, past tense: the stored format of the log, and the record around each event.

Rule: an event is never changed once a release has written it; a new need is a new event or an optional field. Events
carry what they mean, so that nothing but the log is needed to know the incident.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from core.incident.events.after import (
    Debriefed,
    DigestPosted,
    EntryHidden,
    EvidenceGiven,
    FollowUpAdded,
    FollowUpEnded,
    FollowUpMoved,
    OpenFollowUp,
    OwedPostmortem,
    PostmortemAssigned,
    PostmortemDrafted,
    PostmortemPublished,
    PostmortemWaived,
)
from core.incident.events.alerts import (
    Alarm,
    AlertCleared,
    AlertFired,
    AlertNoted,
    AlertsBegun,
    AlertsLinked,
    AlertsOver,
)
from core.incident.events.asking import Again, Ask, Asked, Briefing, Heard, Nudged, Refused, Settled, Told
from core.incident.events.calls import (
    DecisionPointAnswered,
    DecisionPointMoved,
    DecisionPointSet,
    DecisionPointUnanswered,
    DecisionPointWithdrawn,
    FrozenChanges,
    Objected,
    PathChosen,
    SignalNamed,
    SignalSeen,
    ThresholdMet,
    ThresholdUnmet,
    TieBroken,
    UnfrozenChanges,
)
from core.incident.events.chats import (
    Arrived,
    ChannelGone,
    ChannelLocked,
    ChannelOpened,
    DeliveryNoted,
    Left,
    Remade,
    RightGiven,
    RightMissing,
)
from core.incident.events.closing import Closed, CloseKind, RelapseSeen, Reopened, Resolved
from core.incident.events.declaring import Declared, Joined, PutOut
from core.incident.events.drills import DrillsTold, Injected
from core.incident.events.happened import Happened
from core.incident.events.items import ItemAdded, ItemEnded, ItemGrabbed, ItemLetGo
from core.incident.events.paging import PageAnswered, PageTried, PageUnanswered, Widened
from core.incident.events.people import CoverBegun, CoverEnded, OnCallTold
from core.incident.events.record import (
    ChangeRecorded,
    DecisionMarked,
    EntryAmended,
    EntrySeconded,
    EntryUnseconded,
    EntryWithdrawn,
    ImpactSet,
    Noted,
    PhaseSet,
    SeveritySet,
    SourceDeleted,
    SourceEdited,
)
from core.incident.events.roles import BackupNamed, How, RoleTaken, RoleVacated
from core.incident.events.runbooks import RunbookShown
from core.incident.events.updates import (
    AudiencesSet,
    Corrected,
    DraftDiscarded,
    Drafted,
    Published,
    RemindersSnoozed,
    UpdateWithdrawn,
    Wording,
)
from core.incident.vocabulary import MessageRef, Person, Value

__all__ = [
    "EVENT",
    "Again",
    "Alarm",
    "AlertCleared",
    "AlertFired",
    "AlertNoted",
    "AlertsBegun",
    "AlertsLinked",
    "AlertsOver",
    "Arrived",
    "Ask",
    "Asked",
    "AudiencesSet",
    "BackupNamed",
    "Briefing",
    "ChangeRecorded",
    "ChannelGone",
    "ChannelLocked",
    "ChannelOpened",
    "CloseKind",
    "Closed",
    "Corrected",
    "CoverBegun",
    "CoverEnded",
    "Debriefed",
    "DecisionMarked",
    "DecisionPointAnswered",
    "DecisionPointMoved",
    "DecisionPointSet",
    "DecisionPointUnanswered",
    "DecisionPointWithdrawn",
    "Declared",
    "DeliveryNoted",
    "DigestPosted",
    "DraftDiscarded",
    "Drafted",
    "DrillsTold",
    "EntryAmended",
    "EntryHidden",
    "EntrySeconded",
    "EntryUnseconded",
    "EntryWithdrawn",
    "Event",
    "EvidenceGiven",
    "FollowUpAdded",
    "FollowUpEnded",
    "FollowUpMoved",
    "FrozenChanges",
    "Happened",
    "Heard",
    "How",
    "ImpactSet",
    "Injected",
    "ItemAdded",
    "ItemEnded",
    "ItemGrabbed",
    "ItemLetGo",
    "Joined",
    "Left",
    "Noted",
    "Nudged",
    "Objected",
    "OnCallTold",
    "OpenFollowUp",
    "Origin",
    "OwedPostmortem",
    "PageAnswered",
    "PageTried",
    "PageUnanswered",
    "PathChosen",
    "PhaseSet",
    "PostmortemAssigned",
    "PostmortemDrafted",
    "PostmortemPublished",
    "PostmortemWaived",
    "Published",
    "PutOut",
    "Recorded",
    "Refused",
    "RelapseSeen",
    "Remade",
    "RemindersSnoozed",
    "Reopened",
    "Resolved",
    "RightGiven",
    "RightMissing",
    "RoleTaken",
    "RoleVacated",
    "RunbookShown",
    "Settled",
    "SeveritySet",
    "SignalNamed",
    "SignalSeen",
    "SourceDeleted",
    "SourceEdited",
    "ThresholdMet",
    "ThresholdUnmet",
    "TieBroken",
    "Told",
    "UnfrozenChanges",
    "UpdateWithdrawn",
    "Widened",
    "Wording",
]


Event = Annotated[
    (Declared | Joined | SeveritySet | PhaseSet | ImpactSet | Noted | DecisionMarked | ChangeRecorded)
    | (EntryAmended | EntryWithdrawn | EntrySeconded | EntryUnseconded | SourceEdited | SourceDeleted)
    | (RoleTaken | RoleVacated | BackupNamed | ItemAdded | ItemGrabbed | ItemLetGo | ItemEnded)
    | (DecisionPointSet | DecisionPointMoved | DecisionPointWithdrawn | DecisionPointAnswered | DecisionPointUnanswered)
    | (ThresholdMet | ThresholdUnmet | SignalNamed | SignalSeen | Objected | TieBroken)
    | (PathChosen | FrozenChanges | UnfrozenChanges)
    | (Drafted | DraftDiscarded | Published | Corrected | UpdateWithdrawn | AudiencesSet | RemindersSnoozed)
    | (Resolved | RelapseSeen | Closed | Reopened | Asked | Settled | Nudged | Told | Heard | Refused)
    | (FollowUpAdded | FollowUpMoved | FollowUpEnded | Debriefed | EntryHidden | EvidenceGiven | DigestPosted)
    | (PostmortemAssigned | PostmortemDrafted | PostmortemPublished | PostmortemWaived)
    | (PageTried | PageAnswered | PageUnanswered | Widened)
    | (AlertsBegun | AlertFired | AlertCleared | AlertsLinked | AlertsOver | AlertNoted)
    | (Arrived | Left | PutOut)
    | (CoverBegun | CoverEnded | OnCallTold | RunbookShown)
    | (Injected | DrillsTold)
    | (ChannelOpened | ChannelGone | ChannelLocked | DeliveryNoted | RightMissing | RightGiven | Remade),
    Field(discriminator="kind"),
]


EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads one stored event."""


class Origin(Value):
    """Where an act came from: the message it was typed in or made on, the thread around that, the emoji of a reaction.

    `answer` is where that person is answered, when not at the message: a button's answer is theirs alone.
    """

    kind: Literal["typed", "reacted", "edited", "clock", "chat", "link"]
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
