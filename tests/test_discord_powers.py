"""Rights that the bot loses on Discord while it runs: named where people read it, and not asked for again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, open_company, text, told
from discord_permissions import Permission
from running import until
from structlog.testing import capture_logs

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


def notices(company: Company) -> list[str]:
    """What stands in triage."""
    return [text(each) for each in company.discord.messages(company.triage)]


def forbidden(company: Company, since: int) -> list[str]:
    """What Discord has forbidden the bot after so many requests."""
    return [f"{each.method} {each.path}" for each in company.discord.requests[since:] if each.status == 403]


async def test_manage_channels_taken_while_it_runs_loses_no_declaration_and_is_named_in_triage(
    company: Company,
) -> None:
    role = company.discord.bot.role
    company.discord.edit_role(role, role.permissions & ~int(Permission.MANAGE_CHANNELS))
    begun = len(company.discord.requests)
    assert await told(company.bob.slash(company.triage, "incident declare", title="Checkout fails")) == "✅"
    await until(lambda: any("Tocsin lacks a right: Manage Channels in" in each for each in notices(company)))
    assert company.incident().title == "Checkout fails"
    assert len(forbidden(company, begun)) == 1


async def test_a_bot_that_may_speak_no_more_in_the_incidents_channel_says_so_in_triage(company: Company) -> None:
    channel = await company.declared()
    await company.card(channel, "board", "Checkout fails")
    begun = len(company.discord.requests)
    silenced = int(Permission.SEND_MESSAGES | Permission.ADD_REACTIONS | Permission.PIN_MESSAGES)
    company.discord.owner.overwrite(
        channel, company.discord.bot.user, allow=int(Permission.VIEW_CHANNEL), deny=silenced
    )
    for number in range(5):
        company.bob.say(channel, f"!inc hypothesis number {number}")
    await until(lambda: any("Tocsin lacks a right: Send Messages" in each for each in notices(company)))
    await until(lambda: len(company.incident().items) == 5)
    await asyncio.sleep(2)
    assert len(forbidden(company, begun)) <= 3, "a card, its pin, a reaction, and no more for half a minute"
    kinds = [each.event.kind for each in await company.tocsin.log.load("inc-1")]
    assert kinds.count("right_missing") == len(company.incident().missing_rights)


async def test_a_triage_that_the_bot_may_not_see_is_named_and_nobody_counts_as_being_in_it(company: Company) -> None:
    channel = await company.declared()
    bot, owner = company.discord.bot.user, company.discord.owner
    with capture_logs() as logs:
        owner.overwrite(company.triage, bot, deny=int(Permission.VIEW_CHANNEL))
        await until(lambda: bool(company.tocsin.unready()))
        company.bob.say(channel, "is anybody here?")
        await until(lambda: any(line.get("hidden") == ["triage"] for line in logs))
    assert company.tocsin.unready() == [
        (
            "discord: Tocsin may not see the triage channel triage, so nobody counts as being in it; "
            "allow it View Channel there"
        )
    ]
    assert "Only responders may do that" in await told(company.bob.slash(channel, "incident note", text="errors began"))
    owner.overwrite(company.triage, bot, allow=int(Permission.VIEW_CHANNEL))
    await until(lambda: not company.tocsin.unready())
    assert await told(company.bob.slash(channel, "incident note", text="errors began")) == "✅"
