"""What Matrix and its homeserver do to a bot: gaps, restarts, outages, limits, refusals, nonsense."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import aiohttp
import pytest
from aiohttp import web
from matrix_between import html, in_between
from matrix_person import Person
from matrix_world import World, key, post
from pydantic import SecretStr
from running import Notes, Running, until
from synapse import Synapse
from yarl import URL

from core.clock import SystemClock
from core.port import Fatal, Temporary
from transports.matrix_chat import MatrixSettings, MatrixTransport
from transports.signals import MessageSent, ReactionAdded, ReactionRemoved, Signal

pytest_plugins = ["conftest_matrix"]


def token_of(bot: Running) -> str:
    return str(json.loads(bot.notes.kept["session"])["access_token"])


def texts(bot: Running) -> list[str]:
    return [each.text for each in bot.heard if isinstance(each, MessageSent)]


@pytest.mark.endure
async def test_what_was_missed_is_heard_once_and_in_order(world: World) -> None:
    """150 messages, 40 reactions and 10 of them taken back, in a room whose timeline shows 100 events."""
    await world.bot.start()
    first = await world.ann.say(world.triage, "0")
    await world.bot.hears(MessageSent)
    await world.bot.stop()
    for at in range(1, 151):
        await world.ann.say(world.triage, str(at))
    reactions = [await world.ann.react(world.triage, first, f"{at}") for at in range(40)]
    for reaction in reactions[:10]:
        await world.ann.redact(world.triage, reaction)
    again = await world.process().start()
    assert texts(again) == [str(at) for at in range(1, 151)]
    assert [each.emoji for each in await again.hears(ReactionAdded)] == [str(at) for at in range(10, 40)]
    assert [each.undoes for each in await again.hears(ReactionRemoved)] == [f"matrix:{each}" for each in reactions[:10]]
    await world.ann.say(world.triage, "and on")
    await until(lambda: texts(again)[-1] == "and on")
    assert max(Counter(each.source for each in again.heard).values()) == 1


@pytest.mark.endure
async def test_a_room_entered_while_much_was_said_is_heard_from_the_entering_on(world: World) -> None:
    await world.bot.start()
    busy = await world.ann.create(preset="public_chat")
    await asyncio.gather(*(world.ann.say(busy, f"old {at}") for at in range(130)))
    await world.bot.stop()
    eyes = await world.as_bot()
    await eyes.join(busy)
    for at in range(120):
        await world.ann.say(busy, f"new {at}")
    again = await world.process().start()
    assert texts(again) == [f"new {at}" for at in range(120)]


@pytest.mark.endure
async def test_an_empty_page_is_not_the_end_of_what_was_missed(world: World) -> None:
    """A server may hide all of a page's events and say where the next one begins."""
    begins = ""

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal begins
        if not request.path.endswith("/messages"):
            return None
        if not begins:
            begins = request.query["from"]
            return web.json_response({"chunk": [], "start": begins, "end": "onwards"})
        query = {**request.query, "from": begins} if request.query["from"] == "onwards" else request.query
        headers = {"Authorization": request.headers["Authorization"]}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(URL(world.server.url + request.path).with_query(query)) as page,
        ):
            return web.json_response(await page.json())

    await world.bot.start()
    await world.bot.stop()
    await asyncio.gather(*(world.ann.say(world.triage, str(at)) for at in range(120)))
    async with in_between(world.server, answer) as address:
        again = await world.process(homeserver=address).start()
        assert sorted(texts(again), key=int) == [str(at) for at in range(120)]
        await again.stop()


async def test_the_cursor_waits_for_the_inbox(world: World) -> None:
    """A process that dies while it handles the second of three messages hears the second and third again."""
    await world.bot.start()
    await world.bot.stop()
    for text in ("one", "two", "three"):
        await world.ann.say(world.triage, text)
    dying, reached = world.process(), asyncio.Event()

    async def die_on_two(signal: Signal) -> None:
        if isinstance(signal, MessageSent) and signal.text == "two":
            reached.set()
            await asyncio.Event().wait()

    dying.on_signal = die_on_two
    starting = asyncio.create_task(dying.start())
    await reached.wait()
    starting.cancel()
    await dying.stop()
    assert texts(dying) == ["one"]
    again = await world.process().start()
    assert texts(again)[-2:] == ["two", "three"]


async def test_a_lost_cursor_replays_minutes_and_not_years(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.bot.start()
    await world.ann.say(world.triage, "a while ago")
    await world.bot.hears(MessageSent)
    await world.bot.stop()
    del world.bot.notes.kept["since"]
    again = await world.process().start()
    assert texts(again) == ["a while ago"]
    await again.stop()
    del world.bot.notes.kept["since"]
    monkeypatch.setattr("transports.matrix_chat.sync_loop.FRESH", 0)
    later = await world.process().start()
    assert texts(later) == []


async def test_a_limited_account_is_told_so_at_once_and_goes_on_hearing(world: World) -> None:
    await world.bot.start()
    world.server.limit(world.account, 1, 3)
    transport, began = world.bot.transport, time.monotonic()
    sent = await asyncio.gather(
        *(transport.send(world.at(world.triage), post(str(at)), key(f"l{at}")) for at in range(8)),
        return_exceptions=True,
    )
    assert time.monotonic() - began < 3
    refused = [each for each in sent if isinstance(each, Temporary)]
    assert len(refused) >= 3
    assert all(each.retry_after is not None and 0 < each.retry_after < 30 for each in refused)
    await world.ann.say(world.triage, "still listening?")
    assert [each.text for each in await world.bot.hears(MessageSent)] == ["still listening?"]
    world.server.unlimit(world.account)


async def test_a_refused_token_ends_the_process_with_a_line_that_says_what_to_do(world: World) -> None:
    token = SecretStr((await world.as_bot()).user.token)
    bot = await world.process(Notes(), password=None, access_token=token).start()
    eyes = await world.as_bot()
    await eyes.call("POST", "/logout", {})
    assert bot.task is not None
    with pytest.raises(Fatal, match=r"refused the access token of @tocsin.*TOCSIN_TRANSPORTS__MATRIX__ACCESS_TOKEN"):
        await asyncio.wait_for(bot.task, 10)
    with pytest.raises(Fatal, match="refused the access token") as fatal:
        await world.process(Notes(), password=None, access_token=token).start()
    assert token.get_secret_value() not in str(fatal.value)


async def test_a_refused_password_and_a_strangers_token_are_named(world: World) -> None:
    with pytest.raises(Fatal, match=r"refused the password of @tocsin.*check TOCSIN_TRANSPORTS__MATRIX__PASSWORD"):
        await world.process(Notes(), password=SecretStr("wrong")).start()
    with pytest.raises(Fatal, match="belongs to @ann"):
        await world.process(Notes(), password=None, access_token=SecretStr(world.ann.user.token)).start()
    with pytest.raises(Fatal, match="neither password nor access_token"):
        await world.process(Notes(), password=None).start()


async def test_with_a_password_a_refused_token_is_renewed_on_the_same_device(world: World) -> None:
    await world.bot.start()
    board = await world.bot.transport.send(world.at(world.triage), post("board"), key("d"))
    eyes = await world.as_bot()
    before = {each["device_id"] for each in (await eyes.call("GET", "/devices"))["devices"]}
    kept = world.bot.notes.kept["session"]
    async with Person(world.server, replace(world.account, token=token_of(world.bot))) as admin:
        await admin.call("POST", "/logout", {})
    await until(lambda: world.bot.notes.kept["session"] != kept)
    await world.ann.say(world.triage, "back?")
    await world.bot.hears(MessageSent)
    assert {each["device_id"] for each in (await eyes.call("GET", "/devices"))["devices"]} == before
    await world.bot.transport.edit(board, post("newer"), key("e"))
    await world.bot.stop()
    async with Person(world.server, replace(world.account, token=token_of(world.bot))) as admin:
        await admin.call("POST", "/logout", {})
    again = await world.process().start()
    assert await again.transport.standing(world.ann.id) == {"triage"}
    assert {each["device_id"] for each in (await eyes.call("GET", "/devices"))["devices"]} == before


async def test_a_restart_signs_in_as_the_same_device_without_the_password(world: World) -> None:
    await world.bot.start()
    await world.bot.stop()
    again = world.process(password=SecretStr("changed since"))
    await again.start()
    eyes = await world.as_bot()
    assert len((await eyes.call("GET", "/devices"))["devices"]) == 2  # the eyes' own, and the bot's


@pytest.mark.endure
async def test_a_homeserver_killed_for_fifteen_seconds_costs_nothing(tmp_path: Path) -> None:
    server = Synapse(tmp_path).start()
    try:
        account, ann_user = server.register("tocsin"), server.register("ann")
        async with Person(server, ann_user) as ann:
            triage = await ann.create(invite=[account.id])
            settings = MatrixSettings(
                homeserver=server.url, user_id=account.id, password=SecretStr(account.password), triage=(triage,)
            )
            bot = await Running(MatrixTransport(settings, SystemClock(), Random(1)), Notes()).start()
            await ann.say(triage, "before")
            await bot.hears(MessageSent)
            server.kill()
            with pytest.raises(Temporary):
                await bot.transport.send(await bot.transport.resolve(triage), post("x"), key("x"))
            await asyncio.sleep(15)
            server.start()
            began = time.monotonic()
            await ann.say(triage, "after")
            await until(lambda: texts(bot) == ["before", "after"])
            assert time.monotonic() - began < 7
            sent = await bot.transport.send(await bot.transport.resolve(triage), post("x"), key("x"))
            assert [e["event_id"] for e in await ann.messages(triage) if e["sender"] == account.id] == [sent.id]
            await bot.stop()
    finally:
        server.stop()


async def cut(request: web.Request) -> web.StreamResponse:
    """An answer that ends before it is whole."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"next_batch": "s1", ')
    assert request.transport is not None
    request.transport.close()
    return response


@pytest.mark.parametrize("nonsense", ["html 200", "html 502", "json 500", "not matrix", "cut short"])
async def test_nonsense_between_bot_and_server_is_survived_without_haste(world: World, nonsense: str) -> None:
    broken, asked = asyncio.Event(), 0

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal asked
        if not broken.is_set():
            return None
        asked += 1
        match nonsense:
            case "html 200":
                return html(200)
            case "html 502":
                return html(502)
            case "json 500":
                return web.json_response({"errcode": "M_UNKNOWN", "error": "Internal server error"}, status=500)
            case "not matrix":
                return web.json_response(["surprise"], status=200)
            case _:
                return await cut(request)

    async with in_between(world.server, answer) as address:
        bot = await world.process(Notes(), homeserver=address).start()
        broken.set()
        await world.ann.say(world.triage, "wake up")
        with pytest.raises(Temporary):
            await bot.transport.send(world.at(world.triage), post("x"), key(nonsense))
        await asyncio.sleep(1.0)
        assert 1 <= asked <= 10
        broken.clear()
        await world.ann.say(world.triage, "well again")
        await until(lambda: "well again" in texts(bot))
        assert texts(bot) == ["wake up", "well again"]
        await bot.transport.send(world.at(world.triage), post("x"), key(nonsense))
        await bot.stop()


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_makes_one_message(world: World) -> None:
    lose = True

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal lose
        if lose and "/send/" in request.path:
            lose = False
            body = await request.read()
            async with aiohttp.ClientSession() as session:
                target = URL(world.server.url + request.raw_path, encoded=True)
                headers = {"Authorization": request.headers["Authorization"]}
                await (await session.put(target, data=body, headers=headers)).read()
            return html(504)
        return None

    async with in_between(world.server, answer) as address:
        bot = await world.process(Notes(), homeserver=address).start()
        with pytest.raises(Temporary):
            await bot.transport.send(world.at(world.triage), post("once"), key("once"))
        sent = await bot.transport.send(world.at(world.triage), post("once"), key("once"))
        assert [event["event_id"] for event in await world.ann.messages(world.triage)] == [sent.id]
        await bot.stop()


@pytest.mark.endure
async def test_rooms_of_closed_incidents_cost_nothing_at_the_next_start(world: World) -> None:
    async def pass_on(request: web.Request) -> None:
        return None

    async def start() -> list[tuple[str, int]]:
        sizes: list[tuple[str, int]] = []
        async with in_between(world.server, pass_on, sizes) as address:
            bot = await world.process(homeserver=address).start()
            at_ready = sizes.copy()
            await bot.stop()
            return at_ready

    await world.bot.start()
    await world.bot.stop()
    alone = await start()
    closing = await world.process().start()
    for at in range(20):
        room = await closing.transport.open_channel(world.plan(world.unique(f"inc-{at}")))
        await closing.transport.send(room, post("summary"), key(f"{at}"))
        await closing.transport.set_locked(room, True)
    await world.ann.say(world.triage, "so that the cursor is kept")
    await closing.hears(MessageSent)
    await until(lambda: closing.heard != [])
    await closing.stop()
    await start()  # takes in the rest of its own echo
    crowded = await start()
    assert [path for path, _ in crowded] == [path for path, _ in alone]
    assert sum(size for _, size in crowded) <= sum(size for _, size in alone) + 200


async def test_whatever_has_just_arrived_a_process_that_is_told_to_stop_stops(world: World) -> None:
    for turn in range(25):
        bot = await world.process().start()
        await world.ann.say(world.triage, f"{turn}")
        async with asyncio.timeout(5):
            await bot.stop()


@pytest.mark.endure
@pytest.mark.parametrize("for_good", [False, True])
async def test_what_a_look_up_would_have_told_is_waited_for_but_not_for_ever(
    world: World, for_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An un-reaction needs the event that it took back; the server fails on that, twice or always."""
    asked = 0

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal asked
        if "/event/" not in request.path:
            return None
        asked += 1
        return html(500) if for_good or asked <= 2 else None

    monkeypatch.setattr("transports.matrix_chat.sync_loop.TRIES", 3)
    async with in_between(world.server, answer) as address:
        bot = await world.process(homeserver=address).start()
        said = await world.ann.say(world.triage, "payments fail")
        await world.ann.redact(world.triage, await world.ann.react(world.triage, said, "🚨"))
        await world.ann.say(world.triage, "next")
        await until(lambda: "next" in texts(bot))
        assert texts(bot) == ["payments fail", "next"]
        assert len([each for each in bot.heard if isinstance(each, ReactionRemoved)]) == (0 if for_good else 1)
        assert asked == (4 if for_good else 3)
        await bot.stop()
