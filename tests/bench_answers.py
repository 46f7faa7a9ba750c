"""A command until its ✅, and a reaction until the board's edit, as a person's client sees them on Synapse."""

from __future__ import annotations

import asyncio
import time

from bench_figures import Figure, Run, ratio
from bench_matrix import Scene, Seen, scene, took

ROOMS = 10
"""Incidents taken by turns, so that every board has rested when its turn comes."""

REST = 2.3
"""Seconds between two edits that are measured on one board: the second of two quick ones waits on purpose."""


async def answers(run: Run) -> list[Figure]:
    async with scene(run.home / "answers") as here:
        await here.started(here.raw_process())
        await here.started(here.tocsin_process())
        rooms = [await here.declare(f"Incident of room {index}") for index in range(ROOMS)]
        figures = await _commands(here, rooms[0], run)
        return [*figures, await _reactions(here, rooms, run)]


async def _commands(here: Scene, room: str, run: Run) -> list[Figure]:
    await asyncio.sleep(3)
    ours, bare = [], []
    for index in range(run.samples + 5):
        bare.append(await _answered(here, here.elsewhere, f"!inc note observation {index}"))
        ours.append(await _answered(here, room, f"!inc note observation {index}"))
    # The first few warm caches and connections on both sides.
    run.known["round trip"] = sorted(ours[5:])[len(ours[5:]) // 2]
    return [ratio("a command to its answer", ours[5:], bare[5:], 1.10)]


async def _answered(here: Scene, room: str, words: str) -> float:
    tick = here.ann.expect(lambda seen: seen.room == room and seen.is_tick())
    began = time.perf_counter()
    await here.ann.say(room, words)
    return await took(tick, began)


async def _reactions(here: Scene, rooms: list[str], run: Run) -> Figure:
    per_room = -(-run.samples // len(rooms))
    boards = [await here.board(room) for room in rooms]
    items = [await _items(here, room, per_room) for room in rooms]
    posted = here.ann.expect(lambda seen: seen.content.get("body") == "the board")
    await here.ann.say(here.elsewhere, "!board")
    bare_board = str((await posted).event["event_id"])
    ours, bare = [], []
    await asyncio.sleep(8)  # until the items' cards have their seeds
    for turn in range(per_room):
        began = time.perf_counter()
        for room, board, cards in zip(rooms, boards, items, strict=True):
            bare.append(await _edited(here, here.elsewhere, bare_board, cards[turn]))
            ours.append(await _edited(here, room, board, cards[turn]))
        await asyncio.sleep(max(0.0, REST - (time.perf_counter() - began)))
    return ratio("a reaction to the board's edit", ours, bare, 1.10)


async def _items(here: Scene, room: str, count: int) -> list[str]:
    for index in range(count):
        await _answered(here, room, f"!inc action task number {index}")
    return [await here.card(room, f"item/A{index + 1}") for index in range(count)]


async def _edited(here: Scene, room: str, board: str, card: str) -> float:
    """✋ on an item; in the raw bot's room any event will do."""

    def shows(seen: Seen) -> bool:
        return seen.room == room and seen.is_edit_of(board)

    edit = here.ann.expect(shows)
    target = board if room == here.elsewhere else card
    emoji = f"✋{card[-6:]}" if room == here.elsewhere else "✋"
    began = time.perf_counter()
    await here.ann.react(room, target, emoji)
    return await took(edit, began)
