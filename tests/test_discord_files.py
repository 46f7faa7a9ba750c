"""A file on Discord: one message with its words, whole at every try, left alone by edits, refused by its right name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from discord_faults import Faults
from discord_house import KEY, House, house, post
from discord_permissions import Permission
from discord_world import Channel, Json

from core.incident.document import Choice, File, Post
from core.incident.vocabulary import MessageRef
from core.port import Forbidden, Permanent, Temporary
from transports.discord_chat.permissions import needed
from transports.discord_chat.refs import channel_ref

P = Permission
MESSAGES = "/channels/*/messages"
NAME = "inc-2026-05-02-checkout-down.md"
TEXT = "# Checkout fails — 🔥\r\n" + "a line, and another\n" * 20_000


@pytest_asyncio.fixture
async def here() -> AsyncIterator[House]:
    async with house() as one:
        yield one


class Counted:
    """A file that counts how often its text is made."""

    def __init__(self, text: str = TEXT) -> None:
        self.made = 0
        self._text = text

    def file(self) -> File:
        return File(NAME, "text/markdown", self._say)

    def _say(self) -> str:
        self.made += 1
        return self._text


def card(file: File, *words: str, **more: Any) -> Post:
    choice = Choice("🏁", "it is out", "postmortem published")
    return post(*(words or ("The record",)), card="postmortem", file=file, choices=(choice,), **more)


async def bytes_of(attachment: Json) -> bytes:
    async with aiohttp.ClientSession() as session, session.get(attachment["url"]) as response:
        assert response.status == 200
        return await response.read()


async def files_in(here: House, channel: Channel) -> list[tuple[str, bytes]]:
    """What a person finds there, fetched as a client does."""
    shown = [each for one in here.discord.messages(channel) for each in here.bob.attachments(one)]
    return [(each["filename"], await bytes_of(each)) for each in shown]


async def test_it_is_one_message_with_words_choices_mark_and_file(here: House) -> None:
    bot, counted = await here.start(), Counted()
    ref = await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY)
    [message] = here.discord.messages(here.triage)
    assert str(message.id) == ref.id
    assert await files_in(here, here.triage) == [(NAME, TEXT.encode())]
    assert message.embeds[0]["description"] == "The record"
    assert message.embeds[0]["footer"]["text"] == "inc 1 · postmortem"
    assert len(message.components) == 1
    assert message.nonce == KEY
    assert counted.made == 1


async def test_an_edit_changes_the_words_and_leaves_the_file(here: House) -> None:
    bot, counted = await here.start(), Counted()
    ref = await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY)
    await bot.edit(ref, post("It is out", card="postmortem", file=counted.file()), KEY)
    [message] = here.discord.messages(here.triage)
    assert (message.embeds[0]["description"], message.components) == ("It is out", [])
    assert await files_in(here, here.triage) == [(NAME, TEXT.encode())]
    assert counted.made == 1


TROUBLE: dict[str, Callable[[Faults], object]] = {
    "a limit": lambda faults: faults.limit("POST", MESSAGES, seconds=0.01),
    "502 before it": lambda faults: faults.fail(502, "POST", MESSAGES),
    "an abort before it": lambda faults: faults.abort("POST", MESSAGES),
    "502 after the effect": lambda faults: faults.fail(502, "POST", MESSAGES, after=True),
    "503 after the effect": lambda faults: faults.fail(503, "POST", MESSAGES, after=True),
    "an abort after the effect": lambda faults: faults.abort("POST", MESSAGES, after=True),
}


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_a_send_that_is_repeated_makes_one_message_with_the_whole_file(here: House, trouble: str) -> None:
    bot, counted = await here.start(), Counted()
    TROUBLE[trouble](here.discord.faults)
    with pytest.raises(Temporary):
        await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY)
    assert len(here.discord.asked("POST", MESSAGES)) == 1
    ref = await _at_last(here, card(counted.file()))
    assert await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY) == ref
    assert await files_in(here, here.triage) == [(NAME, TEXT.encode())]


async def test_the_next_process_makes_no_second_message_and_later_ones_find_it_by_its_mark(here: House) -> None:
    bot = await here.start()
    ref = await bot.send(channel_ref(here.triage.id), card(Counted().file()), KEY)
    await here.bot.stop()
    bot = await here.start()
    assert await bot.send(channel_ref(here.triage.id), card(Counted("later").file()), KEY) == ref
    here.discord.clock.push(here.discord.windows.nonce + 1)
    since = (await bot.read(ref)).at - timedelta(seconds=1)
    assert await bot.marked(channel_ref(here.triage.id), "inc-1", 1, since) == {"postmortem": ref}
    assert await files_in(here, here.triage) == [(NAME, TEXT.encode())]


async def _at_last(here: House, sent: Post) -> MessageRef:
    for _ in range(20):
        try:
            return await here.bot.transport.send(channel_ref(here.triage.id), sent, KEY)
        except Temporary as failure:
            await here.clock.sleep(failure.retry_after or 0.01)
    raise AssertionError("it was never sent")


async def test_a_thread_that_was_archived_gets_the_whole_file(here: House) -> None:
    bot = await here.start()
    root = await bot.send(channel_ref(here.triage.id), post("item", topic="H1"), KEY)
    thread = here.discord.channel(root.id)
    here.discord.owner.archive(thread)
    sent = await bot.send(channel_ref(here.triage.id), card(Counted().file(), thread=root), KEY[::-1])
    assert sent.id.startswith(f"{thread.id}/")
    assert await files_in(here, thread) == [(NAME, TEXT.encode())]


async def test_without_the_right_it_is_named_and_other_cards_go(here: House) -> None:
    bot, counted = await here.start(), Counted()
    here.discord.owner.overwrite(here.triage, here.discord.bot.user, deny=P.ATTACH_FILES)
    with pytest.raises(Forbidden, match=r"^Attach Files in #triage$"):
        await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY)
    await bot.send(channel_ref(here.triage.id), post("a card without"), KEY[::-1])
    here.discord.owner.overwrite(here.triage, here.discord.bot.user, allow=P.ATTACH_FILES)
    await bot.send(channel_ref(here.triage.id), card(counted.file()), KEY)
    assert await files_in(here, here.triage) == [(NAME, TEXT.encode())]


async def test_the_channel_that_is_made_lets_it_attach_files(here: House) -> None:
    bot = await here.start()
    ref = await bot.open_channel(here.plan())
    everyone = here.discord.guild.roles[here.discord.guild.id]
    here.discord.edit_role(everyone, everyone.permissions & ~P.ATTACH_FILES)
    here.discord.owner.overwrite(here.channel(ref), everyone, deny=P.ATTACH_FILES)
    await bot.send(ref, card(Counted().file()), KEY)
    assert await files_in(here, here.channel(ref)) == [(NAME, TEXT.encode())]
    assert needed().attach_files


@pytest.mark.parametrize("how", ["Discord", "what stands before it"])
async def test_a_file_that_is_too_large_is_refused_for_good(here: House, how: str) -> None:
    bot = await here.start()
    if how == "Discord":
        here.discord.caps.file_bytes = len(TEXT)
    else:
        here.discord.faults.fail(413, "POST", MESSAGES)
    with pytest.raises(Permanent, match="413") as refused:
        await bot.send(channel_ref(here.triage.id), card(Counted().file()), KEY)
    assert not isinstance(refused.value, Forbidden)
    assert here.discord.messages(here.triage) == []
