"""What every chat must do, tested the same way on each: the sandbox, and matrix-nio against a real Synapse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio
from chats import CHATS, Chat, NotAllowed
from matrix_world import key, post
from running import until
from synapse import Synapse

from core.incident.document import File, Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Missing, Permanent
from transports.signals import (
    MessageDeleted,
    MessageEdited,
    MessageSent,
    PersonLeft,
    ReactionAdded,
    ReactionRemoved,
)

pytest_plugins = ["conftest_matrix"]


@pytest_asyncio.fixture(params=sorted(CHATS))
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    # Asked for by name, so that no homeserver starts for a chat that needs none.
    async with CHATS[request.param](lambda: cast("Synapse", request.getfixturevalue("synapse"))) as opened:
        yield opened


async def test_what_is_said_is_heard_with_who_where_and_when(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    before = chat.bot.heard.copy()
    said = await bob.say(chat.triage, "payments fail")
    inside = await bob.say(chat.triage, "since 10:02", thread=said)
    first, second = await chat.bot.hears(MessageSent, 2)
    assert before == []
    assert (first.message, first.author.id, first.text, first.thread) == (said, bob.id, "payments fail", None)
    assert (second.message, second.thread) == (inside, said)
    assert first.source != second.source
    assert first.at <= second.at
    assert first.at.utcoffset() == timedelta(0)
    assert first.author.transport == chat.bot.transport.name


async def test_a_mention_names_the_account(chat: Chat) -> None:
    bob, mia = await chat.someone("Bob"), await chat.someone("Mia")
    await bob.mention(chat.triage, mia)
    (heard,) = await chat.bot.hears(MessageSent)
    assert [account.id for account in heard.mentions] == [mia.id]


async def test_a_reaction_and_its_taking_back_belong_together(chat: Chat) -> None:
    bob, mia = await chat.someone("Bob"), await chat.someone("Mia")
    said = await bob.say(chat.triage, "payments fail")
    for person in (bob, mia):
        await person.react(said, "🚨")
    await mia.unreact(said, "🚨")
    await mia.react(said, "🚨")
    added = await chat.bot.hears(ReactionAdded, 3)
    (removed,) = await chat.bot.hears(ReactionRemoved)
    assert [(each.by.id, each.emoji, each.message) for each in added] == [
        (bob.id, "🚨", said),
        (mia.id, "🚨", said),
        (mia.id, "🚨", said),
    ]
    assert removed.undoes == added[1].source
    assert removed.by.id == mia.id
    assert len({removed.source, *(each.source for each in added)}) == 4


async def test_an_edit_and_a_deletion_name_the_message(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    said = await bob.say(chat.triage, "it is the cash")
    await bob.change(said, "it is the cache")
    (edited,) = await chat.bot.hears(MessageEdited)
    assert (edited.message, edited.text, edited.author.id) == (said, "it is the cache", bob.id)
    assert (await chat.bot.transport.read(said)).text == "it is the cache"
    await bob.delete(said)
    (deleted,) = await chat.bot.hears(MessageDeleted)
    assert deleted.message == said
    assert (deleted.by.id if deleted.by else None) == (bob.id if chat.tells.who_deleted else None)
    with pytest.raises(Missing):
        await chat.bot.transport.read(said)


async def test_the_bot_does_not_hear_itself_but_learns_that_its_card_is_gone(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    transport = chat.bot.transport
    board = await transport.send(chat.triage, post("board"), key("board"))
    await transport.react(board, "🧭", key("seed"))
    await transport.edit(board, post("newer board"), key("edit"))
    await bob.delete(board)
    (deleted,) = await chat.bot.hears(MessageDeleted)
    assert deleted.message == board
    assert chat.bot.heard == [deleted]


async def test_a_plan_is_one_channel_that_triage_may_enter_and_others_may_not(chat: Chat) -> None:
    bob, eve = await chat.someone("Bob"), await chat.stranger("Eve")
    plan = chat.plan("inc-2026-05-02-checkout-down")
    channel = await chat.bot.transport.open_channel(plan)
    assert await chat.bot.transport.open_channel(plan) == channel
    assert await chat.bot.transport.open_channel(chat.plan("inc-2026-05-02-other")) != channel
    await bob.enter(channel)
    assert await bob.topic(channel) == plan.topic
    with pytest.raises(NotAllowed):
        await eve.enter(channel)
    await bob.say(channel, "here")
    assert [each.message.channel for each in await chat.bot.hears(MessageSent)] == [channel]
    await chat.bot.stop()
    again = await chat.process().start()
    assert await again.transport.open_channel(plan) == channel


async def test_an_invited_stranger_may_enter_and_inviting_twice_is_no_error(chat: Chat) -> None:
    eve = await chat.stranger("Eve")
    channel = await chat.bot.transport.open_channel(chat.plan("inc-a"))
    await chat.bot.transport.invite(channel, eve.id)
    await chat.bot.transport.invite(channel, eve.id)
    await eve.enter(channel)
    await chat.bot.transport.invite(channel, eve.id)
    await eve.say(channel, "hello")
    with pytest.raises(Permanent):
        await chat.bot.transport.invite(channel, "nobody at all")


async def test_a_private_channel_is_for_those_who_are_let_in_by_name_until_they_are_put_out(chat: Chat) -> None:
    bob, eve = await chat.someone("Bob"), await chat.stranger("Eve")
    transport, plan = chat.bot.transport, replace(chat.plan("inc-2026-05-02-amber-lantern"), private=True)
    channel = await transport.open_channel(plan)
    assert await transport.open_channel(plan) == channel
    for outsider in (bob, eve):
        with pytest.raises(NotAllowed):
            await outsider.enter(channel)
    await transport.invite(channel, eve.id)
    await eve.enter(channel)
    await eve.say(channel, "here")
    await transport.put_out(channel, eve.id)
    await transport.put_out(channel, eve.id)
    with pytest.raises(NotAllowed):
        await eve.say(channel, "still here")
    with pytest.raises(NotAllowed):
        await bob.enter(channel)
    await transport.invite(channel, eve.id)
    await eve.enter(channel)


async def test_a_locked_channel_is_the_bots_alone_until_it_is_opened(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    transport = chat.bot.transport
    channel = await transport.open_channel(chat.plan("inc-a"))
    await bob.enter(channel)
    said = await bob.say(channel, "before")
    for _ in range(2):
        await transport.set_locked(channel, True)
    with pytest.raises(NotAllowed):
        await bob.say(channel, "after")
    with pytest.raises(NotAllowed):
        await bob.react(said, "👍")
    await transport.send(channel, post("summary", card="summary"), key("summary"))
    await transport.set_locked(channel, False)
    await bob.say(channel, "open again")
    await bob.react(said, "👍")


async def test_one_person_alone_is_told_something_in_the_same_place_by_this_process_and_the_next(chat: Chat) -> None:
    eve, bob = await chat.stranger("Eve"), await chat.someone("Bob")
    transport = chat.bot.transport
    alone = await transport.direct(eve.id)
    assert await transport.direct(eve.id) == alone != await transport.direct(bob.id)
    said = await transport.send(alone, post("how it stands", card="newcomer/1"), key("told"))
    await eve.enter(alone)
    with pytest.raises(NotAllowed):
        await bob.enter(alone)
    await chat.bot.stop()
    again = (await chat.process().start()).transport
    assert await again.direct(eve.id) == alone
    assert await again.send(alone, post("how it stands", card="newcomer/1"), key("told")) == said
    await again.edit(said, post("how it stood", card="newcomer/1"), key("edit"))
    [seen] = await eve.sees(alone)
    assert (seen.ref, seen.text, seen.card) == (said, "how it stood", "newcomer/1")
    assert await again.marked(alone, "inc-a", 1, datetime(2026, 1, 1, tzinfo=UTC)) == {"newcomer/1": said}
    with pytest.raises(Permanent):
        await again.send(await again.direct("nobody at all"), post("psst", card="newcomer/1"), key("nobody"))


async def test_the_same_key_makes_one_message_in_this_process_and_the_next(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    board = await chat.bot.transport.send(chat.triage, post("board"), key("same"))
    assert await chat.bot.transport.send(chat.triage, post("board"), key("same")) == board
    await chat.bot.stop()
    again = await chat.process().start()
    assert await again.transport.send(chat.triage, post("board"), key("same")) == board
    other = await again.transport.send(chat.triage, post("board"), key("other"))
    assert [seen.ref for seen in await bob.sees(chat.triage)] == [board, other]


async def test_a_card_carries_its_mark_through_edits_and_is_found_by_it(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    transport = chat.bot.transport
    await bob.say(chat.triage, "chatter")
    draft = post("Update 1: some users cannot pay.", card="update/1", text="Some users cannot pay.")
    card = await transport.send(chat.triage, draft, key("update"))
    await transport.edit(card, post("Update 1: all is well.", card="update/1", text="All is well."), key("edit"))
    item = await transport.send(chat.triage, post("H1", card="item/H1"), key("item"))
    seen = {each.ref: each for each in await bob.sees(chat.triage)}[card]
    assert (seen.text, seen.incident, seen.card, seen.base) == (
        "Update 1: all is well.",
        "inc-a",
        "update/1",
        "All is well." if chat.tells.base else None,
    )
    said = await transport.read(card)
    assert (said.text, said.ours, said.ref) == ("Update 1: all is well.", True, card)
    assert await transport.marked(chat.triage, "inc-a", 1, said.at) == {"update/1": card, "item/H1": item}
    await bob.delete(item)
    assert await transport.marked(chat.triage, "inc-a", 1, said.at) == {"update/1": card}


class Written:
    """A file that counts how often its text is made."""

    name = "inc-2026-05-02-checkout-down.md"

    def __init__(self, text: str) -> None:
        self.made = 0
        self._text = text

    def post(self, words: str, **more: Any) -> Post:
        return post(words, card="postmortem", file=File(self.name, "text/markdown", self._say), **more)

    def _say(self) -> str:
        self.made += 1
        return self._text


async def test_a_card_with_a_file_is_one_message_and_an_edit_leaves_the_file(chat: Chat) -> None:
    bob, transport = await chat.someone("Bob"), chat.bot.transport
    record, text = Written("# Ausfall — 🔥\r\n\tone\n"), "# Ausfall — 🔥\r\n\tone\n"
    card = await transport.send(chat.triage, record.post("the record"), key("record"))
    await transport.edit(card, record.post("it is out"), key("edit"))
    [seen] = await bob.sees(chat.triage)
    assert (seen.ref, seen.text, seen.card) == (card, "it is out", "postmortem")
    assert seen.file == (record.name, text.encode())
    assert record.made == 1
    said = await transport.read(card)
    assert said.text == "it is out"
    assert await transport.marked(chat.triage, "inc-a", 1, said.at) == {"postmortem": card}


async def test_the_same_key_sends_one_file_in_this_process_and_the_next(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    first = await chat.bot.transport.send(chat.triage, Written("first").post("the record"), key("same"))
    assert await chat.bot.transport.send(chat.triage, Written("second").post("the record"), key("same")) == first
    await chat.bot.stop()
    again = await chat.process().start()
    assert await again.transport.send(chat.triage, Written("third").post("the record"), key("same")) == first
    assert [(each.ref, each.file) for each in await bob.sees(chat.triage)] == [(first, (Written.name, b"first"))]


async def test_a_file_in_a_thread_is_there_and_one_that_is_deleted_is_made_anew(chat: Chat) -> None:
    bob, transport = await chat.someone("Bob"), chat.bot.transport
    root = await transport.send(chat.triage, post("H1", card="item/H1"), key("root"))
    inside = await transport.send(chat.triage, Written("in it").post("a trace", thread=root), key("inside"))
    assert (await transport.read(inside)).thread == root
    card = await transport.send(chat.triage, Written("once").post("the record"), key("card"))
    await bob.delete(card)
    with pytest.raises(Missing):
        await transport.edit(card, Written("twice").post("it is out"), key("edit"))
    again = await transport.send(chat.triage, Written("twice").post("it is out"), key("generation 2"))
    assert {each.ref: each.file for each in await bob.sees(chat.triage)}[again] == (Written.name, b"twice")


async def test_a_card_in_a_thread_stays_there(chat: Chat) -> None:
    transport = chat.bot.transport
    root = await transport.send(chat.triage, post("H1", card="item/H1"), key("root"))
    inside = await transport.send(chat.triage, post("noted", card="letter", thread=root), key("inside"))
    assert (await transport.read(inside)).thread == root
    assert (await transport.read(root)).thread is None


async def test_seeds_and_pins_may_be_asked_for_twice(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    transport = chat.bot.transport
    channel = await transport.open_channel(chat.plan("inc-a"))
    await bob.enter(channel)
    board = await transport.send(channel, post("board"), key("board"))
    for turn in range(2):
        await transport.react(board, "🧭", key(f"seed{turn}"))
        await transport.pin(board)
    assert len(await bob.reactions(board)) == 1
    assert await bob.pinned(channel) == [board.id]


async def test_one_persons_reaction_is_cleared(chat: Chat) -> None:
    bob, mia = await chat.someone("Bob"), await chat.someone("Mia")
    channel = await chat.bot.transport.open_channel(chat.plan("inc-a"))
    board = await chat.bot.transport.send(channel, post("board"), key("board"))
    for person in (bob, mia):
        await person.enter(channel)
        await person.react(board, "📣")
    for _ in range(2):
        await chat.bot.transport.clear_reaction(board, "📣", bob.id)
    assert await mia.reactions(board) == [(mia.id, "📣")]


async def test_what_happened_while_the_bot_was_away_is_heard_once_and_in_order(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    first = await bob.say(chat.triage, "before")
    await chat.bot.hears(MessageSent)
    await chat.bot.stop()
    second = await bob.say(chat.triage, "while away")
    await bob.react(first, "🚨")
    await bob.say(chat.triage, "still away")
    await bob.delete(second)
    again = await chat.process().start()
    await bob.say(chat.triage, "after")
    await until(lambda: any(isinstance(each, MessageSent) and each.text == "after" for each in again.heard))
    texts = [each.text for each in again.heard if isinstance(each, MessageSent)]
    assert texts[-2:] == ["still away", "after"]
    assert texts[:-2] in ([], ["while away"])  # a chat may have forgotten a deleted message's words
    assert len(await again.hears(ReactionAdded)) == 1
    if chat.tells.deleted_while_away:
        assert [each.message for each in await again.hears(MessageDeleted)] == [second]
    assert len({each.source for each in again.heard}) == len(again.heard)


async def test_somebody_who_leaves_is_gone_also_while_the_bot_was_away(chat: Chat) -> None:
    bob, mia, kim = [await chat.someone(name) for name in ("Bob", "Mia", "Kim")]
    channel = await chat.bot.transport.open_channel(chat.plan("inc-a"))
    for person in (bob, mia, kim):
        await person.enter(channel)
    await bob.leave(channel)
    await kim.say(channel, "Bob left")
    await chat.bot.hears(MessageSent)
    await chat.bot.stop()
    await mia.leave(channel)
    again = await chat.process().start()
    await kim.say(channel, "Mia left, too")
    await until(lambda: any(isinstance(each, MessageSent) and each.text == "Mia left, too" for each in again.heard))
    left = [each for bot in (chat.bot, again) for each in bot.heard if isinstance(each, PersonLeft)]
    assert [(each.channel, each.who.id) for each in left] == (
        [(channel, bob.id), (channel, mia.id)] if chat.tells.left else []
    )
    assert len({each.source for each in left}) == len(left)


async def test_an_act_that_the_inbox_fails_on_silences_no_other(chat: Chat) -> None:
    bob = await chat.someone("Bob")

    async def stumble(signal: object) -> None:
        if isinstance(signal, MessageSent) and signal.text == "bad":
            raise ZeroDivisionError

    chat.bot.on_signal = stumble
    for text in ("good", "bad", "better"):
        await bob.say(chat.triage, text)
    assert [each.text for each in await chat.bot.hears(MessageSent, 2)] == ["good", "better"]


async def test_standing_follows_the_triage_channel(chat: Chat) -> None:
    bob, eve = await chat.someone("Bob"), await chat.stranger("Eve")
    await bob.say(chat.triage, "hello")
    await chat.bot.hears(MessageSent)
    assert "triage" in await chat.bot.transport.standing(bob.id)
    assert "triage" not in await chat.bot.transport.standing(eve.id)
    mia = await chat.someone("Mia")
    await bob.leave(chat.triage)
    await mia.say(chat.triage, "he left")
    await chat.bot.hears(MessageSent, 2)
    assert await chat.bot.transport.standing(bob.id) == frozenset()


async def test_names_and_what_is_missing(chat: Chat) -> None:
    transport = chat.bot.transport
    assert await transport.resolve(chat.triage.id) == chat.triage
    assert await transport.open_to_public() == ()
    with pytest.raises(Missing):
        await transport.resolve("#there-is-no-such-channel")
    nowhere = ChannelRef(transport=transport.name, id="!nowhere:test.localhost")
    with pytest.raises(Missing):
        await transport.send(nowhere, post("x"), key("x"))
    with pytest.raises(Missing):
        await transport.read(MessageRef(channel=chat.triage, id="$nothing"))


async def test_what_people_type_reads_as_typed(chat: Chat) -> None:
    bob = await chat.someone("Bob")
    typed = '@room <b>bold</b> **strong** `code` & "quotes" \\ https://example.org/x?a=1&b=2 \U0001f525'
    card = await chat.bot.transport.send(chat.triage, post(typed), key("typed"))
    assert {each.ref: each.text for each in await bob.sees(chat.triage)}[card] == typed
