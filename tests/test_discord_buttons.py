"""Buttons under cards: each does what its emoji does, for whoever presses it, once, in order, in any process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from discord_company import Company, labels, open_company, text, told
from discord_world import Channel, Message
from running import until

from transports.discord_chat.buttons import PREFIX

pytest_plugins = ["conftest_discord"]

DEFERRED_UPDATE = 6


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


async def h1(company: Company) -> tuple[Channel, Message]:
    """An incident's channel, with the card of a hypothesis in it."""
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident item hypothesis", text="tax rounding"))
    return channel, await company.card(channel, "item/H1", "free to grab")


async def test_mia_presses_and_her_initials_stand_on_the_card(company: Company) -> None:
    channel, card = await h1(company)
    use = company.mia.press(card, "✋")
    assert await use.done() == DEFERRED_UPDATE
    assert use.acknowledged is not None
    assert use.acknowledged < 3
    await company.card(channel, "item/H1", "MI Mia is on it")
    # The card is the answer: nothing else is said.
    await asyncio.sleep(0.1)
    assert use.answers == []
    assert len(company.mia.uses.private) == 0
    assert next(each["custom_id"] for row in card.components for each in row["components"]) == f"{PREFIX}✋"


async def test_a_refusal_is_for_who_pressed_alone(company: Company) -> None:
    channel, card = await h1(company)
    await company.mia.press(card, "grab it").done()
    await company.card(channel, "item/H1", "Mia is on it")
    refused = company.bob.press(card, "grab it")
    assert "Mia" in await told(refused)
    assert refused.answers[0].for_user == company.bob.id
    assert company.mia.uses.private == []
    await company.card(channel, "item/H1", "Mia is on it")


async def test_a_refusal_that_no_longer_applies_is_a_word(company: Company) -> None:
    channel, card = await h1(company)
    await company.mia.press(card, "✋").done()
    await company.card(channel, "item/H1", "Mia is on it")
    refused = company.bob.press(card, "✋")
    await told(refused)
    await told(company.mia.slash(channel, "incident item release", item="H1"))
    await company.bob.press(card, "✋").done()
    await until(lambda: text(refused.answers[0]) == "Refused.")


async def test_a_stranger_is_told_whom_to_ask_and_nothing_is_done(company: Company) -> None:
    channel, card = await h1(company)
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    company.discord.owner.overwrite(channel, company.eve, allow=1 << 10)
    use = company.eve.press(card, "✋")
    assert "ask Bob" in await told(use)
    assert use.answers[0].for_user == company.eve.id
    assert "free to grab" in text(await company.card(channel, "item/H1"))


async def test_after_a_restart_the_button_still_works(company: Company) -> None:
    channel, card = await h1(company)
    await company.stop()
    await company.start()
    await company.mia.press(card, "✋").done()
    await company.card(channel, "item/H1", "Mia is on it")


async def test_two_quick_presses_count_once_each_and_in_order(company: Company) -> None:
    channel, card = await h1(company)
    # The first is acknowledged after the second: the order is that in which they came.
    slow = company.discord.faults.slow(0.4, "POST", "/interactions/*/*/callback")
    first, again, second = (who.press(card, "✋") for who in (company.mia, company.mia, company.bob))
    assert "Mia" in await told(second)
    assert slow.met == 1
    await company.card(channel, "item/H1", "Mia is on it")
    assert (await first.done(), await again.done()) == (DEFERRED_UPDATE, DEFERRED_UPDATE)
    kinds = [record.event.kind for record in await company.tocsin.log.load("inc-1")]
    assert kinds.count("item_grabbed") == 1
    assert kinds.count("refused") == 1


async def test_a_press_comes_after_what_was_said_before_it(company: Company) -> None:
    channel, card = await h1(company)
    company.bob.say(channel, "!inc confirm H1")
    use = company.mia.press(card, "✋")
    assert "H1" in await told(use)
    await company.card(channel, "item/H1", "Confirmed")


async def test_a_button_of_a_card_that_moved_on_is_answered(company: Company) -> None:
    channel, card = await h1(company)
    stale = [dict(each) for each in card.components]
    await told(company.bob.slash(channel, "incident item confirm", item="H1"))
    ended = await company.card(channel, "item/H1", "Confirmed")
    ended.components = stale
    assert "H1" in await told(company.mia.press(ended, "✋"))
    ended.components = [{**stale[0], "components": [{**stale[0]["components"][0], "custom_id": f"{PREFIX}🦄"}]}]
    assert "means nothing here" in await told(company.mia.press(ended, f"{PREFIX}🦄"))
    ended.components = [{**stale[0], "components": [{**stale[0]["components"][0], "custom_id": "of another time"}]}]
    assert "no such" in await told(company.mia.press(ended, "of another time"))


async def test_an_update_is_published_by_pressing(company: Company) -> None:
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    await told(company.bob.slash(channel, "incident update draft", impact="some users cannot pay", every="15m"))
    draft = await company.card(channel, "draft/1", "some users cannot pay")
    assert labels(draft) == ["publish", "discard"]
    await company.bob.press(draft, "publish").done()
    await company.card(channel, "update/1", "some users cannot pay")


async def test_a_press_whose_refusal_comes_late_is_answered_in_the_channel(company: Company) -> None:
    channel, card = await h1(company)
    await company.mia.press(card, "✋").done()
    await company.card(channel, "item/H1", "Mia is on it")
    late = company.discord.faults.slow(0.3, "POST", "/webhooks/**")
    use = company.bob.press(card, "✋")
    await use.done()
    company.discord.clock.push(company.discord.windows.token + 1)
    await until(lambda: any("Bob: " in text(each) for each in company.discord.messages(channel)))
    [said] = [each for each in company.discord.messages(channel) if "Bob: " in text(each)]
    assert said.pings == {company.bob.id}
    assert late.met == 1
