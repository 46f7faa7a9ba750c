"""The count that names a reaction on Discord: of reactions alone, whatever else came of the message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, open_company
from running import Notes, until

from transports.discord_chat.levels import Levels

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


async def test_only_reactions_are_counted() -> None:
    notes = Notes()
    notes.sources |= {f"discord:7/{rest}" for rest in ("there", "deleted", "edit/1790000000000", "5/🚨/1/2/settled")}
    notes.sources |= {"discord:7/5/💡/1", "discord:7/5/📌/1", "discord:7/5/📌/2", "discord:77/5/🚨/1"}
    levels = Levels(notes)
    assert await levels.known(7) == {(5, "💡"): 1, (5, "📌"): 2}
    assert await levels.turned_on(7, 5, "💡") is None
    assert await levels.turned_on(7, 5, "📌") == "discord:7/5/📌/3"


async def test_the_first_that_somebody_says_can_be_reacted_to(company: Company) -> None:
    channel = await company.declared()
    said = company.mia.say(channel, "tax rounding?")
    await until(lambda: "Mia" in [person.name for person in company.incident().present])
    company.bob.react(said, "💡")
    await company.card(channel, "item/H1", "tax rounding?")
    company.bob.react(said, "📌")
    await until(
        lambda: "tax rounding?" in [entry.text for entry in company.incident().entries if entry.kind == "noted"]
    )
    company.bob.unreact(said, "📌")
    await until(lambda: any(entry.withdrawn for entry in company.incident().entries))
