"""The whole bot on each chat, with everybody of the permission table in one incident."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from discord_company import Company, footer
from discord_fake import FakeDiscord
from discord_person import Person as OnDiscord
from matrix_world import World as Matrix
from permission_doors import SHELF, SIBLING, TITLE, ChatDoor, house_of, person_of
from permission_table import KINDS, OUTSIDE
from running import until
from synapse import Synapse

from bot.wiring import Plan, Tocsin
from core.clock import SystemClock
from core.database import open_file
from core.incident.policy import Policy
from core.incident.vocabulary import ChannelRef, MessageRef, Person
from core.port import Transport
from core.roster import Roster
from transports.discord_chat.buttons import PREFIX
from transports.sandbox.faults import Faults
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World as Sandbox


@asynccontextmanager
async def running_on(
    folder: Path,
    transport: Transport,
    triage: str,
    house: Policy | None = None,
    responders: frozenset[str] | None = None,
) -> AsyncIterator[Tocsin]:
    database = await open_file(folder / "tocsin.db")
    tocsin = Tocsin(
        Plan(
            database,
            SystemClock(),
            {transport.name: transport},
            {transport.name: [triage]},
            Roster(),
            house or Policy(),
            responders=responders,
            shelf=lambda: SHELF,
        )
    )
    running = asyncio.create_task(tocsin.run())
    await until(lambda: running.done() or tocsin.ticking.is_set())
    try:
        yield tocsin
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


async def _opened(tocsin: Tocsin, declare: Callable[[str], Awaitable[object]]) -> str:
    """The id of the channel of Ann's second incident, once both are there."""
    for count, title in enumerate((SIBLING, TITLE), 1):
        await declare(f"!inc declare {title}")
        await until(lambda: sum(one.channel is not None for _, one in tocsin.post.awake()) == count)  # noqa: B023
    channel = max((one for _, one in tocsin.post.awake()), key=lambda one: one.number).channel
    assert channel is not None
    return channel.id


@asynccontextmanager
async def in_sandbox(folder: Path) -> AsyncIterator[ChatDoor]:
    world = Sandbox(SystemClock())
    triage = world.create_channel("triage")
    people = {name: world.create_person(name, [] if name == KINDS["stranger"] else None) for name in KINDS.values()}
    ids = {name: account.id for name, account in people.items()}
    async with running_on(
        folder, SandboxTransport(Server(world, Random(1), Faults())), "triage", house_of("sandbox", ids)
    ) as tocsin:

        async def declare(words: str) -> object:
            return world.say(people["Ann"], triage, words)

        room = ChannelRef(transport="sandbox", id=await _opened(tocsin, declare))
        for name in (KINDS[kind] for kind in OUTSIDE):
            world.channels[room.id].members.append(people[name].id)

        async def say(name: str, words: str) -> str:
            return world.say(people[name], room, words).id

        async def leave(name: str) -> None:
            world.leave(people[name], triage)

        async def replied() -> set[str]:
            return {each.reply_to.id for each in world.said(room) if each.author == world.bot and each.reply_to}

        async def press(name: str, card: MessageRef, emoji: str) -> None:
            world.react(people[name], card, emoji)

        def person(name: str) -> Person:
            return person_of("sandbox", people[name].id, name)

        yield ChatDoor(
            tocsin, say=say, mention=lambda name: f"@{name}", press=press, leave=leave, replied=replied, person=person
        )


@asynccontextmanager
async def on_discord(folder: Path) -> AsyncIterator[ChatDoor]:
    async with FakeDiscord() as discord:
        plan: dict[str, Any] = {}
        company = Company(discord, folder, plan)
        people: dict[str, OnDiscord] = {
            name: discord.create_person(name) if name == KINDS["stranger"] else company.responder(name)
            for name in KINDS.values()
        }
        plan |= {
            "policy": house_of("discord", {name: str(one.id) for name, one in people.items()}),
            "shelf": lambda: SHELF,
        }
        await company.start()
        try:

            async def declare(words: str) -> object:
                return people["Ann"].say(company.triage, words)

            room = discord.guild.channels[int(await _opened(company.tocsin, declare))]
            for kind in OUTSIDE:
                discord.owner.overwrite(room, people[KINDS[kind]], allow=1 << 10 | 1 << 11)

            async def say(name: str, words: str) -> str:
                return str(people[name].say(room, words).id)

            async def leave(name: str) -> None:
                # Whoever was invited by name sees the channel still.
                discord.owner.overwrite(room, people[name], allow=1 << 10 | 1 << 11 | 1 << 16)
                discord.owner.give_role(people[name], company._responders, take=True)

            async def replied() -> set[str]:
                return {
                    str(each.reference["message_id"])
                    for each in discord.messages(room)
                    if each.reference and footer(each)
                }

            async def press(name: str, card: MessageRef, emoji: str) -> None:
                there = people[name].message(room, card.id)
                if there.components:
                    people[name].press(there, f"{PREFIX}{emoji}")
                else:
                    people[name].react(there, emoji)

            def person(name: str) -> Person:
                return person_of("discord", str(people[name].id), name)

            robot = company.responder("Robot")
            robot.user.bot = True

            async def machine(words: str) -> None:
                robot.say(room, words)

            yield ChatDoor(
                company.tocsin,
                say=say,
                mention=lambda name: people[name].mention,
                press=press,
                leave=leave,
                replied=replied,
                person=person,
                machine=machine,
            )
        finally:
            await company.stop()


@asynccontextmanager
async def on_matrix(folder: Path, server: Synapse) -> AsyncIterator[ChatDoor]:
    async with AsyncExitStack() as stack:
        world = await Matrix(server, stack).open()
        people = {"Ann": world.ann}
        for name in KINDS.values():
            if name != "Ann":
                make = world.stranger if name == KINDS["stranger"] else world.person
                people[name] = await make(name.lower())
        for name, one in people.items():
            await one.call("PUT", f"/profile/{one.id}/displayname", {"displayname": name})
        house = house_of("matrix", {name: one.id for name, one in people.items()})
        transport = world.process().transport
        async with running_on(folder, transport, world.triage, house) as tocsin:
            room = await _opened(tocsin, lambda words: world.ann.say(world.triage, words))
            bot = await world.as_bot()
            for name, one in people.items():
                if name == KINDS["stranger"]:
                    await bot.invite(room, one.id)
                await one.join(room)

            async def say(name: str, words: str) -> str:
                return await people[name].say(room, words)

            async def leave(name: str) -> None:
                await people[name].leave(world.triage)

            async def replied() -> set[str]:
                cards = [each for each in await world.ann.messages(room) if each["sender"] == bot.id]
                relations = [each["content"].get("m.relates_to", {}).get("m.in_reply_to", {}) for each in cards]
                return {each["event_id"] for each in relations if each}

            async def press(name: str, card: MessageRef, emoji: str) -> None:
                await people[name].react(room, card.id, emoji)

            def person(name: str) -> Person:
                return person_of("matrix", people[name].id, name)

            async def machine(words: str) -> None:
                # What bots say is a notice, whoever's account they use.
                await people["Ann"].say(room, words, msgtype="m.notice")

            yield ChatDoor(
                tocsin,
                say=say,
                mention=lambda name: people[name].id,
                press=press,
                leave=leave,
                replied=replied,
                person=person,
                machine=machine,
            )
