"""Mirrors on a real Synapse: a correction and a withdrawal stand in every copy, word for word in its mark too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from matrix_story import FRAME, MARK, Company
from matrix_world import World, key, post
from synapse import Synapse
from test_run_matrix import declared

pytest_plugins = ["conftest_matrix"]


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        yield await Company(synapse, tmp_path / "bot", stack).open()


@pytest.mark.endure
async def test_a_correction_and_a_withdrawal_stand_in_every_copy(company: Company) -> None:
    await company.bot.start()
    room, ann = await declared(company), company.people["Ann"]
    company.rooms["incident"] = room
    await ann.say(room, "!inc update impact=Some users <cannot> pay & see *this* next=We test a rollback every=15m")
    await company.reads("incident", "draft/1", "as it will be read")
    await ann.say(room, "!inc publish")
    places = ("incident", "support", "leadership")
    for place in places:
        await company.reads(place, "update/1", "Some users <cannot> pay & see *this*.")
    await ann.say(room, "!inc correct impact=All users <cannot> pay & see *this*")
    for place in places:
        await company.reads(place, "update/1", "Corrected ")
    [text] = {_newest(company, place)[MARK]["text"] for place in places}
    assert text.partition("] ")[2].startswith("All users <cannot> pay & see *this*. We test a rollback. Next update ")
    for place in places:
        frame = {"support": f"{FRAME}\n", "incident": "Update 1\n"}.get(place, "")
        assert _newest(company, place)["body"].startswith(f"{frame}{text}\nCorrected ")
    await ann.say(room, "!inc withdraw it was meant for another incident")
    for place in places:
        await company.reads(place, "update/1", "Withdrawn: it was meant for another incident")
        newest = _newest(company, place)
        # Struck for whoever reads it, and the same words still for whoever compares.
        assert newest[MARK]["text"] == text
        assert "<del>" in newest["formatted_body"]
    assert await company.twice() == {}


def _newest(company: Company, place: str) -> dict[str, Any]:
    card = company.eyes.card(company.rooms[place], "update/1")
    assert card is not None
    content = company.eyes.edits(company.rooms[place], card["event_id"])[-1]["content"]["m.new_content"]
    return dict(content)


async def test_a_room_that_is_made_after_the_start_is_entered_when_it_is_looked_for(world: World) -> None:
    name = world.unique("press")
    bot = world.process(audience_rooms=(f"#{name}:test.localhost",))
    await bot.start()
    room = await world.ann.create(name, preset="public_chat")
    found = await bot.transport.resolve(f"#{name}:test.localhost")
    assert found == world.at(room)
    await bot.transport.send(found, post("hello"), key("hello"))
    assert [event["content"]["body"] for event in await world.ann.messages(room)] == ["hello"]
