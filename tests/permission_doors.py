"""The ways in to one incident, for the permission table: the rules alone, and the whole bot on each chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC
from pathlib import Path
from random import Random
from typing import Any

from discord_company import Company, footer
from discord_fake import FakeDiscord
from discord_person import Person as OnDiscord
from incidents import Case, person, policy
from matrix_world import World as Matrix
from permission_table import KINDS, OUTSIDE, Answer, Turn
from running import until
from synapse import Synapse

from bot.wiring import Plan, Tocsin
from core.activity_log import stream_of
from core.clock import SystemClock
from core.database import open_file
from core.incident import commands as c
from core.incident.events import Refused
from core.incident.evolve import replay
from core.incident.policy import Policy
from core.incident.state import Incident
from core.incident.vocabulary import Account, Person
from core.port import Transport
from core.proof import prove
from core.roster import Roster
from transports.phrases import Context, read
from transports.sandbox.faults import Faults
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World as Sandbox

WITHIN = 60.0
"""Seconds for all the answers to what was typed at once."""

TITLE = "checkout fails"


class RulesDoor:
    """Commands in words, decided by the rules alone. Who is no responder never gets this far, and is not asked."""

    def __init__(self) -> None:
        self._people = {name: person(name) for name in KINDS.values()}
        house = policy().model_copy(update={"tie_breaker": self._people["Tia"]})
        self._case = Case(self._people["Ann"], c.Declare(title=TITLE), house)

    def incident(self) -> Incident:
        return self._case.incident

    def mention(self, name: str) -> str:
        return f"@{name.lower()}"

    async def act(self, turns: Sequence[Turn]) -> list[Answer]:
        return [self._act(*turn) for turn in turns]

    def _act(self, name: str, words: str) -> Answer:
        named = {self.mention(each): who for each, who in self._people.items()}
        context = Context(now=self._case.now, zone=UTC, named=named.get)
        events = self._case.does(self._people[name], read(words, context))
        kinds = tuple(each.kind for each in events) or ("heard",)
        return Answer(kinds, getattr(events[0], "answer", "") if events else "")


class ChatDoor:
    """The whole bot on a chat: what is typed there, and what is on the record of it."""

    def __init__(
        self,
        tocsin: Tocsin,
        say: Callable[[str, str], Awaitable[str]],
        mention: Callable[[str], str],
        leave: Callable[[str], Awaitable[None]],
        replied: Callable[[], Awaitable[set[str]]],
    ) -> None:
        self.tocsin = tocsin
        self._say = say
        self.mention = mention
        self.leave = leave
        self._replied = replied
        self._answers: dict[str, Answer] = {}
        self._heard = asyncio.Event()
        self.refused: list[str] = []
        tocsin.post.listeners.append(self._hear)

    def incident(self) -> Incident:
        return max((one for _, one in self.tocsin.post.awake()), key=lambda one: one.number)

    async def act(self, turns: Sequence[Turn]) -> list[Answer]:
        said = [await self._say(name, f"!inc {words}") for name, words in turns]
        try:
            async with asyncio.timeout(WITHIN):
                while not all(each in self._answers for each in said):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            unheard = [turn for turn, each in zip(turns, said, strict=True) if each not in self._answers]
            raise AssertionError(f"nothing is on the record of {unheard}") from None
        return [self._answers[each] for each in said]

    async def finish(self) -> None:
        """Every refusal is answered where it was typed; the record is whole, and is the incident."""
        missing: set[str] = set(self.refused)
        for _ in range(600):
            missing = set(self.refused) - await self._replied()
            if not missing:
                break
            await asyncio.sleep(0.1)
        assert not missing, f"{len(missing)} of {len(self.refused)} refusals are not answered"
        assert await prove(self.tocsin.log._database) == []
        live = self.incident()
        assert replay(await self.tocsin.log.load(stream_of(live.number))) == live

    def _hear(self, stream: str, _incident: Incident | None, records: Sequence[Any]) -> None:
        first = records[0]
        if first.origin is None or first.origin.message is None or first.origin.kind != "typed":
            return
        refusal = first.event.answer if isinstance(first.event, Refused) else ""
        self._answers[first.origin.message.id] = Answer(tuple(each.event.kind for each in records), refusal)
        self._heard.set()
        if refusal:
            self.refused.append(first.origin.message.id)


def _house(transport: str, ids: dict[str, str]) -> Policy:
    tia = Account(transport=transport, id=ids["Tia"], name="Tia")
    return Policy(tie_breaker=Person(key=f"{transport}:{tia.id}", name="Tia", initials="TI", account=tia))


@asynccontextmanager
async def running_on(
    folder: Path, transport: Transport, triage: str, house: Policy | None = None
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


def _open(tocsin: Tocsin) -> bool:
    return any(incident.channel is not None for _, incident in tocsin.post.awake())


@asynccontextmanager
async def in_sandbox(folder: Path) -> AsyncIterator[ChatDoor]:
    world = Sandbox(SystemClock())
    triage = world.create_channel("triage")
    people = {name: world.create_person(name, [] if name == KINDS["stranger"] else None) for name in KINDS.values()}
    ids = {name: account.id for name, account in people.items()}
    async with running_on(
        folder, SandboxTransport(Server(world, Random(1), Faults())), "triage", _house("sandbox", ids)
    ) as tocsin:
        world.say(people["Ann"], triage, f"!inc declare {TITLE}")
        await until(lambda: _open(tocsin))
        [room] = [one.channel for _, one in tocsin.post.awake() if one.channel is not None]
        for name in (KINDS[kind] for kind in OUTSIDE):
            world.channels[room.id].members.append(people[name].id)

        async def say(name: str, words: str) -> str:
            return world.say(people[name], room, words).id

        async def leave(name: str) -> None:
            world.leave(people[name], triage)

        async def replied() -> set[str]:
            return {each.reply_to.id for each in world.said(room) if each.author == world.bot and each.reply_to}

        yield ChatDoor(tocsin, say, lambda name: f"@{name}", leave, replied)


@asynccontextmanager
async def on_discord(folder: Path) -> AsyncIterator[ChatDoor]:
    async with FakeDiscord() as discord:
        plan: dict[str, Any] = {}
        company = Company(discord, folder, plan)
        people: dict[str, OnDiscord] = {
            name: discord.create_person(name) if name == KINDS["stranger"] else company.responder(name)
            for name in KINDS.values()
        }
        plan["policy"] = _house("discord", {name: str(one.id) for name, one in people.items()})
        await company.start()
        try:
            people["Ann"].say(company.triage, f"!inc declare {TITLE}")
            await until(lambda: _open(company.tocsin))
            room = await company.there(company.channel)
            for kind in OUTSIDE:
                discord.owner.overwrite(room, people[KINDS[kind]], allow=1 << 10 | 1 << 11)

            async def say(name: str, words: str) -> str:
                return str(people[name].say(room, words).id)

            async def leave(name: str) -> None:
                discord.owner.give_role(people[name], company._responders, take=True)

            async def replied() -> set[str]:
                return {
                    str(each.reference["message_id"])
                    for each in discord.messages(room)
                    if each.reference and footer(each)
                }

            yield ChatDoor(company.tocsin, say, lambda name: people[name].mention, leave, replied)
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
        house = _house("matrix", {name: one.id for name, one in people.items()})
        transport = world.process().transport
        async with running_on(folder, transport, world.triage, house) as tocsin:
            await world.ann.say(world.triage, f"!inc declare {TITLE}")
            await until(lambda: _open(tocsin))
            [room] = [one.channel.id for _, one in tocsin.post.awake() if one.channel is not None]
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

            yield ChatDoor(tocsin, say, lambda name: people[name].id, leave, replied)
