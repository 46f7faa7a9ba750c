"""The sandbox behind the port: what the bot does there, what it hears, and what faults do to both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random

import pytest
from sandbox_stage import Notes, Stage, board, checkout, person, post, settle
from structlog.testing import capture_logs

from core.incident.document import plain
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Inbox, Missing, Notebook, Permanent, Temporary, Transport
from transports.sandbox.faults import Faults, Trouble
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.signals import MessageDeleted, MessageSent, ReactionAdded, ReactionRemoved, Signal


@asynccontextmanager
async def running(
    stage: Stage, inbox: Inbox, notes: Notebook | None = None, ready: Callable[[], None] = lambda: None
) -> AsyncIterator[asyncio.Task[None]]:
    bot: Transport = SandboxTransport(stage.server)
    task = asyncio.create_task(bot.run(inbox, notes or Notes(), ready))
    await settle()
    try:
        yield task
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def collector() -> tuple[list[Signal], Inbox]:
    heard: list[Signal] = []

    async def inbox(signal: Signal) -> None:
        heard.append(signal)

    return heard, inbox


# What it hears


async def test_it_hears_people_in_order_and_never_itself() -> None:
    stage = Stage()
    heard, inbox = collector()
    async with running(stage, inbox):
        said = stage.world.say(stage.sam, stage.triage, "Payments fail")
        await stage.bot.send(stage.triage, post(), "k1")
        await stage.bot.react(said, "✅", "k2")
        stage.world.react(stage.ann, said, "🚨")
        await stage.bot.clear_reaction(said, "🚨", "ann")
        stage.world.react(stage.ann, said, "🚨")
        stage.world.unreact(stage.ann, said, "🚨")
        await settle()
    assert [type(signal) for signal in heard] == [MessageSent, ReactionAdded, ReactionAdded, ReactionRemoved]


async def test_a_person_deleting_a_card_is_heard() -> None:
    stage = Stage()
    heard, inbox = collector()
    async with running(stage, inbox):
        card = await stage.bot.send(stage.triage, post(), "k")
        stage.world.delete(stage.ann, card)
        await settle()
    assert [(one.message, one.by) for one in heard if isinstance(one, MessageDeleted)] == [(card, stage.ann)]
    with pytest.raises(Missing):
        await stage.bot.edit(card, post("new"), "k2")


async def test_away_it_misses_nothing_and_repeats_nothing() -> None:
    stage, notes = Stage(), Notes()
    first, inbox = collector()
    stage.world.say(stage.sam, stage.triage, "before the first start")
    async with running(stage, inbox, notes):
        stage.world.say(stage.sam, stage.triage, "while it listens")
        await settle()
    stage.world.say(stage.sam, stage.triage, "while it is away")
    second, inbox = collector()
    ready: list[int] = []
    async with running(stage, inbox, notes, ready=lambda: ready.append(len(second))):
        stage.world.say(stage.sam, stage.triage, "back")
        await settle()
    texts = [signal.text for signal in (*first, *second) if isinstance(signal, MessageSent)]
    assert texts == ["before the first start", "while it listens", "while it is away", "back"]
    assert ready == [1]


async def test_the_cursor_moves_only_after_the_inbox_returned() -> None:
    stage, notes = Stage(), Notes()
    gate = asyncio.Event()

    async def inbox(signal: Signal) -> None:
        await gate.wait()

    async with running(stage, inbox, notes):
        before = list(notes.written)
        stage.world.say(stage.sam, stage.triage, "slow")
        await settle()
        assert notes.written == before
        gate.set()
        await settle()
        assert notes.written == [*before, str(len(stage.world.history))]


async def test_dying_in_the_inbox_gives_the_same_signal_again_with_the_same_source() -> None:
    stage, notes = Stage(), Notes()
    dying: list[Signal] = []

    async def dies(signal: Signal) -> None:
        dying.append(signal)
        await asyncio.get_running_loop().create_future()

    async with running(stage, dies, notes):
        stage.world.say(stage.sam, stage.triage, "once")
        await settle()
    heard, inbox = collector()
    async with running(stage, inbox, notes):
        await settle()
    assert heard == dying
    assert len(heard) == 1


async def test_one_signal_that_cannot_be_handled_does_not_silence_the_next() -> None:
    stage = Stage()
    heard: list[Signal] = []

    async def inbox(signal: Signal) -> None:
        if isinstance(signal, MessageSent) and signal.text == "poison":
            raise ZeroDivisionError
        heard.append(signal)

    with capture_logs() as logs:
        async with running(stage, inbox):
            stage.world.say(stage.sam, stage.triage, "poison")
            stage.world.say(stage.sam, stage.triage, "bread")
            await settle()
    assert [signal.text for signal in heard if isinstance(signal, MessageSent)] == ["bread"]
    assert [entry["event"] for entry in logs] == ["sandbox.signal_failed"]


@pytest.mark.parametrize("note", ["other-5", "", "x", "999", "b-2"])
async def test_a_cursor_of_another_world_is_not_believed(note: str) -> None:
    stage, notes = Stage(), Notes()
    notes.pages["since"] = note
    stage.world.say(stage.sam, stage.triage, "hello")
    heard, inbox = collector()
    async with running(stage, inbox, notes):
        await settle()
    assert len(heard) == 1


async def test_an_outage_keeps_everything_back_until_it_is_over() -> None:
    stage = Stage()
    heard, inbox = collector()
    async with running(stage, inbox):
        stage.faults.outage = True
        stage.world.say(stage.sam, stage.triage, "in the dark")
        with pytest.raises(Temporary):
            await stage.bot.send(stage.triage, post(), "k")
        await settle()
        await stage.clock.push(0.5)
        await stage.clock.push(1)
        assert heard == []
        stage.faults.outage = False
        await stage.clock.push(2)
        assert len(heard) == 1
    assert stage.clock.slept == [0.5, 1.0, 2.0]


async def test_repeated_signals_keep_their_source_and_are_never_from_the_future() -> None:
    stage = Stage()
    stage.faults.repeat = 1.0
    heard, inbox = collector()
    async with running(stage, inbox):
        for count in range(30):
            stage.world.say(stage.sam, stage.triage, str(count))
            if count % 5 == 0:
                await settle()
        await settle()
    assert len(heard) == 60
    firsts = list(dict.fromkeys(signal.source for signal in heard))
    assert firsts == [one.signal.source for one in stage.world.history if one.signal]


async def test_reordering_mixes_channels_and_keeps_each_in_order() -> None:
    stage = Stage()
    stage.faults.reorder = 1.0
    for count in range(20):
        stage.world.say(stage.sam, stage.triage if count % 2 else stage.support, str(count))
    heard, inbox = collector()
    async with running(stage, inbox):
        await settle()
    texts = [int(signal.text) for signal in heard if isinstance(signal, MessageSent)]
    assert sorted(texts) == list(range(20)) != texts
    assert [text for text in texts if text % 2] == list(range(1, 20, 2))
    assert [text for text in texts if not text % 2] == list(range(0, 20, 2))


# What it does


async def test_a_lost_request_does_nothing_and_a_lost_reply_does_it_once() -> None:
    stage = Stage()
    stage.faults.upcoming.extend([Trouble.LOST_REQUEST, Trouble.LOST_REPLY])
    with pytest.raises(Temporary):
        await stage.bot.send(stage.triage, post(), "k")
    assert stage.world.said(stage.triage) == []
    with pytest.raises(Temporary):
        await stage.bot.send(stage.triage, post(), "k")
    made = [message.ref for message in stage.world.said(stage.triage)]
    assert [await stage.bot.send(stage.triage, post(), "k")] == made
    assert [message.ref for message in stage.world.said(stage.triage)] == made


async def test_past_the_window_a_key_is_forgotten_and_the_mark_finds_the_card() -> None:
    stage = Stage()
    began = stage.clock.now()
    first = await stage.bot.send(stage.triage, post(card="item/H1"), "k")
    await stage.clock.push(timedelta(hours=24).total_seconds())
    assert await stage.bot.send(stage.triage, post(card="item/H1"), "k") == first
    await stage.clock.push(1)
    assert await stage.bot.marked(stage.triage, "inc-2026-05-02-checkout-down", 7, began) == {"item/H1": first}
    again = await stage.bot.send(stage.triage, post(card="item/H1"), "k")
    assert again != first
    assert await stage.bot.marked(stage.triage, "inc-2026-05-02-checkout-down", 7, began + timedelta(hours=1)) == {
        "item/H1": again
    }


async def test_an_old_edit_sent_again_does_not_undo_a_newer_one() -> None:
    stage = Stage()
    card = await stage.bot.send(stage.triage, post("1"), "s")
    await stage.bot.edit(card, post("2"), "e2")
    await stage.bot.edit(card, post("3"), "e3")
    await stage.bot.edit(card, post("2"), "e2")
    assert [version.text for version in stage.world.look(card).versions] == ["1", "2", "3"]


async def test_a_rate_limit_says_when_to_come_back() -> None:
    stage = Stage()
    stage.faults.rate_limit, stage.faults.retry_after = 1.0, 7.5
    with pytest.raises(Temporary) as limited:
        await stage.bot.set_locked(stage.triage, True)
    assert limited.value.retry_after == 7.5
    assert not stage.world.room(stage.triage).locked


async def test_a_delay_lets_the_bot_die_on_the_way_there_and_on_the_way_back() -> None:
    stage = Stage()
    stage.faults.delay = 10
    for key, pushes, done in (("there", 0, 0), ("back", 1, 1)):
        sending = asyncio.create_task(stage.bot.send(stage.triage, post(), key))
        await settle()
        for _ in range(pushes):
            await stage.clock.push(10)
        sending.cancel()
        await settle()
        assert len(stage.world.said(stage.triage)) == done


async def test_the_same_plan_is_the_same_channel_even_after_a_lost_reply_and_a_deleted_one_is_made_again() -> None:
    stage = Stage()
    stage.faults.upcoming.append(Trouble.LOST_REPLY)
    with pytest.raises(Temporary):
        await stage.incident()
    room = await stage.incident()
    assert [one.ref for one in stage.world.channels.values() if one.incident] == [room]
    stage.world.delete_channel(stage.ann, room)
    with pytest.raises(Missing):
        await stage.bot.set_locked(room, True)
    assert await stage.incident() != room


async def test_people_delete_cards_when_the_simulation_says_so() -> None:
    stage = Stage()
    stage.faults.deletion = 1.0
    card = await stage.bot.send(stage.triage, post(), "k")
    assert stage.world.messages[card.id].deleted


async def test_standing_resolve_and_open_triage_channels() -> None:
    stage = Stage()
    outsider = stage.world.create_person("Omar", channels=[stage.support])
    assert await stage.bot.standing("ann") == {"triage"}
    assert await stage.bot.standing(outsider.id) == frozenset()
    assert await stage.bot.standing("nobody") == frozenset()
    for name in ("triage", "#triage", stage.triage.id):
        assert await stage.bot.resolve(name) == stage.triage
    with pytest.raises(Missing, match="lobby"):
        await stage.bot.resolve("lobby")
    assert await stage.bot.open_to_public() == ()
    stage.world.create_channel("lobby", public=True)
    assert await stage.bot.open_to_public() == ("#lobby",)


async def test_doing_it_twice_changes_nothing() -> None:
    stage = Stage()
    room = await stage.incident()
    card = await stage.bot.send(room, post(), "s")

    async def all_of_it() -> None:
        await stage.bot.invite(room, "ann")
        await stage.bot.set_locked(room, True)
        await stage.bot.pin(card)
        await stage.bot.react(card, "🧭", "one key")
        await stage.bot.react(card, "🧭", "another key")
        await stage.bot.edit(card, post(), "e")
        await stage.bot.clear_reaction(card, "🧭", "nobody")

    await all_of_it()
    before = len(stage.world.history)
    await all_of_it()
    assert len(stage.world.history) == before
    there = stage.world.room(room)
    assert (there.members, there.invited, there.pins) == (["ann"], ["ann"], [card.id])


async def test_what_cannot_be_done_says_so_for_good() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "mine")
    gone = MessageRef(channel=stage.triage, id="m999")
    with pytest.raises(Permanent, match="nobody"):
        await stage.bot.invite(stage.triage, "ghost")
    with pytest.raises(Permanent, match="own messages"):
        await stage.bot.edit(said, post(), "e")
    with pytest.raises(Permanent, match="40000"):
        await stage.bot.send(stage.triage, post("x" * 40_001), "s")
    for request in (
        stage.bot.read(gone),
        stage.bot.pin(gone),
        stage.bot.react(gone, "✅", "r"),
        stage.bot.send(stage.triage, post(thread=gone), "t"),
        stage.bot.send(ChannelRef(transport="sandbox", id="c999"), post(), "u"),
        stage.bot.marked(
            ChannelRef(transport="sandbox", id="c999"), "inc-2026-05-02-checkout-down", 7, stage.clock.now()
        ),
    ):
        with pytest.raises(Missing):
            await request


async def test_a_message_is_read_as_it_stands_now() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fial")
    stage.world.edit(stage.sam, said, "Payments fail")
    read = await stage.bot.read(said)
    assert (read.author, read.text, read.ours) == (stage.sam, "Payments fail", False)
    card = await stage.bot.send(stage.triage, post("ours", thread=said), "k")
    read = await stage.bot.read(card)
    assert (read.text, read.thread, read.ours) == ("ours", said, True)


async def test_everything_of_a_post_can_be_read_back() -> None:
    stage = Stage()
    room, standing = await checkout(stage)
    card = stage.world.look(standing)
    assert card.post == board(stage)
    assert card.text == plain(board(stage).document)
    assert card.mark == ("inc-2026-05-02-checkout-down", "board")
    updates = [
        message.post.text
        for channel in (room, stage.support, stage.leadership)
        for message in stage.world.said(channel)
        if message.post and message.post.card == "update/1"
    ]
    assert len(updates) == 3
    assert len(set(updates)) == 1
    prompt = stage.world.said(room)[-1]
    assert prompt.pings == ("leah",)
    letter = await stage.bot.send(room, post("psst", private_to=person(stage.mia)), "letter")
    assert stage.world.reads(stage.mia, stage.world.look(letter))
    assert not stage.world.reads(stage.ann, stage.world.look(letter))


# Determinism


async def noisy(seed: int) -> list[str]:
    stage = Stage(seed=seed)
    stage.faults.lost_request = stage.faults.lost_reply = stage.faults.rate_limit = 0.2
    stage.faults.repeat = stage.faults.reorder = stage.faults.deletion = 0.3
    trace: list[str] = []

    async def inbox(signal: Signal) -> None:
        trace.append(signal.source)

    async with running(stage, inbox):
        for count in range(40):
            said = stage.world.say(stage.sam, stage.triage if count % 3 else stage.support, f"word {count}")
            try:
                await stage.bot.react(said, "✅", f"r{count}")
                await stage.bot.send(stage.triage, post(f"answer {count}"), f"s{count}")
            except Temporary as failure:
                trace.append(str(failure))
        await settle()
    return trace


async def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    assert await noisy(7) == await noisy(7)
    assert await noisy(7) != await noisy(8)


def test_a_world_without_faults_casts_no_dice() -> None:
    rng = Random(3)
    before = rng.getstate()
    faults = Faults()
    assert faults.trouble(rng) is None
    assert faults.wait(rng) == 0
    assert rng.getstate() == before


def test_the_server_outlives_a_bot_whose_loop_is_closed() -> None:
    stage = Stage()

    async def listen_and_die() -> None:
        listening = asyncio.create_task(stage.server.sync(len(stage.world.history), wait=True))
        await settle()
        assert not listening.done()
        stage.server._waiting.append(asyncio.get_running_loop().create_future())

    asyncio.run(listen_and_die())
    stage.world.say(stage.sam, stage.triage, "anybody there?")

    async def come_back() -> int:
        server: Server = stage.server
        return len((await server.sync(0, wait=True)).signals)

    assert asyncio.run(come_back()) == 1
