"""Fixtures for tests on the fake Discord: `pytest_plugins = ["conftest_discord"]` in a test file brings them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
import pytest_asyncio
from discord_fake import FakeDiscord


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as one:
        yield one


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py waits for five seconds before it identifies again, and longer after a refused connection; not here."""
    monkeypatch.setattr(discord.client, "asyncio", Hasty())


class Hasty:
    """asyncio, in which nobody waits for longer than a moment."""

    def __getattr__(self, name: str) -> object:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))
