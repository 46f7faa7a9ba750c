"""What a form is filled with: lengths of time that read back as they were, and the words of the right update."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, MIA, Case, policy

from core.incident import commands as c
from core.incident.decide import Act
from core.incident.forms import Group
from core.incident.prefilled import _spelled, prefilled
from core.incident.times import duration
from core.incident.verbs import VERBS


@pytest.mark.parametrize("seconds", [60, 90, 754, 900, 1800, 3661, 5400, 86_400, 604_800])
def test_a_length_reads_back_as_it_was(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duration(_spelled(length)) == length


def test_what_a_close_lacks_is_what_its_form_asks_for() -> None:
    case = Case()
    asked = prefilled(case.incident, c.Close(), Act(ANN, case.now, case.now, policy()))
    assert asked is not None
    assert asked.keys() == {"cause", "fixed", "next"}


def test_whoever_may_not_close_gets_no_form() -> None:
    case = Case()
    assert prefilled(case.incident, c.Close(), Act(MIA, case.now, case.now, policy())) is None


def _filled(case: Case, command: c.AnyCommand) -> dict[str, str]:
    found = prefilled(case.incident, command, Act(ANN, case.now, case.now, policy()))
    assert found is not None
    return dict(found)


def test_an_update_is_filled_with_what_was_said_last() -> None:
    case = Case()
    assert _filled(case, c.Draft()) == {"every": "30 min"}
    assert _filled(case, c.Close()) == {"cause": "", "fixed": "", "next": "postmortem within 5 business days"}
    case.does(ANN, c.Draft(impact="some users cannot pay", every=timedelta(minutes=15)))
    case.does(ANN, c.Publish())
    assert _filled(case, c.CorrectUpdate())["impact"] == "some users cannot pay"
    case.does(ANN, c.Draft(impact="nobody can pay"))
    assert _filled(case, c.Draft()) == {
        "impact": "nobody can pay",
        "affected": "",
        "working": "",
        "next": "",
        "every": "15 min",
    }
    assert _filled(case, c.CorrectUpdate())["impact"] == "some users cannot pay"


def test_what_has_no_form_is_filled_with_nothing() -> None:
    case = Case()
    act = Act(ANN, case.now, case.now, policy())
    assert prefilled(case.incident, c.Freeze(), act) is None
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    assert prefilled(case.incident, c.Close(), act) is None


def test_a_form_asks_for_each_slot_in_words() -> None:
    update = next(verb for verb in VERBS if verb.command is c.Draft)
    assert all(slot.asked for slot in update.form)
    assert next(verb for verb in VERBS if verb.command is c.Freeze).form == ()
    assert all(group.does for group in Group if group is not Group.DIRECT)
