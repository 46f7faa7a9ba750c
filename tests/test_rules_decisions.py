"""Decision points, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, team
from rules_scenes import (
    MINUTE,
    Row,
    answer,
    calm,
    coming,
    decide_by,
    due,
    holds,
    named,
    objected,
    play,
    tied,
    unled,
    yes,
)

from core.incident import commands as c
from core.incident.events import Ask
from core.incident.vocabulary import Path, Role

ROLL_BACK = c.ChoosePath(path=Path.ROLLBACK)


def _move(minutes: int, point: str = "") -> Callable[[Case], c.AnyCommand]:
    return lambda case: c.MoveDecision(at=case.now + minutes * MINUTE, point=point)


def _where_it_is(case: Case) -> c.AnyCommand:
    return c.MoveDecision(at=case.incident.points["D1"].at)


def _set_again(case: Case) -> c.AnyCommand:
    return c.DecideBy(at=case.incident.points["D1"].at, condition="roll back")


def _set_with(case: Case) -> c.AnyCommand:
    return c.DecideBy(at=case.incident.points["D1"].at, condition="fail over")


POINTS = (
    Row(
        "a decision lies ahead",
        calm,
        ((ANN, decide_by(1)),),
        "decision_point_set",
        ((ANN, decide_by(-1)),),
        "decision-in-the-past",
    ),
    Row(
        "who finds or mends sets one, who writes does not",
        calm,
        ((MIA, decide_by(1)),),
        "decision_point_set",
        ((JON, decide_by(1)),),
        "not-your-call",
    ),
    Row("said twice it is one", coming, ((MIA, _set_with),), "decision_point_set", ((MIA, _set_again),)),
    Row(
        "it moves ahead",
        coming,
        ((LEAH, _move(20)),),
        "decision_point_moved",
        ((LEAH, _move(-1)),),
        "decision-in-the-past",
    ),
    Row("it moves to another time", coming, ((LEAH, _move(20)),), "decision_point_moved", ((LEAH, _where_it_is),)),
    Row(
        "it is named by its key",
        coming,
        ((MIA, _move(20, "D1")),),
        "decision_point_moved",
        ((MIA, _move(20, "D9")),),
        "no-decision-point",
    ),
    Row(
        "it is withdrawn while it waits",
        coming,
        ((ANN, c.WithdrawDecision(point="D1")),),
        "decision_point_withdrawn",
        ((ANN, c.WithdrawDecision()), (ANN, c.WithdrawDecision(point="D1"))),
        "no-decision-point",
    ),
    Row(
        "the next is withdrawn if there is one",
        coming,
        ((ANN, c.WithdrawDecision()),),
        "decision_point_withdrawn",
        ((ANN, c.WithdrawDecision()), (ANN, c.WithdrawDecision())),
        "no-decision-point",
    ),
    Row(
        "it is the recovery owner's",
        due,
        ((LEAH, answer("decision-1")),),
        "path_chosen",
        ((JON, answer("decision-1")),),
        "not-your-call",
    ),
    Row(
        "the backup need not be asked, the tie-breaker must be",
        due,
        ((BOB, answer("decision-1")),),
        "path_chosen",
        ((ANN, answer("decision-1")),),
        "not-your-call",
    ),
    Row(
        "the tie-breaker decides when asked",
        tied,
        ((ANN, ROLL_BACK),),
        "path_chosen",
        ((MIA, ROLL_BACK),),
        "not-your-call",
    ),
    Row(
        "the first answer counts",
        due,
        ((BOB, answer("decision-1")),),
        "path_chosen",
        ((BOB, answer("decision-1")), (LEAH, answer("decision-1", Path.DIG))),
    ),
    Row(
        "a call that nobody holds is the commander's, and the backup's",
        unled,
        ((BOB, ROLL_BACK),),
        "path_chosen",
        ((MIA, ROLL_BACK),),
        "not-your-call",
    ),
    Row(
        "a decision takes more than a yes",
        due,
        ((LEAH, answer("decision-1")),),
        "path_chosen",
        ((LEAH, yes("decision-1")),),
        "more-than-yes",
    ),
    Row(
        "the tie-breaker decides what he was asked, and no other",
        tied,
        ((ANN, answer("decision-3", Path.DIG)),),
        "path_chosen",
        (
            (MIA, decide_by(1, "fail over")),
            (ANN, c.NameBackup(role=Role.IC, who=MIA)),
            MINUTE,
            (ANN, c.AnswerDecision(prompt="prompt/decision-4", path=Path.FIX)),
        ),
        "not-your-call",
    ),
)


@pytest.mark.parametrize("row", POINTS, ids=named)
def test_a_rule_allows_one_and_refuses_the_other(row: Row) -> None:
    holds(row)


def test_an_old_answer_is_asked_again_and_a_yes_after_somebody_elses_says_that_it_was_decided() -> None:
    case = due()
    case.now += 11 * MINUTE
    case.does(LEAH, answer("decision-1"), case.now - 11 * MINUTE)
    assert case.incident.open_path is None
    case.does(BOB, answer("decision-1", Path.DIG))
    case.does(LEAH, yes("stale-1"))
    assert case.incident.prompts["prompt/stale-1"].settled == "it was settled already"
    assert case.incident.points["D1"].over == Path.DIG


def test_an_old_path_is_asked_again_where_it_decides_something() -> None:
    decides, does_not = due(), calm()
    assert [event.kind for event in decides.does(LEAH, ROLL_BACK, decides.now - 11 * MINUTE)] == ["asked"]
    assert does_not.does(LEAH, ROLL_BACK, does_not.now - 11 * MINUTE)[-1].kind == "path_chosen"


def test_what_was_due_and_is_answered_by_then_changes_nothing() -> None:
    decided, broken = play(due(), (LEAH, ROLL_BACK)), play(objected(), (ANN, yes("objection-1")))
    assert decided.decides(None, c.AskDecision(point="D1")) == ()
    assert broken.decides(None, c.LetItStand(prompt="prompt/objection-1")) == ()


def test_whoever_was_asked_while_the_call_was_theirs_is_asked_again_as_tie_breaker() -> None:
    case = Case()
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="roll back"))
    case.passes(MINUTE)
    case.does(LEAH, c.Claim(role=Role.RECOVERY))
    for _ in range(3):
        case.passes(MINUTE)
    asked = [(one.asked.to[0], one.asked.step) for one in case.incident.open_prompts(Ask.DECISION)]
    assert asked == [(ANN, 0), (LEAH, 0), (ANN, 1)]
    case.does(ANN, c.AnswerDecision(prompt="prompt/decision-3", path=Path.ROLLBACK))
    assert case.incident.points["D1"].over == Path.ROLLBACK


def test_a_tie_breaker_answers_the_decision_that_he_was_asked_about() -> None:
    case = team()
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="roll back"))
    case.passes(MINUTE)
    # D1 waits for its last step when command, and with it the tie, goes to Bob; D2 comes due after that.
    case.passes(MINUTE)
    case.does(ANN, c.NameBackup(role=Role.IC, who=BOB))
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="fail over"))
    case.passes(MINUTE)
    case.does(BOB, c.TakeOver(role=Role.IC))
    case.does(LEAH, c.NameBackup(role=Role.RECOVERY, who=ANN))
    case.does(None, c.AskDecision(point="D2"))
    case.does(None, c.AskDecision(point="D2"))
    assert [one.asked.point for one in case.incident.open_prompts(Ask.DECISION) if BOB in one.asked.to] == ["D2"]
    case.does(BOB, c.ChoosePath(path=Path.ROLLBACK))
    assert (case.incident.points["D1"].over, case.incident.points["D2"].over) == ("", Path.ROLLBACK)
