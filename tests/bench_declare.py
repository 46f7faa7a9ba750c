"""A declaration until the invitation, and until channel, board, pin and notice are all there."""

from __future__ import annotations

import asyncio
import time

from bench_figures import Figure, Run, ratio
from bench_matrix import Scene, Seen, Watcher, scene, took


async def declarations(run: Run) -> list[Figure]:
    async with scene(run.home / "declare") as here:
        await here.started(here.raw_process())
        await here.started(here.tocsin_process())
        # Each bot's account with a second client: it sees the channel's insides before anybody has entered.
        await here.stack.enter_async_context(Watcher(here.server, here.raw))
        inside = await here.stack.enter_async_context(Watcher(here.server, here.tocsin))
        bare, invited, complete = [], [], []
        for index in range(run.samples + 2):
            bare.append(await _bare(here))
            first, last = await _ours(here, inside, f"Failure of kind {index}")
            invited.append(first)
            complete.append(last)
        return [
            ratio("declare to the invitation seen", invited[2:], bare[2:], 1.25),
            ratio("declare to channel, board, pin and notice", complete[2:], bare[2:], 3.0),
        ]


async def _bare(here: Scene) -> float:
    """createRoom and an invitation by the raw bot."""
    invitation = here.ann.expect(lambda seen: seen.event["type"] == "invite")
    began = time.perf_counter()
    await here.ann.say(here.elsewhere, "!make")
    return await took(invitation, began)


async def _ours(here: Scene, inside: Watcher, title: str) -> tuple[float, float]:
    def notice(seen: Seen) -> bool:
        return seen.room == here.triage and seen.is_card("notice")

    invitation = here.ann.expect(lambda seen: seen.event["type"] == "invite")
    parts = [
        here.ann.expect(notice),
        inside.expect(lambda seen: seen.is_card("board")),
        inside.expect(lambda seen: seen.event["type"] == "m.room.pinned_events"),
    ]
    began = time.perf_counter()
    await here.ann.say(here.triage, f"!inc declare {title}")
    first = await took(invitation, began)
    last = max([first, *[await took(part, began) for part in parts]])
    # The next one begins in a quiet house: its seeds are there.
    await asyncio.sleep(0.6)
    return first, last
