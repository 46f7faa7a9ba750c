from __future__ import annotations

import pytest
from matrix_person import Refused
from matrix_world import World, key, post
from running import Notes, until

from core.port import Forbidden, Missing, Temporary
from transports.matrix_chat import rooms
from transports.matrix_chat.encryption import encrypted
from transports.signals import ChannelLost, MessageSent

pytest_plugins = ["conftest_matrix"]

MARK = "dev.tocsin.incident"


def name(world: World, stem: str = "checkout-down") -> str:
    """An incident's name, another one for every test: aliases are the server's, which tests share."""
    return world.unique(f"inc-2026-05-02-{stem}")


async def test_a_room_is_named_marked_and_open_to_triage_alone(world: World) -> None:
    bob, eve = await world.person("bob"), await world.stranger("eve")
    await world.bot.start()
    plan = world.plan(name(world))
    room = (await world.bot.transport.open_channel(plan)).id
    assert await bob.resolve(f"#{plan.incident}:test.localhost") == room
    await bob.join(room)
    with pytest.raises(Refused) as refused:
        await eve.join(room)
    assert refused.value.code == "M_FORBIDDEN"
    state = {event["type"]: event["content"] for event in await bob.whole_state(room)}
    assert state["m.room.name"] == {"name": plan.name}
    assert state["m.room.topic"]["topic"] == plan.topic
    assert state[MARK] == {"incident": plan.incident}
    assert state["m.room.history_visibility"] == {"history_visibility": "shared"}
    await bob.say(room, "here")
    assert [each.text for each in await world.bot.hears(MessageSent)] == ["here"]


async def test_a_squatted_alias_is_left_alone(world: World) -> None:
    await world.bot.start()
    plan = world.plan(name(world))
    squatted = await world.ann.create(
        alias=plan.incident,
        preset="public_chat",
        initial_state=[{"type": MARK, "content": {"incident": plan.incident}}],
    )
    room = (await world.bot.transport.open_channel(plan)).id
    assert room != squatted
    assert await world.ann.resolve(f"#{plan.incident}-2:test.localhost") == room
    eyes = await world.as_bot()
    assert squatted not in (await eyes.call("GET", "/joined_rooms"))["joined_rooms"]
    assert (await world.bot.transport.open_channel(plan)).id == room


async def test_a_room_of_the_bot_with_another_incidents_mark_is_not_adopted(world: World) -> None:
    await world.bot.start()
    other = await world.bot.transport.open_channel(world.plan(name(world, "other")))
    plan = world.plan(name(world))
    eyes = await world.as_bot()
    await eyes.call("PUT", f"/directory/room/%23{plan.incident}%3Atest.localhost", {"room_id": other.id})
    assert await world.bot.transport.open_channel(plan) != other


async def test_a_marked_room_of_somebody_else_is_not_adopted_even_if_the_bot_is_in_it(world: World) -> None:
    await world.bot.start()
    plan = world.plan(name(world))
    mark = [{"type": MARK, "content": {"incident": plan.incident}}]
    theirs = await world.ann.create(alias=plan.incident, preset="public_chat", initial_state=mark)
    eyes = await world.as_bot()
    await eyes.join(theirs)
    assert (await world.bot.transport.open_channel(plan)).id != theirs


async def test_a_room_that_was_never_finished_is_not_waited_for_in_vain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.bot.start()
    plan = world.plan(name(world))
    eyes = await world.as_bot()
    half = await eyes.create(alias=plan.incident)
    with pytest.raises(Temporary, match="still being made"):
        await world.bot.transport.open_channel(plan)
    monkeypatch.setattr(rooms, "HALF_MADE", 0)  # a minute later
    with pytest.raises(Temporary, match="made again"):
        await world.bot.transport.open_channel(plan)
    room = (await world.bot.transport.open_channel(plan)).id
    assert await world.ann.resolve(f"#{plan.incident}:test.localhost") == room != half
    assert half not in (await eyes.call("GET", "/joined_rooms"))["joined_rooms"]


async def test_a_room_is_opened_again_after_the_bot_was_thrown_out(world: World) -> None:
    bob = await world.person("bob")
    await world.bot.start()
    plan = world.plan(name(world))
    room = await world.bot.transport.open_channel(plan)
    await world.bot.transport.invite(room, bob.id)
    await bob.join(room.id)
    eyes = await world.as_bot()
    await eyes.leave(room.id)
    assert (await world.bot.hears(ChannelLost))[0].channel == room
    with pytest.raises(Missing):
        await world.bot.transport.send(room, post("x"), key("x"))
    assert await world.bot.transport.open_channel(plan) == room
    await world.bot.transport.send(room, post("x"), key("y"))


async def test_pins_stand_beside_each_other(world: World) -> None:
    await world.bot.start()
    transport = world.bot.transport
    room = await transport.open_channel(world.plan(name(world)))
    boards = [await transport.send(room, post(f"board {at}"), key(f"b{at}")) for at in range(2)]
    for board in [*boards, boards[0]]:
        await transport.pin(board)
    await world.ann.join(room.id)
    assert (await world.ann.state(room.id, "m.room.pinned_events"))["pinned"] == [board.id for board in boards]


async def test_a_room_hangs_in_the_space_where_the_bot_may_and_is_there_where_it_may_not(world: World) -> None:
    space = await world.ann.create(creation_content={"type": "m.space"}, invite=[world.account.id])
    bot = await world.process(Notes(), space=space).start()
    unlisted = await bot.transport.open_channel(world.plan(name(world, "first")))
    levels = await world.ann.state(space, "m.room.power_levels")
    levels["users"] = {**levels.get("users", {}), world.account.id: 50}
    await world.ann.put_state(space, "m.room.power_levels", levels)
    listed = await bot.transport.open_channel(world.plan(name(world, "second")))
    children = {e["state_key"] for e in await world.ann.whole_state(space) if e["type"] == "m.space.child"}
    assert children == {listed.id}
    assert unlisted.id not in children


async def test_names_of_rooms_are_understood(world: World) -> None:
    await world.bot.start()
    alias = name(world, "support")
    room = world.at(await world.ann.create(alias=alias))
    for spelling in (room.id, alias, f"#{alias}", f"#{alias}:test.localhost"):
        assert await world.bot.transport.resolve(spelling) == room
    with pytest.raises(Missing):
        await world.bot.transport.resolve("#nothing-here")


async def test_a_triage_room_that_everyone_may_enter_is_named(world: World) -> None:
    public = await world.ann.create(alias=name(world, "public"), preset="public_chat")
    alias = f"#{name(world, 'public')}:test.localhost"
    bot = await world.process(Notes(), triage=(world.triage, alias)).start()
    assert await bot.transport.open_to_public() == (alias,)
    said = await world.ann.say(public, "joined by itself")
    await until(lambda: [each.message.id for each in bot.heard if isinstance(each, MessageSent)] == [said])


async def test_a_triage_room_that_anyone_may_read_from_outside_is_open(world: World) -> None:
    bot = await world.bot.start()
    await world.ann.put_state(world.triage, "m.room.history_visibility", {"history_visibility": "shared"})
    assert await bot.transport.open_to_public() == ()
    await world.ann.put_state(world.triage, "m.room.history_visibility", {"history_visibility": "world_readable"})
    assert await bot.transport.open_to_public() == (world.triage,)


@pytest.mark.endure
async def test_triage_is_open_where_a_public_room_lets_anyone_in_and_not_where_one_must_be_let_in(world: World) -> None:
    public = await world.ann.create(preset="public_chat")
    private = await world.ann.create()
    rules = {
        "knock": {"join_rule": "knock"},
        "closed": {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": private}]},
        "open": {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": public}]},
        "asked": {"join_rule": "knock_restricted", "allow": [{"type": "m.room_membership", "room_id": public}]},
        "strange": {"join_rule": "restricted", "allow": ["nonsense", {"type": "x"}]},
    }
    rooms = {}
    for rule, content in rules.items():
        state = [{"type": "m.room.join_rules", "state_key": "", "content": content}]
        rooms[rule] = await world.ann.create(initial_state=state, invite=[world.account.id])
    bot = await world.process(Notes(), triage=tuple(rooms.values())).start()
    assert await bot.transport.open_to_public() == (rooms["open"], rooms["asked"])
    # Also where the bot is itself in the public room, and so may read its state.
    await (await world.as_bot()).join(public)
    assert await bot.transport.open_to_public() == (rooms["open"], rooms["asked"])


@pytest.mark.endure
async def test_a_refusal_is_not_taken_for_a_rooms_state(world: World) -> None:
    """nio hands over the error as though it were the state: a room we are not in would be encrypted for ever."""
    room = await world.ann.create()
    await world.bot.start()
    client = world.bot.transport._client  # type: ignore[attr-defined]
    with pytest.raises(Forbidden):
        await encrypted(client, room)
    assert await encrypted(client, world.triage) is False
