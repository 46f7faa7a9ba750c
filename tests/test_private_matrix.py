"""Private incidents on a real Synapse: begun in a room of two, in a room that nobody finds, joins or hears of uninvited."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from matrix_person import Person, Refused
from matrix_story import MARK, Eyes
from pydantic import SecretStr
from running import until
from synapse import Synapse

from bot.wiring import Plan, Tocsin
from core.clock import SystemClock
from core.database import open_file
from core.incident.policy import Audience, Policy
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef
from core.roster import Member, Roster
from transports.matrix_chat import MatrixSettings, MatrixTransport

pytest_plugins = ["conftest_matrix"]

TITLE = "Root credentials leaked"


class Home:
    """Ann, Mia and Bo are in triage, and Bo alone in support; there is a Space; Tocsin runs."""

    def __init__(self, server: Synapse, folder: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self._folder = folder
        self._stack = stack

    async def open(self) -> Home:
        self.account = self.server.register("tocsin")
        names = ("ann", "mia", "bo")
        self.ann, self.mia, self.bo = [await self._person(name) for name in names]
        self.bot = await self._stack.enter_async_context(Person(self.server, self.account))
        invited = [self.account.id, self.mia.id, self.bo.id]
        self.triage = await self.ann.create(name="Triage", invite=invited)
        self.support = await self.bo.create(name="Support", invite=[self.account.id])
        powers = {"users": {self.account.id: 100}}
        self.space = await self.bo.create(
            name="Space",
            creation_content={"type": "m.space"},
            invite=[self.account.id],
            power_level_content_override=powers,
        )
        for person in (self.mia, self.bo):
            await person.join(self.triage)
        self.eyes = {
            name: self._eyes(person) for name, person in zip(names, (self.ann, self.mia, self.bo), strict=True)
        }
        await self._start()
        return self

    async def _person(self, name: str) -> Person:
        return await self._stack.enter_async_context(Person(self.server, self.server.register(name)))

    def _eyes(self, person: Person) -> Eyes:
        eyes = Eyes(person)
        eyes.open()
        self._stack.push_async_callback(eyes.close)
        return eyes

    async def _start(self) -> None:
        database = await open_file(self._folder / "tocsin.db")
        self._stack.push_async_callback(database.close)
        people = {"Ann": self.ann, "Mia": self.mia, "Bo": self.bo}
        roster = Roster([Member(name, {"matrix": person.id}) for name, person in people.items()])
        bo = roster.named("Bo")
        assert bo is not None
        settings = MatrixSettings(
            homeserver=self.server.url,
            user_id=self.account.id,
            password=SecretStr(self.account.password),
            triage=(self.triage,),
            audience_rooms=(self.support,),
            space=self.space,
        )
        clock = SystemClock()
        support = Audience(name="support", rooms=(ChannelRef(transport="matrix", id=self.support),), internal=True)
        chat = {"matrix": MatrixTransport(settings, clock, Random(1))}
        plan = Plan(
            database, clock, chat, {"matrix": [self.triage]}, roster, Policy(on_call=(bo,), audiences=(support,))
        )
        self.tocsin = Tocsin(plan)
        running = asyncio.create_task(self.tocsin.run())

        async def end() -> None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        self._stack.push_async_callback(end)
        await until(lambda: running.done() or self.tocsin.ticking.is_set())

    async def direct(self, *others: Person) -> str:
        """Ann's room with the bot, once it is in."""
        room = await self.ann.create(is_direct=True, preset="trusted_private_chat", invite=[self.account.id])
        await self.joined(room, self.account.id)
        for other in others:
            await self.ann.invite(room, other.id)
            await other.join(room)
        return room

    async def joined(self, room: str, who: str, membership: str = "join") -> None:
        await until(lambda: self._membership(room, who) == membership)

    def _membership(self, room: str, who: str) -> str:
        """As Ann's client has it."""
        events = [one for one in self.eyes["ann"].events(room) if one["type"] == "m.room.member"]
        found = [str(one["content"]["membership"]) for one in events if one["state_key"] == who]
        return found[-1] if found else ""

    async def declared(self, title: str = TITLE) -> str:
        """Ann declares in private; she is in the room, and has read its board."""
        direct = await self.direct()
        await self.ann.say(direct, f"!inc declare {title} sev1 private")
        ann = self.eyes["ann"]
        await until(lambda: bool(ann.invited))
        [room] = ann.invited
        await self.ann.join(room)
        await until(lambda: title in ann.reads(room, "board"))
        await until(lambda: any("is private" in one["content"]["body"] for one in ann.cards(direct)))
        assert not any(title in one["content"]["body"] for one in ann.cards(direct))
        return room

    async def reads(self, room: str, words: str) -> None:
        """Ann reads this on a message of the bot's."""
        await until(lambda: any(words in one["content"]["body"] for one in self.eyes["ann"].cards(room)))

    @property
    def incident(self) -> Incident:
        return dict(self.tocsin.post.awake())["inc-1"]

    async def types(self, who: Person, room: str, *commands: str) -> None:
        """Each typed once the one before has its ✅."""
        ann = self.eyes["ann"]
        for words in commands:
            said = await who.say(room, f"!inc {words}")
            await until(lambda said=said: (self.account.id, "✅") in ann.reactions(room, said))  # type: ignore[misc]


@pytest_asyncio.fixture
async def home(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Home]:
    async with AsyncExitStack() as stack:
        yield await Home(synapse, tmp_path, stack).open()


async def test_its_room_is_by_invitation_and_nobody_else_finds_enters_or_hears_of_it(home: Home) -> None:
    room = await home.declared()
    state = {(one["type"], one["state_key"]): one["content"] for one in await home.ann.whole_state(room)}
    assert state["m.room.join_rules", ""] == {"join_rule": "invite"}
    assert state["m.room.history_visibility", ""]["history_visibility"] == "shared"
    assert state["m.room.power_levels", ""]["invite"] == 50
    assert state["m.room.name", ""]["name"] == home.incident.name
    assert not [kind for kind, _ in state if kind == "m.space.parent"]
    assert {key for kind, key in state if kind == "m.room.member"} == {home.account.id, home.ann.id}
    assert (
        "credential"
        not in str([content for (kind, _), content in state.items() if kind != "m.room.message"]).casefold()
    )
    assert not [one for one in await home.bo.whole_state(home.space) if one["type"] == "m.space.child"]
    alias = f"#{home.incident.name}:{home.account.id.partition(':')[2]}"
    assert await home.mia.resolve(alias) == room
    for way in (room, alias):
        with pytest.raises(Refused):
            await home.mia.join(way)
    with pytest.raises(Refused):
        await home.mia.whole_state(room)
    with pytest.raises(Refused):
        # Who is in a private room is so on the record.
        await home.ann.invite(room, home.mia.id)
    assert not home.eyes["mia"].invited
    assert not home.eyes["bo"].invited
    assert not home.eyes["mia"].cards(home.triage)


async def test_where_a_third_reads_along_it_is_refused(home: Home) -> None:
    crowd = await home.direct(home.mia)
    for room in (crowd, home.triage):
        await home.ann.say(room, f"!inc declare {TITLE} private")
        await home.reads(room, "delete it")
        assert not any("credential" in one["content"]["body"] for one in home.eyes["ann"].cards(room))
    assert not home.tocsin.post.awake()


@pytest.mark.endure
async def test_members_come_and_go_by_the_commanders_word(home: Home) -> None:
    room = await home.declared()
    await home.types(home.ann, room, f"assign recovery {home.mia.id}")
    await until(lambda: room in home.eyes["mia"].invited)
    await home.mia.join(room)
    await home.types(home.mia, room, "note all keys are rotated")
    await home.types(home.ann, room, f"uninvite {home.mia.id}")
    await until(lambda: "Mia" not in home.eyes["ann"].reads(room, "board"))
    await home.joined(room, home.mia.id, "leave")
    with pytest.raises(Refused):
        await home.mia.join(room)
    home.eyes["mia"].invited.clear()
    await home.types(home.ann, room, f"invite {home.mia.id}")
    await until(lambda: room in home.eyes["mia"].invited)


async def _outside(home: Home, title: str, note: str) -> list[tuple[str, str]]:
    """What a responder who is no member finds in every room, after a private incident with these words."""
    room = await home.declared(title)
    draft = "draft impact=Sign-in is off for everybody. next=we replace keys every=15m"
    await home.types(home.ann, room, f"note {note}", f"hypothesis {note}", draft, "publish")
    close = f"close cause={note} fixed={title} next=no postmortem"
    await home.types(home.ann, room, close)
    bo = home.eyes["bo"]
    await until(lambda: "Sign-in is off" in bo.reads(home.support, "update/1"))
    await until(lambda: title in home.eyes["ann"].reads(room, "summary"))
    said = await home.bo.say(home.triage, "!inc reopen 1 it has come back")
    await until(lambda: any("no incident 1" in one["content"]["body"] for one in bo.cards(home.triage)))
    assert not bo.invited
    name = home.incident.name
    found = []
    for place in (home.triage, home.support, home.space):
        for event in await home.bo.history(place):
            seen = str({key: value for key, value in event["content"].items() if key not in ("users", "m.relates_to")})
            seen = re.sub(
                r"\d\d:\d\d UTC|\$[\w+/-]{20,}|![\w:.-]+|@[a-z-]+[\w-]*:[\w.]+|(?<=')(ann|mia|bo|tocsin)\d+(?=')",
                "…",
                seen.replace(name, "NAME"),
            )
            found.append((event["type"], seen))
    assert said
    assert any(MARK in seen for _, seen in found)
    return found


@pytest.mark.endure
async def test_other_words_look_the_same_to_everybody_outside(synapse: Synapse, tmp_path: Path) -> None:
    seen = []
    for name, title, note in (
        ("a", TITLE, "the payroll server was open"),
        ("b", "checkout fails", "look @room **here**"),
    ):
        (tmp_path / name).mkdir()
        async with AsyncExitStack() as stack:
            seen.append(await _outside(await Home(synapse, tmp_path / name, stack).open(), title, note))
    assert seen[0] == seen[1]
