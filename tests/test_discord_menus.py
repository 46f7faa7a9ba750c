"""*Apps > …* on a message: what an emoji on it does, also for a bot that may not read what people write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from discord_company import Company, open_company, text, told

from core.incident.vocabulary import MessageRef
from transports.discord_chat.commands import MENUS
from transports.discord_chat.refs import channel_ref
from transports.discord_chat.words import REMEMBERED, Targets
from transports.reactions import REACTIONS

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture(params=[True, False], ids=["with message content", "without"])
async def company(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path, content=request.param) as one:
        yield one


def test_every_menu_is_an_act_of_the_table() -> None:
    assert set(MENUS.values()) <= {row.action for row in REACTIONS}


async def test_what_somebody_wrote_is_taken_whether_or_not_the_bot_may_read_it(company: Company) -> None:
    alarm = company.bob.say(company.triage, "Checkout fails after payment\nsince ten")
    assert await told(company.mia.menu(alarm, "Declare incident")) == "✅"
    channel = await company.there(company.channel)
    await company.card(channel, "board", "Checkout fails after payment")
    said = company.bob.say(channel, "some users cannot pay")
    for menu in ("Add hypothesis", "Add action", "Mark decision", "Pin to timeline", "Draft update"):
        assert await told(company.mia.menu(said, menu)) == "✅"
    await company.card(channel, "item/H1", "some users cannot pay")
    await company.card(channel, "item/A1", "some users cannot pay")
    await company.card(channel, "draft/1", "some users cannot pay")
    incident = company.incident()
    assert [(entry.kind, entry.by.name if entry.by else "") for entry in incident.entries if entry.message][-2:] == [
        ("decision_marked", "Bob"),
        ("noted", "Bob"),
    ]
    assert incident.reported_by is not None
    assert incident.reported_by.name == "Bob"


async def test_in_a_thread_it_is_about_the_item(company: Company) -> None:
    channel = await company.declared()
    await told(company.mia.slash(channel, "incident item hypothesis", text="tax rounding"))
    card = await company.card(channel, "item/H1")
    thread = await company.there(lambda: company.discord.guild.channels.get(card.id))
    said = company.bob.say(thread, "only for gift cards")
    assert await told(company.mia.menu(said, "Add hypothesis")) == "✅"
    await company.card(channel, "item/H2", "only for gift cards", "H1")


async def test_a_menu_means_its_act_and_nothing_else_that_its_emoji_means(company: Company) -> None:
    channel = await company.declared()
    board = await company.card(channel, "board")
    # 📢 and 📣 are twins, and on the board they claim a role.
    assert "Tocsin's own" in await told(company.mia.menu(board, "Draft update"))
    chatter = company.bob.say(company.triage, "hello")
    assert "means nothing here" in await told(company.mia.menu(chatter, "Add hypothesis"))
    said = company.bob.say(channel, "hello")
    assert "declared in a triage channel" in await told(company.mia.menu(said, "Declare incident"))
    assert company.incident().updates == ()
    assert "Updates" not in text(await company.card(channel, "board"))


async def test_the_house_may_have_other_emoji(tmp_path: Path) -> None:
    async with open_company(tmp_path, reactions={"hypothesis": "🤔", "declare": "💡"}) as company:
        alarm = company.bob.say(company.triage, "Checkout fails")
        assert "means nothing here" in await told(company.mia.menu(alarm, "Add hypothesis"))
        assert await told(company.mia.menu(alarm, "Declare incident")) == "✅"
        channel = await company.there(company.channel)
        assert await told(company.mia.menu(company.bob.say(channel, "tax rounding"), "Add hypothesis")) == "✅"
        await company.card(channel, "item/H1", "tax rounding")


async def test_a_stranger_is_refused_and_a_message_that_is_gone_is_said(company: Company) -> None:
    said = company.eve.say(company.lobby, "hello")
    assert "Only responders" in await told(company.eve.menu(said, "Declare incident"))
    alarm = company.bob.say(company.triage, "Checkout fails")
    slow = company.discord.faults.slow(0.3, "POST", "/interactions/*/*/callback")
    use = company.mia.menu(alarm, "Declare incident")
    company.bob.delete(alarm)
    assert "gone" in await told(use)
    assert slow.met == 1


async def test_a_message_without_words_is_answered(company: Company) -> None:
    channel = await company.declared()
    said = company.bob.say(channel, "", files=[("graph.png", b"x")])
    assert "no words" in await told(company.mia.menu(said, "Add hypothesis"))


def test_the_words_of_a_hundred_targets_are_remembered() -> None:
    targets = Targets()
    refs = [MessageRef(channel=channel_ref(1), id=str(number)) for number in range(REMEMBERED + 1)]
    for ref in refs:
        targets.note(ref, f"words {ref.id}")
    assert targets.words(refs[0]) == ""
    assert targets.words(refs[1]) == "words 1"
    targets.note(refs[1], "newer")
    targets.note(MessageRef(channel=channel_ref(1), id="x"), "one more")
    assert (targets.words(refs[1]), targets.words(refs[2])) == ("newer", "")
