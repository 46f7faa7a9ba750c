"""People act in a new incident's channel as soon as they see it, which is before Tocsin has the chat's answer."""

from __future__ import annotations

import asyncio

from stage import Stage

from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan, Forbidden, Temporary, TransportFailure
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport


class Slow(SandboxTransport):
    """A chat that makes a channel, and is long in saying so; or, where `fails` is set, fails instead."""

    def __init__(self, server: Server, fails: TransportFailure | None = None) -> None:
        super().__init__(server)
        self.told = asyncio.Event()
        self.fails = fails

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        if self.fails is not None:
            raise self.fails
        made = await super().open_channel(plan)
        await self.told.wait()
        return made


async def _declared(stage: Stage, fails: TransportFailure | None = None) -> Slow:
    """Mia declared it; Tocsin does not know the channel."""
    slow = Slow(stage.server, fails)
    stage.chat = lambda: slow
    await stage.restart()
    message = await stage.mia.says("!inc declare checkout fails sev3", stage.triage)
    stage.ticks.add(message.id)
    await stage.fast_forward(seconds=3)
    assert stage.incident.channel is None
    return slow


def _made(stage: Stage) -> ChannelRef:
    return next(room.ref for room in stage.rooms() if room.incident)


async def test_what_is_done_in_a_channel_before_the_record_has_it_waits_for_that(stage: Stage) -> None:
    slow = await _declared(stage)
    made = _made(stage)
    said = await stage.mia.says("tax rounding", made)
    await stage.mia.reacts(said, "💡")
    typed = await stage.mia.says("!inc claim scribe", made)
    assert not stage.incident.items
    slow.told.set()
    await stage.fast_forward(seconds=5)
    assert [item.text for item in stage.incident.items.values()] == ["tax rounding"]
    stage.expect_card("board", "Scribe Mia")
    assert any(person.name == "Mia" for person in stage.incident.present)
    stage.ticks.add(typed.id)
    stage.expect_card("item/H1", "tax rounding")


async def test_what_is_done_in_a_channel_whose_maker_died_before_it_knew_is_done_by_the_next(stage: Stage) -> None:
    await _declared(stage)
    made = _made(stage)
    await stage.stop()
    said = stage.world.say(stage.mia.account, made, "tax rounding")
    stage.world.react(stage.mia.account, said, "💡")
    stage.chat = lambda: SandboxTransport(stage.server)
    await stage.again()
    await stage.fast_forward(seconds=5)
    assert stage.channel == made
    stage.expect_card("item/H1", "tax rounding")


async def test_where_no_channel_can_be_made_nothing_waits_for_one(stage: Stage) -> None:
    await _declared(stage, Forbidden("make channels"))
    await stage.mia.is_told("impact nobody can pay", "belongs in an incident's own channel", where=stage.support)
    stage.expect_card("notice", "make channels", where=stage.triage)


async def test_what_is_done_elsewhere_waits_a_minute_in_all_for_a_channel_that_never_comes(stage: Stage) -> None:
    await _declared(stage, Temporary("a fault"))
    first = await stage.mia.says("!inc impact nobody can pay", stage.support)
    await stage.fast_forward(seconds=40)
    assert not [one for one in stage.of_tocsin(stage.support) if one.reply_to == first]
    await stage.fast_forward(seconds=25)
    stage.mia.told(first, "belongs in an incident's own channel")
    await stage.mia.is_told("sev 1", "belongs in an incident's own channel", where=stage.support)
