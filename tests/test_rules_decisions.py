"""Decision points and ties, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from datetime import timedelta

from incidents import ANN, BOB, JON, LEAH, MIA, Case, team

from core.incident import commands as c
from core.incident.events import Ask, Asked, PathChosen, Settled, TieBroken
from core.incident.vocabulary import Path, Role

MINUTE = timedelta(minutes=1)


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
