from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web
from matrix_between import in_between
from matrix_person import Person
from matrix_world import World
from running import Notes, until

from transports.signals import ChannelLost, MessageDeleted, MessageEdited, MessageSent, PersonLeft, ReactionAdded

pytest_plugins = ["conftest_matrix"]


async def test_what_was_said_before_the_bot_came_in_is_not_said_to_it(world: World) -> None:
    await world.ann.say(world.triage, "!inc declare long ago")
    await world.bot.start()
    said = await world.ann.say(world.triage, "!inc declare now")
    heard = await world.bot.hears(MessageSent)
    assert [(each.text, each.message.id) for each in heard] == [("!inc declare now", said)]


async def test_a_moderator_who_removes_a_reaction_takes_nothing_back(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    said = await world.ann.say(world.triage, "payments fail")
    await world.ann.redact(world.triage, await bob.react(world.triage, said, "🚨"))
    await world.ann.say(world.triage, "after")
    await world.bot.hears(MessageSent, 2)
    assert [type(each) for each in world.bot.heard] == [MessageSent, ReactionAdded, MessageSent]


async def test_only_the_author_edits_a_message(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    said = await world.ann.say(world.triage, "a decision")
    await bob.change(world.triage, said, "a forgery")
    await world.ann.change(world.triage, said, "a better decision")
    (edited,) = await world.bot.hears(MessageEdited)
    assert (edited.text, edited.author.id, edited.message.id) == ("a better decision", world.ann.id, said)
    assert [each.text for each in await world.bot.hears(MessageSent)] == ["a decision"]


async def test_a_deleted_message_says_by_whom(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    said = await bob.say(world.triage, "never mind")
    await world.ann.redact(world.triage, said)
    (deleted,) = await world.bot.hears(MessageDeleted)
    assert deleted.message.id == said
    assert deleted.by is not None
    assert deleted.by.id == world.ann.id


async def test_mentions_come_from_the_mention_list_and_from_ids_in_a_command(world: World) -> None:
    bob, mia = await world.person("bob"), await world.person("mia")
    await world.bot.start()
    pill = f'!inc assign ic <a href="https://matrix.to/#/{bob.id}">Bob &amp; Co</a>'
    rich: dict[str, Any] = {"format": "org.matrix.custom.html", "formatted_body": pill}
    await world.ann.say(world.triage, "!inc assign ic Bob & Co", **rich, **{"m.mentions": {"user_ids": [bob.id]}})
    await world.ann.say(world.triage, f"!inc assign ic {mia.id}")
    await world.ann.say(world.triage, f"ssh {mia.id}", **{"m.mentions": {"user_ids": [bob.id]}})
    first, second, third = await world.bot.hears(MessageSent, 3)
    assert [each.id for each in first.mentions] == [bob.id]
    assert first.text == f"!inc assign ic {bob.id}"
    assert [each.id for each in second.mentions] == [mia.id]
    assert [each.id for each in third.mentions] == [bob.id]


@pytest.mark.endure
async def test_a_name_that_is_not_to_be_had_is_asked_for_once(world: World) -> None:
    """Whoever is named in a command may be on a server that takes long to answer, or never does."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse | None:
        if "/profile/" in request.path:
            asked.append(request.path)
            if "slow" in request.path:
                await asyncio.sleep(20)
            return web.json_response({"errcode": "M_NOT_FOUND", "error": "no profile"}, status=404)
        return None

    async with in_between(world.server, answer) as address:
        bot = await world.process(homeserver=address).start()
        strangers = " ".join(f"@slow{at}:elsewhere.example @gone{at}:elsewhere.example" for at in range(10))
        began = time.monotonic()
        for _ in range(3):
            await world.ann.say(world.triage, f"!inc note {strangers}")
        heard = await bot.hears(MessageSent, 3)
        assert time.monotonic() - began < 6
        assert [each.name for each in heard[0].mentions][:2] == ["slow0", "gone0"]
        assert len(asked) == 20
        await bot.stop()


async def test_a_reply_is_heard_without_what_it_quotes(world: World) -> None:
    await world.bot.start()
    first = await world.ann.say(world.triage, "what now?")
    relation = {"m.in_reply_to": {"event_id": first}}
    await world.ann.say(world.triage, f"> <{world.ann.id}> what now?\n\n!inc board", **{"m.relates_to": relation})
    assert [each.text for each in await world.bot.hears(MessageSent, 2)] == ["what now?", "!inc board"]


async def test_bots_notices_and_malformed_events_are_silence(world: World) -> None:
    await world.bot.start()
    room = world.triage
    await world.ann.say(room, "first")
    await world.ann.send(room, "m.reaction", {})
    await world.ann.send(room, "m.room.message", {"msgtype": "m.notice", "body": "!inc declare by a bot"})
    await world.ann.send(room, "m.room.message", {"body": "x", "msgtype": "m.text", "formatted_body": None})
    await world.ann.send(room, "org.example", {"m.relates_to": {"rel_type": "m.replace"}})
    await world.ann.say(room, "last")
    await until(lambda: any(isinstance(each, MessageSent) and each.text == "last" for each in world.bot.heard))
    assert [each.text for each in world.bot.heard if isinstance(each, MessageSent) and each.text] == [
        "first",
        "x",
        "last",
    ]
    assert all(isinstance(each, MessageSent) for each in world.bot.heard)


async def test_losing_a_room_is_heard(world: World) -> None:
    await world.bot.start()
    await world.ann.kick(world.triage, world.account.id)
    (lost,) = await world.bot.hears(ChannelLost)
    assert lost.channel == world.at(world.triage)


async def test_whoever_leaves_or_is_put_out_is_gone_and_nobody_else(world: World) -> None:
    bob, mia, eve, kim = [await world.person(name) for name in ("bob", "mia", "eve", "kim")]
    jon = await world.stranger("jon")
    await world.bot.start()
    room = world.triage
    await world.ann.invite(room, jon.id)
    await jon.leave(room)  # an invitation that is turned down
    member = await kim.state(room, "m.room.member", kim.id)
    await kim.put_state(room, "m.room.member", {**member, "displayname": "Kim K"}, kim.id)
    await bob.leave(room)
    await world.ann.kick(room, mia.id)
    for who in (eve, bob):  # of whom one is there
        await world.ann.call("POST", f"/rooms/{room}/ban", {"user_id": who.id})
    await world.ann.say(room, "who is here?")
    await world.bot.hears(MessageSent)
    left = [each for each in world.bot.heard if isinstance(each, PersonLeft)]
    assert [(each.channel, each.who.id) for each in left] == [(world.at(room), one.id) for one in (bob, mia, eve)]
    assert len({each.source for each in left}) == 3


@pytest.mark.endure
@pytest.mark.parametrize("missed", [1, 130], ids=["in the timeline", "in a gap"])
async def test_who_left_while_the_bot_was_away_is_gone(world: World, missed: int) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    await bob.say(world.triage, "here")
    await world.bot.hears(MessageSent)
    await world.bot.stop()
    await bob.leave(world.triage)
    for at in range(missed):
        await world.ann.say(world.triage, str(at))
    again = await world.process().start()
    await again.hears(MessageSent, missed)
    (left,) = [each for each in again.heard if isinstance(each, PersonLeft)]
    assert left.who.id == bob.id
    assert again.heard.index(left) == 0


async def test_the_bot_enters_configured_rooms_when_invited_later_and_no_others(world: World) -> None:
    audience = await world.ann.create(alias=world.unique("support"))
    alias = (await world.ann.state(audience, "m.room.canonical_alias"))["alias"]
    bot = world.process(Notes(), audience_rooms=(alias,))
    await bot.start()
    third = await world.stranger("third")
    elsewhere = await world.ann.create(invite=[third.id, world.account.id])
    theirs = await third.create(invite=[world.account.id])
    await world.ann.invite(audience, world.account.id)
    while not any(isinstance(each, MessageSent) for each in bot.heard):
        await world.ann.say(audience, "hello")
    heard = await bot.hears(MessageSent)
    assert {each.message.channel.id for each in heard} == {audience}
    eyes = await world.as_bot()
    # Somebody in triage may have asked it in, and found that it does not stay among others.
    while await _membership(eyes, elsewhere) == "join":
        await world.ann.say(audience, "and now?")
    assert theirs not in (await eyes.call("GET", "/joined_rooms"))["joined_rooms"]


async def test_whoever_is_in_triage_may_talk_to_the_bot_alone(world: World) -> None:
    bot = await world.process(Notes()).start()
    direct = await world.ann.create(is_direct=True, invite=[world.account.id])
    while not [each for each in bot.heard if isinstance(each, MessageSent) and each.message.channel.id == direct]:
        await world.ann.say(direct, "!inc declare private")
    heard = [each for each in bot.heard if isinstance(each, MessageSent) and each.message.channel.id == direct]
    assert heard[-1].aside
    third = await world.person("third")
    await world.ann.invite(direct, third.id)
    said = await world.ann.say(direct, "!inc declare private")
    await until(lambda: any(isinstance(each, MessageSent) and each.message.id == said for each in bot.heard))
    [after] = [each for each in bot.heard if isinstance(each, MessageSent) and each.message.id == said]
    assert not after.aside


async def _membership(eyes: Person, room: str) -> str:
    rooms = (await eyes.call("GET", "/joined_rooms"))["joined_rooms"]
    return "join" if room in rooms else ""
