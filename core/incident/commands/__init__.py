"""What may be asked of an incident: by people (the words of `/incident`, `!inc` and the emoji), by the clock, by a chat.

Rule: a command is a wish with nothing looked up; `decide` says what comes of it. The words people type for each one
are rows of `core.incident.verbs.VERBS`.
"""

from __future__ import annotations

from core.incident.commands.after import (
    AskPostmortem,
    Debrief,
    EndFollowUp,
    FollowUp,
    GiveEvidence,
    HideEntry,
    MoveFollowUp,
    PostDigest,
    PublishPostmortem,
    WaivePostmortem,
)
from core.incident.commands.alerts import DeclareAlert, EndAlerts, HearAlerts, HeardAlert, NoteAlert
from core.incident.commands.answers import Confirm, Decline, KeepClaim, NoteTakenBack
from core.incident.commands.calls import (
    AnswerDecision,
    AskAboutFreeze,
    AskUnfreeze,
    ChoosePath,
    DecideBy,
    Freeze,
    MarkDecision,
    MeetThreshold,
    MoveDecision,
    Object,
    Unfreeze,
    UnmeetThreshold,
    WatchSignal,
    WithdrawDecision,
)
from core.incident.commands.chats import (
    DenyStranger,
    LoseChannel,
    Misread,
    NoteArrival,
    NoteChannel,
    NoteDelivery,
    NoteLeft,
    NoteMissingRight,
    NoteRemade,
    NoteRightGiven,
)
from core.incident.commands.clock import (
    AskDecision,
    AskForCommander,
    AskToClose,
    AskWhetherItWorked,
    EndPause,
    LetItStand,
    LockChannel,
    Nudge,
    RemindPostmortem,
    RemindUpdate,
)
from core.incident.commands.closing import CameBack, Close, CloseDuplicate, CloseFalseAlarm, Reopen, Resolve
from core.incident.commands.declaring import AskSameOrNew, Declare, Invite, Join, SettleSameOrNew, Uninvite
from core.incident.commands.drills import Drill, EndDrill, SayInject
from core.incident.commands.items import AddItem, EndItem, Grab, LetGo
from core.incident.commands.named import incident_named
from core.incident.commands.paging import EscalatePage, NotePageTried, OfferWidening, Page, Widen
from core.incident.commands.people import Cover, EndCover, OfferShift, ShowOnCall
from core.incident.commands.record import (
    AddNote,
    Amend,
    DeleteSource,
    EditSource,
    RecordChange,
    SetImpact,
    SetPhase,
    SetSeverity,
    Show,
    WithdrawEntry,
)
from core.incident.commands.roles import Assign, Claim, HandOff, NameBackup, PassRole, Release, TakeOver, Vacate
from core.incident.commands.runbooks import ShowRunbook, TakeStep, TurnPage
from core.incident.commands.updates import (
    CorrectUpdate,
    Discard,
    Draft,
    NoteAudiences,
    Publish,
    PublishUnchanged,
    Snooze,
    WithdrawUpdate,
)
from core.incident.commands.wish import (
    MARKS_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    Command,
    Maybe,
    Quote,
    Title,
    Words,
    one_line,
)

__all__ = [
    "MARKS_LIMIT",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "AddItem",
    "AddNote",
    "Amend",
    "AnswerDecision",
    "AnyCommand",
    "AskAboutFreeze",
    "AskDecision",
    "AskForCommander",
    "AskPostmortem",
    "AskSameOrNew",
    "AskToClose",
    "AskUnfreeze",
    "AskWhetherItWorked",
    "Assign",
    "CameBack",
    "ChoosePath",
    "Claim",
    "Close",
    "CloseDuplicate",
    "CloseFalseAlarm",
    "Command",
    "Confirm",
    "CorrectUpdate",
    "Cover",
    "Debrief",
    "DecideBy",
    "Declare",
    "DeclareAlert",
    "Decline",
    "DeleteSource",
    "DenyStranger",
    "Discard",
    "Draft",
    "Drill",
    "EditSource",
    "EndAlerts",
    "EndCover",
    "EndDrill",
    "EndFollowUp",
    "EndItem",
    "EndPause",
    "EscalatePage",
    "FollowUp",
    "Freeze",
    "GiveEvidence",
    "Grab",
    "HandOff",
    "HearAlerts",
    "HeardAlert",
    "HideEntry",
    "Invite",
    "Join",
    "KeepClaim",
    "LetGo",
    "LetItStand",
    "LockChannel",
    "LoseChannel",
    "MarkDecision",
    "Maybe",
    "MeetThreshold",
    "Misread",
    "MoveDecision",
    "MoveFollowUp",
    "NameBackup",
    "NoteAlert",
    "NoteArrival",
    "NoteAudiences",
    "NoteChannel",
    "NoteDelivery",
    "NoteLeft",
    "NoteMissingRight",
    "NotePageTried",
    "NoteRemade",
    "NoteRightGiven",
    "NoteTakenBack",
    "Nudge",
    "Object",
    "OfferShift",
    "OfferWidening",
    "Page",
    "PassRole",
    "PostDigest",
    "Publish",
    "PublishPostmortem",
    "PublishUnchanged",
    "Quote",
    "RecordChange",
    "Release",
    "RemindPostmortem",
    "RemindUpdate",
    "Reopen",
    "Resolve",
    "SayInject",
    "SetImpact",
    "SetPhase",
    "SetSeverity",
    "SettleSameOrNew",
    "Show",
    "ShowOnCall",
    "ShowRunbook",
    "Snooze",
    "TakeOver",
    "TakeStep",
    "Title",
    "TurnPage",
    "Unfreeze",
    "Uninvite",
    "UnmeetThreshold",
    "Vacate",
    "WaivePostmortem",
    "WatchSignal",
    "Widen",
    "WithdrawDecision",
    "WithdrawEntry",
    "WithdrawUpdate",
    "Words",
    "incident_named",
    "one_line",
]


AnyCommand = (
    (Drill | SayInject | EndDrill)
    | (Declare | Join | AskSameOrNew | SettleSameOrNew | Invite | Uninvite)
    | (SetSeverity | SetPhase | SetImpact | AddNote | RecordChange | Show | Amend)
    | (WithdrawEntry | EditSource | DeleteSource)
    | (Claim | Release | Assign | Vacate | NameBackup | HandOff | TakeOver | PassRole)
    | (AddItem | Grab | LetGo | EndItem)
    | (MarkDecision | DecideBy | MoveDecision | WithdrawDecision | ChoosePath | AnswerDecision | WatchSignal | Object)
    | (MeetThreshold | UnmeetThreshold | Freeze | Unfreeze | AskUnfreeze | AskAboutFreeze)
    | (Draft | Publish | Discard | PublishUnchanged | CorrectUpdate | WithdrawUpdate | Snooze | NoteAudiences)
    | (Resolve | CameBack | Close | CloseFalseAlarm | CloseDuplicate | Reopen | Confirm | Decline)
    | (KeepClaim | NoteTakenBack)
    | (Page | Widen | EscalatePage | OfferWidening | NotePageTried)
    | (ShowRunbook | TurnPage | TakeStep)
    | (ShowOnCall | Cover | EndCover | OfferShift)
    | (FollowUp | MoveFollowUp | EndFollowUp | AskPostmortem | PublishPostmortem | WaivePostmortem | Debrief)
    | (HideEntry | GiveEvidence | RemindPostmortem | PostDigest)
    | (HearAlerts | DeclareAlert | EndAlerts | NoteAlert)
    | (AskForCommander | AskDecision | EndPause | AskWhetherItWorked | LetItStand | Nudge)
    | (RemindUpdate | AskToClose | LockChannel)
    | (
        NoteChannel
        | LoseChannel
        | NoteDelivery
        | NoteMissingRight
        | NoteRightGiven
        | NoteRemade
        | NoteArrival
        | NoteLeft
        | Misread
        | DenyStranger
    )
)
