"""Decision points and ties, a row for each rule: the act that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from datetime import timedelta

from incidents import ANN, JON, LEAH, MIA, Case, team

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
