"""Newcomers on a real Synapse: told in a room of two how it stands, asked into it as into a direct talk, and never in another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from matrix_person import Person
from matrix_story import MARK
from running import until
from synapse import Synapse
from test_matrix_calls import Shop

pytest_plugins = ["conftest_matrix"]


@pytest_asyncio.fixture
async def shop(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        yield await Shop(synapse, tmp_path, stack).open()


async def _asked_in(person: Person, by: str) -> list[str]:
    """The rooms into which the bot asks somebody as into a direct talk."""
    rooms = (await person.call("GET", "/sync", timeout="0"))["rooms"].get("invite", {})
    return [
        room
        for room, told in rooms.items()
        for event in told["invite_state"]["events"]
        if event.get("state_key") == person.id and event["sender"] == by and event["content"].get("is_direct")
    ]


async def _room_of(shop: Shop, person: Person) -> str:
    """Where somebody is alone with the bot, once they are asked in; they enter."""
    while not (rooms := await _asked_in(person, shop.account.id)):
        pass
    [room] = rooms
    await person.join(room)
    return room


async def _told(person: Person, room: str, card: str) -> str:
    """A card there, once it stands."""
    said: dict[str, str] = {}
    while card not in said:
        said = {
            event["content"].get(MARK, {}).get("card"): event["content"]["body"]
            for event in await person.messages(room)
        }
    return said[card]


@pytest.mark.endure
async def test_a_newcomer_is_told_in_a_room_of_two_and_asked_in_again_when_they_left_it(shop: Shop) -> None:
    await shop.declared()
    await shop.types(shop.ann, "impact nobody can pay", "hypothesis cache", "page @Mia the database is down")
    room = await _room_of(shop, shop.mia)
    told = await _told(shop.mia, room, "newcomer/1")
    for words in ("the database is down", "nobody can pay", "H1 cache", shop.incident.name):
        assert words in told
    members = await shop.mia.call("GET", f"/rooms/{room}/joined_members")
    assert set(members["joined"]) == {shop.mia.id, shop.account.id}
    await shop.mia.say(room, "!inc declare keys leaked private")
    await until(lambda: any(one.private for _, one in shop.tocsin.post.awake()))
    assert "is private" in await _told(shop.mia, room, "answer/1")
    await shop.mia.leave(room)
    await shop.types(shop.ann, "page @Leah", "page @Bo")
    await shop.mia.say(shop.room, "I was here")
    assert await _asked_in(shop.mia, shop.account.id) == []
    await shop.mia.leave(shop.room)
    await until(lambda: shop.incident.left != {})
    await shop.types(shop.ann, "page @Mia come back")
    assert await _room_of(shop, shop.mia) == room
    assert "come back" in await _told(shop.mia, room, "newcomer/4")
