"""Mirrors on Discord: a correction and a withdrawal stand in every copy, and a channel that the bot may not see yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from discord_company import Company, open_company, text, told

from core import rooms
from core.incident.policy import Audience, Policy
from core.incident.vocabulary import ChannelRef

pytest_plugins = ["conftest_discord"]

FRAME = "For support: reuse the text as it stands."


def room(name: str) -> ChannelRef:
    return ChannelRef(transport="discord", id=name)


@pytest_asyncio.fixture
async def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    monkeypatch.setattr(rooms, "LOOK_AGAIN", 0.5)
    audiences = (
        Audience(name="support", rooms=(room("lobby"),), frame=FRAME),
        Audience(name="leadership", rooms=(room("leaders"),)),
    )
    async with open_company(tmp_path, policy=Policy(audiences=audiences)) as one:
        yield one


async def test_a_correction_and_a_withdrawal_stand_in_every_copy(company: Company) -> None:
    channel = await company.declared()
    assert await told(company.bob.slash(channel, "incident role claim", role="ic")) == "✅"
    draft = company.bob.slash(
        channel, "incident update draft", impact="Some users <cannot> pay & see *this*", every="15m"
    )
    assert await told(draft) == "✅"
    assert await told(company.bob.slash(channel, "incident update publish")) == "✅"
    await company.card(company.lobby, "update/1", FRAME, "Some users <cannot> pay & see *this*.")
    # One of the two is not there yet: that is said, and it gets what stands when it is.
    lacks = "leadership (discord:leaders) cannot get it: there is no text channel leaders that the bot may see"
    await company.card(channel, "delivery/1", "Update 1 is not everywhere", lacks)
    await company.card(channel, "board", "1 of 2 of update 1 are there")
    assert await told(company.bob.slash(channel, "incident update correct", impact="All users cannot pay")) == "✅"
    first = await company.card(company.lobby, "update/1", "All users cannot pay", "Corrected ")
    base = company.incident().updates[0].text
    leaders = company.discord.create_channel("leaders")
    second = await company.card(leaders, "update/1", base, "Corrected ")
    await company.card(
        channel, "delivery/1", "Update 1 is everywhere. leadership (discord:leaders): delivered after all"
    )
    assert text(first).splitlines()[:2] == [FRAME, base]
    assert text(second).splitlines()[0] == base
    withdrawn = company.bob.slash(channel, "incident update withdraw", why="it was meant for another incident")
    assert await told(withdrawn) == "✅"
    for place in (channel, company.lobby, leaders):
        card = await company.card(place, "update/1", "Withdrawn: it was meant for another incident")
        assert f"~~{base}~~" in str(card.embeds[0]["description"]).replace("\\", "")
        assert card.id in [message.id for message in company.discord.messages(place)]
    assert company.cards(leaders)["update/1"].id == second.id
