"""A reaction until the board's edit on the fake Discord, beside a raw discord.py bot; and a storm of reactions on one board."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench_figures import Figure, Run, ratio
from discord_fake import FakeDiscord
from discord_story import Company, borne, reads
from discord_world import Channel, Event, Message

ROOMS = 10
"""Incidents taken by turns, so that every board has rested when its turn comes."""

REST = 2.3
"""Seconds between two edits that are measured on one board: the second of two quick ones waits on purpose."""

STORM = 500
SECONDS = 10.0


async def discord_reactions(run: Run) -> list[Figure]:
    return [await _answers(run), *await _storm(run)]


async def _answers(run: Run) -> Figure:
    async with FakeDiscord(checked=False, pace=0.0001) as discord, AsyncExitStack() as stack:
        company, eyes = Company(discord, run.home / "discord", stack), Eyes(discord)
        await company.bot.start()
        elsewhere, bare_board = await stack.enter_async_context(_raw(discord))
        mia = company.people["Mia"]
        turns = -(-run.samples // ROOMS) + 1
        boards = [await _declared(company, index) for index in range(ROOMS)]
        items = [await _items(company, board, turns) for board in boards]
        talk = [mia.say(elsewhere, f"observation {index}") for index in range(turns * ROOMS)]
        await asyncio.sleep(8)  # until the items' cards have their seeds and threads
        ours, bare = [], []
        for turn in range(turns):
            began = time.perf_counter()
            for room, board in enumerate(boards):
                bare.append(await eyes.edited(bare_board, lambda at=turn * ROOMS + room: mia.react(talk[at], "✋")))  # type: ignore[misc]
                await asyncio.sleep(0.03)  # both bots hear of every act; the other is done with it by now
                ours.append(await eyes.edited(board, lambda cards=items[room], at=turn: mia.react(cards[at], "✋")))  # type: ignore[misc]
            await asyncio.sleep(max(0.0, REST - (time.perf_counter() - began)))
        # The first turn warms caches and connections on both sides.
        return ratio("on Discord, a reaction to the board's edit", ours[ROOMS:], bare[ROOMS:], 1.15)


class Eyes:
    """Tells when a message is edited."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._awaited: dict[int, asyncio.Future[float]] = {}
        discord.world.watchers.append(self._see)
        self._discord = discord

    def _see(self, event: Event) -> None:
        if event.name == "MESSAGE_UPDATE" and event.channel is not None:
            for message_id, seen in self._awaited.items():
                message = event.channel.messages.get(message_id)
                if message is not None and message.edited is not None and not seen.done():
                    seen.set_result(time.perf_counter())

    async def edited(self, message: Message, act: Callable[[], None]) -> float:
        """Seconds from the act to the message's edit."""
        message.edited = None
        seen = self._awaited[message.id] = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        act()
        async with asyncio.timeout(20):
            ended: float = await seen
        del self._awaited[message.id]
        return ended - began


@asynccontextmanager
async def _raw(discord: FakeDiscord) -> AsyncIterator[tuple[Channel, Message]]:
    """The raw bot's channel and the message that it edits."""
    channel = discord.create_channel("elsewhere")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("bench_raw_discord.py")),
        *(discord.api_url, discord.gateway_url, discord.bot.token, str(channel.id)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None, "asked for"
    try:
        yield channel, channel.messages[int(await process.stdout.readline())]
    finally:
        process.kill()
        await process.wait()


async def _declared(company: Company, index: int) -> Message:
    """The board of one more incident."""
    company.people["Mia"].say(company.channels["triage"], f"!inc declare Incident of room {index}")

    def board() -> Message | None:
        rooms = [
            one for one in company.discord.guild.channels.values() if one.name.endswith(f"incident-of-room-{index}")
        ]
        return next((each for room in rooms for each in room.messages.values() if each.embeds), None)

    await company.sees(board, "the board")
    found = board()
    assert found is not None
    return found


async def _items(company: Company, board: Message, count: int) -> list[Message]:
    """Cards of actions to grab."""
    room = board.channel
    for index in range(count):
        company.people["Mia"].say(room, f"!inc action task number {index}")

    def cards() -> list[Message]:
        marked = [(each, borne(each)) for each in room.messages.values()]
        return [each for each, mark in marked if mark is not None and mark[1].startswith("item/")]

    await company.sees(lambda: len(cards()) == count, "the items", within=60)
    return cards()


async def _storm(run: Run) -> list[Figure]:
    """By Discord's own limits: fifty people put everything that a board knows on one board."""
    async with FakeDiscord(checked=False, pace=1.0) as discord, AsyncExitStack() as stack:
        company = Company(discord, run.home / "storm", stack)
        await company.bot.start()
        board = await _declared(company, 0)
        responders = next(one for one in discord.guild.roles.values() if one.name == "Responders")
        crowd = [discord.create_person(f"Person {index}", roles=(responders,)) for index in range(STORM // 10)]
        await asyncio.sleep(20)  # until the board has its seeds, by the limits
        began = time.perf_counter()
        emoji = ("🧭", "🔎", "📣", "⏪", "✍️", "🧊", "👍", "🎉", "👀", "🔥")
        for index in range(STORM):
            crowd[index % len(crowd)].react(board, emoji[(index // len(crowd) + index) % 10])
            await asyncio.sleep(max(0.0, began + SECONDS * (index + 1) / STORM - time.perf_counter()))
        over = time.perf_counter()
        wanted = ("Diagnosis Person", "Updates Person", "Recovery Person", "Scribe Person")
        await company.sees(lambda: all(words in reads(board) for words in wanted), "a true board", within=60)
        late = max(0.0, time.perf_counter() - over)
        await asyncio.sleep(15)  # what is still to be said goes on, by the limits
        refused = list(discord.rest.buckets.refused)
        return [
            Figure("on Discord, a storm on one board: 429 provoked", len(refused), 0, "", f"{STORM} reactions"),
            Figure("on Discord, the last of a storm to the board true", late, 3, "s", f"in {SECONDS:.0f} s"),
        ]
