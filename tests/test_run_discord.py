"""`tocsin run` as a process on Discord: the checkout story whole."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from discord_fake import FakeDiscord
from discord_story import Company


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """The cast in its channels, and a bot that is in the guild and not started yet."""
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        yield Company(discord, tmp_path / "bot", stack)


async def test_the_checkout_story(company: Company) -> None:
    company.presses = True
    await company.bot.start()
    await company.play()
    await company.reads("incident", "board", "· closed ·")
    await company.reads("triage", "notice", "· closed ·")
    await company.sees(lambda: not company.unticked(), "✅ on every command")
    counts = {"triage": 2, "incident": 21, "support": 4, "leadership": 4}
    # The board reads so before what comes below it is there.
    await company.sees(lambda: {name: len(company.cards(name)) for name in company.channels} == counts, "every card")
    assert company.twice() == {}
    status, seconds = await company.bot.stop(signal.SIGTERM)
    assert status == 0
    assert seconds < 2
    assert not [line for line in company.bot.logged() if line.get("level") not in ("info", "debug")]
