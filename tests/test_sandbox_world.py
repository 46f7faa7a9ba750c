"""The sandbox's world: what people can do in it, what is refused, and the history that tells of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pushed_clock import START
from sandbox_stage import PushedClock, Stage, post

from core.clock import ScaledClock, SystemClock
from core.incident.vocabulary import MessageRef
from transports.sandbox.places import Kind, Turned
from transports.sandbox.world import TEXT_LIMIT, World
from transports.signals import (
    ChannelLost,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    PersonLeft,
    ReactionAdded,
    ReactionRemoved,
    Signal,
)


def heard(stage: Stage) -> list[Signal]:
    return [happening.signal for happening in stage.world.history if happening.signal]


def test_a_message_is_said_with_its_author_time_thread_and_mentions() -> None:
    stage = Stage()
    root = stage.world.say(stage.sam, stage.triage, "Payments fail")
    reply = stage.world.say(stage.ann, stage.triage, "@mia and @Sam from support, look (not@Jon)", thread=root)

    written = stage.world.look(reply)
    assert (written.author, written.text, written.at, written.thread) == (
        stage.ann,
        "@mia and @Sam from support, look (not@Jon)",
        START,
        root,
    )
    number = len(stage.world.history)
    assert heard(stage)[-1] == MessageSent(
        reply, stage.ann, written.text, START, f"sandbox:{number}", root, (stage.mia, stage.sam)
    )


def test_there_is_no_thread_within_a_thread() -> None:
    stage = Stage()
    root = stage.world.say(stage.sam, stage.triage, "Payments fail")
    first = stage.world.say(stage.ann, stage.triage, "looking", thread=root)
    second = stage.world.say(stage.mia, stage.triage, "me too", thread=first)
    assert stage.world.look(second).thread == root


def test_editing_keeps_the_old_words_and_saying_the_same_again_is_no_edit() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fial")
    stage.world.edit(stage.sam, said, "Payments fail @Ann")
    stage.world.edit(stage.sam, said, "Payments fail @Ann")

    assert [version.text for version in stage.world.look(said).versions] == ["Payments fial", "Payments fail @Ann"]
    edits = [signal for signal in heard(stage) if isinstance(signal, MessageEdited)]
    assert [(edit.text, edit.mentions) for edit in edits] == [("Payments fail @Ann", (stage.ann,))]


def test_each_turn_of_a_reaction_has_its_own_source_and_taking_it_back_names_the_turn() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fail")
    for _ in range(2):
        stage.world.react(stage.ann, said, "🚨")
        stage.world.react(stage.ann, said, "🚨")
        stage.world.unreact(stage.ann, said, "🚨")
        stage.world.unreact(stage.ann, said, "🚨")

    on = [signal for signal in heard(stage) if isinstance(signal, ReactionAdded)]
    off = [signal for signal in heard(stage) if isinstance(signal, ReactionRemoved)]
    assert len(on) == len(off) == 2
    assert [signal.undoes for signal in off] == [signal.source for signal in on]
    assert len({signal.source for signal in heard(stage)}) == len(heard(stage))
    assert stage.world.look(said).reactions == {}


def test_people_stand_in_the_order_in_which_they_reacted() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fail")
    for person in (stage.mia, stage.ann, stage.jon):
        stage.world.react(person, said, "👀")
    stage.world.unreact(stage.mia, said, "👀")
    stage.world.react(stage.mia, said, "👀")
    assert stage.world.look(said).who("👀") == ("ann", "jon", "mia")


@pytest.mark.parametrize("emoji", ["", "   ", "x", ":+1:", "✅ ✅", "🚨" * 25])
def test_a_reaction_is_one_emoji(emoji: str) -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fail")
    with pytest.raises(Turned, match="one emoji"):
        stage.world.react(stage.ann, said, emoji)


@pytest.mark.parametrize("emoji", ["1️⃣", "👍🏽", "⚖️", "👩‍👩‍👧‍👦"])
def test_keycaps_skin_tones_and_families_are_emoji(emoji: str) -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fail")
    stage.world.react(stage.ann, said, emoji)
    assert stage.world.look(said).who(emoji) == ("ann",)


async def test_a_locked_channel_turns_people_down_and_not_the_bot() -> None:
    stage = Stage()
    room = await stage.incident()
    said = stage.world.say(stage.ann, room, "it is over")
    stage.world.react(stage.ann, said, "🎉")
    await stage.bot.set_locked(room, True)
    before = len(stage.world.history)

    for act in (
        lambda: stage.world.say(stage.ann, room, "one more thing"),
        lambda: stage.world.react(stage.ann, said, "👀"),
        lambda: stage.world.edit(stage.ann, said, "it is not over"),
    ):
        with pytest.raises(Turned, match="read-only"):
            act()
    assert len(stage.world.history) == before

    sent = await stage.bot.send(room, post("summary"), "k")
    await stage.bot.react(sent, "✅", "r")
    assert stage.world.look(sent).who("✅") == ("tocsin",)
    await stage.bot.set_locked(room, False)
    stage.world.say(stage.ann, room, "one more thing")


async def test_members_of_the_channel_beside_see_an_incident_and_join_by_writing_others_do_not() -> None:
    stage = Stage()
    room = await stage.incident()
    outsider = stage.world.create_person("Omar", channels=[stage.support])
    with pytest.raises(Turned, match="not open to you"):
        stage.world.say(outsider, room, "hello?")
    stage.world.say(stage.mia, room, "here")
    assert stage.world.room(room).members == ["mia"]

    await stage.bot.invite(room, outsider.id)
    stage.world.say(outsider, room, "hello")
    assert stage.world.room(room).members == ["mia", "omar"]
    for _ in range(2):
        stage.world.leave(outsider, room)
    gone = [one for one in heard(stage) if isinstance(one, PersonLeft)]
    assert [(one.channel, one.who) for one in gone] == [(room, outsider)]
    with pytest.raises(Turned):
        stage.world.join(outsider, room)


async def test_only_the_author_edits_and_deletes_and_anyone_deletes_the_bots_cards() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.triage, "Payments fail")
    for act in (stage.world.delete, lambda person, ref: stage.world.edit(person, ref, "no")):
        with pytest.raises(Turned, match="Only Sam from support"):
            act(stage.ann, said)

    card = await stage.bot.send(stage.triage, post(), "k")
    await stage.bot.pin(card)
    stage.world.delete(stage.ann, card)
    stage.world.delete(stage.sam, said)
    assert stage.world.room(stage.triage).pins == []
    assert [(one.message, one.by) for one in heard(stage) if isinstance(one, MessageDeleted)] == [
        (card, stage.ann),
        (said, stage.sam),
    ]
    with pytest.raises(Turned, match="gone"):
        stage.world.react(stage.ann, said, "👀")
    # The thread of a deleted message goes on, as it does in Matrix and Discord.
    stage.world.say(stage.ann, stage.triage, "what was that?", thread=said)


def test_a_deleted_channel_is_lost_with_everything_in_it() -> None:
    stage = Stage()
    said = stage.world.say(stage.sam, stage.support, "hm")
    stage.world.delete_channel(stage.ann, stage.support)
    last = heard(stage)[-1]
    assert isinstance(last, ChannelLost)
    assert last.channel == stage.support
    assert stage.world.named("support") is None
    with pytest.raises(Turned, match="gone"):
        stage.world.look(said)


def test_a_person_is_a_member_of_every_channel_of_the_house_and_a_known_name_is_that_person() -> None:
    stage = Stage()
    ann = stage.world.create_person("  ANN ")
    assert ann == stage.ann
    zoe = stage.world.create_person("Zoë")
    same_letters = stage.world.create_person("Zo!")
    assert len({zoe.id, same_letters.id, stage.ann.id}) == 3
    assert zoe.id in stage.world.room(stage.triage).members
    late = stage.world.create_channel("backoffice", Kind.AUDIENCE)
    assert zoe.id in stage.world.room(late).members


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "Tocsin", "tocsin", "An\x00n", "a\u202eb"])
def test_names_that_hide_or_pose_are_refused(name: str) -> None:
    with pytest.raises(Turned):
        Stage().world.create_person(name)


@pytest.mark.parametrize("text", ["", " \n ", "x" * (TEXT_LIMIT + 1)])
def test_an_empty_or_endless_message_is_refused_and_leaves_nothing(text: str) -> None:
    stage = Stage()
    before = len(stage.world.history)
    with pytest.raises(Turned):
        stage.world.say(stage.ann, stage.triage, text)
    assert len(stage.world.history) == before


def test_what_is_not_there_is_refused_in_words() -> None:
    stage = Stage()
    for act in (
        lambda: stage.world.account("nobody"),
        lambda: stage.world.look(MessageRef(channel=stage.triage, id="m999")),
        lambda: stage.world.say(stage.ann, stage.triage, "x", thread=MessageRef(channel=stage.triage, id="m999")),
        lambda: stage.world.room(stage.triage.model_copy(update={"transport": "matrix"})),
    ):
        with pytest.raises(Turned):
            act()
    elsewhere = stage.world.say(stage.ann, stage.support, "x")
    with pytest.raises(Turned):
        stage.world.say(stage.ann, stage.triage, "x", thread=elsewhere)


async def test_every_happening_has_the_next_number_the_clocks_time_and_reaches_whoever_listens() -> None:
    stage = Stage()
    numbers: list[int] = []
    stop = stage.world.subscribe(lambda happening: numbers.append(happening.number))
    before = len(stage.world.history)
    stage.world.say(stage.ann, stage.triage, "one")
    await stage.clock.push(61)
    stage.world.say(stage.ann, stage.triage, "two")
    stop()
    stage.world.say(stage.ann, stage.triage, "three")

    assert numbers == [before + 1, before + 2]
    assert [one.number for one in stage.world.history] == list(range(1, len(stage.world.history) + 1))
    assert stage.world.history[-1].at == START + timedelta(seconds=61)


def test_two_eras_share_no_id_and_no_source() -> None:
    one, two = Stage(era="a-"), Stage(era="b-")
    for stage in (one, two):
        stage.world.react(stage.ann, stage.world.say(stage.sam, stage.triage, "x"), "🚨")
    assert {signal.source for signal in heard(one)}.isdisjoint(signal.source for signal in heard(two))
    assert set(one.world.messages).isdisjoint(two.world.messages)
    assert set(one.world.channels).isdisjoint(two.world.channels)
    assert one.world.named("#triage") is one.world.room(one.triage)


def test_a_world_without_people_finds_no_mentions() -> None:
    assert World(PushedClock()).mentioned("@Ann?") == ()


async def test_a_scaled_clock_runs_the_story_faster_and_sleeps_in_its_own_seconds() -> None:
    loop = asyncio.get_running_loop()
    clock, began = ScaledClock(START, speed=1000), loop.time()
    assert START <= clock.now() < START + timedelta(minutes=5)
    await clock.sleep(60)
    assert 0.05 <= loop.time() - began < 5
    assert clock.now() >= START + timedelta(seconds=59)
    await clock.sleep(-1)


@pytest.mark.parametrize(("start", "speed"), [(START.replace(tzinfo=None), 1.0), (START, 0.0), (START, -1.0)])
def test_a_scaled_clock_refuses_what_cannot_tell_the_time(start: datetime, speed: float) -> None:
    with pytest.raises(ValueError, match=r"aware|above 0"):
        ScaledClock(start, speed)


async def test_the_system_clock_tells_utc() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep(0.01)
    assert before.tzinfo is UTC
    assert clock.now() - before >= timedelta(seconds=0.009)
