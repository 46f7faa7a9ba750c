"""An incident as the record has it: frozen values, changed only by `evolve`.

Rule: everything here follows from the log alone. Questions that several rules ask (who decides, who is asked next, what
is open) are answered here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.incident.course import Course
from core.incident.drill import Scenario
from core.incident.events import Alarm, Ask, Closed, PageTried, RunbookShown
from core.incident.letters import Letters
from core.incident.parts import (
    AMENDED,
    NOBODY,
    RETIMED,
    AlertState,
    Change,
    Covering,
    DecisionPoint,
    Delivery,
    DraftInHand,
    Entry,
    Evidence,
    FollowUp,
    Freeze,
    Holding,
    Item,
    Lesson,
    Mirror,
    NudgeCard,
    Passed,
    PathCall,
    Played,
    Postmortem,
    Promises,
    Prompt,
    Reopening,
    Signal,
    Snooze,
    Update,
)
from core.incident.policy import Audience, Policy, Response, Service
from core.incident.vocabulary import (
    ChannelRef,
    ItemKind,
    ItemStatus,
    MessageRef,
    Person,
    Phase,
    Role,
    Severity,
)

__all__ = [
    "AMENDED",
    "RETIMED",
    "AlertState",
    "Change",
    "Covering",
    "DecisionPoint",
    "Delivery",
    "DraftInHand",
    "Entry",
    "Evidence",
    "FollowUp",
    "Freeze",
    "Holding",
    "Incident",
    "Item",
    "Lesson",
    "Mirror",
    "NudgeCard",
    "Passed",
    "PathCall",
    "Played",
    "Postmortem",
    "Promises",
    "Prompt",
    "Reopening",
    "Signal",
    "Snooze",
    "Update",
]


@dataclass(frozen=True, slots=True)
class Incident:
    """The whole of it. Mappings are never changed in place.

    `private`: by invitation only; then `people` are its members, `put_out` those who are members no more, and `trusted` (by
    key) those who count as responders here. `invited` counts, by key, how often somebody was asked in by name.
    `present` are those who did or said anything in its channel, `left` when those left who have not come back; `met` says
    who marked which threshold; `checked` that at some moment everybody who was there had a check.
    `begun_at` is when the trouble began as far as is known: at the declaration, or when it last came back; `paced_at` when
    its severity, and so its cadence, was last set. What was first is told by counts, since a clock may be set back:
    `opened_after`, `begun_after`, `impact_after` and `resolved_after` are the updates that were out when it was opened
    (declared or reopened), began, had its impact stated and was resolved; `vacant_after` how often a commander had been
    asked for when it last lost one. `alarm` is the alert that declared it, or that it was declared from; `alerts` say how those
    stand, by the number of their message.
    """

    number: int
    name: str
    title: str
    severity: Severity
    response: Response
    policy: Policy
    triage: ChannelRef
    declared_at: datetime
    declared_by: Person
    begun_at: datetime
    paced_at: datetime
    message: MessageRef | None = None
    reported_by: Person | None = None
    service: str = ""
    private: bool = False
    phase: Phase = Phase.INVESTIGATING
    channel: ChannelRef | None = None
    locked: bool = False
    version: int = 0
    changed_at: datetime | None = None
    people: tuple[Person, ...] = ()
    invited: Mapping[str, int] = field(default_factory=dict)
    trusted: frozenset[str] = frozenset()
    put_out: tuple[Person, ...] = ()
    present: tuple[Person, ...] = ()
    left: Mapping[str, datetime] = field(default_factory=dict)
    checked: bool = False
    roles: Mapping[Role, Holding] = field(default_factory=dict)
    passed: tuple[Passed, ...] = ()
    items: Mapping[str, Item] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    impact: str = ""
    impact_after: int = 0
    change: Change | None = None
    frozen: Freeze | None = None
    path: PathCall | None = None
    points: Mapping[str, DecisionPoint] = field(default_factory=dict)
    met: Mapping[int, Person] = field(default_factory=dict)
    signal: Signal | None = None
    nudges: tuple[NudgeCard, ...] = ()
    draft: DraftInHand | None = None
    drafts: int = 0
    past_drafts: Mapping[int, str] = field(default_factory=dict)
    updates: tuple[Update, ...] = ()
    audiences: tuple[Audience, ...] = ()
    snoozed: Snooze | None = None
    promises: Promises = field(default_factory=Promises)
    prompts: Mapping[str, Prompt] = field(default_factory=dict)
    letters: Letters = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()
    arrived: tuple[Delivery, ...] = ()
    missing_rights: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    crowding: str = ""
    commanded_at: datetime | None = None
    vacant_since: datetime | None = None
    vacant_after: int = 0
    opened_after: int = 0
    begun_after: int = 0
    resolved_at: datetime | None = None
    resolved_after: int = 0
    fixed: str = ""
    closed_at: datetime | None = None
    closed_by: Person | None = None
    closing: Closed | None = None
    reopenings: tuple[Reopening, ...] = ()
    handoffs: int = 0
    follow_ups: Mapping[int, FollowUp] = field(default_factory=dict)
    postmortem: Postmortem | None = None
    lesson: Lesson | None = None
    last_time: Lesson | None = None
    covers: tuple[Covering, ...] = ()
    runbooks: tuple[RunbookShown, ...] = ()
    evidence: Mapping[MessageRef, Evidence] = field(default_factory=dict)
    course: Course = ()
    tries: tuple[PageTried, ...] = ()
    alarm: Alarm | None = None
    alerts: Mapping[int, AlertState] = field(default_factory=dict)
    drill: Scenario | None = None
    injected: tuple[Played, ...] = ()

    # --- who decides --------------------------------------------------------------------------------------------------

    def holding(self, role: Role) -> Holding:
        return self.roles.get(role, NOBODY)

    def holder(self, role: Role) -> Person | None:
        return self.holding(role).holder

    @property
    def commander(self) -> Person | None:
        return self.holder(Role.IC)

    def deciders(self, role: Role) -> tuple[Person, ...]:
        """Holder and backup of a call; a call that nobody holds is the commander's (spec, section 3)."""
        holding = self.holding(role)
        if holding.holder is None and role is not Role.IC:
            return self.deciders(Role.IC)
        return tuple(person for person in (holding.holder, holding.backup) if person is not None)

    def may(self, person: Person | None, role: Role) -> bool:
        return person is not None and any(decider.is_(person) for decider in self.deciders(role))

    def roles_of(self, person: Person) -> tuple[Role, ...]:
        return tuple(role for role in Role if person.is_(self.holder(role)))

    @property
    def tie_breaker(self) -> Person | None:
        """Who breaks ties: whom the house has named, else the commander (spec, section 3)."""
        return self.policy.tie_breaker or self.commander

    def breaks_tie(self, person: Person) -> bool:
        """Whether a call that is not theirs was put to this person, and they have not answered."""
        ties = (*self.open_prompts(Ask.OBJECTION), *(one for one in self.open_prompts(Ask.DECISION) if one.asked.step))
        return any(person.is_(one) for prompt in ties for one in prompt.asked.to)

    # --- who is there -------------------------------------------------------------------------------------------------

    @property
    def alone(self) -> bool:
        """Whether nobody but one person is there: roles and idle people are nobody's worry then."""
        return len(self.present) <= 1

    def has_member(self, person: Person) -> bool:
        """Whether somebody is one of its people; a private incident has no others."""
        return any(person.is_(known) for known in self.people)

    def trusts(self, person: Person) -> bool:
        """Whether somebody counts as a responder here by the commander's invitation alone."""
        return self.private and person.key in self.trusted and self.has_member(person)

    def has_left(self, person: Person) -> bool:
        """Whether somebody left the channel and has not been heard of since."""
        return person.key in self.left

    def left_after(self, person: Person, moment: datetime) -> bool:
        """Whether somebody has left since: a chat may tell once more what they wrote or did before."""
        return self.has_left(person) and self.left[person.key] > moment

    def busy_with(self, person: Person) -> tuple[Item, ...]:
        """The hypotheses and actions in somebody's hands; a path is recovery's, and waits for nobody."""
        return tuple(
            item
            for item in self.items_of(ItemKind.HYPOTHESIS, ItemKind.ACTION)
            if item.open and person.is_(item.holder)
        )

    @property
    def idle(self) -> tuple[Person, ...]:
        """Who is there and could take a check: the commander, the update owner and the scribe have their hands full, and
        so has recovery while a path is open.
        """
        full = [self.holder(role) for role in (Role.IC, Role.UPDATES, Role.SCRIBE)]
        full += [self.holder(Role.RECOVERY)] if self.open_path else []
        # The path's holder too: it is an item like the others here.
        full += [item.holder for item in self.items.values() if item.open]
        busy = {person.key for person in full if person is not None}
        return tuple(person for person in self.present if person.key not in busy)

    @property
    def free(self) -> tuple[Item, ...]:
        """Hypotheses and actions that nobody has taken."""
        return tuple(
            item for item in self.items_of(ItemKind.HYPOTHESIS, ItemKind.ACTION) if item.open and item.holder is None
        )

    # --- what is open -------------------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self.phase is Phase.CLOSED

    def items_of(self, *kinds: ItemKind) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.kind in kinds)

    @property
    def open_path(self) -> Item | None:
        """The one recovery action that is open."""
        return next((item for item in self.items.values() if item.kind is ItemKind.RECOVERY and item.open), None)

    @property
    def catalogue(self) -> Service | None:
        """The service that is hit, as the config has it."""
        return next((one for one in self.policy.services if one.name == self.service), None)

    @property
    def thresholds(self) -> tuple[str, ...]:
        """The sentences that call for a rollback."""
        return self.catalogue.thresholds if self.catalogue else ()

    @property
    def open_points(self) -> tuple[DecisionPoint, ...]:
        """Decision points that wait, the next first."""
        return tuple(sorted((one for one in self.points.values() if one.open), key=lambda one: (one.at, one.key)))

    def asked_about(self, point: DecisionPoint) -> tuple[Prompt, ...]:
        """The questions that stand about a decision point."""
        return tuple(one for one in self.open_prompts(Ask.DECISION) if one.asked.point == point.key)

    def signal_of(self, item: Item) -> Signal | None:
        """What is watched to see whether this path worked."""
        return self.signal if self.signal is not None and self.signal.item == item.key else None

    def nudged(self, row: str) -> bool:
        return any(row == told for card in self.nudges for told, _ in card.rows)

    @property
    def confirmed(self) -> Item | None:
        """The hypothesis confirmed last."""
        found = [item for item in self.items.values() if item.status is ItemStatus.CONFIRMED]
        return found[-1] if found else None

    def open_prompts(self, ask: str) -> tuple[Prompt, ...]:
        return tuple(prompt for prompt in self.prompts.values() if prompt.asked.ask == ask and not prompt.settled)

    def next_number(self, ask: str) -> int:
        return 1 + sum(prompt.asked.ask == ask for prompt in self.prompts.values())

    @property
    def in_time(self) -> tuple[Entry, ...]:
        """The timeline as it is read: by when things were, not by when they were put down."""
        return tuple(sorted(self.entries, key=lambda entry: (entry.at, entry.number)))

    def captured(self, message: MessageRef) -> bool:
        """Whether something on the record was taken from this message."""
        made = [one.message for one in self.entries] + [one.message for one in self.updates]
        return message in made or message in self.evidence or (self.draft is not None and self.draft.message == message)

    # --- updates ------------------------------------------------------------------------------------------------------

    @property
    def last_update(self) -> Update | None:
        """The newest update that stands."""
        return next((update for update in reversed(self.updates) if not update.withdrawn), None)

    @property
    def promised_at(self) -> datetime | None:
        """When the next update was promised for, if it was; a close ends every promise made before it."""
        last = self.last_update
        return last.promised_at if last and last.number > self.opened_after and not self.closed else None

    @property
    def update_due(self) -> datetime | None:
        """When the next update is due: as promised; before the first one, an interval after it began, or got its severity."""
        last, promised, every = self.last_update, self.promised_at, self.response.update_every
        said = last is not None and last.number > self.begun_after
        if said or self.closed or self.phase is Phase.RESOLVED or not every:
            return promised
        # Of a promise that was missed before it came back, everybody was reminded then.
        if promised is not None and promised >= self.begun_at:
            return promised
        return max(self.begun_at, self.paced_at) + every

    @property
    def every(self) -> timedelta:
        """The interval between updates now; zero when none is fixed."""
        last = self.last_update
        if last and last.wording.every is not None:
            return timedelta(seconds=last.wording.every)
        return self.response.update_every

    @property
    def users_see(self) -> str:
        """The impact as it was stated last, on the record or in an update."""
        last = self.last_update
        if last is None or (self.impact and self.impact_after >= last.number):
            return self.impact
        return last.wording.impact

    @property
    def users_saw(self) -> str:
        """The impact while it lasted; what was said after the resolve is that it is over."""
        until = len(self.updates) if self.resolved_at is None else self.resolved_after
        told = [one.wording.impact for one in self.updates[:until]]
        return self.impact or (told[-1] if told else "")
