"""A chat that edits old messages seldom: the board goes on in a new message, pinned, and the old one says where."""

from __future__ import annotations

from datetime import datetime, timedelta

from stage import Stage

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Stale
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport

OLD = timedelta(hours=1)
SPARE = timedelta(seconds=20)


class Aging(SandboxTransport):
    """The sandbox, with one edit of a message over an hour old in twenty seconds, as Discord has three in six."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.last: dict[ChannelRef, datetime] = {}
        self.refused: list[MessageRef] = []

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        world, now = self._server.world, self._clock.now()
        if now - world.look(message).at > OLD:
            last = self.last.get(message.channel, now - SPARE)
            if now - last < SPARE:
                self.refused.append(message)
                raise Stale("too many edits of old messages", (last + SPARE - now).total_seconds())
            self.last[message.channel] = now
        await super().edit(message, post, key)


async def _aged(stage: Stage) -> Aging:
    chat = Aging(stage.server)
    stage.chat = lambda: chat
    await stage.restart()
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("hypothesis cache")
    stage.expect_card("item/H1")
    await stage.fast_forward(minutes=61)
    return chat


async def test_a_busy_old_board_goes_on_in_a_new_message(stage: Stage) -> None:
    chat = await _aged(stage)
    first, room = stage.find("board").ref, stage.world.room(stage.channel)
    await stage.ann.types("impact some cannot pay")
    assert stage.find("board").ref == first  # one edit is nothing
    await stage.ann.types("impact nobody can pay")
    await stage.fast_forward(seconds=30)
    assert first in chat.refused
    second = stage.find("board").ref
    assert second != first
    stage.expect_card("board", "nobody can pay")
    stage.expected.add((stage.channel.id, stage.incident.name, "board/1"))
    assert "This goes on in a newer message." in stage.world.look(first).text
    assert room.pins == [second.id]
    # What people still do on the old one counts.
    await stage.jon.reacts(first, "📣")
    stage.expect_card("board", "Updates Jon")
    # The new one comes back once when it is deleted, as the old one would have.
    await stage.kim.deletes("board")
    assert stage.find("board").ref not in (first, second)


async def test_it_dies_while_the_board_moves(stage: Stage) -> None:
    await _aged(stage)
    first = stage.find("board").ref
    for what in ("some", "many", "all"):
        await stage.ann.types(f"impact {what} cannot pay")
    await stage.restart()
    await stage.fast_forward(seconds=60)
    stage.expected.add((stage.channel.id, stage.incident.name, "board/1"))
    assert stage.find("board").ref != first
    stage.expect_card("board", "all cannot pay")
    assert stage.world.room(stage.channel).pins == [stage.find("board").ref.id]


async def test_another_old_card_waits_and_holds_nobody_up(stage: Stage) -> None:
    chat = await _aged(stage)
    chat.last[stage.channel] = stage.clock.now()
    await stage.mia.types("grab H1")
    await stage.ann.types("note all goes on")
    stage.expect_card("item/H1", "free to grab")
    await stage.fast_forward(seconds=60)
    stage.expect_card("item/H1", "Mia is on it")
    stage.expected.add((stage.channel.id, stage.incident.name, "board/1"))
