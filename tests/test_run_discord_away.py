"""What people do on Discord while Tocsin is away or its session is lost: found when it is back, by what stands there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from discord_fake import FakeDiscord
from discord_permissions import Permission
from discord_story import Company
from discord_world import Message
from kept_record import record_of

from bot.story import STORY

pytestmark = pytest.mark.endure


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """An incident that Ann declared, with its board, and a bot that is away since."""
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        company = Company(discord, tmp_path / "bot", stack)
        await company.bot.start()
        for beat in STORY[:3]:
            await company.do(beat)
        await company.incident()
        yield company


def card(company: Company, key: str) -> Message:
    found = company.card("incident", key)
    assert found is not None
    return found


async def test_claims_without_an_order_go_to_the_older_account_and_it_is_said_aloud(company: Company) -> None:
    board, people = card(company, "board"), company.people
    await company.bot.kill()
    for name in ("Bo", "Jon", "Mia"):
        people[name].react(board, "🔎")
    await company.bot.start()
    await company.reads("incident", "board", "Diagnosis Mia")
    await company.reads(
        "incident", "role/1", "Mia is diagnosis lead now: claimed while Tocsin was away, as did Jon, Bo"
    )
    assert card(company, "role/1").pings == {people["Jon"].id, people["Bo"].id}


async def test_what_was_taken_back_edited_and_deleted_is_so(company: Company) -> None:
    mia, room = company.people["Mia"], company.channels["incident"]
    guess = mia.say(room, "it is the cash")
    mia.react(guess, "💡")
    await company.reads("incident", "item/H1", "it is the cash")
    seen = mia.say(room, "errors began at 10:02")
    mia.react(seen, "📌")
    item = card(company, "item/H1")
    mia.react(item, "✋")
    await company.reads("incident", "item/H1", "Mia is on it")
    for lose in (company.bot.kill, None):
        if lose is not None:
            await lose()
            mia.unreact(item, "✋")
            mia.edit(guess, "it is the cache")
            mia.unreact(seen, "📌")
            await company.bot.start()
            await company.reads("incident", "item/H1", "it is the cache")
            await company.reads("incident", "item/H1", "free to grab")
        else:
            mia.react(item, "✋")
            await company.reads("incident", "item/H1", "Mia is on it")
            company.discord.gateway.lose_sessions()
            mia.unreact(item, "✋")
            await company.reads("incident", "item/H1", "free to grab")
    entries = [entry["text"] for entry in (await record_of(company.bot))["entries"] if entry["withdrawn"]]
    assert entries == ["errors began at 10:02"]


async def test_a_board_that_was_deleted_or_unpinned_is_there_again(company: Company) -> None:
    room, owner = company.channels["incident"], company.discord.owner
    first = card(company, "board")
    await company.sees(lambda: first.pinned_at, "the pin")
    await company.bot.kill()
    owner.unpin(first)
    await company.bot.start()
    await company.sees(lambda: first.pinned_at, "the pin")
    await company.bot.kill()
    owner.delete(first)
    await company.bot.start()
    await company.sees(lambda: company.card("incident", "board"), "the board")
    second = card(company, "board")
    await company.sees(lambda: second.pinned_at, "the pin")
    assert [each.id for each in owner.pins(room)] == [second.id]
    assert company.twice() == {}


async def test_a_channel_that_was_deleted_is_made_again_and_it_is_said_in_triage(company: Company) -> None:
    first = company.channels["incident"]
    await company.bot.kill()
    company.discord.owner.delete_channel(first)
    await company.bot.start()
    await company.sees(lambda: company.made() not in (None, first), "another channel")
    await company.incident()
    await company.reads("triage", "notice", "channel was deleted and made again")
    assert company.people["Ann"].may(company.channels["incident"], Permission.VIEW_CHANNEL)


async def test_a_right_that_is_lacking_is_named_on_the_board_and_no_word_is_lost(
    company: Company,
) -> None:
    discord, room = company.discord, company.channels["incident"]
    own, speak, see = discord.bot.user, int(Permission.SEND_MESSAGES), int(Permission.VIEW_CHANNEL)
    discord.owner.overwrite(room, own, allow=see, deny=speak)
    company.people["Mia"].say(room, "!inc hypothesis the cache")
    await company.reads("incident", "board", "Tocsin lacks: Send Messages")
    assert "H1 hypothesis: the cache" in [entry["text"] for entry in (await record_of(company.bot))["entries"]]
