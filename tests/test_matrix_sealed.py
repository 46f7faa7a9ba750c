"""Encrypted rooms on a real Synapse, with people whose clients encrypt."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nio
import nio.event_builders
import pytest
import pytest_asyncio
from matrix_person import Person
from matrix_sealed import SealedPerson, comes
from matrix_world import World, key, post
from pydantic import SecretStr
from running import Running
from synapse import Synapse

from core.incident.document import File
from core.incident.vocabulary import MessageRef
from core.port import Fatal, Missing
from transports.matrix_chat import sealed
from transports.signals import MessageEdited, MessageSent, PersonLeft, ReactionAdded

pytest_plugins = ["conftest_matrix"]

pytestmark = pytest.mark.endure

CANARY = "zebra-quartz-47"


class Vault:
    """A bot with encrypted incident rooms, in one of them; people's devices come as they are asked for."""

    def __init__(self, world: World, home: Path, stack: AsyncExitStack) -> None:
        self.world = world
        self.home = home
        self.keys = home / "matrix-keys"
        self._stack = stack
        self._devices = 0
        self.people: dict[str, Person] = {}

    def process(self, **settings: Any) -> Running:
        return self.world.process(encrypted=True, keys=self.keys, **settings)

    async def open(self) -> Vault:
        self.bot = await self.process().start()
        self.room = await self.bot.transport.open_channel(self.world.plan(self.world.unique("inc-sealed")))
        return self

    async def again(self) -> Running:
        """The bot as the next process."""
        await self.bot.stop()
        self.bot = await self.process().start()
        return self.bot

    async def device(self, person: Person) -> SealedPerson:
        self._devices += 1
        device = SealedPerson(self.world.server, person.user, self.home / f"device{self._devices}")
        return await self._stack.enter_async_context(device)

    async def person(self, name: str) -> SealedPerson:
        """Somebody of triage, with one device that encrypts, in the room."""
        self.people[name] = await self.world.person(name)
        device = await self.device(self.people[name])
        await device.join(self.room.id)
        return device

    async def send(self, words: str, name: str = "", **more: Any) -> MessageRef:
        return await self.bot.transport.send(self.room, post(words, **more), key(name or words))

    async def heard(self, count: int) -> list[str]:
        return [each.text for each in await self.bot.hears(MessageSent, count)]


@pytest_asyncio.fixture
async def vault(world: World, tmp_path: Path) -> AsyncIterator[Vault]:
    async with AsyncExitStack() as stack:
        yield await Vault(world, tmp_path, stack).open()


def everything(server: Synapse) -> bytes:
    """All that the homeserver has on its disk."""
    return b"".join(path.read_bytes() for path in server.home.rglob("*") if path.is_file())


async def test_words_edits_and_files_go_both_ways_and_the_server_never_sees_them(vault: Vault) -> None:
    bob = await vault.person("bob")
    board = await vault.send(f"board {CANARY}")
    file = File(f"{CANARY}.md", "text/markdown", lambda: f"notes {CANARY}")
    paper = await vault.send(f"file {CANARY}", file=file)
    await vault.bot.transport.edit(board, post(f"edited {CANARY}"), key("e1"))
    await vault.bot.transport.edit(paper, post(f"refiled {CANARY}", file=file), key("e2"))
    said = await bob.say(vault.room.id, f"!inc update {CANARY}")
    await bob.change(vault.room.id, said, f"!inc update better {CANARY}")
    thread = {"rel_type": "m.thread", "event_id": board.id}
    await bob.say(vault.room.id, f"in a thread {CANARY}", **{"m.relates_to": thread})
    assert await vault.heard(2) == [f"!inc update {CANARY}", f"in a thread {CANARY}"]
    assert (await vault.bot.hears(MessageSent, 2))[1].thread == board
    [edited] = await vault.bot.hears(MessageEdited)
    assert (edited.message.id, edited.text) == (said, f"!inc update better {CANARY}")
    await bob.reads(vault.room.id, f"refiled {CANARY}", vault.world.account.id)
    assert await bob.texts(vault.room.id, vault.world.account.id) == [f"edited {CANARY}", f"refiled {CANARY}"]
    assert (await vault.bot.transport.read(board)).text == f"edited {CANARY}"
    assert (await vault.bot.transport.read(MessageRef(channel=vault.room, id=said))).text.endswith("better " + CANARY)
    last = (await bob.history(vault.room.id))[-1]
    assert last["type"] == "m.room.message"
    assert CANARY.encode() not in everything(vault.world.server)


async def test_after_a_restart_it_reads_on_and_finds_its_own_cards(vault: Vault) -> None:
    bob = await vault.person("bob")
    board = await vault.send("board", card="board")
    device = vault.bot.notes.kept["session"]
    await vault.bot.stop()
    await bob.say(vault.room.id, "!inc while you were away")
    bot = await vault.again()
    assert vault.bot.notes.kept["session"] == device
    assert await vault.heard(1) == ["!inc while you were away"]
    found = await bot.transport.marked(vault.room, "inc-a", 1, datetime.now(UTC) - timedelta(hours=1))
    assert found == {"board": board}
    # The same key is the same message, whatever its ciphertext.
    assert await vault.send("board", card="board") == board
    await bot.transport.edit(board, post("after the restart"), key("edit"))
    await bob.reads(vault.room.id, "after the restart", vault.world.account.id)


async def test_whoever_comes_later_reads_the_cards_and_whoever_leaves_reads_no_more(vault: Vault) -> None:
    bob = await vault.person("bob")
    await vault.send("first")
    await vault.again()
    await vault.send("second")
    cat = await vault.person("cat")
    await cat.reads(vault.room.id, "first", vault.world.account.id)
    await cat.reads(vault.room.id, "second", vault.world.account.id)
    phone = await vault.device(vault.people["cat"])
    await vault.send("third")
    await phone.reads(vault.room.id, "third", vault.world.account.id)
    await bob.client.room_leave(vault.room.id)
    await vault.bot.hears(PersonLeft)
    await vault.send("fourth")
    await cat.reads(vault.room.id, "fourth", vault.world.account.id)
    await phone.reads(vault.room.id, "first", vault.world.account.id)
    newest = (await vault.people["cat"].history(vault.room.id))[-1]
    assert newest["type"] == "m.room.encrypted"
    # The server would give him the event all the same: it is the key that he has not.
    his = {session.id for session in bob.client.olm.inbound_group_store}
    hers = {session.id for session in cat.client.olm.inbound_group_store}
    assert newest["content"]["session_id"] in hers - his


async def test_orders_in_clear_are_not_obeyed_and_their_authors_told_so(vault: Vault) -> None:
    bob = await vault.person("bob")
    clear = vault.people["bob"]
    said = await bob.say(vault.room.id, "in secret")
    await vault.heard(1)
    order = await clear.say(vault.room.id, "!inc close")
    await clear.change(vault.room.id, said, "!inc close it by an edit")
    await clear.say(vault.room.id, "only talk in clear")
    await bob.reads(vault.room.id, "was not, so I did not act on it", vault.world.account.id)
    await clear.react(vault.room.id, said, "✅")
    await vault.bot.hears(ReactionAdded)
    assert await vault.heard(1) == ["in secret"]
    assert not [each for each in vault.bot.heard if isinstance(each, MessageEdited)]
    await comes(lambda: _answers(vault, bob, 2), "the second answer")
    answered = {each["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] for each in await _notices(vault, bob)}
    assert order in answered
    assert len(answered) == 2


async def _answers(vault: Vault, who: SealedPerson, count: int) -> bool:
    return len(await _notices(vault, who)) >= count


async def _notices(vault: Vault, who: SealedPerson) -> list[dict[str, Any]]:
    said = await who.history(vault.room.id)
    return [each for each in said if each["content"].get("msgtype") == "m.notice"]


async def test_an_order_before_its_key_waits_for_it_even_through_a_restart(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await vault.person("bob")
    with held_back(monkeypatch, bob) as handed_out:
        await bob.say(vault.room.id, "!inc too early")
        await comes(lambda: _waits(vault), "that it waits")
        assert await vault.heard(0) == []
        await vault.again()
        await handed_out()
    assert await vault.heard(1) == ["!inc too early"]
    assert json.loads(vault.bot.notes.kept["unread"]) == {}


async def test_an_order_whose_key_never_comes_is_asked_for_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = await vault.person("bob")
    with held_back(monkeypatch, bob) as handed_out:
        lost = [await bob.say(vault.room.id, words) for words in ("!inc lost", "!inc lost too")]
        await comes(lambda: _waits(vault, lost[1]), "that both wait")
        monkeypatch.setattr(sealed, "PATIENCE", timedelta(0))
        await bob.reads(vault.room.id, "I cannot read your message from", vault.world.account.id)
        await comes(lambda: _waits(vault, nothing=True), "that it is let go")
        # Who was asked to say it again says it again: the late key brings nothing back.
        await handed_out()
    await bob.say(vault.room.id, "!inc again")
    assert await vault.heard(1) == ["!inc again"]
    [notice] = await _notices(vault, bob)
    assert notice["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == lost[0]


async def _waits(vault: Vault, event: str = "", *, nothing: bool = False) -> bool:
    waiting = json.loads(vault.bot.notes.kept.get("unread", "{}"))
    return waiting == {} if nothing else event in waiting if event else bool(waiting)


@contextmanager
def held_back(monkeypatch: pytest.MonkeyPatch, who: SealedPerson) -> Iterator[Callable[[], Awaitable[None]]]:
    """A client whose keys to what it writes do not leave it before `handed_out` is called."""
    held: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    send = who.client._send

    async def hold(kind: Any, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if "/sendToDevice/" in path:
            held.append(((kind, method, path, *rest), more))
            answer = kind(*more["response_data"])
            await who.client.receive_response(answer)
            return answer
        return await send(kind, method, path, *rest, **more)

    async def handed_out() -> None:
        monkeypatch.setattr(who.client, "_send", send)
        for request, rest in held:
            await send(*request, **rest)

    monkeypatch.setattr(who.client, "_send", hold)
    yield handed_out
    monkeypatch.setattr(who.client, "_send", send)


async def test_lost_keys_make_a_new_device_that_says_so_and_goes_on(vault: Vault) -> None:
    bob = await vault.person("bob")
    file = File("notes.md", "text/markdown", lambda: "notes")
    board, paper = await vault.send("board"), await vault.send("paper", file=file)
    before = json.loads(vault.bot.notes.kept["session"])["device_id"]
    await vault.bot.stop()
    await bob.say(vault.room.id, "!inc nobody reads this")
    shutil.rmtree(vault.keys)
    bot = await vault.again()
    after = json.loads(vault.bot.notes.kept["session"])["device_id"]
    assert after != before
    said = [each["content"].get("body", "") for each in await vault.world.ann.messages(vault.world.triage)]
    await comes(lambda: _told(vault, "signed in as a new device"), f"the news in triage: {said}")
    # What is only words is edited as before; a file that nobody can carry on is posted anew, which `Missing` means.
    await bot.transport.edit(board, post("board goes on"), key("e1"))
    with pytest.raises(Missing):
        await bot.transport.edit(paper, post("paper", file=file), key("e2"))
    await bob.reads(vault.room.id, "board goes on", vault.world.account.id)
    await bob.say(vault.room.id, "!inc do you read me")
    assert await vault.heard(1) == ["!inc do you read me"]
    devices = {each["device_id"] for each in (await (await vault.world.as_bot()).call("GET", "/devices"))["devices"]}
    assert before not in devices


async def _told(vault: Vault, words: str) -> bool:
    said = await vault.world.ann.messages(vault.world.triage)
    return any(words in each["content"].get("body", "") for each in said)


async def test_without_a_password_lost_keys_end_the_start_with_the_way_out(vault: Vault) -> None:
    await vault.bot.stop()
    session = json.loads(vault.bot.notes.kept["session"])
    shutil.rmtree(vault.keys)
    bot = vault.process(password=None, access_token=SecretStr(session["access_token"]))
    with pytest.raises(Fatal, match="put them back from the backup, or set TOCSIN_TRANSPORTS__MATRIX__PASSWORD"):
        await bot.start()


async def test_keys_lie_in_a_folder_of_their_own_that_nobody_else_may_read(vault: Vault) -> None:
    await vault.send("x")
    assert stat.S_IMODE(vault.keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in vault.keys.iterdir()} == {0o600}


async def test_a_key_request_from_a_member_is_answered_and_from_others_is_not(vault: Vault) -> None:
    bob = await vault.person("bob")
    await vault.send("card")
    await bob.reads(vault.room.id, "card", vault.world.account.id)
    [event] = [each for each in (await bob.client.room_messages(vault.room.id, limit=20)).chunk if each.decrypted]
    [session] = [each for each in bob.client.olm.inbound_group_store if each.id == event.session_id]
    bob.client.olm.inbound_group_store[vault.room.id][session.sender_key].clear()
    eve = await vault.device(await vault.world.stranger("eve"))
    for asking in (bob, eve):
        body = {"algorithm": "m.megolm.v1.aes-sha2", "room_id": vault.room.id, "session_id": session.id}
        content = {
            "action": "request",
            "body": {**body, "sender_key": session.sender_key},
            "request_id": f"r{asking.device}",
            "requesting_device_id": asking.device,
        }
        message = nio.event_builders.ToDeviceMessage("m.room_key_request", vault.world.account.id, "*", content)
        await asking.client.to_device(message)
    await bob.reads(vault.room.id, "card", vault.world.account.id)
    assert session.id not in {each.id for each in eve.client.olm.inbound_group_store}
