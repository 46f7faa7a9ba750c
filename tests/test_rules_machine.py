"""Random commands by random people at random times: the laws of the rules hold after every one of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from incidents import ANN, EVERYONE, MIA, Case, message, policy

from core.incident import commands as c
from core.incident.cards import cards
from core.incident.deadlines import deadlines
from core.incident.decide import Act, Events, decide
from core.incident.events import Again, Ask, Refused
from core.incident.evolve import begin, evolve
from core.incident.lifecycle import TRANSITIONS
from core.incident.policy import Audience
from core.incident.refusals import Refusal
from core.incident.state import Incident
from core.incident.vocabulary import (
    THREE_CALLS,
    ChannelRef,
    FollowUpRef,
    ItemKind,
    ItemStatus,
    Path,
    Person,
    Phase,
    Priority,
    Role,
    Severity,
)

PEOPLE = st.sampled_from(EVERYONE)
ROLES = st.sampled_from(Role)
WORDS = st.sampled_from(["", "tax rounding", "cache eviction", "it fails again"])
SAID = st.sampled_from(["tax rounding", "cache eviction", "some users cannot pay"])
ITEMS = st.sampled_from(["H1", "H2", "A1", "A2", "R1", "R2", "H9"])
MESSAGES = st.sampled_from([message(name) for name in ("m1", "m2", "m3")])
LENGTHS = st.sampled_from([None, timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)])
QUOTES = st.none() | st.builds(c.Quote, message=MESSAGES, by=PEOPLE, at=st.just(Case().now))
KINDS = st.sampled_from([ItemKind.HYPOTHESIS, ItemKind.ACTION])
ENDS = st.sampled_from([ItemStatus.DONE, ItemStatus.CONFIRMED, ItemStatus.RULED_OUT, ItemStatus.DROPPED])
ROOMS = st.sampled_from([ChannelRef(transport="sandbox", id=name) for name in ("room", "again")])
TIMES = st.sampled_from([Case().now + timedelta(minutes=count) for count in (5, 15, 60)])
POINTS = st.sampled_from(["", "D1", "D2", "D9"])
ASKS = tuple(Ask)
PROMPTS = st.sampled_from(["", *(f"prompt/{ask}-{number}" for ask in ASKS for number in (1, 2))])
FIELDS = {"headline": WORDS, "impact": WORDS, "affected": WORDS, "working": WORDS, "next": WORDS, "every": LENGTHS}

BY_PEOPLE = st.one_of(
    st.builds(c.Join, title=WORDS),
    st.builds(
        c.AskSameOrNew, title=SAID, quote=st.builds(c.Quote, message=MESSAGES, by=PEOPLE, at=st.just(Case().now))
    ),
    st.builds(c.SettleSameOrNew, ask=st.integers(1, 3), new=st.booleans()),
    st.builds(c.SetSeverity, severity=st.sampled_from(Severity)),
    st.builds(c.SetPhase, phase=st.sampled_from(Phase), why=WORDS),
    st.builds(c.SetImpact, text=SAID),
    st.builds(c.AddNote, text=SAID, quote=QUOTES),
    st.builds(c.RecordChange, what=SAID),
    st.builds(c.Show, what=st.sampled_from(["board", "timeline", "help"]), topic=WORDS),
    st.builds(c.Amend, entry=st.integers(0, 12), text=WORDS, at=st.none() | TIMES),
    st.builds(c.WithdrawEntry, message=MESSAGES, kind=st.sampled_from(["noted", "decision_marked"])),
    st.builds(c.EditSource, message=MESSAGES, text=WORDS),
    st.builds(c.DeleteSource, message=MESSAGES),
    st.builds(
        c.AddItem, kind=KINDS, text=SAID, who=st.none() | PEOPLE, quote=QUOTES, parent=st.sampled_from(["", "H1", "H9"])
    ),
    st.builds(c.Grab, item=ITEMS),
    st.builds(c.LetGo, item=ITEMS),
    st.builds(c.EndItem, item=ITEMS, status=ENDS, result=WORDS),
    st.builds(c.MarkDecision, text=SAID, quote=QUOTES),
    st.builds(c.ChoosePath, path=st.sampled_from(Path), why=WORDS),
    st.builds(c.AnswerDecision, prompt=PROMPTS, path=st.sampled_from(Path)),
    st.builds(c.DecideBy, at=TIMES, condition=SAID),
    st.builds(c.MoveDecision, at=TIMES, point=POINTS),
    st.builds(c.WithdrawDecision, why=WORDS, point=POINTS),
    st.builds(c.WatchSignal, signal=SAID, who=st.none() | PEOPLE, length=LENGTHS),
    st.builds(c.Object, why=SAID),
    st.builds(c.MeetThreshold, threshold=SAID),
    st.builds(c.UnmeetThreshold, threshold=SAID),
    st.builds(c.Decline, prompt=PROMPTS),
    st.just(c.NoteArrival()),
    st.just(c.NoteLeft()),
    st.builds(c.Freeze, why=WORDS),
    st.builds(c.Unfreeze, why=WORDS),
    st.just(c.AskUnfreeze()),
    st.builds(c.CameBack, why=WORDS),
    st.builds(c.Misread, answer=SAID),
    st.builds(c.DenyStranger, wanted=SAID),
    st.builds(c.KeepClaim, role=st.none() | ROLES),
    st.just(c.NoteTakenBack()),
    st.just(c.Declare(title="another")),
)
ABOUT_ROLES = st.one_of(
    st.builds(c.Claim, role=ROLES),
    st.builds(c.Release, role=ROLES),
    st.builds(c.Assign, role=ROLES, who=PEOPLE),
    st.builds(c.Vacate, role=ROLES),
    st.builds(c.NameBackup, role=ROLES, who=PEOPLE),
    st.builds(c.HandOff, who=PEOPLE, role=st.none() | ROLES),
    st.builds(c.TakeOver, role=ROLES),
    st.builds(c.Cover, who=PEOPLE, length=LENGTHS),
    st.just(c.ShowOnCall()),
    st.builds(c.ShowRunbook, name=WORDS),
    st.builds(c.TakeStep, step=st.integers(0, 2)),
)
DAYS = st.none() | st.dates(date(2026, 4, 30), date(2026, 6, 30))
FOLLOW_UPS = st.builds(FollowUpRef, number=st.integers(1, 4))
AFTERWARDS = st.one_of(
    st.builds(
        c.FollowUp, text=SAID, owner=st.none() | PEOPLE, due=DAYS, priority=st.none() | st.sampled_from(Priority)
    ),
    st.builds(c.MoveFollowUp, follow_up=FOLLOW_UPS, owner=st.none() | PEOPLE, due=DAYS, why=WORDS),
    st.builds(c.EndFollowUp, follow_up=FOLLOW_UPS, done=st.booleans(), why=WORDS),
    st.builds(c.AskPostmortem, owner=st.none() | PEOPLE, due=DAYS),
    st.builds(c.PublishPostmortem, where=WORDS),
    st.builds(c.WaivePostmortem, why=SAID),
    st.builds(c.Debrief, change=SAID),
    st.builds(c.Page, called=PEOPLE | st.just("oncall"), why=SAID),
    st.just(c.Widen()),
    st.builds(c.HideEntry, entry=st.integers(0, 12), hidden=st.booleans()),
    st.builds(
        c.GiveEvidence,
        item=ITEMS,
        text=WORDS,
        quote=st.builds(c.Quote, message=MESSAGES, by=PEOPLE, at=st.just(Case().now)),
    ),
)
OUTWARD = st.one_of(
    st.builds(c.Draft, **FIELDS),
    st.builds(c.Publish, draft=st.none() | st.integers(1, 3)),
    st.builds(c.Discard, draft=st.none() | st.integers(1, 3)),
    st.builds(c.PublishUnchanged, every=LENGTHS, reminder=PROMPTS),
    st.builds(c.CorrectUpdate, **FIELDS),
    st.builds(c.WithdrawUpdate, why=SAID),
    st.builds(c.Snooze, length=LENGTHS),
)
ENDINGS = st.one_of(
    st.builds(c.Resolve, fixed=WORDS),
    st.builds(c.Close, cause=WORDS, fixed=WORDS, next=WORDS, owner=st.none() | PEOPLE),
    st.builds(c.CloseFalseAlarm, why=SAID),
    st.builds(c.CloseDuplicate, of=st.integers(1, 2)),
    st.builds(c.Reopen, why=WORDS),
)
AUDIENCES = st.lists(
    st.builds(
        Audience,
        name=st.sampled_from(["support", "leadership", "customers"]),
        rooms=st.lists(ROOMS, max_size=2).map(tuple),
        status_page=st.booleans(),
    ),
    max_size=3,
).map(tuple)
BY_CHATS = st.one_of(
    st.builds(c.NoteAudiences, audiences=AUDIENCES),
    st.builds(c.NoteChannel, channel=ROOMS),
    st.builds(c.LoseChannel, channel=ROOMS),
    st.builds(
        c.NoteDelivery,
        card=st.just("update/1"),
        channel=ROOMS,
        state=st.sampled_from(["late", "impossible", "delivered"]),
    ),
    st.builds(c.NoteMissingRight, right=SAID),
    st.builds(c.NoteRightGiven, right=SAID),
    st.builds(c.NoteRemade, what=SAID),
)


TWICE_IS_TWICE = (
    *(c.Cover, c.ShowOnCall),
    *(c.AddNote, c.AddItem, c.MarkDecision, c.Show, c.RecordChange, c.ChoosePath),
    *(
        c.AskPostmortem,
        c.EditSource,
        c.DeleteSource,
        c.PublishUnchanged,
        c.WithdrawUpdate,
        c.AskUnfreeze,
        c.WatchSignal,
        c.Snooze,
    ),
)
"""Commands that say something, or ask for words: said again, it is said again. So does an update without any field."""

NO_WAY_AROUND = frozenset(
    {
        "already-here",
        "misread",
        "nothing-asked",
        "to-yourself",
        "transition",
        "no-such-item",
        "no-decision-point",
        "item-ended",
        "reopen-window",
    }
)
"""Rules whose answer has nobody to ask and nothing to type: it says what is so, or what there is."""


def _decided(incident: Incident, command: c.AnyCommand, act: Act) -> Events | Refused:
    try:
        return decide(incident, command, act)
    except Refusal as refusal:
        return Refused(rule=refusal.rule, answer=refusal.answer)


class Rules(RuleBasedStateMachine):
    """One incident in many hands."""

    def __init__(self) -> None:
        super().__init__()
        self.case = Case(ANN)
        self.live = self.case.incident

    def _give(self, by: Person | None, command: c.AnyCommand, late: timedelta = timedelta()) -> None:
        before, known, now = self.live, len(self.case.records), self.case.now
        act = Act(by, now - late, now, policy())
        first, again = _decided(before, command, act), _decided(before, command, act)
        assert first == again, "the same input, the same output"
        if isinstance(first, Refused):
            whom_or_what = "`" in first.answer or any(person.name in first.answer for person in EVERYONE)
            assert first.rule
            assert whom_or_what or first.rule in NO_WAY_AROUND, first.answer
        self.case.does(by, command, act.at)
        for record in self.case.records[known:]:
            self.live = evolve(self.live, record)
        after = self.live
        if after.phase is not before.phase:
            assert after.phase in TRANSITIONS[before.phase]
        if isinstance(command, c.Claim | c.Assign | c.TakeOver | c.HandOff | c.Confirm | c.PassRole):
            self._nobody_holds_all_three()

    @rule(by=PEOPLE, command=BY_PEOPLE | ABOUT_ROLES | AFTERWARDS)
    def people_act(self, by: Person, command: c.AnyCommand) -> None:
        self._give(by, command)

    @rule(by=PEOPLE, command=OUTWARD | ENDINGS, late=st.sampled_from([timedelta(), timedelta(minutes=11)]))
    def people_reach_outside(self, by: Person, command: c.AnyCommand, late: timedelta) -> None:
        self._give(by, command, late)

    @rule(by=PEOPLE, prompt=PROMPTS, late=st.sampled_from([timedelta(), timedelta(minutes=11)]))
    def people_say_yes(self, by: Person, prompt: str, late: timedelta) -> None:
        self._give(by, c.Confirm(prompt=prompt), late)

    @rule(command=BY_CHATS)
    def a_chat_acts(self, command: c.AnyCommand) -> None:
        self._give(None, command)

    @rule(minutes=st.sampled_from([1, 3, 10, 60, 60 * 24 * 8]))
    def time_passes(self, minutes: int) -> None:
        """Whatever is due is handed in, once each; none of it is due for ever."""
        self.case.now += timedelta(minutes=minutes)
        spent: set[str] = set()
        for _ in range(50):
            due = [one for one in deadlines(self.live) if one.at <= self.case.now and one.key not in spent]
            if not due:
                left = [one.key for one in deadlines(self.live) if one.at <= self.case.now]
                assert not (self.live.locked and left), f"an incident that is over never sleeps for {left}"
                return
            spent.add(due[0].key)
            self._give(None, due[0].command)
        raise AssertionError(f"deadlines without an end: {spent}")

    @rule(by=PEOPLE, command=BY_PEOPLE | ABOUT_ROLES | OUTWARD | AFTERWARDS)
    def the_same_twice_changes_nothing(self, by: Person, command: c.AnyCommand) -> None:
        self._give(by, command)
        if isinstance(command, TWICE_IS_TWICE) or command in (c.Draft(), c.CorrectUpdate()):
            return
        again = _decided(self.live, command, Act(by, self.case.now, self.case.now, policy()))
        assert again == () or isinstance(again, Refused), f"{command!r} again: {again}"

    def _nobody_holds_all_three(self) -> None:
        for person in EVERYONE:
            assert not set(self.live.roles_of(person)) >= THREE_CALLS

    @invariant()
    def one_path_is_open_at_most(self) -> None:
        paths = [item for item in self.live.items_of(ItemKind.RECOVERY) if item.open]
        assert len(paths) <= 1

    @invariant()
    def the_log_folds_to_the_live_incident(self) -> None:
        folded = begin(self.case.records[0])
        for record in self.case.records[1:]:
            folded = evolve(folded, record)
        assert folded == self.live

    @invariant()
    def every_card_can_be_shown_and_none_twice(self) -> None:
        shown = [(card.channel, card.key) for card in cards(self.live)]
        assert len(shown) == len(set(shown))

    @invariant()
    def every_deadline_is_named_once(self) -> None:
        keys = [deadline.key for deadline in deadlines(self.live)]
        assert len(keys) == len(set(keys))


Rules.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRules = pytest.mark.timeout(120)(Rules.TestCase)


def test_again_reads_back_what_it_keeps() -> None:
    kept = Again(command="Close", fields=c.Close(cause="x", owner=MIA).model_dump_json(exclude_defaults=True))
    assert c.Close.model_validate_json(kept.fields) == c.Close(cause="x", owner=MIA)
