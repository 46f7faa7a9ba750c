"""The whole bot on the fake Discord, with people in triage, and a stranger who is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from discord_fake import FakeDiscord
from discord_forms import inside
from discord_interactions import Use
from discord_person import Person
from discord_world import Channel, Message
from pydantic import SecretStr
from running import until

from bot.wiring import Plan, Tocsin
from core.clock import SystemClock
from core.database import open_file
from core.incident.state import Incident
from core.roster import Roster
from transports.discord_chat import DiscordSettings, DiscordTransport
from transports.discord_chat.markdown import plain
from transports.discord_chat.render import mark

T = TypeVar("T")


class Company:
    """Bob and Mia are responders and Eve is none; the bot runs, and may be ended and started again."""

    def __init__(self, discord: FakeDiscord, folder: Path, plan: Mapping[str, Any]) -> None:
        self.discord = discord
        self._plan = plan
        self._responders = discord.create_role("Responders")
        self.triage = discord.create_channel("triage", only=(self._responders,))
        self.lobby = discord.create_channel("lobby")
        self.bob = self.responder("Bob")
        self.mia = self.responder("Mia")
        self.eve = discord.create_person("Eve")
        self._file = folder / "tocsin.db"

    def responder(self, name: str) -> Person:
        return self.discord.create_person(name, roles=(self._responders,))

    async def start(self) -> None:
        self._database = await open_file(self._file)
        settings = DiscordSettings(
            token=SecretStr(self.discord.bot.token),
            guild=str(self.discord.guild.id),
            triage=("triage",),
            api_url=self.discord.api_url,
            gateway_url=self.discord.gateway_url,
            ready_timeout=0.05,
        )
        clock = SystemClock()
        self.transport = DiscordTransport(settings, clock, Random(1))
        self.tocsin = Tocsin(
            Plan(self._database, clock, {"discord": self.transport}, {"discord": ["triage"]}, Roster(), **self._plan)
        )
        self._running = asyncio.create_task(self.tocsin.run())
        await until(lambda: self._running.done() or self.tocsin.ticking.is_set())
        if self._running.done():
            self._running.result()
        await until(lambda: bool(self.discord.interactions.commands))

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self._database.close()

    async def declared(self, title: str = "Checkout fails") -> Channel:
        """Bob declares; the incident's channel with its board."""
        use = self.bob.slash(self.triage, "incident declare", title=title)
        said = await told(use)
        assert said == "✅", said
        return await self.there(self.channel)

    def incident(self) -> Incident:
        """The newest incident, as the bot has it in memory."""
        return max((one for _, one in self.tocsin.post.awake()), key=lambda one: one.number)

    def channel(self) -> Channel | None:
        """The newest incident's."""
        found = [each for each in self.discord.guild.channels.values() if each.name.startswith("inc-")]
        return found[-1] if found else None

    async def there(self, look: Callable[[], T | None]) -> T:
        """What is there, once it is."""
        await until(lambda: look() is not None)
        found = look()
        assert found is not None
        return found

    def cards(self, channel: Channel) -> dict[str, Message]:
        """The bot's cards by key."""
        found = {}
        for message in self.discord.messages(channel):
            borne = mark(footer(message))
            if borne is not None:
                found[borne[1]] = message
        return found

    async def card(self, channel: Channel, key: str, *contains: str) -> Message:
        """A card, once it says this."""

        def look() -> Message | None:
            message = self.cards(channel).get(key)
            return message if message and all(each in text(message) for each in contains) else None

        try:
            return await self.there(look)
        except AssertionError:
            raise AssertionError({name: text(card) for name, card in self.cards(channel).items()}) from None


def footer(message: Message) -> str:
    return str(message.embeds[0].get("footer", {}).get("text", "")) if message.embeds else ""


def text(message: Message) -> str:
    """What a reader reads of it."""
    return plain(str(message.embeds[0].get("description", ""))) if message.embeds else message.content


def labels(message: Message) -> list[str]:
    return [each["label"] for each in inside(message.components) if "label" in each]


async def told(use: Use) -> str:
    """The words of the answer."""
    return text(await use.answer())


@asynccontextmanager
async def open_company(folder: Path, *, content: bool = True, **plan: Any) -> AsyncIterator[Company]:
    """`content`: whether the bot may read what people write; `plan` is what else is wired."""
    async with FakeDiscord() as discord:
        if not content:
            discord.bot.privileged = 0
        company = Company(discord, folder, plan)
        await company.start()
        try:
            yield company
        finally:
            await company.stop()
