"""An update until the last of its 50 mirrors, beside a bare bot's 50 sends of the same text at once, as a client sees them."""

from __future__ import annotations

import asyncio
import time

from bench_figures import Figure, Run, ratio
from bench_matrix import PATIENCE, Scene, Seen, scene
from matrix_person import Person
from synapse import User

MIRRORS = 50

UPDATES = 20
"""More than an incident has; and each is compared with 50 cards more."""


async def fanout(run: Run) -> list[Figure]:
    async with scene(run.home / "fanout") as here:
        mirrors = await _rooms(here, here.tocsin)
        bare_rooms = await _rooms(here, here.raw)
        await here.started(here.raw_process())
        rooms = ", ".join(f'"matrix:{room}"' for room in mirrors)
        await here.started(here.tocsin_process(more=f"[audiences.everyone]\nrooms = [{rooms}]\n"))
        room = await here.declare("Checkout fails")
        await here.ann.say(room, "!inc claim ic")
        await here.ann.say(room, "!inc update impact=Some users cannot pay next=We test a rollback every=15m")
        await here.card(room, "draft/1")
        await _until_all(here, set(mirrors), "update/1", room, "!inc publish")
        ours, bare = [], []
        for number in range(2, min(run.samples, UPDATES) + 4):
            bare.append(await _until_all(here, set(bare_rooms), "", here.elsewhere, "!fan"))
            ours.append(await _until_all(here, set(mirrors), f"update/{number}", room, "!inc unchanged 15m"))
            await asyncio.sleep(0.5)  # what is said beside the copies is not the next round's
        # The first few warm caches and connections on both sides.
        return [ratio(f"publishing to the last of {MIRRORS} mirrors", ours[2:], bare[2:], 1.3)]


async def _rooms(here: Scene, who: User) -> list[str]:
    """Rooms with Ann and a bot in them."""
    async with Person(here.server, who) as bot:
        rooms = []
        for _ in range(MIRRORS):
            rooms.append(await here.ann.create(invite=[who.id]))
            await bot.join(rooms[-1])
        return rooms


async def _until_all(here: Scene, rooms: set[str], card: str, where: str, words: str) -> float:
    """Seconds from these words of Ann's until she sees what comes of them in every room."""
    left = set(rooms)

    def seen(one: Seen) -> bool:
        if one.room in left and (one.is_card(card) if card else one.content.get("body", "").startswith("[")):
            left.discard(one.room)
        return not left

    last = here.ann.expect(seen)
    began = time.perf_counter()
    await here.ann.say(where, words)
    async with asyncio.timeout(PATIENCE):
        return (await last).at - began
