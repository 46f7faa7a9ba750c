"""`uv run poe bench`: how fast Tocsin is, as ratios to a bare baseline in the same run, beside what the issue asks for.

Rule: ours and the baseline are measured by turns, so that a busy machine is busy for both. Never part of the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench_answers import answers
from bench_bursts import bursts
from bench_commit import commits
from bench_deadlines import deadlines
from bench_declare import declarations
from bench_discord import discord_reactions
from bench_fanout import fanout
from bench_figures import Figure, Run, Subject, table
from bench_hooks import hooks
from bench_insights import insights
from bench_load import reactions
from bench_postmortem import postmortems
from bench_starts import imports, memory, starts

from bot.running import quiet

SUBJECTS: dict[str, Subject] = {
    "answers": answers,
    "commit": commits,
    "deadlines": deadlines,
    "declare": declarations,
    "bursts": bursts,
    "reactions": reactions,
    "fanout": fanout,
    "hooks": hooks,
    "insights": insights,
    "discord": discord_reactions,
    "postmortem": postmortems,
    "starts": starts,
    "memory": memory,
    "imports": imports,
}
"""In this order: the commit is also compared with the round trip that `answers` measured."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="poe bench", description=__doc__)
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="this subject alone; may be given again")
    parser.add_argument("--quick", action="store_true", help="10 samples instead of 100: a glance, not a measurement")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="PATH", help="the figures, for programs")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    chosen = parser.parse_args()
    quiet()
    figures = asyncio.run(_measure(chosen.only or list(SUBJECTS), 10 if chosen.quick else chosen.samples))
    print(table(figures))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps([asdict(one) | {"met": one.met} for one in figures], indent=2) + "\n")
    return 1 if chosen.strict and not all(one.met for one in figures) else 0


async def _measure(names: list[str], samples: int) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        run = Run(samples, Path(home))
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            figures += await SUBJECTS[name](run)
    return figures


if __name__ == "__main__":
    sys.exit(main())
