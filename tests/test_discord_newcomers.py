"""Newcomers on Discord: told in their direct messages how it stands; where those are closed, the channel says so in a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, open_company, text, told
from running import until

from core.incident.policy import Policy
from core.incident.vocabulary import Account, Person

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


async def test_a_newcomer_is_told_in_direct_messages_once(company: Company) -> None:
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident role claim", role="ic")) == "✅"
    assert await told(company.bob.slash(channel, "incident impact", text="@everyone **nobody** can pay")) == "✅"
    assert await told(company.bob.slash(channel, "incident people page", who=company.mia.mention, why="come")) == "✅"
    await until(lambda: len(company.mia.told_alone()) == 1)
    [message] = company.mia.told_alone()
    assert "You are paged by Bob: come." in text(message)
    assert "@everyone **nobody** can pay" in text(message)
    assert f"<#{channel.id}>" in str(message.embeds[0]["description"])
    assert not message.pings
    assert not message.components
    assert company.bob.told_alone() == company.eve.told_alone() == []
    await company.stop()
    await company.start()
    assert await told(company.bob.slash(channel, "incident note", text="still at it")) == "✅"
    assert company.mia.told_alone() == [message]


async def test_who_takes_no_direct_messages_is_named_in_the_channel_and_nothing_waits(company: Company) -> None:
    company.mia.close_direct_messages()
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident people page", who=company.mia.mention)) == "✅"
    page = await company.card(
        channel, "prompt/page-1", "Mia could not be told in private (they take no direct messages)"
    )
    assert page.pings == {company.mia.id}
    assert await told(company.bob.slash(channel, "incident item hypothesis", text="cache")) == "✅"
    await company.card(channel, "item/H1", "cache")
    assert company.mia.told_alone() == []
    [tried] = company.incident().tries
    assert (tried.via, tried.sent) == ("direct message", False)


async def test_a_mention_of_nobody_is_answered(company: Company) -> None:
    channel = await company.declared()
    said = await told(company.bob.slash(channel, "incident people page", who="<@123456789012345678>"))
    assert "is nobody I know" in said


async def test_who_is_not_on_discord_any_more_is_named_too(tmp_path: Path) -> None:
    account = Account(transport="discord", id="123456789012345678", name="Nat")
    policy = Policy(groups={"dba": (Person(key="person:Nat", name="Nat", initials="NA", account=account),)})
    async with open_company(tmp_path, policy=policy) as company:
        channel = await company.declared()
        assert await told(company.bob.slash(channel, "incident people page", who="dba")) == "✅"
        await company.card(channel, "prompt/page-1", "Nat could not be told in private")
