"""A drill on the real chats: a short one on the fake Discord's sockets, and one on a real Synapse."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from discord_company import open_company, told
from matrix_story import Company as MatrixCompany
from synapse import Synapse

from bot.story import ON_CALL

pytest_plugins = ["conftest_discord", "conftest_matrix"]

pytestmark = pytest.mark.endure


async def test_on_discord_a_drill_is_a_channel_whose_name_and_first_message_say_so(tmp_path: Path) -> None:
    async with open_company(tmp_path) as company:
        await told(company.bob.slash(company.triage, "incident drill", scenario="checkout"))
        channel = await company.there(company.channel)
        assert "drill-checkout" in channel.name
        await company.card(channel, "board", "DRILL")
        await company.card(channel, "briefing", "DRILL")


async def test_on_matrix_a_drill_says_so_in_triage(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await MatrixCompany(synapse, tmp_path / "bot", stack).open()
        await company.bot.start()
        await company.people[ON_CALL].say(company.rooms["triage"], "!inc drill checkout")
        await company.reads("triage", "notice", "DRILL")
