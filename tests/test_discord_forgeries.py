"""Interactions that no honest client sends, and rights that are gone by the time they count: on discord.py's own sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord_acts as acts
import pytest_asyncio
from discord_company import Company, open_company, text, told
from discord_entry import post
from discord_interactions import COMPONENT, Use
from discord_person import Person
from discord_world import Channel, Message
from running import until

from transports.discord_chat.buttons import PREFIX

pytest_plugins = ["conftest_discord"]


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(tmp_path) as one:
        yield one


def forged(company: Company, who: Person, message: Message, custom_id: str, *, replay: int = 0) -> Use:
    """A press that the client does not offer: any custom id on any message; `replay` is an interaction's id once more."""
    number = replay or company.discord.world.clock.snowflake()
    token = f"forged-{len(company.discord.interactions.uses)}"
    use = Use(
        number, token, COMPONENT, who.user, message.channel, company.discord.world.clock.time(), message, custom_id
    )
    return company.discord.interactions.begin(use, {"custom_id": custom_id, "component_type": 2, "id": 1})


async def kinds(company: Company, number: int = 1) -> list[str]:
    return [record.event.kind for record in await company.tocsin.log.load(f"inc-{number}")]


async def h1(company: Company, title: str = "Checkout fails") -> tuple[Channel, Message]:
    channel = await company.declared(title)
    await told(company.bob.slash(channel, "incident item hypothesis", text="tax rounding"))
    return channel, await company.card(channel, "item/H1", "free to grab")


QUIET = {"refused", "arrived", "heard", "told"}
"""What a forgery may leave behind: that it was turned down."""


async def test_an_invented_button_changes_nothing(company: Company) -> None:
    channel, card = await h1(company)
    board = await company.card(channel, "board")
    said = company.mia.say(channel, f"{PREFIX}✋ is what I would press")
    before = await kinds(company)
    for message in (card, board, said):
        for custom_id in (
            f"{PREFIX}🦄",
            f"{PREFIX}{'x' * 90}",
            f"{PREFIX}publish",
            f"{PREFIX}",
            "item/H1",
            "form:close?",
            "\x00",
        ):
            # No such button stands on it: discord.py lets it lie, and Discord tells the person that nothing came of it.
            forged(company, company.mia, message, custom_id)
    # Another message's choice: what grabs an item is on no board.
    forged(company, company.mia, board, f"{PREFIX}✋")
    await asyncio.sleep(0.3)
    after = (await kinds(company))[len(before) :]
    assert {*after} <= QUIET, after


async def test_an_interaction_that_is_told_again_counts_once(company: Company) -> None:
    channel, card = await h1(company)
    use = company.mia.press(card, "✋")
    await use.done()
    await company.card(channel, "item/H1", "Mia is on it")
    await told(company.mia.slash(channel, "incident item release", item="H1"))
    await company.card(channel, "item/H1", "free to grab")
    forged(company, company.mia, card, f"{PREFIX}✋", replay=use.id)
    await told(company.bob.slash(channel, "incident note", text="after it"))
    assert (await kinds(company)).count("item_grabbed") == 1
    assert "free to grab" in text(await company.card(channel, "item/H1"))


async def test_somebody_elses_letter_and_a_closed_incidents_card_do_nothing(company: Company) -> None:
    channel, card = await h1(company)
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    stale = [dict(each) for each in card.components]
    company.mia.say(channel, "!inc sev 1")
    await until(lambda: any(key.startswith("letter/") for key in company.cards(channel)))
    letter = next(each for key, each in company.cards(channel).items() if key.startswith("letter/"))
    assert letter.reference
    before = await kinds(company)
    for who in (company.bob, company.mia):
        forged(company, who, letter, f"{PREFIX}✅")
    await asyncio.sleep(0.3)
    assert {*(await kinds(company))[len(before) :]} <= QUIET
    await told(company.bob.slash(channel, "incident close", cause="tax", fixed="rolled back", next="none, it is known"))
    await told(company.bob.slash(channel, "incident yes"))
    await until(lambda: company.incident().closed)
    card.components = stale
    assert "closed" in (await told(forged(company, company.mia, card, f"{PREFIX}✋"))).casefold()
    assert (await kinds(company)).count("item_grabbed") == 0


async def test_another_incidents_item_is_not_reached_from_here(company: Company) -> None:
    first, _ = await h1(company)
    second = await company.declared("Search is empty")
    assert second is not first
    assert "H1" in await told(company.mia.slash(second, "incident item grab", item="H1"))
    assert "H1" in await told(company.mia.slash(second, "incident item confirm", item="H1"))
    assert (await kinds(company, 1)).count("item_grabbed") == 0
    assert {"item_grabbed", "item_ended"}.isdisjoint(await kinds(company, 2))


async def test_rights_that_went_while_a_form_was_open(company: Company) -> None:
    """Bob opens the window of an update and is no responder, and then no update owner, when he sends it off."""
    channel = await company.declared()
    await told(company.bob.slash(channel, "incident role claim", role="ic"))
    opened = company.bob.slash(channel, "incident update draft")
    await opened.modal()
    await told(company.mia.slash(channel, "incident role claim", role="updates"))
    answer = await told(company.bob.submit(opened, impact="some users cannot pay"))
    assert "ask Mia" in answer
    assert company.incident().draft is None
    closing = company.bob.slash(channel, "incident close")
    await closing.modal()
    company.discord.owner.overwrite(channel, company.bob, allow=1 << 10)
    company.discord.owner.give_role(company.bob, company._responders, take=True)
    answer = await told(company.bob.submit(closing, cause="tax", fixed="rolled back", next="none"))
    assert "Only responders may do that. Please ask somebody in the triage channel." in answer
    assert not company.incident().closed


async def test_a_role_that_went_between_the_press_and_its_turn(company: Company) -> None:
    """What was pressed while the database could not be asked is judged by who one is when it is done."""
    channel, card = await h1(company)
    company.discord.owner.overwrite(channel, company.mia, allow=1 << 10)
    company.discord.owner.give_role(company.mia, company._responders, take=True)
    refused = await told(company.mia.press(card, "✋"))
    assert "Only responders may do that" in refused
    assert "free to grab" in text(await company.card(channel, "item/H1"))


async def test_webhooks_and_bots_are_nobody(company: Company) -> None:
    channel, card = await h1(company)
    robot = company.responder("Robot")
    robot.user.bot = True
    before = await kinds(company)
    robot.say(channel, "!inc sev 1")
    robot.react(card, "✋")
    await told(company.bob.slash(channel, "incident note", text="after it"))
    assert (await kinds(company))[len(before) :] == ["noted"]


async def test_a_webhook_under_a_responders_name_is_nobody(company: Company) -> None:
    """A webhook speaks as an application of its own, is not marked as a bot, and may call itself whatever it likes."""
    channel, _ = await h1(company)
    before = await kinds(company)
    for name in ("Bob", "Tocsin"):
        hook = company.discord.create_person(name).user
        for typed in ("!inc sev 1", "!inc note I am Bob", "impact: nobody can pay"):
            said = acts.compose(company.discord.world, hook, channel, {"content": typed})
            said.application_id = hook.id
            post(company.discord.world, said)
    await told(company.bob.slash(channel, "incident note", text="after it"))
    assert (await kinds(company))[len(before) :] == ["noted"]
