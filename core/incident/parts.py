"""The parts of an incident: roles, items, entries, updates, prompts, decision points, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from core.incident.events import Asked, How, Wording
from core.incident.policy import Audience
from core.incident.vocabulary import (
    ChannelRef,
    ItemKind,
    ItemStatus,
    MessageRef,
    Path,
    Person,
    Phase,
    Priority,
    Role,
)


@dataclass(frozen=True, slots=True)
class AlertState:
    """How the alerts of one message stand, as the incident was told last; `since` when."""

    title: str
    firing: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A role: who holds it, since when, and who may take it over without debate."""

    holder: Person | None = None
    backup: Person | None = None
    since: datetime | None = None


NOBODY = Holding()


@dataclass(frozen=True, slots=True)
class Passed:
    """A role that somebody was given, or took from its holder: said aloud, once."""

    number: int
    role: Role
    who: Person
    how: How
    before: Person | None
    by: Person | None
    others: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """What a part in a drill said."""

    number: int
    says: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """A hypothesis, an action, or the path."""

    key: str
    kind: ItemKind
    text: str
    said_by: Person
    message: MessageRef | None = None
    parent: str = ""
    path: Path | None = None
    holder: Person | None = None
    status: ItemStatus = ItemStatus.OPEN
    result: str = ""
    ended_by: Person | None = None

    @property
    def open(self) -> bool:
        return self.status is ItemStatus.OPEN


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline. `by` is whose words or act it is; `marked_by` who put it on the record, and `also` who else.

    `message` is where the words stand in the chat, `item` the key of the item that it is about, `put_at` when it was put
    on the record. `hidden` ones are left out of the postmortem.
    """

    number: int
    at: datetime
    text: str
    by: Person | None
    marked_by: Person | None
    kind: str
    message: MessageRef | None = None
    note: str = ""
    withdrawn: bool = False
    version: int = 0
    also: tuple[Person, ...] = ()
    item: str = ""
    put_at: datetime | None = None
    hidden: bool = False


AMENDED, RETIMED = "amended", "its time was corrected"
"""The note of an entry that somebody corrected, or whose time alone."""


@dataclass(frozen=True, slots=True)
class Freeze:
    by: Person
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """The latest change to the system that somebody named."""

    what: str
    at: datetime
    by: Person


@dataclass(frozen=True, slots=True)
class PathCall:
    """The recovery owner's call, and the item that it opened. `overturned` by a tie-breaker, it holds no more."""

    path: Path
    by: Person
    at: datetime
    why: str
    item: str
    point: str = ""
    overturned: bool = False


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """A decision with its time. `moves` counts how often that changed; `over` is empty while it waits for its answer, and
    `over_at` is when it came, or when it was not wanted any more.
    """

    key: str
    at: datetime
    condition: str
    by: Person
    moves: int = 0
    over: str = ""
    unanswered: bool = False
    over_at: datetime | None = None

    @property
    def open(self) -> bool:
        return not self.over


@dataclass(frozen=True, slots=True)
class Signal:
    """What will show that the path `item` worked, and who watches it, from `at` until when."""

    item: str
    text: str
    who: Person
    at: datetime
    until: datetime
    seen: bool = False


@dataclass(frozen=True, slots=True)
class NudgeCard:
    """One message of nudges to one person, who was called when it was made; `rows` are those that it tells."""

    number: int
    to: Person
    at: datetime
    rows: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class DraftInHand:
    number: int
    wording: Wording
    by: Person
    at: datetime
    message: MessageRef | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    """A room where an update stands: of which audience, with what frame around it."""

    audience: str
    room: ChannelRef
    frame: str


@dataclass(frozen=True, slots=True)
class Update:
    """A published base update; `text` is what every audience reads, word for word.

    It stays true wherever it went: in its `mirrors`, whatever the audiences are by now, and `on_page`. `phase` is where
    the incident stood when it was published.
    """

    number: int
    text: str
    wording: Wording
    at: datetime
    by: Person
    promised_at: datetime | None
    corrected_at: datetime | None = None
    withdrawn: str = ""
    withdrawn_at: datetime | None = None
    message: MessageRef | None = None
    phase: Phase = Phase.INVESTIGATING
    mirrors: tuple[Mirror, ...] = ()
    on_page: bool = False


@dataclass(frozen=True, slots=True)
class Snooze:
    """The reminders for the update promised for `due` are put off `until`; `asked` is how often it was asked for before."""

    due: datetime
    until: datetime
    by: Person
    at: datetime
    asked: int


@dataclass(frozen=True, slots=True)
class Covering:
    """Somebody takes somebody's pages, as it was said here. `over` once another cover is in its place."""

    who: Person
    by: Person
    until: datetime
    said_by: Person
    over: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something Tocsin asked. `settled` is empty while an answer is still wanted."""

    key: str
    asked: Asked
    at: datetime
    settled: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A copy that is late or cannot be delivered, or that came after all. `channel` is the room as the config names it.

    `stale`: an older text of the update stands there.
    """

    card: str
    channel: ChannelRef
    state: str
    reason: str
    at: datetime
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """The one change that a debrief chose, or the one that the debrief before chose (then `of` is its incident)."""

    text: str
    by: Person | None = None
    of: int = 0


@dataclass(frozen=True, slots=True)
class Reopening:
    """A close that did not last. `audiences` are those that were told of it; `asked`: there was a debrief, with its `lesson`
    if it had chosen one.
    """

    closed_at: datetime
    at: datetime
    why: str
    audiences: tuple[Audience, ...] = ()
    asked: bool = False
    lesson: Lesson | None = None


@dataclass(frozen=True, slots=True)
class Promises:
    """Updates that came by the time they were promised for, and those that did not."""

    kept: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was written in an item's thread."""

    item: str
    text: str
    by: Person
    at: datetime
    deleted: bool = False


DONE, DROPPED = "done", "dropped"
"""How a follow-up ends."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Work that outlives the incident, added `at` a moment. `over` is empty while it is open, else how it ended; `why` is what was said then."""

    number: int
    text: str
    owner: Person
    due: date
    priority: Priority
    at: datetime
    item: str = ""
    over: str = ""
    why: str = ""

    @property
    def open(self) -> bool:
        return not self.over


@dataclass(frozen=True, slots=True)
class Postmortem:
    """Who writes it and by when, and what became of it: `published_at`, or `waived` with its reason.

    `drafts` are the times at which the record was posted as a file to write it in.
    """

    owner: Person
    due: date
    drafts: tuple[datetime, ...] = ()
    published_at: datetime | None = None
    where: str = ""
    waived: str = ""

    @property
    def owed(self) -> bool:
        return self.published_at is None and not self.waived
