"""Threads on items' cards: made with the card, found, opened and made again when somebody archived or deleted them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from discord_house import KEY, House, house, post
from discord_permissions import Permission
from discord_world import Channel

from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Forbidden, Missing, Permanent, Temporary
from transports.discord_chat import DiscordTransport
from transports.discord_chat.refs import address, message_ref
from transports.signals import MessageSent

P = Permission
OTHER = KEY[::-1]


@pytest_asyncio.fixture
async def here() -> AsyncIterator[House]:
    async with house() as one:
        yield one


async def card(here: House, bot: DiscordTransport) -> tuple[ChannelRef, MessageRef]:
    channel = await bot.open_channel(here.plan())
    sent = await bot.send(channel, post("H1 cache eviction", card="item/H1", topic="H1 cache eviction"), KEY)
    return channel, sent


def thread_of(here: House, message: MessageRef) -> Channel | None:
    return here.discord.world.channel(address(message)[1])


def made(here: House) -> int:
    return len(here.discord.asked("POST", "/channels/*/messages/*/threads"))


async def test_a_thread_is_made_with_the_card_and_no_second_one_with_its_edits(here: House) -> None:
    bot = await here.start()
    _, sent = await card(here, bot)
    thread = thread_of(here, sent)
    assert thread is not None
    assert (thread.name, thread.auto_archive) == ("H1 cache eviction", 10080)
    await bot.edit(sent, post("H1 done", card="item/H1", topic="H1 cache eviction"), KEY)
    assert made(here) == 1
    said = here.bob.say(thread, "evidence")
    [heard] = await here.bot.hears(MessageSent)
    assert (heard.message, heard.thread) == (message_ref(int(sent.channel.id), said.id, thread.id), sent)


async def test_a_name_is_cut_to_what_discord_takes(here: House) -> None:
    bot = await here.start()
    channel = await bot.open_channel(here.plan())
    for number, topic in enumerate(("H1 " + "long " * 40, " ")):
        sent = await bot.send(channel, post(card=f"item/H{number}", topic=topic), f"{KEY[:-1]}{number}")
        thread = thread_of(here, sent)
        assert thread is not None
        assert 0 < len(thread.name) <= 100


async def test_a_lost_answer_makes_no_second_card_and_no_second_thread(here: House) -> None:
    bot = await here.start()
    channel = await bot.open_channel(here.plan())
    here.discord.faults.fail(502, "POST", "/channels/*/messages/*/threads", after=True)
    wanted = post("H1 cache eviction", card="item/H1", topic="H1 cache eviction")
    with pytest.raises(Temporary):
        await bot.send(channel, wanted, KEY)
    sent = await bot.send(channel, wanted, KEY)
    assert thread_of(here, sent) is not None
    assert len(here.discord.messages(channel.id)) == 1


async def test_a_thread_that_somebody_made_first_is_the_one(here: House) -> None:
    bot = await here.start()
    channel = await bot.open_channel(here.plan())
    sent = await bot.send(channel, post(card="item/H1"), KEY)
    here.bob.thread(here.bob.message(channel.id, sent.id), "mine")
    await bot.edit(sent, post("again", card="item/H1", topic="H1 cache eviction"), KEY)
    thread = thread_of(here, sent)
    assert thread is not None
    assert thread.name == "mine"


async def test_after_a_restart_an_archived_thread_is_found_out_once(here: House) -> None:
    bot = await here.start()
    _, sent = await card(here, bot)
    here.discord.owner.archive(here.discord.channel("H1 cache eviction"))
    bot = await here.start()
    for count in range(3):
        await bot.edit(sent, post(str(count), card="item/H1", topic="H1 cache eviction"), KEY)
    assert made(here) == 2, "with the card, and once by the second process: 160004"


@pytest.mark.parametrize("locked", [False, True])
async def test_an_archived_thread_is_opened_again(here: House, locked: bool) -> None:
    """To write there, to react, to change what stands there; also when a moderator locked it."""
    bot = await here.start()
    channel, sent = await card(here, bot)
    thread = here.discord.channel("H1 cache eviction")
    said = message_ref(int(channel.id), here.bob.say(thread, "!inc done H1").id, thread.id)
    letter = await bot.send(channel, post("a letter", card="letter/1", thread=sent), OTHER)

    async def archived() -> None:
        here.discord.owner.archive(thread, locked=locked)
        await asyncio.sleep(0.02)

    await archived()
    await bot.react(said, "✅", KEY)
    await archived()
    await bot.edit(letter, post("settled", card="letter/1", thread=sent), KEY)
    await archived()
    again = await bot.send(channel, post("another", card="letter/2", thread=sent), f"{KEY[:-1]}z")
    assert address(again)[0] == thread.id
    assert not thread.archived
    assert here.discord.owner.reactions(here.discord.owner.message(thread, address(said)[1])) == [
        (here.discord.bot.user.id, "✅")
    ]


async def test_an_archived_thread_is_opened_by_the_next_process(here: House) -> None:
    bot = await here.start()
    channel, _ = await card(here, bot)
    thread = here.discord.channel("H1 cache eviction")
    said = message_ref(int(channel.id), here.bob.say(thread, "!inc done H1").id, thread.id)
    here.discord.owner.archive(thread)
    bot = await here.start()
    await bot.react(said, "✅", KEY)
    assert not thread.archived


async def test_a_deleted_thread_is_made_again_under_its_name(here: House) -> None:
    bot = await here.start()
    channel, sent = await card(here, bot)
    for number in range(2):
        here.discord.owner.delete_channel(here.discord.channel("H1 cache eviction"))
        # Whether or not discord.py was told of it by now.
        await asyncio.sleep(0.05 * number)
        letter = await bot.send(
            channel, post("a letter", card=f"letter/{number}", thread=sent), f"{OTHER[:-1]}{number}"
        )
        thread = here.discord.channel("H1 cache eviction")
        assert address(letter)[0] == thread.id == int(sent.id)


async def test_a_deleted_thread_is_made_again_by_the_next_edit_of_its_card(here: House) -> None:
    bot = await here.start()
    _, sent = await card(here, bot)
    here.discord.owner.delete_channel(here.discord.channel("H1 cache eviction"))
    await asyncio.sleep(0.05)
    await bot.edit(sent, post("H1 on it", card="item/H1", topic="H1 cache eviction"), KEY)
    assert thread_of(here, sent) is not None


async def test_where_the_card_is_gone_too_the_channel_takes_the_answer(here: House) -> None:
    bot = await here.start()
    channel, sent = await card(here, bot)
    here.discord.owner.delete_channel(here.discord.channel("H1 cache eviction"))
    here.discord.owner.delete(here.discord.owner.message(channel.id, sent.id))
    letter = await bot.send(channel, post("a letter", card="letter/1", thread=sent), OTHER)
    assert here.bob.message(channel.id, letter.id).id == int(letter.id)
    here.discord.owner.delete_channel(here.channel(channel))
    with pytest.raises(Missing):
        await bot.send(channel, post("a letter", card="letter/2", thread=sent), KEY)


async def test_without_the_right_the_card_stands_and_its_next_edit_names_it(here: House) -> None:
    bot = await here.start()
    channel = await bot.open_channel(here.plan())
    own = here.channel(channel).overwrites[here.discord.bot.user.id]
    lacks = P.CREATE_PUBLIC_THREADS
    here.discord.owner.overwrite(channel.id, here.discord.bot.user, allow=own.allow & ~lacks, deny=lacks)
    await asyncio.sleep(0.05)
    sent = await bot.send(channel, post(card="item/H1", topic="H1 cache eviction"), KEY)
    again = post("H1 on it", card="item/H1", topic="H1 cache eviction")
    with pytest.raises(Forbidden, match=r"^Create Public Threads in #inc-2026-05-02-checkout-down$"):
        await bot.edit(sent, again, KEY)
    assert "on it" in str(here.bob.message(channel.id, sent.id).embeds)
    here.discord.owner.overwrite(channel.id, here.discord.bot.user, allow=own.allow)
    await bot.edit(sent, again, KEY)
    assert thread_of(here, sent) is not None


async def test_the_rights_of_threads_are_named_in_threads(here: House) -> None:
    bot = await here.start()
    channel, sent = await card(here, bot)
    own = here.channel(channel).overwrites[here.discord.bot.user.id]
    lacks = P.SEND_MESSAGES_IN_THREADS
    here.discord.owner.overwrite(channel.id, here.discord.bot.user, allow=own.allow & ~lacks, deny=lacks)
    await asyncio.sleep(0.05)
    with pytest.raises(Forbidden, match=r"^Send Messages in Threads in #inc"):
        await bot.send(channel, post("a letter", card="letter/1", thread=sent), OTHER)
    await bot.send(channel, post("elsewhere", card="letter/2"), OTHER)


async def test_too_many_threads_cost_no_card(here: House) -> None:
    here.discord.caps.active_threads = 0
    bot = await here.start()
    _, sent = await card(here, bot)
    assert thread_of(here, sent) is None
    with pytest.raises(Permanent, match="160006"):
        await bot.edit(sent, post("again", card="item/H1", topic="H1 cache eviction"), KEY)
    here.discord.caps.active_threads = 1
    await bot.edit(sent, post("again", card="item/H1", topic="H1 cache eviction"), KEY)
    assert thread_of(here, sent) is not None
