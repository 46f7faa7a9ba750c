"""The path and what hangs on it, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from datetime import timedelta

from incidents import ANN, JON, LEAH, MIA, Case, team

from core.incident import commands as c
from core.incident.events import Ask, DecisionPointSet, PathChosen
from core.incident.policy import Policy, Service
from core.incident.vocabulary import ItemStatus, Path

MINUTE = timedelta(minutes=1)


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


def test_a_watcher_is_asked_nothing_after_the_outage() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.WatchSignal(signal="errors fall"))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    case.does(ANN, c.Resolve())
    # It was due, and looked up, just before.
    assert case.decides(None, c.AskWhetherItWorked(item="R1")) == ()


def _ruled() -> Case:
    """A release shortly before the start and a threshold that is met: rolling back first is the rule."""
    shop = Service(name="checkout", rollback_owner=LEAH, thresholds=("payment errors stay above 20 %", "charged twice"))
    case = Case(command=c.Declare(title="checkout fails"), house=Policy(on_call=(ANN,), services=(shop,)))
    case.does(MIA, c.RecordChange(what="release 214", at=case.incident.declared_at - 5 * MINUTE))
    case.does(MIA, c.MeetThreshold(threshold="1"))
    assert case.incident.open_prompts(Ask.RULE)
    return case


def test_a_rollback_that_would_be_stopped_for_a_fix_takes_the_sentence_too() -> None:
    case = _ruled()
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
    case = _ruled()
    case.does(LEAH, c.ChoosePath(path=Path.DIG))
    case.does(LEAH, c.Decline(prompt=""))
    assert case.incident.prompts["prompt/unsafe-1"].settled == "Leah said no"
    assert case.incident.path is None
