"""The simulation: the story survives death at its every step, a bad network, and a loss of all but the log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import simulation
from _pytest.mark import ParameterSet
from simulated_loop import Deadlock, SimulatedClock, SimulatedLoop
from simulation import Broken, Plan, crash, play, seeded, undisturbed

from core.card_keeping import SPACING

SHORT = timedelta(seconds=10)
"""A chat that soon forgets the keys of sends."""

LONG = 700.0
"""A pause after which acts that reach outside are asked again."""

STEPS = range(1, 3001)
"""Up to the close; what comes later is waiting for the most part."""

EVERY = 2001
"""Up to here the process dies at each step in turn."""

SOME = [seeded(seed) for seed in (4, 8, 13, 40, 51, 71)]
"""Seeds with lost answers, deletions, a busy database and deaths among them."""


def all_hold(plans: Iterable[Plan]) -> None:
    """Plays them all, and reports every one that broke a law."""
    broken = []
    for plan in plans:
        try:
            play(plan)
        except Broken as error:
            broken.append(str(error))
    assert not broken, "\n\n".join(broken)


def later(*values: object) -> list[ParameterSet]:
    """Values that are played by `poe endure` alone."""
    return [pytest.param(value, marks=pytest.mark.endure) for value in values]


def _again(value: object) -> str | None:
    return value.again if isinstance(value, Plan) else None


# --- the story holds --------------------------------------------------------------------------------------------------


def test_the_story_goes_well_when_nothing_goes_wrong() -> None:
    played = undisturbed()
    assert played.outcome["phase"] == "closed"
    assert played.story_steps > STEPS.stop


def test_a_board_is_edited_at_most_every_two_seconds() -> None:
    calm = simulation.Simulation(Plan())
    calm.play()
    [board] = [one for one in calm.world.messages.values() if one.post and one.post.card == "board"]
    # The first edit comes at once; those after it keep their distance.
    edits = [version.at for version in board.versions[1:]]
    assert len(edits) > 5
    assert all(later - sooner >= SPACING for sooner, later in pairwise(edits))


@pytest.mark.parametrize("step", range(11, STEPS.stop, 1500))
def test_the_story_survives_death(step: int) -> None:
    all_hold([crash(step)])


@pytest.mark.parametrize("step", [1480, *later(420, 2430)])
def test_the_story_survives_a_long_death_and_a_chat_that_forgets(step: int) -> None:
    all_hold([crash(step, LONG, cut=True, window=SHORT)])


# Those between 1000 and 1400 that found something once are played by `poe endure`.
@pytest.mark.parametrize("plan", [SOME[0], *later(*SOME[1:], *map(seeded, (262, 2206)))], ids=_again)
def test_the_story_survives_a_bad_network_and_deaths(plan: Plan) -> None:
    all_hold([plan])


@pytest.mark.parametrize("step", [1450, *later(310, 2300)])
def test_the_story_survives_the_loss_of_every_table_but_the_log(step: int) -> None:
    all_hold([crash(step, wipe=True)])


def sweep(steps: range) -> Iterator[Plan]:
    """A death at each step. It is another kind at each, in turn, and each 16th is followed to the very end."""
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"cut": True},
        {"pause": LONG},
        {"cut": True, "window": SHORT},
        {"wipe": True},
        {"cut": True, "pause": LONG},
        {"window": SHORT},
    )
    return (crash(step, **kinds[step % len(kinds)], brief=step % 16 != 0) for step in steps)


@pytest.mark.endure
@pytest.mark.timeout(900)  # a hundred stories each, on a machine with other work
@pytest.mark.parametrize("first", range(STEPS.start, EVERY, 100))
def test_the_story_ends_the_same_after_death_at_every_step(first: int) -> None:
    all_hold(sweep(range(first, first + 100)))


@pytest.mark.endure
def test_the_story_survives_death_at_every_30th_step_up_to_the_close() -> None:
    all_hold(sweep(range(EVERY, STEPS.stop, 30)))


@pytest.mark.endure
def test_the_rest_of_the_story_survives_death_at_every_20th_step() -> None:
    all_hold(crash(step) for step in range(STEPS.stop, undisturbed().story_steps, 20))


@pytest.mark.endure
def test_the_story_survives_many_seeds() -> None:
    all_hold(seeded(seed) for seed in range(1000, 1030))


# --- a play can be played again ---------------------------------------------------------------------------------------


@pytest.mark.endure
def test_a_seed_plays_the_same_twice() -> None:
    assert play(seeded(12)).trace == play(seeded(12)).trace != play(seeded(13)).trace


@pytest.mark.endure
def test_a_seed_plays_the_same_in_another_process_by_the_line_that_is_printed() -> None:
    here = play(seeded(3)).trace
    line = [sys.executable, "tests/simulation.py", *seeded(3).again.split()]
    root = Path(__file__).parent.parent
    there = subprocess.run(
        line, cwd=root, env=os.environ | {"PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True
    )
    assert f"trace='{here}'" in there.stdout


def test_a_loop_in_which_all_wait_says_so() -> None:
    loop = SimulatedLoop()
    with pytest.raises(Deadlock):
        loop.run_until_complete(loop.create_future())
    loop.end()


def test_an_hour_takes_no_time() -> None:
    loop = SimulatedLoop()
    clock = SimulatedClock(loop)
    before = clock.now()
    loop.run_until_complete(clock.sleep(3600))
    assert clock.now() - before == timedelta(hours=1)
    loop.end()
