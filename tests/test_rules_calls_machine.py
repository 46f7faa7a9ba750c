"""Random people make random calls under a clock that jumps: who may decide, what is asked, and what never gets lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from incidents import ANN, BOB, EVERYONE, JON, LEAH, MIA, Case

from core.incident import commands as c
from core.incident.deadlines import Deadline, deadlines
from core.incident.decide import Events
from core.incident.events import (
    Ask,
    Asked,
    Closed,
    DecisionPointAnswered,
    DecisionPointWithdrawn,
    How,
    Nudged,
    PathChosen,
    Refused,
    Resolved,
    RoleTaken,
)
from core.incident.evolve import replay
from core.incident.policy import Policy, Service, Times
from core.incident.state import Incident
from core.incident.vocabulary import THREE_CALLS, ItemKind, ItemStatus, Path, Person, Phase, Role

MINUTE = timedelta(minutes=1)
SHORT = Times(
    no_commander=(MINUTE, 2 * MINUTE),
    decision_step=timedelta(seconds=30),
    signal=2 * MINUTE,
    checklist=tuple(count * MINUTE for count in (1, 2, 3, 4, 5)),
    quiet_record=4 * MINUTE,
    no_mitigation=5 * MINUTE,
    nudge_gap=2 * MINUTE,
    watch=3 * MINUTE,
    freeze_after_close=5 * MINUTE,
)
SHOP = Service(
    name="checkout",
    rollback_owner=LEAH,
    backup=BOB,
    thresholds=("payment errors stay above 20 %", "anybody is charged twice"),
    unsafe_if="the migration has run",
)

PEOPLE = st.sampled_from(EVERYONE)
ROLES = st.sampled_from(Role)
CALLS = st.sampled_from([Role.IC, Role.RECOVERY])
PATHS = st.sampled_from(Path)
WHY = st.sampled_from(["", "", "release 214", "orders are lost"])
SAID = st.sampled_from(["errors fall", "it loses orders"])
ITEMS = st.sampled_from(["H1", "H2", "A1", "A2", "R1", "R2"])
ENDS = st.sampled_from([ItemStatus.DONE, ItemStatus.DROPPED, ItemStatus.CONFIRMED])
POINTS = st.sampled_from(["", "", "D1", "D2"])
WAITS = st.sampled_from([timedelta(seconds=40), MINUTE, 3 * MINUTE])
THRESHOLDS = st.sampled_from(["1", "twice"])
KINDS = st.sampled_from([ItemKind.HYPOTHESIS, ItemKind.ACTION])
TEXTS = st.sampled_from(["tax rounding", "hotfix the rounding", "roll back release 214", "answer the customers"])
ACTS = st.one_of(
    st.builds(c.Claim, role=ROLES),
    st.builds(c.Release, role=ROLES),
    st.builds(c.Assign, role=ROLES, who=PEOPLE),
    st.builds(c.Vacate, role=ROLES),
    st.builds(c.NameBackup, role=ROLES, who=PEOPLE),
    st.builds(c.HandOff, who=PEOPLE, role=st.none() | ROLES),
    st.builds(c.TakeOver, role=ROLES),
)
ON_THE_LIST = st.one_of(
    st.builds(c.AddItem, kind=KINDS, text=TEXTS, who=st.none() | PEOPLE),
    st.builds(c.Grab, item=ITEMS),
    st.builds(c.LetGo, item=ITEMS),
    st.builds(c.EndItem, item=ITEMS, status=ENDS),
    st.builds(c.MarkDecision, text=SAID),
    st.builds(c.SetImpact, text=SAID),
)
ABOUT_CALLS = st.one_of(
    st.builds(c.ChoosePath, path=PATHS, why=WHY),
    st.builds(c.WatchSignal, signal=SAID, who=st.none() | PEOPLE, length=st.none() | WAITS),
    st.builds(c.Object, why=SAID),
    st.builds(c.MeetThreshold, threshold=THRESHOLDS),
    st.builds(c.UnmeetThreshold, threshold=THRESHOLDS),
    st.builds(c.WithdrawDecision, point=POINTS, why=WHY),
    st.builds(c.Freeze, why=WHY),
    st.just(c.AskUnfreeze()),
)
PHASES = st.one_of(
    st.builds(c.Resolve, fixed=WHY),
    st.builds(c.Close, cause=WHY, fixed=WHY),
    st.just(c.CloseFalseAlarm(why="the probe was down")),
    st.just(c.CameBack()),
    st.just(c.Reopen(why="payments fail again")),
)

BY_CLAIM = (How.DECLARED, How.CLAIMED, How.AMONG, How.ASSIGNED, How.HANDED_OFF, How.TOOK_OVER, How.LEFT)


def recovery(incident: Incident) -> list[str]:
    """Whose call the path is (spec, section 3): recovery's holder and backup; a call that nobody holds is command's."""
    owner = incident.holding(Role.RECOVERY)
    ours = owner if owner.holder else incident.holding(Role.IC)
    return [one.key for one in (ours.holder, ours.backup) if one is not None]


class Calls(RuleBasedStateMachine):
    """One incident about a service of the catalogue, in five pairs of hands."""

    case: Case
    tie_breaker: Person | None
    looked_up: Deadline | None

    @initialize(tie_breaker=st.sampled_from([None, JON, BOB]), declarer=st.sampled_from([ANN, MIA]))
    def somebody_declares(self, tie_breaker: Person | None, declarer: Person) -> None:
        house = Policy(on_call=(ANN, BOB), times=SHORT, services=(SHOP,), tie_breaker=tie_breaker)
        self.case, self.tie_breaker = Case(declarer, c.Declare(title="checkout fails"), house), tie_breaker
        self.looked_up = None
        # Who was asked about which decision point while they broke ties.
        self.asked: set[tuple[str, str]] = set()
        self.answered: list[str] = []

    # --- acts -------------------------------------------------------------------------------------------------------

    def _does(self, by: Person | None, command: c.AnyCommand) -> None:
        before = self.case.incident
        self._judge(before, by, command, self.case.does(by, command))

    def _judge(self, before: Incident, by: Person | None, command: c.AnyCommand | None, events: Events) -> None:
        breaks = self.tie_breaker or before.commander
        for event in events:
            match event:
                case PathChosen() | DecisionPointAnswered():
                    self._was_theirs(before, by, event)
                case Asked(ask=Ask.DECISION):
                    self.asked |= {(event.point, who.key) for who in event.to if who.is_(breaks)}
                case RoleTaken(how=how) if how in BY_CLAIM:
                    after = self.case.incident.roles_of(event.who)
                    assert not set(after) >= THREE_CALLS, f"{event.who.name} holds {after}"
                case Refused(rule="not-your-call") if isinstance(command, c.ChoosePath) and by is not None:
                    assert by.key not in recovery(before), event.answer
                case Resolved() if before.phase is Phase.RESOLVED:
                    pass  # words that came later; what was set during the watch is asked
                case Resolved() | Closed():
                    assert not self.case.incident.open_points
                case _:
                    pass

    def _was_theirs(self, before: Incident, by: Person | None, event: PathChosen | DecisionPointAnswered) -> None:
        assert by is not None, "silence and the clock decide nothing"
        point = event.point if isinstance(event, PathChosen) else event.key
        ties = [
            one
            for one in before.prompts.values()
            if one.asked.ask is Ask.OBJECTION and not one.settled and by.is_(one.asked.to[0])
        ]
        paths = [one for one in ties if before.entries[one.asked.entry - 1].kind != "decision_marked"]
        assert by.key in recovery(before) or (point, by.key) in self.asked or paths, f"{by.name} decided {event}"
        if point:
            assert point not in self.answered, f"{point} was answered twice"
            assert before.points[point].open
            self.answered.append(point)

    @rule(by=PEOPLE, command=ACTS)
    def roles_move(self, by: Person, command: c.AnyCommand) -> None:
        self._does(by, command)

    @rule(by=PEOPLE, command=ON_THE_LIST)
    def people_work(self, by: Person, command: c.AnyCommand) -> None:
        self._does(by, command)

    @rule(by=PEOPLE, command=ABOUT_CALLS)
    def people_call(self, by: Person, command: c.AnyCommand) -> None:
        self._does(by, command)

    @rule(path=PATHS, why=WHY)
    def whose_call_it_is_chooses(self, path: Path, why: str) -> None:
        who = [person for person in EVERYONE if person.key in recovery(self.case.incident)]
        if who:
            self._does(who[0], c.ChoosePath(path=path, why=why))

    @rule(by=PEOPLE, command=PHASES)
    def people_end_it(self, by: Person, command: c.AnyCommand) -> None:
        self._does(by, command)

    @rule(by=PEOPLE, wait=WAITS, condition=st.sampled_from(["roll back", "fail over"]))
    def a_decision_point_is_set(self, by: Person, wait: timedelta, condition: str) -> None:
        who = self.case.incident.commander or by
        self._does(who, c.DecideBy(at=self.case.now + wait, condition=condition))

    @rule(by=PEOPLE, wait=WAITS, point=POINTS)
    def a_decision_point_is_moved(self, by: Person, wait: timedelta, point: str) -> None:
        self._does(by, c.MoveDecision(at=self.case.now + wait, point=point))

    @rule(ago=st.sampled_from([5, 40, 90]), by=PEOPLE)
    def a_change_is_remembered(self, ago: int, by: Person) -> None:
        at = self.case.incident.declared_at - timedelta(minutes=ago)
        self._does(by, c.RecordChange(what=f"release {ago}", at=at))

    @rule(data=st.data())
    def a_question_is_answered(self, data: st.DataObject) -> None:
        """By whom it asks, mostly."""
        prompts = [one for one in self.case.incident.prompts.values() if not one.settled]
        if not prompts:
            return
        prompt = data.draw(st.sampled_from(prompts))
        by = data.draw(st.sampled_from([*prompt.asked.to, *prompt.asked.to, *EVERYONE]))
        answers: list[c.AnyCommand] = [c.Confirm(prompt=prompt.key), c.Decline(prompt=prompt.key)]
        if prompt.asked.ask in (Ask.DECISION, Ask.RULE, Ask.OBJECTION):
            answers += [c.AnswerDecision(prompt=prompt.key, path=path) for path in Path]
        self._does(by, data.draw(st.sampled_from(answers)))

    @rule(by=PEOPLE, leaves=st.booleans())
    def somebody_comes_or_goes(self, by: Person, leaves: bool) -> None:
        self._does(by, c.NoteLeft() if leaves else c.NoteArrival())

    # --- the clock --------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 31, 61, 130, 400, 2000]))
    def time_passes(self, seconds: int) -> None:
        self._passes(timedelta(seconds=seconds))

    def _passes(self, length: timedelta) -> None:
        before = self.case.incident
        events = self.case.passes(length)
        self._judge(before, None, None, events)

    @rule(hours=st.sampled_from([-1, 1]))
    def the_clock_jumps(self, hours: int) -> None:
        self._passes(timedelta(hours=hours))

    @rule()
    def a_deadline_waits_for_its_turn(self) -> None:
        """It was looked up; whatever is done first, it is handed in after that."""
        due = [one for one in deadlines(self.case.incident) if one.key not in self.case.spent]
        if due and self.looked_up is None:
            self.looked_up = due[0]
            self.case.now = max(self.case.now, due[0].at)

    @rule()
    def and_then_is_handed_in(self) -> None:
        late, self.looked_up = self.looked_up, None
        if late is not None and late.key not in self.case.spent:
            self.case.spent.add(late.key)
            self._does(None, late.command)

    # --- laws -------------------------------------------------------------------------------------------------------

    @invariant()
    def one_path_is_open_at_most(self) -> None:
        assert sum(item.open for item in self.case.incident.items_of(ItemKind.RECOVERY)) <= 1

    @invariant()
    def a_decision_point_is_over_for_a_reason_on_the_record(self) -> None:
        withdrawn = {one.event.key for one in self.case.records if isinstance(one.event, DecisionPointWithdrawn)}
        for point in self.case.incident.points.values():
            assert point.open == (point.key not in {*self.answered, *withdrawn})

    @invariant()
    def a_restart_loses_no_deadline(self) -> None:
        folded = replay(self.case.records)
        assert folded == self.case.incident
        assert folded is not None
        assert deadlines(folded) == deadlines(self.case.incident)

    @invariant()
    def a_yes_to_an_open_question_is_never_swallowed(self) -> None:
        for prompt in self.case.incident.prompts.values():
            if prompt.settled or prompt.asked.ask in (Ask.UPDATE, Ask.WATCH):
                continue
            for who in prompt.asked.to:
                yes = c.Confirm(prompt=prompt.key)
                assert self.case.refusal(who, yes) or self.case.decides(who, yes), prompt

    @invariant()
    def each_nudge_is_told_once_and_calls_nobody_twice_in_a_short_while(self) -> None:
        rows = [one.event.row for one in self.case.records if isinstance(one.event, Nudged)]
        assert len(rows) == len(set(rows))
        for person in EVERYONE:
            mine = [card.at for card in self.case.incident.nudges if card.to.is_(person)]
            for earlier, later in pairwise(mine):
                assert abs(later - earlier) >= SHORT.nudge_gap

    @invariant()
    def anybody_can_take_over_and_close(self) -> None:
        if self.case.incident.closed:
            return
        other, absent = self.case.fork(), self.case.incident.commander
        other.does(next(one for one in reversed(EVERYONE) if not one.is_(absent)), c.TakeOver(role=Role.IC))
        passing = [one.at for one in deadlines(other.incident) if isinstance(one.command, c.PassRole)]
        if passing:
            other.passes(max(max(passing) - other.now, timedelta()))
        # Somebody may have asked before.
        who = other.incident.commander
        assert who is not None
        assert not who.is_(absent), "silence passes it"
        close = c.Close(cause="unknown yet", fixed="it went away")
        other.does(who, close)
        if not other.incident.closed:
            other.does(who, close)
        assert other.incident.phase is Phase.CLOSED

    def teardown(self) -> None:
        # Whatever is due ends, however long nobody does anything.
        if hasattr(self, "case"):
            for _ in range(5):
                self._passes(timedelta(hours=6))


Calls.TestCase.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCalls = pytest.mark.timeout(120)(Calls.TestCase)
