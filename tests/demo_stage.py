"""The demo's stage with a real bot on it, at any pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from bot.cast import Stage
from bot.story import BEGIN
from bot.wiring import Plan, Tocsin
from core.clock import ScaledClock
from core.database import open_file
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport


@asynccontextmanager
async def on_the_demos_stage(folder: Path, speed: float) -> AsyncIterator[tuple[Stage, Tocsin]]:
    """`speed` is how many times faster than real time it is."""
    clock = ScaledClock(BEGIN, speed)
    stage = Stage.build(clock)
    database = await open_file(folder / "demo.db")
    roster = stage.roster()
    chat = {"sandbox": SandboxTransport(Server(stage.world, Random(0)))}
    tocsin = Tocsin(Plan(database, clock, chat, {"sandbox": ["triage"]}, roster, stage.policy(roster)))
    with clock.still():
        running = asyncio.create_task(tocsin.run())
        await tocsin.ticking.wait()
    try:
        yield stage, tocsin
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()
