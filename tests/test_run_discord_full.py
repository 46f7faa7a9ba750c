"""`tocsin run` in a server that is nearly full of channels, and in one that is: people are told where they declare."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from discord_fake import FakeDiscord
from discord_story import Company

pytestmark = pytest.mark.endure


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        yield Company(discord, tmp_path / "bot", stack)


def fill(company: Company, count: int) -> None:
    for number in range(count - len(company.discord.guild.channels)):
        company.discord.create_channel(f"c{number}")


async def test_from_450_channels_on_the_notice_says_how_many_are_left(company: Company) -> None:
    fill(company, 449)
    await company.bot.start()
    company.people["Ann"].say(company.channels["triage"], "!inc declare payments fail")
    await company.incident()
    await company.reads("triage", "notice", "The server has 450 of the 500 channels that Discord allows.")


async def test_without_room_for_a_channel_the_incident_is_declared_and_the_notice_says_why(company: Company) -> None:
    fill(company, 500)
    await company.bot.start()
    said = company.people["Ann"].say(company.channels["triage"], "!inc declare payments fail")
    await company.reads("triage", "notice", "the server has the 500 channels that Discord allows: delete some")
    await company.sees(lambda: company.ticked(said) == 1, "the ✅")
    assert company.made() is None
