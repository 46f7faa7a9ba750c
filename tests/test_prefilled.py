"""What a form is filled with: lengths of time that read back as they were, and the words of the right update."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, MIA, Case, policy

from core.incident import commands as c
from core.incident.decide import Act
from core.incident.prefilled import _spelled, prefilled
from core.incident.times import duration


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
