"""One thing goes wrong in a channel: it rests by itself, as long as the chat said, and everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from stage import Stage, open_stage

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import Crowded, Temporary
from core.rests import BACKOFF, Rests
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport

Planted = dict[tuple[str, str], Exception]
"""What is raised, by call and subject: the person of an invitation, the card of a send."""


class Troubled(SandboxTransport):
    """The sandbox with trouble planted in some of its calls, all of which are noted."""

    def __init__(self, server: Server, planted: Planted, calls: list[tuple[datetime, str, str]]) -> None:
        super().__init__(server)
        self._planted = planted
        self._calls = calls

    def _call(self, call: str, subject: str) -> None:
        self._calls.append((self._clock.now(), call, subject))
        if (call, subject) in self._planted:
            raise self._planted[call, subject]

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        self._call("invite", account_id)
        await super().invite(channel, account_id)

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        self._call("send", f"{post.incident} {post.card.partition('/')[0]}")
        return await super().send(channel, post, key)


class Trouble:
    """What is planted on a stage, and what was called since."""

    def __init__(self) -> None:
        self.planted: Planted = {}
        self.calls: list[tuple[datetime, str, str]] = []

    async def on(self, stage: Stage) -> Trouble:
        stage.chat = lambda: Troubled(stage.server, self.planted, self.calls)
        await stage.restart()
        return self

    def tries(self, call: str, subject: str) -> list[datetime]:
        return [at for at, *what in self.calls if what == [call, subject]]


def _seconds(tries: list[datetime]) -> list[float]:
    return [(later - sooner).total_seconds() for sooner, later in pairwise(tries)]


async def test_one_person_who_cannot_be_invited_keeps_the_board_from_nobody(stage: Stage) -> None:
    trouble = await Trouble().on(stage)
    trouble.planted["invite", "ann"] = Temporary("502 from that person's homeserver")
    await stage.mia.types("declare checkout fails sev1", stage.triage)
    stage.expect_card("board", "checkout fails")
    assert {"mia", "bob"} <= set(stage.world.room(stage.channel).members)
    assert stage.world.room(stage.channel).pins == [stage.find("board").ref.id]
    await stage.fast_forward(minutes=1)
    # It is tried again, each time later, whatever else is done in the channel meanwhile.
    assert _seconds(trouble.tries("invite", "ann"))[:6] == list(BACKOFF[:6])
    trouble.planted.clear()
    await stage.fast_forward(seconds=31)
    assert "ann" in stage.world.room(stage.channel).members


async def test_what_a_chat_says_of_invitations_holds_for_all_of_them_and_for_nothing_else(stage: Stage) -> None:
    trouble = await Trouble().on(stage)
    trouble.planted["invite", "ann"] = Temporary("too many invitations", retry_after=300)
    await stage.mia.types("declare checkout fails sev1", stage.triage)
    stage.expect_card("board", "checkout fails")
    asked = len([call for call in trouble.calls if call[1] == "invite"])
    for number in range(3):
        await stage.mia.types(f"hypothesis number {number}")
        stage.expect_card(f"item/H{number + 1}", f"number {number}")
    assert len([call for call in trouble.calls if call[1] == "invite"]) == asked
    trouble.planted.clear()
    await stage.fast_forward(minutes=5)
    assert {"ann", "bob", "mia"} <= set(stage.world.room(stage.channel).members)
    stage.expect_everything()


async def test_nothing_wakes_a_channel_earlier_than_the_chat_said(stage: Stage) -> None:
    trouble = await Trouble().on(stage)
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    item = f"{stage.incident.name} item"
    trouble.planted["send", item] = Temporary("429", retry_after=60)
    for number in range(10):
        stage.world.say(stage.ann.account, stage.channel, f"!inc hypothesis number {number}")
        await stage.settle()
        await stage.fast_forward(seconds=1)
    assert len(trouble.tries("send", item)) == 1
    # Elsewhere it is as ever.
    assert "declare" in await stage.ann.asks("help declare", stage.triage)
    await stage.fast_forward(minutes=5)
    assert _seconds(trouble.tries("send", item)) == [60.0] * 5
    trouble.planted.clear()
    await stage.fast_forward(seconds=61)
    assert stage.find("item/H10").text
    stage.expect_everything()


async def test_who_is_woken_early_learns_nothing_new(stage: Stage) -> None:
    rests = Rests(stage.clock.now)
    name, failure = ("inc-1", "board"), Temporary("502")
    assert [rests.begin(name, failure) for _ in range(5)] == [BACKOFF[0]] * 5
    await stage.fast_forward(seconds=1)
    assert rests.begin(name, failure) == BACKOFF[1]
    for again in (*BACKOFF[2:], BACKOFF[-1]):
        await stage.fast_forward(seconds=31)
        assert rests.begin(name, failure) == again
    rests.end(name)
    assert rests.left(name) == 0
    assert rests.begin(name, failure) == BACKOFF[0]


async def test_a_bug_in_one_card_silences_neither_its_incident_nor_its_channel(tmp_path: Path) -> None:
    # The summary stands in four rooms; each logs it once.
    async with open_stage(tmp_path, bugs=4) as stage:
        trouble = await Trouble().on(stage)
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        await stage.ann.types("hypothesis cache")
        trouble.planted["send", f"{stage.incident.name} summary"] = ValueError("a bug in one card")
        await stage.ann.types("close false-alarm it was only a test")
        await stage.fast_forward(minutes=11)
        stage.expect_no_card("summary")
        stage.expect_card("board", "closed")
        await stage.ann.types("declare search is empty sev3", stage.triage)
        stage.expect_card("notice", "search is empty")
        trouble.planted.clear()
        await stage.fast_forward(seconds=31)
        stage.expect_everything()
        assert len([card for *_, card in stage.standing() if card == "summary"]) == 4


async def test_an_answer_with_a_bug_is_let_be_and_the_next_ones_are_given(tmp_path: Path) -> None:
    async with open_stage(tmp_path, bugs=1) as stage:
        trouble = await Trouble().on(stage)
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        trouble.planted["send", f"{stage.incident.name} answer"] = ValueError("a bug in one answer")
        await stage.ann.says("!inc timeline")
        await stage.ann.types("note it is still down")
        trouble.planted.clear()
        await stage.fast_forward(minutes=2)
        # Neither is it given later, by this process or by the next one.
        await stage.restart()
        assert not [card for *_, card in stage.standing() if card.startswith("answer/")]
        stage.expect_card("board")


async def test_a_clock_that_is_set_back_freezes_no_board(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("claim scribe")
    await stage.ann.types("impact some cannot pay")
    stage.clock._now -= timedelta(hours=1)
    await stage.ann.types("impact nobody can pay")
    await stage.fast_forward(seconds=5)
    stage.expect_card("board", "nobody can pay")


@pytest.mark.parametrize("retry_after", [None, 60.0])
async def test_a_clock_that_is_set_back_ends_a_rest(stage: Stage, retry_after: float | None) -> None:
    rests = Rests(stage.clock.now)
    rests.begin(("inc-1", "board"), Temporary("429", retry_after))
    assert rests.left(("inc-1", "board")) == (retry_after or BACKOFF[0])
    stage.clock._now -= timedelta(hours=1)
    assert rests.left(("inc-1", "board")) == 0


async def test_a_copy_that_the_chat_takes_only_much_later_is_late_at_once(stage: Stage) -> None:
    trouble = await Trouble().on(stage)
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await stage.ann.types("update impact=Some users cannot pay")
    trouble.planted["send", f"{stage.incident.name} update"] = Temporary("429", retry_after=600)
    message = await stage.ann.says("!inc publish")
    assert {delivery.state for delivery in stage.incident.deliveries} == {"late"}
    trouble.planted.clear()
    await stage.fast_forward(minutes=10, seconds=5)
    assert stage.incident.deliveries == ()
    stage.ticks.add(message.id)
    stage.expect_updates(1)
    stage.expect_everything()


def _once(words: str) -> Callable[..., None]:
    heard: list[str] = []

    def listen(_stream: str, _incident: object, records: list[object]) -> None:
        if words in str(records) and not heard:
            heard.append(words)
            raise ValueError("a bug in a listener")

    return listen


async def test_a_listener_with_a_bug_keeps_nobody_else_from_being_told(tmp_path: Path) -> None:
    async with open_stage(tmp_path, bugs=1) as stage:
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        stage.tocsin.post.listeners.insert(0, _once("boom"))
        await stage.ann.types("impact boom")
        await stage.fast_forward(seconds=3)
        stage.expect_card("board", "boom")


async def test_a_declaration_whose_listener_has_a_bug_is_whole(tmp_path: Path) -> None:
    """The incident's own stream is told of first: the house must be as the log has it all the same."""
    async with open_stage(tmp_path, bugs=1) as stage:
        stage.tocsin.post.listeners.insert(0, _once("declared"))
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        await stage.ann.types("declare search is empty sev3", stage.triage)
        assert stage.incident.number == 2
        stage.expect_everything()


class Busy(SandboxTransport):
    """A chat that takes no more of one kind of call for a while; what it did take is noted in order."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.full: set[str] = set()
        self.took: list[str] = []

    def _take(self, kind: str) -> None:
        if kind in self.full:
            raise Crowded("enough of that for now", retry_after=20)
        self.took.append(kind)

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        self._take("send")
        return await super().send(channel, post, key)

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        self._take("edit")
        await super().edit(message, post, key)

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        self._take("unreact")
        await super().clear_reaction(message, emoji, account_id)


async def _busy(stage: Stage) -> Busy:
    chat = Busy(stage.server)
    stage.chat = lambda: chat
    await stage.restart()
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    return chat


async def test_where_no_more_is_sent_the_board_is_edited_all_the_same(stage: Stage) -> None:
    chat = await _busy(stage)
    chat.full = {"send"}
    await stage.mia.types("hypothesis cache")
    await stage.fast_forward(seconds=3)
    stage.expect_no_card("item/H1")
    stage.expect_card("board", "H1 cache: free")
    await stage.ann.types("impact nobody can pay")
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "nobody can pay")
    stage.expect_no_card("item/H1")
    chat.full = set()
    await stage.fast_forward(seconds=20)
    stage.expect_card("item/H1", "cache")


async def test_taking_emoji_away_holds_up_nothing_that_people_read(stage: Stage) -> None:
    chat = await _busy(stage)
    await stage.mia.reacts("board", "🔎")
    await stage.fast_forward(seconds=5)
    chat.took.clear()
    await stage.jon.reacts_in_vain("board", "🔎", "Mia")
    assert {"send", "unreact"} <= set(chat.took)
    chat.full = {"unreact"}
    await stage.fast_forward(seconds=5)
    board = stage.find("board").ref
    await stage.leah.reacts(board, "🔎")
    await stage.ann.types("impact nobody can pay")
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "nobody can pay")
    assert "leah" in stage.world.look(board).who("🔎")
    chat.full = set()
    await stage.fast_forward(seconds=20)
    assert "leah" not in stage.world.look(board).who("🔎")
    assert "Mia" in stage.leah.told(board)
