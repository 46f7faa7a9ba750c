"""Invitations: who may give one, and that none of them holds up what people say."""

from __future__ import annotations

import asyncio
import json
from random import Random

import pytest
from aiohttp import web
from matrix_between import html, in_between
from matrix_world import World
from running import Notes, Running, until

from core.clock import SystemClock
from core.port import Fatal, Temporary
from transports.matrix_chat.invitations import Invitations
from transports.signals import MessageSent

pytest_plugins = ["conftest_matrix"]


def texts(bot: Running) -> list[str]:
    return [each.text for each in bot.heard if isinstance(each, MessageSent)]


@pytest.mark.parametrize("trouble", ["refuses", pytest.param("hangs", marks=pytest.mark.endure)])
async def test_a_room_that_cannot_be_joined_for_now_holds_up_nobody_and_is_entered_in_the_end(
    world: World, trouble: str
) -> None:
    elsewhere = await world.ann.create(name="On a server that is away")
    away, asked = True, 0

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal asked
        if not away or "/join/" not in request.path or elsewhere[1:12] not in request.path:
            return None
        asked += 1
        if trouble == "hangs" and asked == 1:
            await asyncio.sleep(4)
        return html(502)

    async with in_between(world.server, answer) as address:
        bot = await world.process(homeserver=address, allow_invites_from=(world.ann.id,)).start()
        await world.ann.invite(elsewhere, world.account.id)
        await until(lambda: asked >= 1)
        await world.ann.say(world.triage, "payments fail")
        await until(lambda: texts(bot) == ["payments fail"], 3)
        away = False
        while "hello" not in texts(bot):
            await world.ann.say(elsewhere, "hello")
            await asyncio.sleep(0.2)
        await until(lambda: bot.notes.kept["invitations"] == "{}")
        await bot.stop()


async def test_an_invitation_that_was_not_answered_outlives_the_process(world: World) -> None:
    elsewhere = await world.ann.create(name="On a server that is away")
    refused = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse | None:
        if "/join/" in request.path and elsewhere[1:12] in request.path:
            refused.set()
            return html(502)
        return None

    async with in_between(world.server, answer) as address:
        bot = await world.process(homeserver=address, allow_invites_from=(world.ann.id,)).start()
        since = bot.notes.kept["since"]
        await world.ann.invite(elsewhere, world.account.id)
        await refused.wait()
        # The cursor moves past the invitation, which is not told a second time.
        await world.ann.say(world.triage, "and on")
        await until(lambda: bot.notes.kept["since"] != since)
        await bot.stop()
        assert json.loads(bot.notes.kept["invitations"]) == {elsewhere: world.ann.id}
    again = await world.process(allow_invites_from=(world.ann.id,)).start()
    while "hello" not in texts(again):
        await world.ann.say(elsewhere, "hello")
        await asyncio.sleep(0.2)


async def test_people_of_a_triage_room_that_is_entered_late_are_known_before_they_are_heard(world: World) -> None:
    """The room's members are asked for before its first word is judged, however the bot came in."""
    late = await world.ann.create(name="Second triage")
    standing: list[frozenset[str]] = []
    bot = world.process(triage=(late,))

    async def judge(signal: object) -> None:
        if isinstance(signal, MessageSent):
            standing.append(await bot.transport.standing(signal.author.id))

    bot.on_signal = judge
    await bot.start()
    assert await bot.transport.standing(world.ann.id) == frozenset()
    await world.ann.invite(late, world.account.id)
    while not bot.heard:
        await world.ann.say(late, "!inc declare payments fail")
    assert set(standing) == {frozenset({"triage"})}


async def test_strangers_invitations_are_not_accepted(world: World) -> None:
    eve = await world.stranger("eve")
    await world.bot.start()
    room = await eve.create(invite=[world.account.id])
    await until(lambda: world.bot.notes.kept.get("invitations") == "{}")
    eyes = await world.as_bot()
    assert room not in (await eyes.call("GET", "/joined_rooms"))["joined_rooms"]


async def test_each_is_answered_by_itself_and_by_whoever_invited_last() -> None:
    notes, answered, looked = Notes(), list[tuple[str, str]](), asyncio.Event()

    async def answer(room: str, by: str) -> None:
        answered.append((room, by))
        match len(answered):
            case 1:
                await looked.wait()
            case 2:
                raise Temporary("not now")
            case 3:
                raise Fatal("the account is refused")
            case 4:
                raise ValueError("a bug")

    async with Invitations(answer, notes, SystemClock(), Random(1)) as invitations:
        await invitations.take({"!a": "@eve"})
        await until(lambda: len(answered) == 1)
        await invitations.take({"!a": "@ann"})
        looked.set()
        await until(lambda: len(answered) == 3)
        await invitations.take({"!b": "@ann"})
        await until(lambda: notes.kept["invitations"] == "{}")
    assert answered == [("!a", "@eve"), ("!a", "@ann"), ("!a", "@ann"), ("!b", "@ann")]
