"""What no honest client sends, on a real Synapse: forged marks, edits and state by others, and machines that speak."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from matrix_person import Refused
from matrix_world import World
from permission_chats import running_on
from permission_doors import TITLE
from running import until
from synapse import Synapse

from bot.wiring import Tocsin
from core.activity_log import stream_of

pytest_plugins = ["conftest_matrix"]

pytestmark = pytest.mark.endure

MARK = "dev.tocsin"


class Scene:
    """Ann's incident with H1 in it; Bob is a responder, too."""

    def __init__(self, world: World, tocsin: Tocsin) -> None:
        self.world, self.tocsin, self.ann = world, tocsin, world.ann
        self._words = 0

    async def open(self) -> Scene:
        self.bob = await self.world.person("bob")
        await self.ann.say(self.world.triage, f"!inc declare {TITLE}")
        await until(lambda: any(one.channel for _, one in self.tocsin.post.awake()))
        [self.room] = [one.channel.id for _, one in self.tocsin.post.awake() if one.channel]
        await self.ann.join(self.room)
        await self.bob.join(self.room)
        await self.ann.say(self.room, "!inc hypothesis tax rounding")
        self.card = await self.found("item/H1")
        return self

    async def found(self, card: str) -> str:
        bot = self.world.account.id
        while True:
            for event in await self.ann.messages(self.room):
                if event["sender"] == bot and event["content"].get(MARK, {}).get("card") == card:
                    return str(event["event_id"])

    async def kinds(self) -> list[str]:
        return [record.event.kind for record in await self.tocsin.log.load(stream_of(1))]

    async def after(self) -> list[str]:
        """What is on the record once Ann's last word is: all that was sent before it has been heard."""
        self._words += 1
        last = f"word number {self._words}"
        await self.ann.say(self.room, f"!inc note {last}")
        await until(lambda: any(entry.text == last for _, one in self.tocsin.post.awake() for entry in one.entries))
        return await self.kinds()


@pytest_asyncio.fixture
async def scene(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        world = await World(synapse, stack).open()
        async with running_on(tmp_path, world.process().transport, world.triage) as tocsin:
            yield await Scene(world, tocsin).open()


async def test_a_forged_mark_is_no_card(scene: Scene) -> None:
    """Bob's own message says that it is H1's card: a reaction on it grabs nothing, and the true card stays the card."""
    before = await scene.kinds()
    mark = (await scene.ann.event(scene.room, scene.card))["content"][MARK]
    forged = await scene.bob.say(scene.room, "H1 is free", **{MARK: mark})
    await scene.ann.react(scene.room, forged, "✋")
    assert (await scene.after())[len(before) :].count("item_grabbed") == 0
    await scene.ann.react(scene.room, scene.card, "✋")
    await until(lambda: any(item.holder for item in next(one for _, one in scene.tocsin.post.awake()).items.values()))


async def test_an_edit_by_another_changes_neither_what_was_said_nor_a_card(scene: Scene) -> None:
    said = await scene.ann.say(scene.room, "!inc note errors began at ten")
    before = await scene.after()
    await scene.bob.change(scene.room, said, "!inc note errors never began")
    await scene.bob.change(scene.room, scene.card, "!inc sev 1")
    assert (await scene.after())[len(before) :] == ["noted"]


async def test_notices_and_state_by_others_are_no_acts(scene: Scene) -> None:
    before = await scene.after()
    await scene.bob.say(scene.room, "!inc sev 1", msgtype="m.notice")
    for kind, content in (("m.room.name", {"name": "x"}), ("m.room.topic", {"topic": "!inc sev 1"})):
        with pytest.raises(Refused, match="M_FORBIDDEN"):
            await scene.bob.put_state(scene.room, kind, content)
    with pytest.raises(Refused, match="M_FORBIDDEN"):
        await scene.bob.put_state(scene.room, "m.room.member", {"membership": "leave"}, key=scene.ann.id)
    assert (await scene.after())[len(before) :] == ["noted"]
