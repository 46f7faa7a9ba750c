"""30, then 300 commands sent without waiting for an answer: every one is answered, in the order of the room."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import zip_longest

from bench_figures import Figure, Run
from bench_matrix import PATIENCE, Scene, Seen, scene
from running import until


async def bursts(run: Run) -> list[Figure]:
    async with scene(run.home / "bursts") as here:
        await here.started(here.tocsin_process())
        room = await here.declare("A burst of commands")
        return [await _burst(here, room, count) for count in (30, 300)]


async def _burst(here: Scene, room: str, count: int) -> Figure:
    mark, began = len(here.ann.seen), time.perf_counter()
    await asyncio.gather(*(here.ann.say(room, f"!inc note thing {index} of {count}") for index in range(count)))
    sent = time.perf_counter() - began
    with suppress(AssertionError):
        await until(lambda: len(_ticks(here, room, mark)) >= count, within=2 * PATIENCE)
    took = time.perf_counter() - began
    asked = [seen.event["event_id"] for seen in here.ann.seen[mark:] if _is_command(here, seen)]
    answered = [seen.relation["event_id"] for seen in _ticks(here, room, mark)]
    wrong = sum(one != other for one, other in zip_longest(asked, answered)) + (count - len(set(asked)))
    detail = f"{len(set(answered))} of {count} answered; sent within {sent:.1f} s, all answered after {took:.1f} s"
    return Figure(f"burst of {count}: unanswered or out of order", wrong, 0, "", detail)


def _is_command(here: Scene, seen: Seen) -> bool:
    return seen.event["sender"] == here.ann.id and str(seen.content.get("body", "")).startswith("!inc note")


def _ticks(here: Scene, room: str, mark: int) -> list[Seen]:
    return [seen for seen in here.ann.seen[mark:] if seen.room == room and seen.is_tick()]
