"""Keys that were set back, repeated or held up, on a real Synapse."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from matrix_between import html, in_between
from matrix_person import Person
from matrix_sealed import comes
from matrix_world import World, key, post
from running import until
from test_matrix_sealed import Vault

from core.port import Fatal, Temporary
from transports.signals import MessageSent

pytest_plugins = ["conftest_matrix"]

pytestmark = pytest.mark.endure


@pytest_asyncio.fixture
async def vault(world: World, tmp_path: Path) -> AsyncIterator[Vault]:
    async with AsyncExitStack() as stack:
        yield await Vault(world, tmp_path, stack).open()


def device_of(vault: Vault) -> str:
    return str(json.loads(vault.bot.notes.kept["session"])["device_id"])


def store(vault: Vault) -> Path:
    [path] = [each for each in vault.keys.iterdir() if device_of(vault) in each.name and each.suffix == ".db"]
    return path


def trouble(vault: Vault) -> str:
    return str(vault.bot.transport.trouble())  # type: ignore[attr-defined]


async def test_an_old_order_under_a_new_id_is_not_obeyed_by_the_next_process(vault: Vault) -> None:
    bob = await vault.person("bob")
    order = await bob.say(vault.room.id, "!inc page again")
    assert await vault.heard(1) == ["!inc page again"]
    person = vault.people["bob"]
    old = await person.call("GET", f"/rooms/{vault.room.id}/event/{order}")
    await vault.again()
    await person.send(vault.room.id, "m.room.encrypted", old["content"])
    await bob.say(vault.room.id, "after it")
    assert await vault.heard(1) == ["after it"]


async def test_keys_set_back_by_an_old_backup_are_lost_keys_and_no_endless_refusal(
    vault: Vault, tmp_path: Path
) -> None:
    await vault.bot.stop()
    before, old = device_of(vault), tmp_path / "backup"
    shutil.copytree(vault.keys, old)
    await (await vault.again()).stop()
    # The newer ones go through as many keys as it takes until both make some of the same name.
    as_bot = await vault.world.as_bot()
    await use_up(vault, 30)
    bot = await vault.again()
    await comes(lambda: _count(vault, 40), "that new keys are published")
    await bot.stop()
    await use_up(vault, 30)
    shutil.rmtree(vault.keys)
    shutil.copytree(old, vault.keys)
    await vault.again()
    await until(lambda: device_of(vault) != before)
    bob = await vault.person("bob")
    await comes(lambda: _told(vault, "signed in as a new device"), "the news in triage")
    await bob.say(vault.room.id, "!inc do you read me")
    assert (await vault.heard(1))[-1] == "!inc do you read me"
    devices = {each["device_id"] for each in (await as_bot.call("GET", "/devices"))["devices"]}
    assert before not in devices


async def test_the_news_of_lost_keys_outlives_a_process_that_could_not_tell_it(vault: Vault) -> None:
    before = device_of(vault)
    await vault.bot.stop()
    shutil.rmtree(vault.keys)

    tries = 0

    async def answer(request: web.Request) -> web.StreamResponse | None:
        nonlocal tries
        if "/send/" not in request.path:
            return None
        tries += 1
        return html(502)

    async with in_between(vault.world.server, answer) as address:
        bot = await vault.process(homeserver=address).start()
        await asyncio.sleep(0.5)
        await bot.stop()
    assert tries == 1
    assert device_of(vault) != before
    assert not await _told(vault, "signed in as a new device")
    await vault.again()
    await comes(lambda: _told(vault, "signed in as a new device"), "the news in triage")
    await vault.again()
    await asyncio.sleep(0.5)
    said = [each["content"].get("body", "") for each in await vault.world.ann.messages(vault.world.triage)]
    assert sum("signed in as a new device" in words for words in said) == 1


async def use_up(vault: Vault, count: int) -> None:
    body = {"one_time_keys": {vault.world.account.id: {device_of(vault): "signed_curve25519"}}}
    for _ in range(count):
        await vault.world.ann.call("POST", "/keys/claim", body)


async def _count(vault: Vault, least: int) -> bool:
    session = json.loads(vault.bot.notes.kept["session"])
    async with Person(vault.world.server, replace(vault.world.account, token=session["access_token"])) as bot:
        counts = (await bot.call("POST", "/keys/upload", {}))["one_time_key_counts"]
    return bool(counts.get("signed_curve25519", 0) >= least)


async def _told(vault: Vault, words: str) -> bool:
    said = await vault.world.ann.messages(vault.world.triage)
    return any(words in each["content"].get("body", "") for each in said)


async def test_damaged_or_absent_keys_are_named_by_the_doctor_and_damaged_ones_end_the_start(vault: Vault) -> None:
    await vault.send("card")
    await vault.bot.stop()
    path = store(vault)
    path.write_bytes(found := path.read_bytes()[:5000])
    line = re.escape(f"the keys in {path} are damaged; put them back from the backup, or move the file away")
    with pytest.raises(Fatal, match=line):
        await vault.process().start()
    looking = await vault.process(look=True).start()
    with pytest.raises(Fatal, match=line):
        await looking.transport.keys_found()  # type: ignore[attr-defined]
    assert path.read_bytes() == found
    path.unlink()
    [absent] = [each for each in await looking.transport.keys_found() if each.well is False]  # type: ignore[attr-defined]
    assert "put the backup back" in absent.mend
    assert not path.exists()
    # The way out that the line names.
    await vault.again()
    await comes(lambda: _told(vault, "signed in as a new device"), "the news in triage")


async def test_a_bot_that_cannot_read_itself_says_so_where_it_is_looked_for(vault: Vault) -> None:
    await vault.send("card")
    assert trouble(vault) == ""
    await vault.bot.stop()
    with sqlite3.connect(store(vault)) as kept:
        kept.execute("DELETE FROM megolminboundsessions")
    await vault.again()
    await until(lambda: "cannot be read by it" in trouble(vault))
    await comes(lambda: _told(vault, "cannot be read by it"), "the news in triage")


async def test_a_bot_that_cannot_read_itself_any_more_says_so_while_it_runs(vault: Vault) -> None:
    await vault.send("card")
    keys: Any = vault.bot.transport._keys  # type: ignore[attr-defined]
    await asyncio.sleep(0.5)
    assert trouble(vault) == ""
    for held in keys.olm.inbound_group_store[vault.room.id].values():
        held.clear()
    await vault.send("next")
    await until(lambda: "cannot be read by it" in trouble(vault))
    await comes(lambda: _told(vault, "cannot be read by it"), "the news in triage")


async def test_whoever_is_slow_to_tell_their_devices_holds_up_no_other_room(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await vault.person("bob")
    other = await vault.bot.transport.open_channel(vault.world.plan(vault.world.unique("inc-other")))
    await vault.send("first")
    client: Any = vault.bot.transport._session.client  # type: ignore[attr-defined]
    send, asked, never = client._send, asyncio.Event(), asyncio.Event()

    async def slow(kind: Any, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if "/keys/query" in path and any(bob.id in str(each) for each in rest):
            asked.set()
            await never.wait()
        return await send(kind, method, path, *rest, **more)

    monkeypatch.setattr(client, "_send", slow)
    await vault.device(vault.people["bob"])
    await asyncio.wait_for(asked.wait(), 60)
    await asyncio.wait_for(vault.bot.transport.send(other, post("there"), key("there")), 60)
    never.set()


async def test_an_order_whose_key_finds_no_room_on_the_disk_is_heard_once_there_is_some(vault: Vault) -> None:
    bob = await vault.person("bob")
    await bob.say(vault.room.id, "before")
    await vault.heard(1)
    keys: Any = vault.bot.transport._keys  # type: ignore[attr-defined]
    keys._database.execute_sql("PRAGMA max_page_count=1")
    orders: list[str] = []
    while trouble(vault) == "":
        # Each in a session of its own, whose key has to be kept, until no page is left.
        bob.client.olm.outbound_group_sessions.pop(vault.room.id, None)
        orders.append(f"!inc note {len(orders)}")
        await bob.say(vault.room.id, orders[-1])
        await asyncio.sleep(0.2)
    assert "cannot be used now (SQLITE_FULL)" in trouble(vault)
    keys._database.execute_sql("PRAGMA max_page_count=100000")
    assert await vault.heard(1 + len(orders)) == ["before", *orders]
    assert trouble(vault) == ""
    await vault.again()
    await bob.say(vault.room.id, "after")
    assert await vault.heard(1) == ["after"]


async def test_a_device_that_comes_while_the_list_of_devices_is_under_way_reads_too(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await vault.person("bob")
    await vault.send("first")
    client: Any = vault.bot.transport._session.client  # type: ignore[attr-defined]
    keys: Any = vault.bot.transport._keys  # type: ignore[attr-defined]
    send, asked, go_on = client._send, asyncio.Event(), asyncio.Event()

    async def late(kind: Any, method: str, path: str, *rest: Any, **more: Any) -> Any:
        answer = await send(kind, method, path, *rest, **more)
        if "/keys/query" in path and not asked.is_set():
            asked.set()
            await go_on.wait()
        return answer

    monkeypatch.setattr(client, "_send", late)
    await vault.device(vault.people["bob"])
    await asyncio.wait_for(asked.wait(), 60)
    keys.olm.users_for_key_query.clear()
    phone = await vault.device(vault.people["bob"])
    await until(lambda: bob.id in keys.olm.users_for_key_query)
    go_on.set()
    await phone.reads(vault.room.id, "first", vault.world.account.id)


async def test_nothing_is_said_in_clear_before_the_keys_are_taken_up(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.send("sealed")
    transport: Any = vault.bot.transport
    monkeypatch.setattr(transport, "_sealed", None)
    with pytest.raises(Temporary, match="keys"):
        await vault.send("too early")
    history = await (await vault.world.as_bot()).messages(vault.room.id)
    assert not [each for each in history if each["content"].get("body") == "too early"]


async def test_in_an_encrypted_room_of_two_the_bot_reads_and_answers(vault: Vault) -> None:
    bob = await vault.person("bob")
    sealing = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    room = await vault.people["bob"].create(
        preset="trusted_private_chat", is_direct=True, invite=[vault.world.account.id], initial_state=[sealing]
    )
    bot = await vault.world.as_bot()

    async def inside() -> bool:
        return room in (await bot.call("GET", "/joined_rooms"))["joined_rooms"]

    await comes(inside, "the bot in the room")
    await bob.join(room)
    await bob.say(room, "!inc declare private theft")
    [said] = await vault.bot.hears(MessageSent)
    assert (said.text, said.message.channel.id, said.aside) == ("!inc declare private theft", room, True)
    await vault.bot.transport.send(said.message.channel, post("answer"), key("answer"))
    await bob.reads(room, "answer", vault.world.account.id)
