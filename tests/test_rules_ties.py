"""Ties, a row for each rule: the objection or answer that it allows and the one that it refuses, in one scene."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, person, team
from rules_scenes import (
    MINUTE,
    Row,
    answer,
    calm,
    holds,
    named,
    objected,
    play,
    shipping,
    yes,
)

from core.incident import commands as c
from core.incident.events import Ask, Settled, TieBroken
from core.incident.policy import Policy, Times
from core.incident.vocabulary import Path, Role

ROLL_BACK = c.ChoosePath(path=Path.ROLLBACK)
KIM = person("Kim")

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


@pytest.mark.parametrize("row", TIES, ids=named)
def test_a_rule_allows_one_and_refuses_the_other(row: Row) -> None:
    holds(row)


def test_the_tie_breaker_who_chooses_the_same_lets_it_stand() -> None:
    case = play(objected(), (ANN, ROLL_BACK))
    assert case.incident.prompts["prompt/objection-1"].settled == "the choice stands"
    assert [item.key for item in case.incident.items.values()] == ["R1"]


def test_digging_is_overturned_without_anything_to_stop() -> None:
    case = play(calm(), (LEAH, c.ChoosePath(path=Path.DIG)), (JON, c.Object(why="roll back")))
    assert [event.kind for event in case.does(ANN, c.Decline(prompt=""))] == ["tie_broken", "settled"]
    assert case.incident.path is not None
    assert case.incident.path.overturned


def test_a_tie_breaker_without_a_minute_is_waited_for() -> None:
    case = Case(house=Policy(on_call=(ANN,), times=Times(tie_break=timedelta())))
    play(case, (LEAH, c.Claim(role=Role.RECOVERY)), (MIA, c.Claim(role=Role.DIAGNOSIS)), (LEAH, ROLL_BACK))
    play(case, (MIA, c.Object(why="it loses orders")), 600 * MINUTE)
    assert case.incident.open_prompts(Ask.OBJECTION)


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
