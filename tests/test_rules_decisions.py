"""Decision points and ties, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, person, team
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
    shipping,
    tied,
    unled,
    yes,
)

from core.incident import commands as c
from core.incident.events import Ask, Settled, TieBroken
from core.incident.vocabulary import Path, Role

ROLL_BACK = c.ChoosePath(path=Path.ROLLBACK)
KIM = person("Kim")


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


TIES = (
    Row(
        "role holders object",
        shipping,
        ((JON, c.Object(why="no")),),
        "objected",
        ((KIM, c.Object(why="no")),),
        "not-your-call",
    ),
    Row(
        "within two minutes",
        shipping,
        (timedelta(seconds=110), (JON, c.Object(why="no"))),
        "objected",
        (timedelta(seconds=130), (JON, c.Object(why="no"))),
        "nothing-to-object-to",
    ),
    Row(
        "to others",
        shipping,
        ((MIA, c.Object(why="no")),),
        "objected",
        ((LEAH, c.Object(why="no")),),
        "to-yourself",
    ),
    Row(
        "once a choice",
        shipping,
        ((MIA, c.Object(why="no")),),
        "objected",
        ((MIA, c.Object(why="no")), (JON, c.Object(why="no"))),
        "objected-already",
    ),
    Row(
        "the tie-breaker says that it stands",
        objected,
        ((ANN, yes("objection-1")),),
        "tie_broken",
        ((LEAH, yes("objection-1")),),
        "not-asked-of-you",
    ),
    Row(
        "or chooses another path",
        objected,
        ((ANN, answer("objection-1", Path.FIX)),),
        "path_chosen",
        ((LEAH, answer("objection-1", Path.FIX)),),
        "not-asked-of-you",
    ),
    Row(
        "somebody must be neither of the two",
        lambda: play(Case(), (LEAH, c.Claim(role=Role.RECOVERY)), (LEAH, ROLL_BACK)),
        ((ANN, c.NameBackup(role=Role.IC, who=BOB)), (ANN, c.Object(why="no"))),
        "objected",
        ((ANN, c.Object(why="no")),),
        "no-tie-breaker",
    ),
)


@pytest.mark.parametrize("row", [*POINTS, *TIES], ids=named)
def test_a_rule_allows_one_and_refuses_the_other(row: Row) -> None:
    holds(row)


def test_a_path_of_ones_own_overturns_no_decision_that_one_is_asked_about() -> None:
    case = team()
    case.does(LEAH, c.HandOff(who=ANN))
    case.does(ANN, c.Confirm(prompt=""))
    case.does(MIA, c.MarkDecision(text="we tell nobody"))
    case.does(JON, c.Object(why="customers ask already"))
    events = case.does(ANN, c.ChoosePath(path=Path.ROLLBACK))
    assert not [event for event in events if isinstance(event, TieBroken)]
    assert case.incident.open_prompts(Ask.OBJECTION)


def test_a_tie_about_the_path_is_found_behind_one_about_a_decision() -> None:
    case = team()
    case.does(MIA, c.MarkDecision(text="we tell nobody"))
    case.does(JON, c.Object(why="customers ask already"))
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(MIA, c.Object(why="it loses orders"))
    case.does(ANN, c.ChoosePath(path=Path.FIX))
    assert [one.key for one in case.incident.open_prompts(Ask.OBJECTION)] == ["prompt/objection-1"]
    assert case.incident.open_path is not None
    assert case.incident.open_path.path is Path.FIX


def test_overturning_a_path_ends_every_objection_to_it() -> None:
    case = team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(MIA, c.Object(why="it loses orders"))
    case.does(ANN, c.DecideBy(at=case.now + MINUTE, condition="roll back"))
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(JON, c.Object(why="it loses orders"))
    assert len(case.incident.open_prompts(Ask.OBJECTION)) == 2
    events = case.does(ANN, c.ChoosePath(path=Path.FIX))
    assert case.incident.open_prompts(Ask.OBJECTION) == ()
    assert sum(isinstance(event, Settled) for event in events) == 2


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
