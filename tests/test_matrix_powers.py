"""What a room does not let the bot do, on a real Synapse: said once, in words, where it can be said, and not tried for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from matrix_person import Person
from matrix_world import World
from permission_chats import running_on
from permission_doors import TITLE
from running import Notes, until
from structlog.testing import capture_logs
from synapse import Synapse

from bot.wiring import Tocsin
from core.incident.vocabulary import MessageRef
from core.port import Forbidden, Transport
from transports.matrix_chat.powers import Powers
from transports.signals import MessageSent

pytest_plugins = ["conftest_matrix"]

WE = "@tocsin:test"


def state(levels: dict[str, Any] | None, version: str = "10", creator: str = WE) -> list[dict[str, Any]]:
    create = {"type": "m.room.create", "state_key": "", "sender": creator, "content": {"room_version": version}}
    given = [] if levels is None else [{"type": "m.room.power_levels", "state_key": "", "content": levels}]
    return [create, *given]


@pytest.mark.parametrize(
    ("levels", "act", "lacks"),
    [
        (None, "m.room.pinned_events", ""),
        ({}, "m.room.message", ""),
        ({}, "m.room.pinned_events", "power level 50 in #a to pin messages; it has 0"),
        ({"users": {WE: 50}}, "m.room.pinned_events", ""),
        ({"users_default": 50}, "kick", ""),
        ({"users": {WE: "100"}}, "m.room.power_levels", ""),
        ({"users": {WE: "much"}, "users_default": None}, "kick", "power level 50 in #a to put people out; it has 0"),
        ({"events_default": 25}, "m.room.message", "power level 25 in #a to send messages; it has 0"),
        ({"events_default": 25, "events": {"m.reaction": 0}}, "m.reaction", ""),
        ({"events": [], "users": []}, "invite", ""),
        ({"invite": 50}, "invite", "power level 50 in #a to invite people; it has 0"),
    ],
)
def test_what_is_lacking_is_named_by_level_and_what_it_is_for(
    levels: dict[str, Any] | None, act: str, lacks: str
) -> None:
    assert Powers(state(levels), WE).lacking("#a", act) == lacks


def test_whoever_made_a_new_room_stands_above_all_levels() -> None:
    muted = {"events_default": 100}
    assert Powers(state(muted, version="12"), WE).lacking("#a", "m.room.message") == ""
    assert Powers(state(muted, version="12", creator="@ann:test"), WE).lacking("#a", "m.room.message")
    assert Powers(state(muted, version="org.example.13"), WE).lacking("#a", "m.room.message")


class Scene:
    """The whole bot, with an incident of Ann's that she commands."""

    def __init__(self, world: World, tocsin: Tocsin, transport: Transport) -> None:
        self.world, self.tocsin, self.ann, self.transport = world, tocsin, world.ann, transport

    async def open(self) -> Scene:
        await self.ann.say(self.world.triage, f"!inc declare {TITLE}")
        await until(lambda: any(one.channel for _, one in self.tocsin.post.awake()))
        [self.room] = [one.channel.id for _, one in self.tocsin.post.awake() if one.channel]
        await self.ann.join(self.room)
        await self.ann.say(self.room, "!inc claim ic")
        await self.reads(self.room, "Commander Ann".casefold())
        return self

    async def reads(self, room: str, words: str) -> str:
        """What the bot has said there, edits too, once that is among it."""
        while True:
            said = [each for each in await self.ann.history(room) if each["sender"] == self.world.account.id]
            bodies = [str(each["content"].get("body", "")) for each in said]
            if found := [body for body in bodies if words in body.casefold()]:
                return found[-1]

    def refusals(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The paths of all that the homeserver forbids the bot from now on."""
        client, refused = self.transport._client, list[str]()  # type: ignore[attr-defined]
        send = client.send

        async def counted(method: str, path: str, *rest: Any, **more: Any) -> Any:
            answer = await send(method, path, *rest, **more)
            if answer.status == 403:
                refused.append(path)
            return answer

        monkeypatch.setattr(client, "send", counted)
        return refused

    def lacks(self) -> tuple[str, ...]:
        return next(one.missing_rights for _, one in self.tocsin.post.awake())


@asynccontextmanager
async def on(server: Synapse, folder: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        world = await World(server, stack).open()
        transport = world.process().transport
        async with running_on(folder, transport, world.triage) as tocsin:
            yield await Scene(world, tocsin, transport).open()


@pytest_asyncio.fixture
async def scene(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    async with on(synapse, tmp_path) as scene:
        yield scene


@pytest_asyncio.fixture
async def older(tmp_path: Path) -> AsyncIterator[Scene]:
    """On a homeserver whose rooms let whoever made them be put down; in newer ones nobody can take the bot's power."""
    server = Synapse(tmp_path / "homeserver", default_room_version="10").start()
    try:
        async with on(server, tmp_path) as scene:
            yield scene
    finally:
        server.stop()


async def _power(person: Person, room: str, whose: str, level: int, **more: Any) -> None:
    levels = await person.state(room, "m.room.power_levels")
    levels["users"] = {**levels.get("users", {}), whose: level}
    await person.put_state(room, "m.room.power_levels", {**levels, **more})


@pytest.mark.endure
async def test_a_bot_that_may_speak_no_more_in_the_incidents_room_says_so_in_triage(
    older: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = older
    bot = await scene.world.as_bot()
    await _power(bot, scene.room, scene.ann.id, 100)
    refused = scene.refusals(monkeypatch)
    await _power(bot, scene.room, bot.id, 0, events_default=50, events={})
    for number in range(5):
        await scene.ann.say(scene.room, f"!inc note number {number}")
    said = await scene.reads(scene.world.triage, "to send messages; it has 0")
    assert "Tocsin lacks a right: power level 50 in inc-" in said
    await until(lambda: "number 4" in [one.text for _, each in scene.tocsin.post.awake() for one in each.entries])
    await asyncio.sleep(3)
    # A tick and the board; that what every further act would have it say may not be said is known by then.
    assert len(refused) <= 3, refused
    kinds = [each.event.kind for each in await scene.tocsin.log.load("inc-1")]
    assert kinds.count("right_missing") == len(scene.lacks()) <= 2
    assert kinds.count("noted") == 5, "a right that is lacking loses no act"


@pytest.mark.endure
async def test_a_bot_that_is_muted_in_triage_says_so_on_the_board_and_is_not_ready(scene: Scene) -> None:
    world = scene.world
    await _power(scene.ann, world.triage, world.account.id, 0, events_default=10)
    await until(lambda: any("to send messages" in each for each in scene.tocsin.unready()))
    await scene.ann.say(scene.room, "!inc impact nobody can pay")
    await until(lambda: bool(scene.lacks()))
    assert scene.lacks()[0].startswith("power level 10 in ")
    await scene.reads(scene.room, "tocsin lacks: power level 10")
    await _power(scene.ann, world.triage, world.account.id, 10)
    await until(lambda: not scene.tocsin.unready())


@pytest.mark.endure
async def test_an_upgraded_triage_is_named_with_the_way_out_and_found_by_its_alias(world: World) -> None:
    alias = f"#{world.unique('upgraded')}:test.localhost"
    old = await world.ann.create(alias=alias[1:].partition(":")[0], invite=[world.account.id])
    bot = await world.process(Notes(), triage=(alias,)).start()
    with capture_logs() as logs:
        answer = await world.ann.call("POST", f"/rooms/{old}/upgrade", {"new_version": "10"})
        new = str(answer["replacement_room"])
        await until(lambda: new in bot.transport.trouble())  # type: ignore[attr-defined]
    assert [each["room"] for each in logs if each["event"] == "Tocsin cannot do its work in a room"] == [alias]
    trouble = bot.transport.trouble()  # type: ignore[attr-defined]
    assert f"the room {new} in which {alias} goes on since it was upgraded; invite Tocsin there" in trouble
    await bot.stop()
    await world.ann.invite(new, world.account.id)
    again = await world.process(Notes(), triage=(alias,)).start()
    assert await again.transport.resolve(alias) == world.at(new)
    assert again.transport.trouble() == ""  # type: ignore[attr-defined]
    said = await world.ann.say(new, "!inc help")
    await until(lambda: said in [each.message.id for each in again.heard if isinstance(each, MessageSent)])


async def test_a_pin_that_is_refused_is_named_by_what_it_takes(world: World) -> None:
    bot = await world.bot.start()
    said = await world.ann.say(world.triage, "payments fail")
    message = MessageRef(channel=world.at(world.triage), id=said)
    with pytest.raises(Forbidden, match=r"power level 50 in .* to pin messages; it has 0"):
        await bot.transport.pin(message)
