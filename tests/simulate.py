"""`poe simulate`: many plays of the crowd, one after the other; one that breaks a law is shrunk, and told how to be seen again.

    uv run poe simulate --seeds 500              seeds 0 to 499
    uv run poe simulate --from 500 --seconds 60  as many as a minute has
    uv run poe simulate --seed 7                 one; with --only, some of its parts
    uv run poe simulate --planted                which seed finds each planted bug

Rule: ends with 1 when any seed broke a law.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from multiprocessing import get_context

from crowd_plan import CrowdPlan, crowd_plan
from crowd_simulation import Tally, law_of, play_crowd
from simulation import Broken

PROGRESS = 1000
"""Plays between two lines that say how far it has come."""

TRIES = 400
"""Plays that shrinking one seed may take."""


def broken(plan: CrowdPlan) -> Broken | None:
    """How the play broke, if it did."""
    try:
        play_crowd(plan)
    except Broken as error:
        return error
    return None


def shrink(plan: CrowdPlan, law: str, fails: Callable[[CrowdPlan], str | None] | None = None) -> CrowdPlan:
    """The smallest plan found that breaks the same law: parts are taken out in halves, quarters and one by one (Zeller and
    Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), until none can be missed.

    `fails` names the law that a plan breaks; by default, by playing it.
    """
    ask = fails or _law
    parts, size, tries = list(plan.parts), max(1, len(plan.parts) // 2), 0
    while tries < TRIES:
        smaller = False
        for start in range(0, len(parts), size):
            rest = parts[:start] + parts[start + size :]
            tries += 1
            if ask(crowd_plan(plan.seed, rest)) == law:
                parts, smaller = rest, True
                break
        if not smaller:
            if size == 1:
                break
            size = max(1, size // 2)
    return crowd_plan(plan.seed, parts)


def _law(plan: CrowdPlan) -> str | None:
    error = broken(plan)
    return law_of(error) if error else None


def told(plan: CrowdPlan, error: Broken) -> str:
    """What broke, the line that plays it again, and the same for the least that breaks it."""
    small = shrink(plan, law_of(error))
    less = broken(small)
    if less is None or small.parts == plan.parts:
        return str(error)
    return f"{error}\n\nshrunk from {len(plan.parts)} parts to {len(small.parts)}: {less}"


def _one(seed: int) -> Tally | str:
    plan = crowd_plan(seed)
    try:
        return play_crowd(plan)
    except Broken as error:
        return told(plan, error)


def plays(seeds: Iterator[int], jobs: int) -> Iterator[Tally | str]:
    """What came of each seed, in their order."""
    if jobs == 1:
        yield from map(_one, seeds)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_one, seeds, chunksize=4)


def run(first: int, seeds: int | None, seconds: float | None, jobs: int = 1) -> tuple[Tally, list[str]]:
    """Plays so many seeds, or for so long; the sum of it, and what broke."""
    whole, failures, began = Tally(), list[str](), time.monotonic()
    wanted = count(first) if seeds is None else iter(range(first, first + seeds))
    if jobs > 1 and seeds is None:
        # A pool takes all that it is given: it is given what it can do.
        wanted = islice(wanted, int((seconds or 0) * 40 * jobs))
    for number, one in enumerate(plays(wanted, jobs), 1):
        if isinstance(one, str):
            failures.append(one)
            print(f"\n{one}\n", flush=True)
        else:
            whole.add(one)
        spent = time.monotonic() - began
        if number % PROGRESS == 0:
            print(f"{number:,} schedules, {len(failures)} broken, {number / spent:.1f} per second", flush=True)
        if seconds is not None and spent >= seconds:
            break
    return whole, failures


def summary(whole: Tally, failures: Sequence[str], spent: float) -> str:
    schedules = whole.plays + len(failures)
    return (
        f"{schedules:,} schedules, {len(failures)} broken: {whole.acts:,} acts, {whole.records:,} records, "
        f"{whole.deaths:,} deaths, {whole.processes:,} processes, {whole.refused:,} turned away by the lock, "
        f"{whole.overtaken:,} overtaken, {whole.seconds / 3600:,.0f} hours of virtual time in {spent:,.1f} s, "
        f"{schedules / spent:.1f} schedules per second"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="poe simulate", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--seconds", type=float, help="for how long, instead of how many")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seed", type=int, help="one seed")
    parser.add_argument("--only", help="the parts of that seed which are played, by commas")
    parser.add_argument("--planted", action="store_true", help="find the planted bugs")
    asked = parser.parse_args()
    began = time.monotonic()
    if asked.planted:
        from planted import table

        sys.exit(table())
    if asked.seed is not None:
        plan = crowd_plan(asked.seed, asked.only.split(",") if asked.only else None)
        print(plan)
        error = broken(plan)
        print(error or play_crowd(plan))
        sys.exit(error is not None)
    seeds = asked.seeds if asked.seeds or asked.seconds else 200
    whole, failures = run(asked.first, seeds, asked.seconds, asked.jobs)
    print(summary(whole, failures, time.monotonic() - began))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
