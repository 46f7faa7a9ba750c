"""Who may do what in triage, where responders are named one by one and others are in the room as well: on every chat.

Bob and Mia are responders and Ned is none; a machine is nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from discord_company import Company
from discord_fake import FakeDiscord
from matrix_world import World as Matrix
from permission_chats import running_on
from permission_doors import SHELF, ChatDoor, person_of
from synapse import Synapse

from core.activity_log import HOUSE
from core.clock import SystemClock
from core.incident.vocabulary import ChannelRef, MessageRef, Person
from transports.discord_chat.buttons import PREFIX
from transports.sandbox.faults import Faults
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World as Sandbox

pytest_plugins = ["conftest_discord", "conftest_matrix"]

NAMES = ("Bob", "Mia", "Ned")

TYPED = {
    "declare checkout fails": "declared",
    "drill checkout": "declared",
    "oncall": "on_call_told",
    "runbook checkout": "runbook_shown",
    "help": "told",
    "cover {mia} 2h": "cover_begun",
}
"""What is typed in triage, and what it makes for a responder."""


@dataclass
class Triage:
    """The whole bot on a chat, met in its triage channel. `alarm` says something there; `machine` types a command."""

    door: ChatDoor
    channel: ChannelRef
    alarm: Callable[[str, str], Awaitable[MessageRef]]
    machine: Callable[[str], Awaitable[object]] | None = None

    async def raises(self, name: str, message: MessageRef) -> tuple[str, ...]:
        [answer] = await self.door.react(message, [(name, "🚨")])
        return answer.kinds


async def _who_may(triage: Triage) -> None:
    door = triage.door
    words = [each.replace("{mia}", door.mention("Mia")) for each in TYPED]
    if triage.machine is not None:
        for each in words:
            await triage.machine(f"!inc {each}")
    alarms = [await triage.alarm("Mia", text) for text in ("payments fail", "search is slow")]
    for answer in await door.act([("Ned", each) for each in words]):
        assert answer.kinds == ("refused",)
        assert "Only responders may do that" in answer.refusal
    assert await triage.raises("Ned", alarms[0]) == ("refused",)
    assert not door.tocsin.post.awake()
    kept = [record.event.kind for record in await door.tocsin.log.load(HOUSE)]
    assert kept == ["refused"] * (len(words) + 1), "a machine is nobody, and what Ned asked for did not happen"

    assert await triage.raises("Bob", alarms[0]) >= ("declared",)
    # Another alarm so soon is asked about: of whoever raised it, and of nobody else.
    assert await triage.raises("Mia", alarms[1]) == ("asked",)
    for name in ("Ned", "Bob"):
        for emoji in ("👍", "🚨"):
            [answer] = await door.press("prompt/same-1", [(name, emoji)], triage.channel)
            assert answer.kinds == ("refused",), f"{name} {emoji}"
    [answer] = await door.press("prompt/same-1", [("Mia", "🚨")], triage.channel)
    assert answer.kinds[0] == "declared"
    for typed, makes in zip(words, TYPED.values(), strict=True):
        [answer] = await door.act([("Bob", typed)])
        assert makes in answer.kinds, f"{typed}: {answer}"


@asynccontextmanager
async def _sandbox(folder: Path) -> AsyncIterator[Triage]:
    world = Sandbox(SystemClock())
    channel = world.create_channel("triage")
    people = {name: world.create_person(name) for name in NAMES}
    transport = SandboxTransport(Server(world, Random(1), Faults()))
    responders = frozenset(f"sandbox:{people[name].id}" for name in NAMES[:2])
    async with running_on(folder, transport, "triage", responders=responders) as tocsin:

        async def say(name: str, words: str) -> str:
            return world.say(people[name], channel, words).id

        async def alarm(name: str, words: str) -> MessageRef:
            return world.say(people[name], channel, words)

        async def react(name: str, message: MessageRef, emoji: str) -> None:
            world.react(people[name], message, emoji)

        def person(name: str) -> Person:
            return person_of("sandbox", people[name].id, name)

        door = ChatDoor(tocsin, say=say, mention=lambda name: f"@{name}", press=react, person=person)
        yield Triage(door, channel, alarm)


@asynccontextmanager
async def _discord(folder: Path) -> AsyncIterator[Triage]:
    async with FakeDiscord() as discord:
        plan: dict[str, object] = {}
        company = Company(discord, folder, plan)
        people = {"Bob": company.bob, "Mia": company.mia, "Ned": company.responder("Ned")}
        robot = company.responder("Robot")
        robot.user.bot = True
        plan |= {"responders": frozenset(f"discord:{people[name].id}" for name in NAMES[:2]), "shelf": lambda: SHELF}
        await company.start()
        channel = ChannelRef(transport="discord", id=str(company.triage.id))

        async def say(name: str, words: str) -> str:
            return str(people[name].say(company.triage, words).id)

        async def alarm(name: str, words: str) -> MessageRef:
            return MessageRef(channel=channel, id=await say(name, words))

        async def react(name: str, message: MessageRef, emoji: str) -> None:
            there = people[name].message(company.triage, message.id)
            if there.components:
                people[name].press(there, f"{PREFIX}{emoji}")
            else:
                people[name].react(there, emoji)

        async def machine(words: str) -> None:
            robot.say(company.triage, words)

        def person(name: str) -> Person:
            return person_of("discord", str(people[name].id), name)

        door = ChatDoor(company.tocsin, say=say, mention=lambda name: people[name].mention, press=react, person=person)
        try:
            yield Triage(door, channel, alarm, machine)
        finally:
            await company.stop()


@asynccontextmanager
async def _matrix(folder: Path, server: Synapse) -> AsyncIterator[Triage]:
    async with AsyncExitStack() as stack:
        world = await Matrix(server, stack).open()
        people = {name: await world.person(name.lower()) for name in NAMES}
        responders = frozenset(f"matrix:{people[name].id}" for name in NAMES[:2])
        transport = world.process().transport
        async with running_on(folder, transport, world.triage, responders=responders) as tocsin:

            async def say(name: str, words: str) -> str:
                return await people[name].say(world.triage, words)

            async def alarm(name: str, words: str) -> MessageRef:
                return MessageRef(channel=world.at(world.triage), id=await say(name, words))

            async def react(name: str, message: MessageRef, emoji: str) -> None:
                await people[name].react(world.triage, message.id, emoji)

            async def machine(words: str) -> None:
                # What bots say is a notice; a bridge's relay that says `m.text` is told from a person by nothing.
                await people["Bob"].say(world.triage, words, msgtype="m.notice")

            def person(name: str) -> Person:
                return person_of("matrix", people[name].id, name)

            door = ChatDoor(tocsin, say=say, mention=lambda name: people[name].id, press=react, person=person)
            yield Triage(door, world.at(world.triage), alarm, machine)


async def test_who_may_in_the_sandboxs_triage(tmp_path: Path) -> None:
    async with _sandbox(tmp_path) as triage:
        await _who_may(triage)


async def test_who_may_in_discords_triage(tmp_path: Path) -> None:
    async with _discord(tmp_path) as triage:
        await _who_may(triage)


@pytest.mark.endure
async def test_who_may_in_matrixs_triage(tmp_path: Path, synapse: Synapse) -> None:
    async with _matrix(tmp_path, synapse) as triage:
        await _who_may(triage)
