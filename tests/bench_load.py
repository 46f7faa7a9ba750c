"""1,000 reactions within 10 seconds over 20 incidents in the sandbox: all on the record, every board true soon after."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from bench_figures import Figure, Run
from running import until

from bot.wiring import Plan, Tocsin
from core.clock import SystemClock
from core.database import open_file
from core.incident.cards.board import board
from core.incident.policy import Policy, Times
from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.keys import digest
from transports.sandbox.places import Channel, Message
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World

INCIDENTS = 20
REACTIONS = 1000
SECONDS = 10.0
SPACING = 2.0


async def reactions(run: Run) -> list[Figure]:
    folder = run.home / "load"
    folder.mkdir()
    clock = SystemClock()
    world = World(clock)
    triage = world.create_channel("triage")
    people = [world.create_person(name) for name in ("Ann", "Bob", "Cam", "Mia", "Jon")]
    database = await open_file(folder / "tocsin.db")
    policy = Policy(times=Times(declare_window=timedelta(0)))
    chats = {"sandbox": SandboxTransport(Server(world, Random(1)))}
    tocsin = Tocsin(Plan(database, clock, chats, {"sandbox": ["triage"]}, policy=policy))
    running = asyncio.create_task(tocsin.run())
    try:
        channels = await _declared(world, triage, people[0])
        said = await _said(world, channels, people[0])
        await _settled(tocsin, world, clock.now())
        heard = await _acts(tocsin)
        late = await _storm(world, said, people[1:])
        storm_over = clock.now()
        await _all_heard(tocsin, heard + REACTIONS)
        caught_up = await _settled(tocsin, world, storm_over)
        lost = REACTIONS - (await _acts(tocsin) - heard)
        return [
            Figure("reactions under load: not recorded", lost, 0, "", f"{REACTIONS} sent within {late:.1f} s"),
            Figure("the last reaction to every board true", caught_up, 3, "s", f"{INCIDENTS} incidents"),
            Figure("edits of a board sooner than 2 s", _hasty(world), 0, "", f"{_edits(world)} edits"),
        ]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


async def _declared(world: World, triage: ChannelRef, ann: Account) -> list[Channel]:
    for index in range(INCIDENTS):
        world.say(ann, triage, f"/inc declare Incident of room {index}")
    await until(lambda: sum(bool(room.incident) for room in world.channels.values()) == INCIDENTS)
    return [room for room in world.channels.values() if room.incident]


async def _said(world: World, rooms: list[Channel], ann: Account) -> list[MessageRef]:
    """Fifty reactions' worth of messages in each channel: people write, others react."""
    each = REACTIONS // INCIDENTS
    return [world.say(ann, room.ref, f"theory {index} of {room.name}") for index in range(each) for room in rooms]


async def _storm(world: World, said: list[MessageRef], people: list[Account]) -> float:
    """A reaction on every message at an even pace; returns the seconds it took."""
    began = time.perf_counter()
    for index, message in enumerate(said):
        # 💡 and 🛠️ make items, which change the board each time; 📌 and ⚖️ only go on the record.
        world.react(people[index % len(people)], message, ("💡", "📌", "🛠️", "⚖️")[(index // INCIDENTS) % 4])
        await asyncio.sleep(max(0.0, began + SECONDS * (index + 1) / len(said) - time.perf_counter()))
    return time.perf_counter() - began


async def _all_heard(tocsin: Tocsin, count: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            while await _acts(tocsin) < count:  # noqa: ASYNC110  the record tells nobody that it has grown
                await asyncio.sleep(0.5)


async def _settled(tocsin: Tocsin, world: World, began: datetime) -> float:
    """Seconds from `began` until the last board showed its incident as the record has it."""
    while not _true(tocsin, world):
        assert (world.clock.now() - began).total_seconds() < 60, "a board never became true"
        # Seldom: looking costs time that the bot needs.
        await asyncio.sleep(0.25)
    return max(0.0, *((one.versions[-1].at - began).total_seconds() for one in _boards(world)))


def _true(tocsin: Tocsin, world: World) -> bool:
    boards = _boards(world)
    if len(tocsin.post.awake()) < INCIDENTS or len(boards) < INCIDENTS:
        return False
    shown = {message.post.incident: digest(message.post) for message in boards if message.post}
    return all(shown[one.name] == digest(next(board(one)).post) for _, one in tocsin.post.awake())


def _boards(world: World) -> list[Message]:
    return [one for one in world.messages.values() if one.post is not None and one.post.card == "board"]


async def _acts(tocsin: Tocsin) -> int:
    records = [await tocsin.log.load(stream) for stream, _ in tocsin.post.awake()]
    return sum(
        one.source is not None and one.origin is not None and bool(one.origin.emoji) for each in records for one in each
    )


def _hasty(world: World) -> int:
    """Edits of a board that came sooner after the one before than they may; the first edit may come at once."""
    times = [[version.at for version in one.versions[1:]] for one in _boards(world)]
    gaps = [(after - before).total_seconds() for each in times for before, after in pairwise(each)]
    # A tenth for the clock: an edit is stamped where it arrives.
    return sum(gap < SPACING - 0.1 for gap in gaps)


def _edits(world: World) -> int:
    return sum(len(one.versions) - 1 for one in _boards(world))
