"""What comes after the close, in rules: follow-ups, the postmortem and its reminders, the debrief (spec, section 9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, Case, message, policy, team
from rules_scenes import play

from core.command_post import over
from core.incident import commands as c
from core.incident import events as e
from core.incident.cards import cards
from core.incident.cards.digest import SHOWN, digest_cards
from core.incident.cards.summary import document
from core.incident.deadlines import deadlines
from core.incident.digest import digest, weekly
from core.incident.document import plain
from core.incident.policy import Policy, Postmortems, Weekly
from core.incident.vocabulary import FollowUpRef, ItemKind, ItemStatus, Path, Person, Phase, Priority, Role, Severity
from core.incident.workdays import business_day, day_of, day_words, morning, works

FRIDAY = date(2026, 5, 8)
"""Five business days after the declaration, a Saturday."""

CLOSE = c.Close(cause="tax rounding", fixed="rolled back")


def ref(number: int) -> FollowUpRef:
    return FollowUpRef(number=number)


def closed(house: Policy | None = None) -> Case:
    return play(team(house), (ANN, CLOSE))


def rule(case: Case, who: Person, command: c.AnyCommand) -> tuple[str, str]:
    refusal = case.refusal(who, command)
    assert refusal is not None, "it is not refused"
    return refusal.rule, refusal.answer


# --- follow-ups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (c.FollowUp(text="alert"), "`followup alert owner=@who due=DATE priority=P0..P3`"),
        (c.FollowUp(text="alert", owner=MIA), "owner=@Mia due=DATE"),
        (c.FollowUp(text="alert", due=FRIDAY, priority=Priority.P1), "owner=@who due=2026-05-08 priority=P1"),
    ],
)
def test_a_follow_up_without_owner_or_day_is_refused_with_the_line_to_type(command: c.FollowUp, line: str) -> None:
    assert rule(team(), JON, command)[0] == "follow-up-needs"
    assert line in rule(team(), JON, command)[1]


def test_a_follow_up_has_an_owner_a_day_and_a_priority() -> None:
    case = team()
    case.does(JON, c.FollowUp(text="alert", owner=MIA, due=FRIDAY, priority=Priority.P0))
    case.does(JON, c.FollowUp(text="alert", owner=MIA, due=FRIDAY))
    case.does(JON, c.FollowUp(text="alert", owner=BOB, due=FRIDAY))
    first, second = case.incident.follow_ups.values()
    assert (first.owner, first.due, first.priority) == (MIA, FRIDAY, Priority.P0)
    assert (second.number, second.owner, second.priority) == (2, BOB, Priority.P2), "the incident is a SEV2"
    assert any(BOB.is_(one) for one in case.incident.people), "who owes something is one of the incident's people"


@pytest.mark.parametrize(
    ("severity", "priority"), [(Severity.SEV1, "P1"), (Severity.SEV2, "P2"), (Severity.SEV3, "P3")]
)
def test_what_nobody_says_the_severity_says(severity: Severity, priority: str) -> None:
    case = play(team(), (ANN, c.SetSeverity(severity=severity)), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)))
    assert case.incident.follow_ups[1].priority == priority


def test_a_day_that_has_passed_is_no_day() -> None:
    case = play(team(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)))
    yesterday = date(2026, 5, 1)
    for command in (
        c.FollowUp(text="y", owner=JON, due=yesterday),
        c.MoveFollowUp(follow_up=ref(1), due=yesterday),
    ):
        assert rule(case, JON, command) == (
            "day-passed",
            "Fri 1 May 2026 has passed. Name a day to come, as in `due=Friday`.",
        )
    assert rule(closed(), ANN, c.AskPostmortem(due=yesterday))[0] == "day-passed"


def test_a_follow_up_is_done_dropped_with_a_reason_or_moved() -> None:
    case = closed()
    for text in ("one", "two", "three"):
        case.does(JON, c.FollowUp(text=text, owner=JON, due=FRIDAY))
    case.does(MIA, c.EndFollowUp(follow_up=ref(1), done=True, why="there"))
    assert rule(case, MIA, c.EndFollowUp(follow_up=ref(2), done=False))[0] == "drop-needs"
    case.does(MIA, c.EndFollowUp(follow_up=ref(2), done=False, why="the service goes away"))
    assert rule(case, MIA, c.MoveFollowUp(follow_up=ref(3)))[0] == "move-needs"
    case.does(MIA, c.MoveFollowUp(follow_up=ref(3), due=date(2026, 5, 11), why="Leah is back then"))
    case.does(MIA, c.MoveFollowUp(follow_up=ref(3), owner=LEAH))
    one, two, three = case.incident.follow_ups.values()
    assert (one.over, one.why, one.open) == ("done", "there", False)
    assert (two.over, two.why) == ("dropped", "the service goes away")
    assert (three.owner, three.due, three.open) == (LEAH, date(2026, 5, 11), True)
    assert [entry.text for entry in case.incident.entries[-4:]] == [
        "F1 done: there",
        "F2 dropped: the service goes away",
        "F3 is Jon's, due Mon 11 May 2026: Leah is back then",
        "F3 is Leah's, due Mon 11 May 2026",
    ]


def test_what_is_over_or_not_there_says_so() -> None:
    case = play(
        closed(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)), (JON, c.EndFollowUp(follow_up=ref(1), done=True))
    )
    assert rule(case, JON, c.EndFollowUp(follow_up=ref(1), done=False, why="y"))[0] == "follow-up-over"
    assert rule(case, JON, c.MoveFollowUp(follow_up=ref(1), owner=MIA))[0] == "follow-up-over"
    assert case.decides(JON, c.EndFollowUp(follow_up=ref(1), done=True)) == ()
    assert rule(case, JON, c.EndFollowUp(follow_up=ref(7), done=True))[1].endswith("There are F1: `followup-done F1`.")
    assert "There are none yet" in rule(team(), JON, c.EndFollowUp(follow_up=ref(7), done=True))[1]
    moved = play(closed(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)))
    assert moved.decides(JON, c.MoveFollowUp(follow_up=ref(1), owner=JON, due=FRIDAY)) == ()


def test_the_same_work_for_another_day_or_more_urgent_is_no_repeat() -> None:
    case = play(team(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY, priority=Priority.P2)))
    for more in (c.FollowUp(text="x", owner=JON, due=date(2026, 5, 11)), c.FollowUp(text="x", owner=JON, due=FRIDAY)):
        case.does(JON, more)
    case.does(JON, c.FollowUp(text="x", owner=JON, due=FRIDAY, priority=Priority.P0))
    said = [(one.due, one.priority) for one in case.incident.follow_ups.values()]
    assert said == [(FRIDAY, "P2"), (date(2026, 5, 11), "P2"), (FRIDAY, "P0")]


def test_words_to_a_follow_up_that_is_so_already_are_on_the_record() -> None:
    case = play(closed(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)))
    case.does(JON, c.MoveFollowUp(follow_up=ref(1), due=FRIDAY, why="they promised it"))
    case.does(JON, c.EndFollowUp(follow_up=ref(1), done=True))
    case.does(MIA, c.EndFollowUp(follow_up=ref(1), done=True, why="they answered"))
    assert [entry.text for entry in case.incident.entries[-3:]] == ["they promised it", "F1 done", "they answered"]
    assert case.decides(MIA, c.EndFollowUp(follow_up=ref(1), done=True, why="they answered")) == ()


def test_the_close_carries_over_what_is_in_hands_and_the_path_but_no_pause() -> None:
    case = team()
    for text in ("call the provider", "read the logs"):
        case.does(JON, c.AddItem(kind=ItemKind.ACTION, text=text))
    case.does(MIA, c.Grab(item="A1"))
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    case.does(ANN, CLOSE)
    case.does(ANN, c.Confirm(prompt="prompt/close-1"))
    assert case.incident.phase is Phase.CLOSED
    assert [(one.text, one.owner, one.item) for one in case.incident.follow_ups.values()] == [
        ("call the provider", MIA, "A1"),
        ("ship a fix", ANN, "R1"),
    ]
    assert case.incident.items["A1"].status is ItemStatus.CARRIED
    assert case.incident.items["A2"].open, "what nobody had in hands is nobody's follow-up"
    pausing = play(
        team(), (LEAH, c.ChoosePath(path=Path.PAUSE)), (ANN, CLOSE), (ANN, c.Confirm(prompt="prompt/close-1"))
    )
    assert pausing.incident.phase is Phase.CLOSED
    assert pausing.incident.follow_ups == {}


# --- the postmortem -----------------------------------------------------------------------------------------------------


def test_the_commander_owes_the_postmortem_unless_another_is_named() -> None:
    duty = closed().incident.postmortem
    assert duty is not None
    assert (duty.owner, duty.due, duty.owed, len(duty.drafts)) == (ANN, FRIDAY, True, 1)
    named = play(team(), (ANN, CLOSE.model_copy(update={"owner": MIA}))).incident.postmortem
    assert named is not None
    assert named.owner == MIA


@pytest.mark.parametrize(
    ("next_", "owed"),
    [
        ("", True),
        ("Monday 10:00", True),
        ("no postmortem: a typo", False),
        ("none, it was small", False),
        ("none yet: we meet on Tuesday", True),
        ("No post-mortem", False),
    ],
)
def test_the_commander_may_say_that_there_is_none_and_why(next_: str, owed: bool) -> None:
    case = play(team(), (ANN, CLOSE.model_copy(update={"next": next_})))
    assert (case.incident.postmortem is not None) is owed


def test_a_severity_that_asks_for_none_and_a_false_alarm_owe_none() -> None:
    assert play(team(), (ANN, c.SetSeverity(severity=Severity.SEV3)), (ANN, CLOSE)).incident.postmortem is None
    assert play(team(), (ANN, c.CloseFalseAlarm(why="probe"))).incident.postmortem is None


def test_it_may_be_asked_for_all_the_same_and_given_to_another() -> None:
    case = play(team(), (ANN, c.CloseFalseAlarm(why="probe")))
    case.does(MIA, c.AskPostmortem())
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owner, duty.due, len(duty.drafts)) == (MIA, FRIDAY, 1)
    assert case.does(MIA, c.AskPostmortem()) == (e.PostmortemDrafted(),), "the record anew, as it is by now"
    case.does(MIA, c.AskPostmortem(owner=JON, due=date(2026, 5, 12)))
    assert case.decides(MIA, c.AskPostmortem(owner=JON)) == ()
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owner, duty.due, len(duty.drafts)) == (JON, date(2026, 5, 12), 2)


@pytest.mark.parametrize("command", [c.AskPostmortem(), c.PublishPostmortem(), c.WaivePostmortem(why="x")])
def test_before_the_close_there_is_none(command: c.AnyCommand) -> None:
    assert rule(team(), ANN, command)[0] == "no-postmortem-yet"


@pytest.mark.parametrize("command", [c.PublishPostmortem(), c.WaivePostmortem(why="x")])
def test_where_nobody_owes_one_nothing_comes_out(command: c.AnyCommand) -> None:
    case = play(team(), (ANN, c.CloseFalseAlarm(why="probe")))
    assert rule(case, ANN, command)[0] == "no-postmortem-owed"


@pytest.mark.parametrize("command", [c.PublishPostmortem(where="the wiki"), c.WaivePostmortem(why="another covers it")])
def test_its_owner_and_the_commander_say_how_it_ended(command: c.AnyCommand) -> None:
    case = play(team(), (ANN, CLOSE.model_copy(update={"owner": MIA})))
    assert rule(case, JON, command)[0] == "not-your-call"
    assert "ask Mia" in rule(case, JON, command)[1]
    for who in (ANN, MIA):
        assert play(case.fork(), (who, command)).incident.postmortem != case.incident.postmortem


def test_a_published_one_makes_the_channel_read_only() -> None:
    case = closed()
    case.does(ANN, c.PublishPostmortem(where="https://wiki.example.org/7"))
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owed, duty.where, case.incident.locked) == (False, "https://wiki.example.org/7", True)
    assert case.decides(ANN, c.PublishPostmortem()) == ()
    assert rule(case, ANN, c.WaivePostmortem(why="x"))[0] == "postmortem-out"
    assert deadlines(case.incident) == ()
    moved = case.does(ANN, c.PublishPostmortem(where="elsewhere"))
    assert moved == (e.PostmortemPublished(where="elsewhere"),)


def test_a_waived_one_is_owed_no_more_and_may_be_asked_for_again() -> None:
    case = play(closed(), (ANN, c.WaivePostmortem(why="incident 6 covers it")))
    assert case.decides(ANN, c.WaivePostmortem(why="incident 6 covers it")) == ()
    assert [one.key for one in deadlines(case.incident) if one.key.startswith("postmortem")] == []
    case.does(MIA, c.AskPostmortem(owner=MIA))
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owner, duty.owed, len(duty.drafts)) == (MIA, True, 2)


def test_a_reopening_ends_it_and_the_next_close_begins_another() -> None:
    case = play(closed(), (MIA, c.Reopen(why="payments fail again")))
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owed, duty.waived) == (False, "it was reopened")
    case.does(ANN, CLOSE)
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owed, len(duty.drafts)) == (True, 2)
    out = play(closed(), (ANN, c.PublishPostmortem()), (MIA, c.Reopen(why="payments fail again")))
    assert out.incident.postmortem is not None
    assert out.incident.postmortem.published_at is not None, "what is out stays out"


def test_nobody_makes_an_open_channel_read_only_with_the_postmortem_of_a_close_that_did_not_last() -> None:
    for said in ((), ((ANN, c.PublishPostmortem()),)):
        case = play(closed(), *said, (MIA, c.Reopen(why="payments fail again")))
        for command in (c.PublishPostmortem(where="https://wiki.example.org/7"), c.WaivePostmortem(why="x")):
            assert rule(case, ANN, command)[0] == "no-postmortem-yet"


@pytest.mark.parametrize("over", [c.PublishPostmortem(), c.WaivePostmortem(why="incident 6 covers it")])
def test_one_that_is_asked_for_anew_has_its_days_from_then(over: c.AnyCommand) -> None:
    case = play(closed(), (ANN, over))
    case.passes(timedelta(days=30))
    case.does(MIA, c.AskPostmortem())
    duty = case.incident.postmortem
    assert duty is not None
    assert (duty.owed, duty.due) == (True, date(2026, 6, 8)), "else it would be late from the start"


def _next_of(case: Case) -> list[str]:
    assert case.incident.closing is not None
    lines = plain(document(case.incident, case.incident.closing)).splitlines()
    return [one for one in lines if one.startswith("Postmortem")]


def test_the_summary_says_who_owes_the_postmortem_as_it_is_by_now() -> None:
    case = closed()
    assert _next_of(case) == ["Postmortem   Ann, due Fri 8 May 2026"]
    assert _next_of(play(case.fork(), (ANN, c.WaivePostmortem(why="incident 6 covers it")))) == []
    assert _next_of(play(case.fork(), (ANN, c.PublishPostmortem())))[0].startswith("Postmortem   out since ")
    again = play(case, (MIA, c.Reopen(why="payments fail again")), (ANN, c.CloseFalseAlarm(why="it was the probe")))
    assert _next_of(again) == [], "nobody owes that of the close that did not last"


def _reminders(case: Case) -> list[tuple[datetime, int]]:
    asked = [one for one in case.incident.prompts.values() if one.asked.ask is e.Ask.POSTMORTEM]
    return [(one.at.replace(second=0), one.asked.step) for one in asked]


def test_its_owner_is_reminded_the_day_before_on_the_day_and_two_days_after() -> None:
    case = closed()
    for _ in range(14 * 24):
        case.passes(timedelta(hours=1))
    days = [(at.date(), at.hour, step) for at, step in _reminders(case)]
    assert days == [(date(2026, 5, 7), 9, -1), (FRIDAY, 9, 0), (date(2026, 5, 12), 9, 2)]
    last = case.incident.prompts["prompt/postmortem-3"]
    assert [case.incident.prompts[f"prompt/postmortem-{number}"].settled for number in (1, 2)] == ["asked again"] * 2
    assert last.asked.to == (ANN,)
    case.does(ANN, c.PublishPostmortem())
    assert case.incident.prompts["prompt/postmortem-3"].settled == "it is out"


def test_an_incident_is_not_over_before_the_last_reminder_was_said() -> None:
    case = closed()
    case.passes(timedelta(days=9))
    case.now = deadlines(case.incident)[-1].at
    assert case.incident.locked
    assert not over(case.incident), "due, and not said yet"
    case.passes(timedelta(days=9))
    assert over(case.incident)


def test_of_reminders_that_were_missed_only_the_last_is_said() -> None:
    case = closed()
    case.passes(timedelta(days=20))
    assert [step for _, step in _reminders(case)] == [2]


def test_another_day_has_its_own_reminders() -> None:
    case = closed()
    case.passes(timedelta(days=6))
    case.does(ANN, c.AskPostmortem(due=date(2026, 5, 15)))
    assert not case.incident.open_prompts(e.Ask.POSTMORTEM)
    case.passes(timedelta(days=14))
    assert [step for _, step in _reminders(case)] == [0, 2]
    assert case.decides(None, c.RemindPostmortem(due=FRIDAY, days=0)) == (), "a reminder of a day that is none any more"


def test_a_house_says_how_many_days_and_which_reminders() -> None:
    rules = Postmortems(days=3, holidays=(date(2026, 5, 4),), remind=())
    case = closed(policy().model_copy(update={"postmortems": rules}))
    assert case.incident.postmortem is not None
    assert case.incident.postmortem.due == date(2026, 5, 7)
    assert case.incident.closing is not None
    assert case.incident.closing.next == "postmortem within 3 business days"
    assert not [one for one in deadlines(case.incident) if one.key.startswith("postmortem")]


# --- the debrief --------------------------------------------------------------------------------------------------------


def test_a_false_alarm_leaves_nobody_a_next_step() -> None:
    case = play(team(), (ANN, c.AddItem(kind=ItemKind.ACTION, text="call the provider", who=MIA)))

    def board() -> str:
        return next(plain(one.post.document) for one in cards(case.incident) if one.key == "board")

    assert "MI does A1" in board()
    case.does(ANN, c.CloseFalseAlarm(why="it was the probe"))
    assert "MI does A1" not in board()


@pytest.mark.parametrize(("days", "said"), [(1, "1 business day"), (5, "5 business days"), (10, "10 business days")])
def test_the_close_says_the_houses_days(days: int, said: str) -> None:
    case = closed(policy().model_copy(update={"postmortems": Postmortems(days=days)}))
    assert case.incident.closing is not None
    assert case.incident.closing.next == f"postmortem within {said}"


def test_the_debrief_chooses_one_change_and_another_takes_its_place() -> None:
    assert rule(team(), MIA, c.Debrief(change="x"))[0] == "debrief-after-close"
    case = play(closed(), (MIA, c.Debrief(change="one")), (JON, c.Debrief(change="two")))
    assert case.decides(MIA, c.Debrief(change="two")) == ()
    assert case.incident.lesson is not None
    assert (case.incident.lesson.text, case.incident.lesson.by) == ("two", JON)


# --- days ---------------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
HOLIDAYS = st.frozensets(st.dates(date(2020, 1, 1), date(2040, 1, 1)), max_size=40)


@given(DAYS, st.integers(-20, 20), HOLIDAYS)
def test_a_business_day_is_one_and_so_many_lie_between(start: date, days: int, holidays: frozenset[date]) -> None:
    found = business_day(start, days, holidays)
    assert works(found, holidays)
    first, last = sorted((start, found))
    between = (first + timedelta(days=one) for one in range(1, (last - first).days + 1))
    count = sum(works(day, holidays) for day in between)
    if days >= 0:
        assert count == max(days, 0 if found == start else count) if days else count <= 1
    else:
        # Counted from the other end: the day itself is one, the start is none.
        assert count - works(start, holidays) + 1 == -days


def test_mornings_are_the_zones() -> None:
    assert morning(date(2026, 7, 1), "Europe/Berlin") == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert day_of(datetime(2026, 7, 1, 23, tzinfo=UTC), "Europe/Berlin") == date(2026, 7, 2)
    assert day_words(date(2026, 5, 8)) == "Fri 8 May 2026"


def test_roles_are_over_with_the_close_in_its_course() -> None:
    course = closed().incident.course
    assert all(one.until is not None for one in course if one.key in set(Role))


# --- the weekly list ----------------------------------------------------------------------------------------------------

MONDAY = date(2026, 5, 4)
MORNING = datetime(2026, 5, 4, 9, tzinfo=UTC)


def test_a_long_list_names_what_is_due_first_and_counts_the_rest() -> None:
    case = closed()
    for number in range(SHOWN + 3):
        case.does(
            JON, c.FollowUp(text=f"work {number}", owner=JON, due=FRIDAY + timedelta(days=SHOWN - number % SHOWN))
        )
    posted = digest([case.incident], MONDAY, MORNING)
    assert posted is not None
    assert [row.due for row in posted.follow_ups] == sorted(row.due for row in posted.follow_ups)
    [card] = digest_cards("house", posted, over=False)
    assert plain(card.post.document).count(" work ") == SHOWN
    assert "and 3 more, due later" in plain(card.post.document)


def test_the_list_of_a_week_is_nobodys_command_to_an_incident() -> None:
    assert closed().decides(None, c.PostDigest(week=MONDAY, at=MORNING)) == ()


def test_what_was_added_after_its_moment_or_is_over_is_not_on_it() -> None:
    case = play(closed(), (JON, c.FollowUp(text="x", owner=JON, due=FRIDAY)))
    assert digest([case.incident], MONDAY, case.incident.declared_at) is None
    assert digest([case.incident], MONDAY, MORNING) is not None
    case.does(JON, c.EndFollowUp(follow_up=ref(1), done=True))
    assert digest([case.incident], MONDAY, MORNING) is None


@pytest.mark.parametrize(
    ("after", "first"),
    [
        (datetime(2026, 3, 23, 7, 59, tzinfo=UTC), datetime(2026, 3, 23, 8, tzinfo=UTC)),
        (datetime(2026, 3, 23, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)),
        (datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
)
def test_it_comes_at_nine_by_the_clock_on_the_wall(after: datetime, first: datetime) -> None:
    here = Policy(zone="Europe/Berlin", weekly=Weekly(weekday=0, at=time(9)))
    found = weekly(here, after)
    assert found is not None
    assert found.at == first
    assert weekly(Policy(), after) is None


def test_words_in_a_thread_are_evidence_once_whatever_they_are_heard_as() -> None:
    case = play(team(), (JON, c.AddItem(kind=ItemKind.HYPOTHESIS, text="cache")))
    said = c.GiveEvidence(item="H1", text="it is flat", quote=c.Quote(message=message("m"), by=MIA, at=case.now))
    case.does(MIA, said)
    assert [one.text for one in case.incident.evidence.values()] == ["it is flat"]
    for again in (said, said.model_copy(update={"text": "it is not"}), said.model_copy(update={"item": "H9"})):
        assert case.decides(MIA, again) == ()
