"""What may be asked of an incident: by people (the words of `/incident`, `!inc` and the emoji), by the clock, by a chat.

Rule: a command is a wish with nothing looked up; `decide` says what comes of it. The words people type for each one
are rows of `core.incident.verbs.VERBS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.incident.times import Length
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

TITLE_LIMIT = 200
TEXT_LIMIT = 2000
"""Characters of one entry; what is longer belongs in the chat, where it can be linked from."""


MARKS_LIMIT = 30
"""Combining marks on end; no script has more (Unicode Standard Annex 15, section 13), and each costs the ones before."""


def one_line(text: str) -> str:
    """The text on one line: single spaces, no control or invisible formatting characters, in NFC."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Zl", "Zp", "Cc") else letter
        for letter in unicodedata.normalize("NFC", "".join(_few_marks(text)))
        # A zero-width joiner holds emoji and scripts together; the rest of Cf only hides or reorders.
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co") or letter in "\u200c\u200d"
    )
    return re.sub(r"\s+", " ", kept).strip()


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= MARKS_LIMIT:
            yield letter


def _said(text: str) -> str:
    text = one_line(text)
    if not text:
        raise ValueError("there are no words in it")
    return text


Title = Annotated[str, AfterValidator(_said), Field(max_length=TITLE_LIMIT)]
Words = Annotated[str, AfterValidator(_said), Field(max_length=TEXT_LIMIT)]
Maybe = Annotated[str, AfterValidator(one_line), Field(max_length=TEXT_LIMIT)]


class Command(Value):
    """A wish."""


class Quote(Value):
    """The message that an act was made on: what it said, who wrote it and when."""

    message: MessageRef
    by: Person
    at: datetime


# --- declaring ------------------------------------------------------------------------------------------------------


class Declare(Command):
    """Begin an incident. `anew` says that it is not the young one which is open: who asks was asked.

    `quote` is the message that it was declared from; `typed` the one in which somebody declared it.
    """

    title: Title
    severity: Severity | None = None
    service: str = ""
    private: bool = False
    quote: Quote | None = None
    typed: MessageRef | None = None
    anew: bool = False


class Join(Command):
    """Bring a person into the incident that is there; `title` is what they had called it."""

    title: str = ""


class AskSameOrNew(Command):
    """Another alarm while a young incident is open: ask that person which it is."""

    title: Title
    quote: Quote


class SettleSameOrNew(Command):
    """The answer, or after a minute of silence the clock's: the same."""

    ask: int
    new: bool


# --- the incident ---------------------------------------------------------------------------------------------------


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
    """Correct the text of a timeline entry; the old text stays in the log."""

    entry: int
    text: Words


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


# --- roles ----------------------------------------------------------------------------------------------------------


class Claim(Command):
    """`others` claimed it too, while nobody could tell who was first."""

    role: Role
    others: tuple[Person, ...] = ()


class Release(Command):
    role: Role


class Assign(Command):
    role: Role
    who: Person


class Vacate(Command):
    role: Role


class NameBackup(Command):
    role: Role
    who: Person


class HandOff(Command):
    """Offer one role, or all of one's own, to somebody; the giver holds them until it is accepted."""

    who: Person
    role: Role | None = None


class TakeOver(Command):
    role: Role


class PassRole(Command):
    """The holder was silent: the role passes to who asked."""

    role: Role


# --- items ----------------------------------------------------------------------------------------------------------


class AddItem(Command):
    kind: Literal[ItemKind.HYPOTHESIS, ItemKind.ACTION]
    text: Words
    who: Person | None = None
    quote: Quote | None = None
    parent: str = ""


class Grab(Command):
    item: str


class LetGo(Command):
    item: str


class EndItem(Command):
    """Cross an item off. `status` of `None` is ✅ or ❌ on its card: what that means depends on the item's kind."""

    item: str
    status: Literal[ItemStatus.DONE, ItemStatus.CONFIRMED, ItemStatus.RULED_OUT, ItemStatus.DROPPED]
    result: Maybe = ""


# --- calls ----------------------------------------------------------------------------------------------------------


class MarkDecision(Command):
    text: Words
    quote: Quote | None = None


class DecideBy(Command):
    """Set a decision point: at `at` the recovery owner is asked, if `condition` holds, what to do."""

    at: datetime
    condition: Words


class MoveDecision(Command):
    """`point` is the key of a decision point; without one it is the next that is due."""

    at: datetime
    point: str = ""


class WithdrawDecision(Command):
    why: Maybe = ""
    point: str = ""


class ChoosePath(Command):
    """The recovery owner's call. `point` is the decision point that it answers, where that was said.

    `why` is also the sentence that says why rolling back is unsafe, where rolling back first is the rule.
    """

    path: Path
    why: Maybe = ""
    point: str = ""


class AnswerDecision(Command):
    """One of the four choices, given on the card that asked for it."""

    prompt: str
    path: Path


class WatchSignal(Command):
    """Which signal will show that the path worked, and who watches it for how long; whoever says it, unless named."""

    signal: Words
    who: Person | None = None
    length: Length | None = None


class Object(Command):
    """Object to the choice that was made last; said by a tie-breaker who was asked, it overturns that choice."""

    why: Words


class MeetThreshold(Command):
    """One of the service's sentences is met: by its number, or some of its words."""

    threshold: Words


class UnmeetThreshold(Command):
    """Whoever marked it takes that back."""

    threshold: Words


class Freeze(Command):
    why: Maybe = ""


class Unfreeze(Command):
    why: Maybe = ""


class AskAboutFreeze(Command):
    """The incident is closed and changes are still frozen: ask whether that is meant."""


class AskUnfreeze(Command):
    """🧊 was taken back: lifting a freeze is confirmed first."""


# --- updates --------------------------------------------------------------------------------------------------------


class Draft(Command):
    """The fields of a base update; an empty one keeps what the draft in hand says."""

    headline: Maybe = ""
    impact: Maybe = ""
    affected: Maybe = ""
    working: Maybe = ""
    next: Maybe = ""
    every: Length | None = None
    quote: Quote | None = None


class Publish(Command):
    """Publish the draft. `draft` names the one that was read; a newer one is not published unread."""

    draft: int | None = None


class Discard(Command):
    """Throw the draft away. `draft` names the one that was meant; a newer one stays."""

    draft: int | None = None


class PublishUnchanged(Command):
    """The same facts, said again. `reminder` is the card that asked for it: one that is settled asks no more."""

    every: Length | None = None
    reminder: str = ""


class CorrectUpdate(Draft):
    """New words for fields of the last update, in every copy."""


class WithdrawUpdate(Command):
    why: Words


# --- the close ------------------------------------------------------------------------------------------------------


class Resolve(Command):
    fixed: Maybe = ""


class CameBack(Command):
    why: Maybe = ""


class Close(Command):
    """The declared close; empty fields are filled from the record, and asked for where it is silent."""

    cause: Maybe = ""
    fixed: Maybe = ""
    next: Maybe = ""
    owner: Person | None = None


class CloseFalseAlarm(Command):
    why: Words


class CloseDuplicate(Command):
    of: int


class Reopen(Command):
    why: Maybe
    number: int | None = None


# --- answers to what Tocsin asked -----------------------------------------------------------------------------------


class Confirm(Command):
    """Yes to a prompt, by its card key."""

    prompt: str


class Decline(Command):
    """No to a prompt, by its card key."""

    prompt: str


class KeepClaim(Command):
    """🚨 or a role's emoji was taken back: nothing changes, and the answer says how to hand it off."""

    role: Role | None = None


class NoteTakenBack(Command):
    """A reaction was taken back on which nothing hangs; kept, so that putting it there again is another act."""


# --- the clock ------------------------------------------------------------------------------------------------------


class AskForCommander(Command):
    step: int


class AskDecision(Command):
    """A decision point is due: ask who is entitled and not asked yet, or say that nobody answered."""

    point: str


class EndPause(Command):
    """The five minutes of a pause are over."""

    item: str


class AskWhetherItWorked(Command):
    """The watcher's time is over."""

    item: str


class LetItStand(Command):
    """The tie-breaker was silent: the choice stands."""

    prompt: str


class Nudge(Command):
    """A row of `core.incident.nudges.NUDGES` is due."""

    row: str


class RemindUpdate(Command):
    """A step of the reminders for the update promised for `due`: 0 before, 1 at it, 2 the backup, 3 the commander."""

    due: datetime
    step: int


class AskToClose(Command):
    pass


class LockChannel(Command):
    pass


# --- what a chat did ------------------------------------------------------------------------------------------------


class NoteChannel(Command):
    """The incident's channel is there; `crowding` is what to say when few more can be made."""

    channel: ChannelRef
    crowding: str = ""


class LoseChannel(Command):
    """The incident's channel is gone; it will be made again."""

    channel: ChannelRef


class NoteDelivery(Command):
    """How a copy fares: `late`, `impossible`, or `delivered` after all."""

    card: str
    channel: ChannelRef
    state: Literal["late", "impossible", "delivered"]
    reason: str = ""


class NoteMissingRight(Command):
    """The bot may not do something; named to people once."""

    right: str


class NoteRightGiven(Command):
    """The bot may do again what it could not."""

    right: str


class NoteRemade(Command):
    """Somebody deleted one of Tocsin's messages, or a thread of its, and it was made again."""

    what: str


class NoteArrival(Command):
    """Somebody said something in the incident's channel for the first time: they are there."""


class NoteLeft(Command):
    """Somebody left the incident's channel, or was put out of it."""


class Misread(Command):
    """Words meant as a command that could not be read; the answer is the nearest form."""

    answer: str
    typed: str = ""


class DenyStranger(Command):
    """Somebody who is not a responder asked for something; they are told whom to ask."""

    wanted: str


AnyCommand = (
    (Declare | Join | AskSameOrNew | SettleSameOrNew)
    | (SetSeverity | SetPhase | SetImpact | AddNote | RecordChange | Show | Amend)
    | (WithdrawEntry | EditSource | DeleteSource)
    | (Claim | Release | Assign | Vacate | NameBackup | HandOff | TakeOver | PassRole)
    | (AddItem | Grab | LetGo | EndItem)
    | (MarkDecision | DecideBy | MoveDecision | WithdrawDecision | ChoosePath | AnswerDecision | WatchSignal | Object)
    | (MeetThreshold | UnmeetThreshold | Freeze | Unfreeze | AskUnfreeze | AskAboutFreeze)
    | (Draft | Publish | Discard | PublishUnchanged | CorrectUpdate | WithdrawUpdate)
    | (Resolve | CameBack | Close | CloseFalseAlarm | CloseDuplicate | Reopen | Confirm | Decline)
    | (KeepClaim | NoteTakenBack)
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
