"""The path and what hangs on it, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from datetime import timedelta

from incidents import ANN, JON, LEAH, MIA, Case, team

from core.incident import commands as c
from core.incident.events import Ask, DecisionPointSet, PathChosen
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
