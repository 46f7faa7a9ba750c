"""The simulation's crowd: random people and random faults, every law, every seed; and the bugs that it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from crowd_plan import crowd_plan
from crowd_simulation import CrowdSimulation, Tally, law_of, play_crowd
from planted import PLANTS, Plant, find, planted
from simulate import broken, run, shrink, summary
from simulation import Broken

FOUND: dict[str, str] = {
    "a letter is sent again since this machine's clock is ahead of the chat's": "849 act6,window,death0,jump0",
    "the same when an answer was lost": "896 act2,act4,act5,lost_reply,window,jump1",
    "an act in a new channel that is not on the record yet is lost": "111381 act0,act2,reorder,busy",
    "an answer is given again after more than an hour away": "100675 act0,act10,act11,window,death1",
    "a letter is sent again since this machine's clock was set back": "101237 act1,delay,window,outage0,jump0",
    "an edit under way at a death is not known of": "112039 act2,act4,act5,act6,act7,act8,outage0,death0",
    "one that was overtaken ends, and calls that no bug": "101727 act1,act2,act4,zombie0",
    "whoever was refused just before an hour without a process is never told": "400087 act15,death4",
    "a letter that is over is unfolded since what settled it was heard by a clock set back": "450239 act0,act1,jump0,jump1,secret7",
    "whoever was put out is asked in again by the date of what they own": "402200 act3,death4,secret0,secret1,secret3,secret10,secret12",
    "that nothing is recorded is said twice": "100522 act0,act1,act10,lost_reply,delay,repeat,reorder,busy,window",
}
"""What the crowd found once, as the seed and the parts of it that are left after shrinking."""


def _parts(words: str) -> tuple[int, list[str]]:
    seed, parts = words.split()
    return int(seed), parts.split(",")


def test_the_crowd_breaks_no_law() -> None:
    whole, failures = run(0, 16, None)
    assert not failures
    assert whole.acts > 100
    assert whole.deaths > 5


@pytest.mark.parametrize("words", FOUND.values(), ids=FOUND.keys())
def test_what_the_crowd_found_once_holds(words: str) -> None:
    seed, parts = _parts(words)
    assert play_crowd(crowd_plan(seed, parts)).plays == 1


@pytest.mark.endure
def test_a_minute_of_the_crowd_breaks_no_law() -> None:
    whole, failures = run(1000, None, 60.0)
    assert not failures
    assert whole.plays > 0


@pytest.mark.endure
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_found_within_500_seeds(plant: Plant) -> None:
    seed, law = find(plant)
    assert law in plant.laws
    # It is the bug that was found, and not the seed that is broken.
    assert broken(plant.plan(seed)) is None


# --- other processes --------------------------------------------------------------------------------------------------


def _first(there: str) -> int:
    """The first seed whose play has this in it."""
    return next(seed for seed in range(500) if getattr(crowd_plan(seed), there))


def test_people_have_secrets_and_are_called_out() -> None:
    plays = [CrowdSimulation(crowd_plan(seed)) for seed in range(3)]
    for play in plays:
        play.play_crowd()
    assert any(incident.private for play in plays for incident in play.laws.incidents.values())
    assert any(play.exchange.rings for play in plays)


def test_a_second_process_is_turned_away_by_the_lock() -> None:
    parts = [one for one in crowd_plan(_first("seconds")).parts if not one.startswith("death")]
    assert play_crowd(crowd_plan(_first("seconds"), parts)).refused == 1


@pytest.mark.endure
def test_of_two_processes_that_both_write_one_ends_and_the_record_is_whole() -> None:
    seeds = [seed for seed in range(500) if crowd_plan(seed).zombies][:8]
    assert sum(play_crowd(crowd_plan(seed)).overtaken for seed in seeds) > 0


# --- a play can be played again, and made smaller ---------------------------------------------------------------------


def test_a_crowd_plays_the_same_twice() -> None:
    assert play_crowd(crowd_plan(3)) == play_crowd(crowd_plan(3)) != play_crowd(crowd_plan(4))


@pytest.mark.endure
def test_parts_of_a_seed_play_the_same_in_another_process_by_the_words_that_are_printed() -> None:
    whole = crowd_plan(5)
    some = crowd_plan(5, whole.parts[::2])
    assert whole.again == "--seed 5"
    assert some.again == f"--seed 5 --only {','.join(some.parts)}"
    line = [sys.executable, "tests/simulate.py", *some.again.split()]
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    there = subprocess.run(line, cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert f"trace='{play_crowd(some).trace}'" in there.stdout


def test_what_is_left_out_changes_nothing_about_what_stays() -> None:
    whole = crowd_plan(5)
    some = crowd_plan(5, whole.parts[1:])
    assert some.acts == whole.acts[1:]
    assert some.deaths == whole.deaths
    assert not some.whole


def test_shrinking_leaves_what_cannot_be_missed() -> None:
    plan = crowd_plan(3)
    needed = {plan.parts[2], plan.parts[-1]}
    small = shrink(plan, "the law", lambda less: "the law" if needed <= set(less.parts) else None)
    assert set(small.parts) == needed


def test_shrinking_keeps_to_the_law_that_was_broken() -> None:
    plan = crowd_plan(3)
    first, last = plan.parts[0], plan.parts[-1]
    # With less than both, another law breaks.
    small = shrink(plan, "one", lambda less: "one" if {first, last} <= set(less.parts) else "another")
    assert set(small.parts) == {first, last}


def test_a_seed_that_breaks_a_law_is_shrunk_and_told_with_both_lines() -> None:
    from simulate import _one

    silent = next(plant for plant in PLANTS if plant.name == "refusal not recorded")
    with planted(silent):
        told = _one(0)
        assert isinstance(told, str)
        _, _, again = told.rpartition("play it again: uv run poe simulate --seed 0 --only ")
        small = crowd_plan(0, again.strip().split(","))
        with pytest.raises(Broken) as less:
            play_crowd(small)
    assert "play it again: uv run poe simulate --seed 0\n" in told
    assert law_of(less.value) in silent.laws
    assert len(small.parts) < len(crowd_plan(0).parts)


def test_a_bug_of_the_bot_breaks_a_law_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("core.incident.authority.permit", stumble)
    with pytest.raises(Broken, match="there are no bugs"):
        CrowdSimulation(crowd_plan(0)).play_crowd()


def test_the_summary_counts_what_was_played() -> None:
    whole = Tally(plays=3, acts=1200, deaths=7, processes=10, seconds=7200)
    words = summary(whole, ["broken"], 2.0)
    assert words.startswith("4 schedules, 1 broken: 1,200 acts, 0 records, 7 deaths, 10 processes")
    assert words.endswith("2 hours of virtual time in 2.0 s, 2.0 schedules per second")
