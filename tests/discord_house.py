"""A guild with triage and responders on the fake Discord, and processes of Tocsin's transport in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from discord_fake import FakeDiscord
from discord_person import Person
from discord_world import Channel
from pydantic import SecretStr
from running import Notes, Running

from core.clock import SystemClock
from core.incident.document import Document, Post, Words, line
from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan, Clock, Temporary
from transports.discord_chat import DiscordSettings, DiscordTransport
from transports.discord_chat.refs import channel_ref

KEY = "abcdefghijklmnopqrstuvwx"


class House:
    """`triage` is seen by responders alone. `bot` is the latest process, started by `start`."""

    def __init__(self, discord: FakeDiscord, stack: AsyncExitStack, clock: Clock) -> None:
        self.discord = discord
        self.clock = clock
        self._stack = stack
        self.notes = Notes()
        self.responders = discord.create_role("Responders")
        self.triage = discord.create_channel("triage", only=(self.responders,))
        self.bob = self.responder("Bob")
        self.settings: dict[str, Any] = {}
        self.bot: Running

    def responder(self, name: str) -> Person:
        return self.discord.create_person(name, roles=(self.responders,))

    async def start(self, **settings: Any) -> DiscordTransport:
        """The next process, connected. What is given differs from the settings so far."""
        self.settings |= settings
        transport = self.transport()
        await self.process(transport).start()
        return transport

    def process(self, transport: DiscordTransport) -> Running:
        self.bot = Running(transport, self.notes)
        self._stack.push_async_callback(self.bot.stop)
        return self.bot

    def transport(self, **settings: Any) -> DiscordTransport:
        usual: dict[str, Any] = {
            "token": SecretStr(self.discord.bot.token),
            "guild": str(self.discord.guild.id),
            "triage": ("triage",),
            "api_url": self.discord.api_url,
            "gateway_url": self.discord.gateway_url,
            "ready_timeout": 0.05,
        }
        return DiscordTransport(DiscordSettings(**usual | self.settings | settings), self.clock, Random(1))

    def plan(self, name: str = "inc-2026-05-02-checkout-down", beside: Channel | None = None) -> ChannelPlan:
        return ChannelPlan(name, name, "Incident 1", channel_ref((beside or self.triage).id))

    def channel(self, ref: ChannelRef) -> Channel:
        found = self.discord.world.channel(int(ref.id))
        assert found is not None, "it is gone"
        return found

    def called(self, name: str) -> list[Channel]:
        return [each for each in self.discord.guild.channels.values() if each.name == name]


def post(*words: Words, card: str = "board", **more: Any) -> Post:
    """A card of one line."""
    return Post(document=Document(lines=(line(*(words or ("hello",))),)), incident="inc-1", number=1, card=card, **more)


async def opened(transport: DiscordTransport, plan: ChannelPlan, tries: int = 20) -> ChannelRef:
    """As the core does it: again for as long as it fails for now."""
    for _ in range(tries):
        try:
            return await transport.open_channel(plan)
        except Temporary:
            await asyncio.sleep(0.02)
    raise AssertionError("the channel was never made")


@asynccontextmanager
async def house(clock: Clock | None = None, **fake: Any) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(FakeDiscord(**fake))
        yield House(discord, stack, clock or SystemClock())
