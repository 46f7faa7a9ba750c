"""What a form is filled with: lengths of time that read back as they were, and the words of the right update."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.incident.prefilled import _spelled
from core.incident.times import duration


@pytest.mark.parametrize("seconds", [60, 90, 754, 900, 1800, 3661, 5400, 86_400, 604_800])
def test_a_length_reads_back_as_it_was(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duration(_spelled(length)) == length
