"""Boards deleted, channels gone, rights lacking, nonsense typed: one clear line in the right place, nothing half-done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from stage import Stage

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import ChannelPlan, Deleted, Forbidden, Permanent, Said, Temporary
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)


async def test_a_deleted_board_comes_back_pinned_once(stage: Stage) -> None:
    await _declared(stage)
    room = stage.world.room(stage.channel)
    first = stage.find("board").ref
    await stage.kim.types("claim scribe")
    await stage.kim.deletes("board")
    second = stage.find("board").ref
    assert second != first
    assert room.pins == [second.id]
    stage.expect_card("board", "Commander Ann", "Scribe Kim", "Made again   the board: somebody had deleted it")
    assert set(stage.post("board").seeds) <= set(stage.world.look(second).reactions)
    await stage.kim.deletes("board")
    await stage.fast_forward(minutes=5)
    stage.expect_no_card("board")
    # The record goes on without it.
    await stage.ann.types("sev 1")
    await stage.fast_forward(minutes=1)
    stage.expect_no_card("board")


async def test_a_deleted_channel_is_made_again_and_said_in_triage(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("hypothesis cache")
    first = stage.channel
    await stage.mia.deletes_channel(first)
    assert stage.channel != first
    assert {"ann", "mia"} <= set(stage.world.room(stage.channel).members)
    await stage.fast_forward(seconds=3)
    stage.expect_card("notice", "channel was deleted and made again", where=stage.triage)
    stage.expect_card("item/H1", "cache")
    stage.expect_card("board", "Commander Ann")
    await stage.mia.types("grab h1")
    stage.expect_card("item/H1", "Mia is on it")


class Bound(SandboxTransport):
    """The sandbox with rights taken from the bot: `forbidden` names the calls."""

    def __init__(self, server: Server, forbidden: set[str]) -> None:
        super().__init__(server)
        self.forbidden = forbidden

    def _check(self, call: str, right: str) -> None:
        if call in self.forbidden:
            raise Forbidden(right)

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        self._check("open", "make channels")
        return await super().open_channel(plan)

    async def pin(self, message: MessageRef) -> None:
        self._check("pin, whatever the reason", "a level of 50 to pin")
        self._check("pin", "pin messages")
        await super().pin(message)

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        self._check("invite", "invite people")
        await super().invite(channel, account_id)

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        self._check("lock", "make channels read-only")
        await super().set_locked(channel, locked)

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        self._check(f"send {channel.id}", "write in the audience's room")
        return await super().send(channel, post, key)


async def _bound(stage: Stage, *forbidden: str) -> set[str]:
    rights = set(forbidden)
    stage.chat = lambda: Bound(stage.server, rights)
    await stage.restart()
    return rights


async def test_a_channel_that_may_not_be_made_is_named_and_made_later(stage: Stage) -> None:
    rights = await _bound(stage, "open")
    message = await stage.mia.says("!inc declare checkout fails sev3", stage.triage)
    stage.ticks.add(message.id)
    await stage.fast_forward(seconds=3)
    stage.expect_card("notice", "Tocsin lacks a right: make channels", where=stage.triage)
    assert stage.incident.channel is None
    rights.clear()
    await stage.fast_forward(minutes=6)
    stage.expect_card("board", lacks="make channels")
    stage.expect_card("notice", lacks="make channels")
    assert "mia" in stage.world.room(stage.channel).members
    stage.expect_card("prompt/commander-1")
    stage.expect_card("prompt/commander-2")


class Narrow(SandboxTransport):
    """A chat that has few channels left."""

    def crowding(self) -> str:
        return "The chat has 451 of its 500 channels."


async def test_a_chat_that_is_nearly_full_says_so_in_triage_until_the_close(stage: Stage) -> None:
    stage.chat = lambda: Narrow(stage.server)
    await stage.restart()
    await _declared(stage)
    await stage.fast_forward(seconds=3)
    stage.expect_card("notice", "The chat has 451 of its 500 channels.", where=stage.triage)
    await stage.ann.types("close false-alarm nothing was wrong after all")
    await stage.fast_forward(seconds=3)
    stage.expect_card("notice", lacks="500", where=stage.triage)
    stage.expect_summaries()


@pytest.mark.parametrize(("right", "words"), [("pin", "pin messages"), ("invite", "invite people")])
async def test_a_right_that_is_lacking_is_named_once_and_heals_by_itself(stage: Stage, right: str, words: str) -> None:
    rights = await _bound(stage, right)
    await _declared(stage)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", f"Tocsin lacks: {words}")
    await stage.fast_forward(minutes=30)
    assert (await stage.kinds()).count("right_missing") == 1
    rights.clear()
    await stage.fast_forward(minutes=6)
    room = stage.world.room(stage.channel)
    assert room.pins == [stage.find("board").ref.id]
    assert {"ann", "bob"} <= set(room.members)
    stage.expect_card("board", lacks="Tocsin lacks")


async def test_a_right_that_is_called_otherwise_later_is_named_once(stage: Stage) -> None:
    """A chat may know why only later, and the level that it takes may change."""
    rights = await _bound(stage, "pin")
    await _declared(stage)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "Tocsin lacks: pin messages")
    rights.add("pin, whatever the reason")
    await stage.fast_forward(minutes=6)
    stage.expect_card("board", "Tocsin lacks: a level of 50 to pin", lacks="pin messages")
    rights.clear()
    await stage.fast_forward(minutes=6)
    stage.expect_card("board", lacks="Tocsin lacks")


async def test_a_room_that_may_not_be_written_to_is_on_the_board_until_it_may(stage: Stage) -> None:
    rights = await _bound(stage, f"send {stage.support.id}")
    await _declared(stage)
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("publish")
    stage.expect_card("draft/1", "published")
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "Tocsin lacks: write in the audience's room", "support (sandbox:support) cannot get it")
    stage.expect_card("delivery/1", "support (sandbox:support) cannot get it: write in the audience's room")
    rights.clear()
    await stage.fast_forward(minutes=6)
    stage.expect_updates(1)
    stage.expect_card("board", lacks="Copies")
    stage.expect_card("board", lacks="Tocsin lacks")
    stage.expect_card("delivery/1", "Update 1 is everywhere. support (sandbox:support): delivered after all at 10:0")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("frobnicate the server", "There is no command frobnicate"),
        ("grab H9", "There is no item H9. Nothing is on the list yet: `hypothesis TEXT`"),
        ("done", "`done ITEM"),
        ("changed release 214 10:20", "still to come"),
        ("claim everything", "is no role"),
        ("assign recovery @nobody", "I know nobody called"),
        ("unfreeze", "Changes are not frozen"),
        ("yes", "Nothing here waits for a yes or a no of yours"),
        ("yes handoff-9", "That question is settled"),
        ("note " + "x" * 20_000, "the limit is 2000"),
        ("sev 7", "sev"),
        ("drill outage", "Drills are begun in the triage channel"),
        ("status resolved-ish", "is no phase"),
    ],
)
async def test_nonsense_gets_one_clear_line_and_changes_nothing(stage: Stage, words: str, answer: str) -> None:
    await _declared(stage)
    await stage.ann.is_told(words, answer)
    assert (await stage.kinds())[-1] == "refused"


async def test_items_that_are_over_or_of_another_kind_say_so(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("hypothesis cache")
    await stage.ann.types("action call them @Mia")
    await stage.ann.is_told("confirm a1", "`confirm` is for hypotheses, and A1 is none", "`done A1`")
    await stage.ann.is_told("rule-out a1", "`rule-out` is for hypotheses", "`drop A1`")
    await stage.ann.is_told("grab a1", "Mia is on A1")
    await stage.jon.is_told("release a1", "Mia is on A1. Mia or Ann as commander may `release A1`")
    # The commander frees what an absent person took.
    await stage.ann.types("release a1")
    assert "A1 taken out of Mia's hands" in await stage.ann.asks("timeline")
    await stage.mia.types("grab a1")
    await stage.mia.types("release a1")
    await stage.mia.types("release a1")
    await stage.ann.types("rule-out H1 hit rate is normal")
    await stage.ann.types("drop H1")
    await stage.ann.is_told("confirm H1", "H1 is over: ruled out")
    await stage.ann.is_told("grab H1", "H1 is over: ruled out")
    await stage.ann.is_told("grab H7", "There is no item H7. Open now: A1.")
    stage.expect_card("item/H1", "Ruled out by Ann: hit rate is normal")
    stage.expect_card("item/A1", "free to grab")


async def test_one_path_at_a_time(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.is_told("path rollback", "To choose the path is the call of the recovery owner", "Ann")
    await stage.ann.types("path dig nothing points at the release")
    await stage.ann.types("path dig nothing points at the release")
    stage.expect_card("board", "Recovery     keep digging: nothing points at the release")
    await stage.leah.types("claim recovery")
    await stage.leah.types("path rollback put back the config")
    await stage.leah.types("path rollback")
    await stage.leah.says("!inc path fix")
    stage.expect_card(
        "prompt/stop-1", "Leah: one recovery path at a time, and R1 (roll back: put back the config) is open"
    )
    stage.expect_card("board", "R1 roll back: put back the config, free")
    await stage.mia.reacts("item/R1", "✋")
    stage.expect_card("board", "R1 roll back: put back the config, Mia on it")
    await stage.mia.reacts("item/R1", "❌")
    stage.expect_card("prompt/stop-1", "One path at a time: R1: did not help.")
    stage.expect_card("item/R1", "Did not help, says Mia")
    stage.expect_card("board", "Recovery     undecided")
    await stage.leah.types("path fix")
    await stage.leah.types("done r2 error rate is zero")
    stage.expect_card("item/R2", "Done by Leah: error rate is zero")
    stage.expect_card("prompt/signal-1", "Leah: R2 is done. Which signal will show that it worked")
    stage.expect_card("board", "R2 ship a fix: done")


async def test_a_freeze_is_lifted_on_purpose(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.reacts_in_vain("board", "🧊", "To freeze changes is the call of the incident commander or recovery")
    await stage.ann.reacts("board", "🧊")
    await stage.ann.types("freeze")
    stage.expect_card("board", "undecided · changes frozen since 10:02 UTC (Ann)")
    await stage.ann.takes_back("board", "🧊")
    stage.expect_card("prompt/unfreeze-1", "Ann: lift the freeze for everyone?")
    stage.expect_card("board", "changes frozen")
    await stage.mia.reacts_in_vain("prompt/unfreeze-1", "👍", "That was asked of Ann")
    await stage.ann.reacts("prompt/unfreeze-1", "👍")
    stage.expect_card("prompt/unfreeze-1", "lifted")
    stage.expect_card("board", lacks="frozen")
    await stage.ann.types("freeze no deploys")
    await stage.ann.types("unfreeze payments work")
    await stage.ann.is_told("unfreeze", "Changes are not frozen")


async def test_a_freeze_outlives_the_close_until_it_is_lifted_by_name(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("freeze")
    await stage.ann.types("close cause=x fixed=y")
    stage.expect_summaries()
    stage.expect_card("board", "changes frozen")
    await stage.ann.types("unfreeze")
    stage.expect_card("board", lacks="frozen")


async def test_taking_ice_back_after_the_thaw_is_silent(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.reacts("board", "🧊")
    await stage.ann.types("unfreeze")
    await stage.ann.takes_back("board", "🧊")


async def test_markup_and_crowds_in_a_title_are_only_words(stage: Stage) -> None:
    title = "<b>@room</b> **checkout** `down` @everyone [x](https://evil.example)"
    await stage.ann.types(f"declare {title} sev3", stage.triage)
    assert stage.incident.title == title
    stage.expect_card("board", title)
    assert stage.find("board").pings == ()
    assert stage.find("notice").pings == ()
    assert stage.incident.name == "inc-2026-05-02-b-room-b-checkout-down-everyone-x-https-evil-example"


async def test_the_first_line_of_a_long_alarm_is_the_title(stage: Stage) -> None:
    alarm = await stage.sam.says("\n  Checkout fails  \n" + "trace\n" * 3000)
    await stage.ann.reacts(alarm, "🚨")
    assert stage.incident.title == "Checkout fails"
    wall = await stage.sam.says("x" * 20_000)
    await stage.ann.reacts_in_vain(wall, "💡", "That message has 20000 characters, and at most 2000 fit")
    assert stage.incident.items == {}


async def test_words_outside_an_incident_are_told_where_they_belong(stage: Stage) -> None:
    await stage.ann.is_told("claim ic", "That belongs in an incident's own channel", "`declare TITLE`")
    await stage.ann.is_told("frobnicate", "There is no command")
    assert "declare" in await stage.ann.asks("help declare")


async def test_a_message_that_is_gone_before_it_is_read_is_let_be(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("tax rounding")
    await stage.stop()
    stage.world.react(stage.mia.account, message, "💡")
    stage.world.delete(stage.mia.account, message)
    await stage.again(away=timedelta())
    assert stage.incident.items == {}


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("hypo disk is full", "Did you mean `hypothesis`?"),
        ("snoze 10m", "Did you mean `snooze`?"),
        ("oncal", "Did you mean `oncall`?"),
        ("declare mail is late SEV 9", "There is no SEV 9; there are sev1, sev2, sev3."),
    ],
)
async def test_what_was_nearly_typed_is_named(stage: Stage, words: str, answer: str) -> None:
    await stage.ann.is_told(words, answer, where=stage.triage)


class Stubborn(SandboxTransport):
    """A chat that is there, and never tells what one message says."""

    untold: MessageRef | None = None

    async def read(self, message: MessageRef) -> Said:
        if message == self.untold:
            raise Temporary("500 for this one message")
        return await super().read(message)


async def test_a_message_that_the_chat_never_tells_holds_nobody_up_for_long(stage: Stage) -> None:
    stage.chat = lambda: chat
    chat = Stubborn(stage.server)
    await stage.restart()
    await _declared(stage)
    chat.untold = await stage.mia.says("it is the cache")
    stage.world.react(stage.mia.account, chat.untold, "💡")
    await stage.fast_forward(seconds=20)
    assert "nothing was done. Type it instead." in stage.mia.told(chat.untold)
    await stage.ann.types("note somebody else goes on")
    assert stage.incident.items == {}


class Sealed(SandboxTransport):
    """A chat that is there, takes one card never, and never tells what stands in a channel."""

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        if post.card == "item/H1":
            raise Permanent("refused, this one card")
        return await super().send(channel, post, key)

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        raise Temporary("500 for this one history")


async def test_a_history_that_cannot_be_read_holds_nobody_up_for_long(stage: Stage) -> None:
    stage.chat = lambda: Sealed(stage.server)
    await stage.restart()
    await _declared(stage)
    await stage.mia.types("hypothesis cache")
    said = await stage.mia.says("errors began at 10:02")
    stage.world.react(stage.mia.account, said, "📌")
    await stage.fast_forward(seconds=20)
    assert "nothing was done. Type it instead." in stage.mia.told(said)
    await stage.ann.types("note somebody else goes on")
    assert [entry.text for entry in stage.incident.entries][-1:] == ["somebody else goes on"]


async def test_what_is_not_told_while_the_chat_is_away_does_not_count(stage: Stage) -> None:
    stage.chat = lambda: chat
    chat = Stubborn(stage.server)
    await stage.restart()
    await _declared(stage)
    chat.untold = await stage.mia.says("it is the cache")
    stage.faults.outage = True
    stage.world.react(stage.mia.account, chat.untold, "💡")
    await stage.fast_forward(minutes=5)
    stage.faults.outage = False
    # It is back, and does not tell at once.
    await stage.fast_forward(seconds=6)
    chat.untold = None
    await stage.fast_forward(seconds=4)
    stage.expect_card("item/H1", "it is the cache")


async def test_a_chat_that_is_away_is_waited_for(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("it is the cache")
    stage.world.react(stage.mia.account, message, "💡")
    stage.faults.outage = True
    await stage.fast_forward(minutes=30)
    assert stage.incident.items == {}
    stage.faults.outage = False
    await stage.fast_forward(seconds=40)
    stage.expect_card("item/H1", "it is the cache")


class Troubled(SandboxTransport):
    """A chat that never invites one person."""

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        if account_id == "kim":
            raise Temporary("502 from that person's homeserver")
        await super().invite(channel, account_id)


async def test_one_person_who_cannot_be_invited_keeps_the_board_from_nobody(stage: Stage) -> None:
    stage.chat = lambda: Troubled(stage.server)
    await stage.restart()
    await stage.ann.types("declare checkout is slow sev3", stage.triage)
    await stage.kim.types("declare checkout is slow", stage.triage)
    await stage.ann.types("impact nobody can pay")
    await stage.fast_forward(minutes=2)
    stage.expect_card("board", "nobody can pay")
    assert "kim" not in stage.world.room(stage.channel).members


class Remembering(SandboxTransport):
    """A chat that remembers, by its key, an item's message that somebody deleted; of `keys`, so many."""

    keys = 1

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.met: set[str] = set()

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        if post.card == "item/H1" and (key in self.met or len(self.met) < self.keys):
            self.met.add(key)
            raise Deleted("its message was deleted")
        return await super().send(channel, post, key)


@pytest.mark.parametrize("keys", [1, 9])
async def test_a_card_whose_message_was_deleted_before_we_knew_of_it_is_made_again_once(
    stage: Stage, keys: int
) -> None:
    stage.chat = lambda: chat
    chat = Remembering(stage.server)
    chat.keys = keys
    await stage.restart()
    await _declared(stage)
    await stage.mia.types("hypothesis cache")
    await stage.fast_forward(minutes=1)
    if keys == 1:
        stage.expect_card("item/H1", "cache")
    else:
        stage.expect_no_card("item/H1")
    assert len(chat.met) == min(keys, 2)
    await stage.ann.types("note all goes on")


async def test_an_edit_whose_answer_was_lost_is_not_taken_for_never_made(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("impact some users cannot pay")
    board = stage.find("board")
    before = board.text
    stage.world.react(stage.ann.account, board.ref, "🧊")
    await stage.settle()
    stage.faults.lost_reply = 1.0
    await stage.fast_forward(seconds=2)
    assert "frozen" in stage.find("board").text, "the edit was made, and nobody knows"
    stage.faults.lost_reply = 0.0
    stage.world.say(stage.ann.account, stage.channel, "!inc unfreeze")
    await stage.settle()
    await stage.fast_forward(minutes=2)
    stage.expect_everything()
    assert stage.find("board").text == before


async def test_that_an_edit_is_under_way_is_durable_before_it_is_asked_for(stage: Stage) -> None:
    """Else a process that dies then leaves one behind that takes the card for what it was."""
    known: list[object] = []

    class Looking(SandboxTransport):
        async def edit(self, message: MessageRef, post: Post, key: str) -> None:
            [(shown,)] = await stage.database.rows("SELECT hash FROM shown WHERE message = ?", (message.id,))
            known.append(shown)
            await super().edit(message, post, key)

    stage.chat = lambda: Looking(stage.server)
    await stage.restart()
    await _declared(stage)
    await stage.kim.types("claim scribe")
    await stage.kim.types("release scribe")
    assert len(known) >= 2
    assert set(known) == {""}


async def test_words_in_triage_are_told_which_incident_they_may_be_for(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    private = await stage.jon.says("/inc declare a leak private", stage.world.direct(stage.jon.account))
    stage.jon.told(private, "is private")
    name = stage.tocsin.post.awake()[0][1].name
    told = await stage.mia.is_told("claim updates", f"Type it in {name}. To begin another", where=stage.triage)
    assert len(stage.tocsin.post.awake()) == 2
    stage.mia.told(told, "own channel. Type it in inc-2026-05-02-checkout-fails. To")
    await stage.mia.is_told("claim updates", "own channel. To begin one", where=stage.support)
