"""A plain discord.py client on the fake Discord: it notes what it hears and knows nothing of Tocsin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
from discord import app_commands
from discord_fake import FakeDiscord

INTENTS = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, message_content=True)
PATIENCE = 20.0


def code(error: pytest.ExceptionInfo[discord.HTTPException]) -> int:
    """Discord's JSON error code."""
    return error.value.code


class Client(discord.Client):
    """`heard` holds what was dispatched, as (event, arguments)."""

    def __init__(self, intents: discord.Intents, **settings: Any) -> None:
        super().__init__(intents=intents, max_messages=None, guild_ready_timeout=0.05, **settings)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self._changed = asyncio.Event()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.heard.append((event, args))
        self._changed.set()
        super().dispatch(event, *args, **kwargs)

    async def hears(self, event: str, count: int = 1) -> list[Any]:
        """The first argument of each of the first `count` of an event, once there are so many."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [args for name, args in self.heard if name == event]) < count:
                self._changed.clear()
                await self._changed.wait()
        return [args[0] if args else None for args in found]

    def text(self, channel_id: int) -> discord.TextChannel:
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel


@asynccontextmanager
async def connected(
    fake: FakeDiscord, intents: discord.Intents = INTENTS, setup: Any = None, **settings: Any
) -> AsyncIterator[Client]:
    """A client that is ready; it is closed, and what it failed on is raised, at the end."""
    with fake.as_discord():
        client = Client(intents, **settings)
        if setup is not None:
            setup(client)
        running = asyncio.create_task(client.start(fake.bot.token))
        ready = asyncio.create_task(client.hears("ready"))
        try:
            await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            await ready
            yield client
        finally:
            ready.cancel()
            await client.close()
            await asyncio.gather(running, ready, return_exceptions=True)
