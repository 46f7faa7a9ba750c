"""The path and what hangs on it, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, team
from rules_scenes import (
    MINUTE,
    Row,
    answer,
    calm,
    holds,
    named,
    rolled_back,
    ruled,
    shipping,
    shop,
    stopping,
    unsafe,
    watched,
    yes,
)

from core.incident import commands as c
from core.incident.events import Ask, DecisionPointSet, PathChosen
from core.incident.vocabulary import ItemStatus, Path, Role

ROLL_BACK = c.ChoosePath(path=Path.ROLLBACK)
DIG = c.ChoosePath(path=Path.DIG)

PATHS = (
    Row(
        "one path at a time",
        shipping,
        ((LEAH, c.EndItem(item="R1", status=ItemStatus.DROPPED)), (LEAH, ROLL_BACK)),
        "path_chosen",
        ((LEAH, c.ChoosePath(path=Path.FIX)),),
    ),
    Row(
        "whoever asked for another path stops the first",
        stopping,
        ((LEAH, yes("stop-1")),),
        "path_chosen",
        ((BOB, yes("stop-1")),),
        "not-asked-of-you",
    ),
    Row(
        "said again is a yes to the stop, while the call is theirs",
        stopping,
        ((LEAH, ROLL_BACK),),
        "item_ended",
        ((ANN, c.Assign(role=Role.RECOVERY, who=BOB)), (LEAH, yes("stop-1"))),
        "not-your-call",
    ),
    Row("dug for the same reason is dug once", calm, ((LEAH, DIG),), "path_chosen", ((LEAH, DIG), (LEAH, DIG))),
    Row(
        "what is not the rule takes a sentence",
        unsafe,
        ((LEAH, c.ChoosePath(path=Path.DIG, why="the migration has run")),),
        "path_chosen",
        ((LEAH, DIG),),
        "rollback-first",
    ),
    Row(
        "that sentence takes more than a yes",
        unsafe,
        ((LEAH, ROLL_BACK),),
        "path_chosen",
        ((LEAH, yes("unsafe-1")),),
        "more-than-yes",
    ),
    Row(
        "the rule is answered by whose call it is",
        ruled,
        ((BOB, answer("rule-1")),),
        "path_chosen",
        ((MIA, answer("rule-1")),),
        "not-your-call",
    ),
    Row(
        "a signal belongs to a rollback or a fix",
        calm,
        ((LEAH, ROLL_BACK), (MIA, c.WatchSignal(signal="errors fall"))),
        "signal_named",
        ((LEAH, c.ChoosePath(path=Path.PAUSE)), (MIA, c.WatchSignal(signal="errors fall"))),
        "nothing-to-watch",
    ),
    Row(
        "a signal is named once",
        rolled_back,
        ((MIA, c.WatchSignal(signal="errors fall")),),
        "signal_named",
        ((MIA, c.WatchSignal(signal="errors fall")), (MIA, c.WatchSignal(signal="errors fall"))),
    ),
    Row(
        "who watches says whether it worked",
        watched,
        ((BOB, yes("worked-1")),),
        "signal_seen",
        ((LEAH, yes("worked-1")),),
        "not-asked-of-you",
    ),
)


THRESHOLDS = (
    Row(
        "by its number",
        shop,
        ((MIA, c.MeetThreshold(threshold="#2")),),
        "threshold_met",
        ((MIA, c.MeetThreshold(threshold="9")),),
        "no-such-threshold",
    ),
    Row(
        "by words that stand in one alone",
        shop,
        ((MIA, c.MeetThreshold(threshold="charged twice")),),
        "threshold_met",
        ((MIA, c.MeetThreshold(threshold="a")),),
        "no-such-threshold",
    ),
    Row(
        "met twice is met",
        ruled,
        ((JON, c.MeetThreshold(threshold="2")),),
        "threshold_met",
        ((JON, c.MeetThreshold(threshold="1")),),
    ),
    Row(
        "whoever marked it takes it back",
        ruled,
        ((MIA, c.UnmeetThreshold(threshold="1")),),
        "threshold_unmet",
        ((JON, c.UnmeetThreshold(threshold="1")),),
    ),
)


@pytest.mark.parametrize("row", [*PATHS, *THRESHOLDS], ids=named)
def test_a_rule_allows_one_and_refuses_the_other(row: Row) -> None:
    holds(row)


def _stopping() -> Case:
    """Leah ships a fix; D1 was due, she answered it with a rollback, and is asked whether to stop the fix."""
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.FIX, why="put back the config"))
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="roll back if errors stay"))
    case.passes(MINUTE)
    case.does(LEAH, c.AnswerDecision(prompt="prompt/decision-1", path=Path.ROLLBACK))
    assert case.incident.open_prompts(Ask.STOP)
    return case


def test_a_question_about_stopping_for_a_decision_ends_with_that_decision() -> None:
    withdrawn, answered = _stopping(), _stopping()
    withdrawn.does(ANN, c.WithdrawDecision(why="errors fell"))
    assert withdrawn.incident.prompts["prompt/stop-1"].settled == "withdrawn: errors fell"
    answered.does(LEAH, c.AnswerDecision(prompt="prompt/decision-1", path=Path.FIX))
    assert answered.incident.prompts["prompt/stop-1"].settled == "ship a fix, as is under way"


def test_a_question_about_stopping_outlives_the_move_of_its_decision() -> None:
    case = _stopping()
    case.does(ANN, c.MoveDecision(at=case.now + 5 * MINUTE))
    case.does(LEAH, c.Confirm(prompt="prompt/stop-1"))
    assert case.incident.items["R1"].status is ItemStatus.STOPPED
    assert case.incident.points["D1"].over == Path.ROLLBACK


def test_a_pause_that_ends_after_the_close_sets_nothing_to_decide() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    assert not [event for event in case.passes(6 * MINUTE) if isinstance(event, DecisionPointSet)]
    assert not case.incident.open_points


def test_a_pause_that_was_stopped_ends_no_second_time() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    assert case.decides(None, c.EndPause(item="R1")) == ()


def test_what_was_seen_to_work_is_not_asked_about() -> None:
    case = watched()
    assert case.decides(None, c.AskWhetherItWorked(item="R1")) == (), "it is asked already"
    case.does(BOB, c.Confirm(prompt=""))
    assert case.decides(None, c.AskWhetherItWorked(item="R1")) == ()


def test_a_watcher_is_asked_nothing_after_the_outage() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.WatchSignal(signal="errors fall"))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    case.does(ANN, c.Resolve())
    # It was due, and looked up, just before.
    assert case.decides(None, c.AskWhetherItWorked(item="R1")) == ()


def test_a_rollback_that_would_be_stopped_for_a_fix_takes_the_sentence_too() -> None:
    case = ruled()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    assert case.incident.open_prompts(Ask.UNSAFE)
    why = c.ChoosePath(path=Path.FIX, why="the migration has run")
    case.does(LEAH, why)
    events = case.does(LEAH, why)
    assert [event.unsafe for event in events if isinstance(event, PathChosen)] == ["the migration has run"]
    assert case.incident.open_path is not None
    assert case.incident.open_path.path is Path.FIX


def test_no_to_the_sentence_takes_the_wish_back() -> None:
    case = ruled()
    case.does(LEAH, c.ChoosePath(path=Path.DIG))
    case.does(LEAH, c.Decline(prompt=""))
    assert case.incident.prompts["prompt/unsafe-1"].settled == "Leah said no"
    assert case.incident.path is None
