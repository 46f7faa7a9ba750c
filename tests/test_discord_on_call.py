"""On call and runbooks on Discord: answers that only the asker sees, a runbook by buttons, a cover that calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, labels, open_company, text, told

from bot.runbooks.markdown import runbook
from core.incident.policy import Policy, Service
from core.incident.runbook import Shelf

pytest_plugins = ["conftest_discord"]

BOOK = runbook(
    "checkout",
    b"# Checkout\n## Symptoms\n\n@everyone <@1> `x` **loud**\n## Fix\n"
    + b"".join(b"- step number %d, which is as long as people write them\n" % number for number in range(1, 10))
    + b"## After\n\nbreathe",
)


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    policy = Policy(services=(Service(name="checkout"),))
    async with open_company(tmp_path, policy=policy, shelf=lambda: Shelf((BOOK,))) as one:
        yield one


async def test_a_runbook_is_read_and_its_steps_are_taken_by_buttons(company: Company) -> None:
    channel = await company.declared()
    await company.card(channel, "board", "Runbook", "checkout: /incident runbook")
    assert await told(company.mia.slash(channel, "incident runbook")) == "✅"
    contents = await company.card(channel, "runbook/1", "1  Symptoms", "2  Fix", "3  After")
    assert labels(contents) == ["next: Symptoms"]
    await company.bob.press(contents, "▶️").done()
    first = await company.card(channel, "runbook/2", "@everyone")
    assert first.pings == set()
    await company.bob.press(first, "next: Fix").done()
    page = await company.card(channel, "runbook/3", "9  step number 9")
    assert len(labels(page)) == 10
    await company.bob.press(page, "9️⃣").done()
    await company.card(channel, "item/A1", "step number 9")
    await company.card(channel, "runbook/3", "which is as long as people write them (A1)")
    assert await told(company.mia.slash(channel, "incident item step", n="2")) == "✅"
    await company.card(channel, "item/A2", "step number 2")


async def test_who_is_on_call_is_told_to_the_asker_and_a_cover_to_both(company: Company) -> None:
    asked = company.mia.slash(company.triage, "incident people oncall")
    assert "nobody" in await told(asked)
    assert asked.answers[0].for_user == company.mia.id
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident role claim", role="ic")) == "✅"
    assert await told(company.bob.slash(channel, "incident people cover", who=company.mia, length="1h")) == "✅"
    card = await company.card(channel, "cover/1", "Mia takes Bob's pages until")
    assert card.pings == {company.mia.id}
    assert "Mia takes Bob's pages" in text(await company.mia.slash(channel, "incident people oncall").answer())
