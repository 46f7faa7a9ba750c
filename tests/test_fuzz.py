"""`poe fuzz` finds what is broken, says it shortly and plays it again; and of what there is, nothing is."""

from __future__ import annotations

import re

import pytest
from fuzz import SURFACES, Surface, fuzz, main
from hostile import words
from hypothesis import given
from hypothesis import strategies as st


@given(text=st.none())
def broken(text: str) -> None:
    """A property that a careless renderer has: no angle in a page."""
    assert "<" not in f"<p>{text}</p>"[3:-4]


def test_a_broken_surface_is_told_with_the_least_that_breaks_it_and_how_to_see_it_again() -> None:
    surface = Surface("careless", broken, (words(),))
    [said] = fuzz([surface], 7, seconds=0, rounds=1)
    assert said.startswith("careless fails with seed 7\n")
    assert "text='<'" in said
    again = re.search(r"uv run poe fuzz --surface (\S+) --seed (\d+) --rounds 1$", said)
    assert again is not None
    assert fuzz([surface], int(again[2]), seconds=0, rounds=1) == [said]


def test_one_that_holds_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--surface", "reactions", "--seed", "7", "--rounds", "1"]) == 0
    assert "seed 7: 1 rounds over 1 surfaces, 0 failed" in capsys.readouterr().out


def test_every_surface_has_a_name_of_its_own() -> None:
    assert len({one.name for one in SURFACES}) == len(SURFACES)


@pytest.mark.endure
def test_every_surface_holds_for_half_a_minute() -> None:
    assert fuzz(SURFACES, 1, seconds=30, rounds=0) == []
