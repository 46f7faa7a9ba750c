"""Evidence on Discord: what is written in an item's thread there, live and while Tocsin is away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, open_company, told
from running import until

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as company:
        yield company


async def test_words_in_an_items_thread_are_kept_and_nothing_is_said(company: Company) -> None:
    channel = await company.declared()
    assert await told(company.mia.slash(channel, "incident item hypothesis", text="tax rounding")) == "✅"
    card = await company.card(channel, "item/H1", "tax rounding")
    thread = await company.there(lambda: company.discord.guild.channels.get(card.id))

    def kept() -> list[tuple[str, str, str, bool]]:
        return [(one.item, one.text, one.by.name, one.deleted) for one in company.incident().evidence.values()]

    said = company.mia.say(thread, "totals differ by a dent")
    await until(lambda: len(kept()) == 1)
    asked = len(company.discord.asked("POST", "/channels/*/messages")) + len(company.discord.asked("PATCH", "/*"))
    company.mia.edit(said, "totals differ by a cent")
    await until(lambda: kept() == [("H1", "totals differ by a cent", "Mia", False)])
    assert (
        len(company.discord.asked("POST", "/channels/*/messages")) + len(company.discord.asked("PATCH", "/*")) == asked
    )
    await company.stop()
    company.bob.say(thread, "for gift cards only")
    await company.start()
    await until(lambda: ("H1", "for gift cards only", "Bob", False) in kept())
    company.mia.delete(said)
    await until(lambda: kept()[0] == ("H1", "totals differ by a cent", "Mia", True))
    assert [entry.kind for entry in company.incident().entries].count("noted") == 0
