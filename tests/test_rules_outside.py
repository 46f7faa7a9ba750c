"""What may be asked where there is no incident, by rules alone: what is answered there, and where all else belongs."""

from __future__ import annotations

from datetime import date

import pytest
from incidents import ANN, policy
from pushed_clock import START

from bot.scenarios import shipped
from core.incident import commands as c
from core.incident.decide import Act
from core.incident.decide.outside import NAMED, outside
from core.incident.refusals import Refusal
from core.incident.vocabulary import FollowUpRef, Role

ACT = Act(ANN, START, START, policy())


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        (c.Show(what="help"), ["told"]),
        (c.ShowOnCall(), ["on_call_told"]),
        (c.Drill(scenario=""), ["drills_told"]),
        (c.NoteTakenBack.model_construct(), []),
    ],
)
def test_some_is_answered_anywhere(command: c.AnyCommand, kinds: list[str]) -> None:
    assert [event.kind for event in outside(command, ACT, shipped())] == kinds


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (c.ShowRunbook(name="mail"), "There is no runbook mail."),
        (c.Misread(answer="There is no command frob."), "There is no command frob."),
        (c.DenyStranger(wanted="Claim"), "Only responders may do that. Please ask Ann"),
        (c.PublishPostmortem(where="https://example.org"), "postmortem published 7 LINK"),
        (c.WaivePostmortem(why="it was a probe"), "postmortem none 7 WHY"),
        (c.MoveFollowUp(follow_up=FollowUpRef(number=2), due=date(2026, 5, 9)), "followup-move 7.F2 due=DATE"),
        (c.EndFollowUp(follow_up=FollowUpRef(number=2), done=True), "followup-done 7.F2"),
        (c.EndFollowUp(follow_up=FollowUpRef(number=2), done=False, why="it is old"), "followup-drop 7.F2 WHY"),
        (c.Drill(scenario="checkout"), "triage channel"),
        (c.Drill(scenario="credentials-leaked", private=True), "direct message"),
        (c.Declare(title="checkout fails"), "triage channel"),
        (c.Declare(title="keys leaked", private=True), "direct message"),
        (c.Claim(role=Role.IC), "belongs in an incident's own channel"),
        (c.Reopen(number=9, why="it is back again"), "There is no incident 9"),
    ],
)
def test_all_else_is_told_where_it_belongs(command: c.AnyCommand, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        outside(command, ACT, {})
    assert says in refused.value.answer


def test_what_belongs_in_an_incident_is_told_with_the_newest_that_are_open() -> None:
    names = [f"inc-{number}" for number in range(1, NAMED + 2)]
    with pytest.raises(Refusal) as refused:
        outside(c.Claim(role=Role.IC), ACT, {}, names)
    assert all(name in refused.value.answer for name in names[1:])
    assert names[0] not in refused.value.answer
