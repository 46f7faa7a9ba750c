"""Rights count when an act is carried out: who was asked and holds the role no more decides nothing by a late answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, LEAH, Case, person, team

from core.incident import commands as c
from core.incident.vocabulary import Path, Role

ZOE = person("Zoe")
ROLL_BACK = c.ChoosePath(path=Path.ROLLBACK, why="release 214")


def crew() -> Case:
    case = team()
    case.does(LEAH, c.Claim(role=Role.RECOVERY))
    return case


def asked_to_stop() -> Case:
    """Leah goes one path and asked for another: whether to stop the first."""
    case = crew()
    case.does(LEAH, ROLL_BACK)
    case.does(LEAH, c.ChoosePath(path=Path.FIX, why="a patch is there"))
    return case


def point_is_due() -> Case:
    case = crew()
    case.does(ANN, c.DecideBy(at=case.now + timedelta(minutes=1), condition="roll back"))
    case.passes(timedelta(minutes=2))
    return case


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        (asked_to_stop, c.Confirm(prompt="prompt/stop-1")),
        (point_is_due, ROLL_BACK),
        (point_is_due, c.AnswerDecision(prompt="prompt/decision-1", path=Path.ROLLBACK)),
    ],
    ids=["yes to stopping a path", "a path for a decision point", "the press on a decision point"],
)
def test_recovery_passed_on_between_the_question_and_the_answer(case: object, answer: c.AnyCommand) -> None:
    assert callable(case)
    held, lost = case(), case()
    assert "refused" not in {each.kind for each in held.does(LEAH, answer)}
    lost.does(ANN, c.Assign(role=Role.RECOVERY, who=ZOE))
    before = lost.incident.path, lost.incident.items
    [refused] = lost.does(LEAH, answer)
    assert refused.kind == "refused"
    assert "ask Zoe" in refused.answer
    assert (lost.incident.path, lost.incident.items) == before
