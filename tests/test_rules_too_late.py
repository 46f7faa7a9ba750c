"""What the clock or a person says too late about a call: it was answered, or is over, and nothing comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from incidents import ANN, JON, LEAH, MIA, Case

from core.incident import commands as c
from core.incident.deadlines import deadlines
from core.incident.events import Ask, TieBroken
from core.incident.policy import Times
from core.incident.vocabulary import ItemStatus, Path, Role


def _team() -> Case:
    case = Case()
    for who, role in ((MIA, Role.DIAGNOSIS), (JON, Role.UPDATES), (LEAH, Role.RECOVERY)):
        case.does(who, c.Claim(role=role))
    return case


def _objected() -> Case:
    case = _team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(JON, c.Object(why="it loses the new orders"))
    return case


def test_the_tie_breaker_who_chooses_the_same_path_lets_it_stand() -> None:
    events = _objected().decides(ANN, c.ChoosePath(path=Path.ROLLBACK))
    assert [event.overturned for event in events if isinstance(event, TieBroken)] == [False]


def test_a_minute_that_ends_after_the_answer_changes_nothing() -> None:
    case = _objected()
    case.does(ANN, c.Confirm(prompt="prompt/objection-1"))
    assert case.decides(None, c.LetItStand(prompt="prompt/objection-1")) == ()


def test_a_tie_without_a_minute_waits_for_its_answer() -> None:
    case = _objected()
    times = Times(tie_break=timedelta())
    patient = case.incident.policy.model_copy(update={"times": times})
    waiting = replace(case.incident, policy=patient)
    assert not any(isinstance(one.command, c.LetItStand) for one in deadlines(waiting))


def test_an_answer_to_a_decision_that_is_over_is_none() -> None:
    case = _team()
    case.does(ANN, c.DecideBy(at=case.now + timedelta(minutes=5), condition="roll back"))
    case.does(LEAH, c.WithdrawDecision())
    assert case.decides(LEAH, c.ChoosePath(path=Path.ROLLBACK, point="D1")) == ()


def test_a_pause_that_was_stopped_does_not_end_again() -> None:
    case = _team()
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    assert case.decides(None, c.EndPause(item="R1")) == ()


def test_nobody_watches_what_was_never_named() -> None:
    case = _team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    assert case.decides(None, c.AskWhetherItWorked(item="R1")) == ()


def test_one_who_will_not_command_leaves_the_question_to_the_other() -> None:
    case = Case(MIA)
    case.does(None, c.AskForCommander(step=0))
    asked = case.incident.open_prompts(Ask.COMMANDER)[0]
    assert len(asked.asked.to) == 2
    assert case.decides(MIA, c.Decline(prompt=asked.key)) == ()


def test_another_path_than_the_one_asked_about_is_asked_about_anew() -> None:
    case = _team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.ChoosePath(path=Path.FIX))
    case.does(LEAH, c.ChoosePath(path=Path.PAUSE))
    assert [one.key for one in case.incident.open_prompts(Ask.STOP)] == ["prompt/stop-2"]
    assert case.incident.prompts["prompt/stop-1"].settled == "chosen anew"


def test_the_open_path_with_another_reason_is_another_path() -> None:
    case = _team()
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK, why="release 214"))
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK, why="release 213"))
    assert [one.asked.item for one in case.incident.open_prompts(Ask.STOP)] == ["R1"]
