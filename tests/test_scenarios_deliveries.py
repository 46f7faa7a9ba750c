"""Every copy is followed until it is there: late, impossible, found at last; said once, shown on the board, and mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from elsewhere import Elsewhere
from stage import AUDIENCES, Stage, open_stage
from test_scenarios_lanes import Trouble
from test_scenarios_mirrors import TEXT, comes_back_with, published, room

from core.incident.commands import NoteDelivery
from core.incident.deliveries import PAGE
from core.incident.policy import Audience
from core.incident.vocabulary import ChannelRef
from core.port import Forbidden, Temporary
from transports.sandbox.places import Kind

NOT_FOUND = "sales (sandbox:sales) cannot get it: the sandbox has no channel 'sales'"


async def with_sales(stage: Stage) -> None:
    await comes_back_with(stage, (*AUDIENCES, Audience(name="sales", rooms=(room("sales"),), internal=True)))


async def beside(stage: Stage, chat: Elsewhere) -> None:
    """The stage again, with leadership in a room of another chat."""
    stage.others[chat.name] = chat
    leadership = Audience(name="leadership", rooms=(chat.room("#leadership"),))
    await comes_back_with(stage, (AUDIENCES[0], leadership))


# --- a room that is not there -----------------------------------------------------------------------------------------


async def test_a_room_that_is_not_found_is_named_and_gets_what_stands_once_it_is_there(stage: Stage) -> None:
    await with_sales(stage)
    await published(stage)
    stage.expect_updates(1)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", f"Copies       2 of 3 of update 1 are there · {NOT_FOUND}")
    said = stage.expect_card("delivery/1", "Update 1 is not everywhere", NOT_FOUND, "Ann, tell them yourself")
    assert stage.find("delivery/1").pings == ("ann",)
    # A day of looking in vain says nothing more, and neither does a restart.
    await stage.ann.types("correct every=23h")
    await stage.fast_forward(hours=2)
    await stage.restart()
    await stage.fast_forward(minutes=2)
    assert stage.expect_card("delivery/1") == said
    assert (await stage.kinds()).count("delivery_noted") == 1
    sales = stage.world.create_channel("sales", Kind.AUDIENCE)
    await stage.fast_forward(minutes=1, seconds=1)
    stage.expect_card("update/1", "Some users cannot pay", where=sales)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", lacks="Copies")
    stage.expect_card("delivery/1", "Update 1 is everywhere. sales (sandbox:sales): delivered after all at 12:0")
    assert not stage.find("delivery/1").text.count("\n")


async def test_a_room_that_is_not_found_keeps_nothing_else_waiting(stage: Stage) -> None:
    await stage.stop()
    asked: list[str] = []
    chat = stage.chat()

    async def resolve(name: str) -> ChannelRef:
        asked.append(name)
        if name == "sales":
            raise Temporary("that server is away", retry_after=3600)
        return await type(chat).resolve(chat, name)

    chat.resolve = resolve  # type: ignore[method-assign]
    stage.chat = lambda: chat
    await stage.again()
    await with_sales(stage)
    await published(stage)
    stage.expect_updates(1)
    assert "sales" in asked
    await stage.fast_forward(minutes=1)
    stage.expect_card("board", "sales (sandbox:sales) is late: the chat has not answered")
    stage.expect_card("delivery/1", "sales (sandbox:sales) is late")


async def test_a_room_that_is_no_audience_s_any_more_is_not_missed(stage: Stage) -> None:
    await with_sales(stage)
    await published(stage)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", NOT_FOUND)
    await comes_back_with(stage, AUDIENCES)
    stage.expect_updates(1)
    stage.expect_card("board", lacks="Copies")
    stage.expect_card("delivery/1", "Update 1: the rooms that lack it are no audience's any more.")


async def test_the_board_of_what_is_over_misses_nothing(stage: Stage) -> None:
    await with_sales(stage)
    await published(stage)
    stage.expect_updates(1)
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    await stage.fast_forward(minutes=2)
    stage.expect_summaries()
    stage.expect_card("board", lacks="Copies")
    stage.expect_card("delivery/1", NOT_FOUND, lacks="keeps trying")


async def test_each_update_has_one_card_for_all_its_rooms_and_the_owner_is_called_once(stage: Stage) -> None:
    audiences = (*AUDIENCES, Audience(name="sales", rooms=(room("sales"), room("shops"))))
    await comes_back_with(stage, audiences)
    await published(stage)
    await stage.ann.types("unchanged")
    await stage.fast_forward(seconds=3)
    stage.expect_updates(1, 2)
    for number in (1, 2):
        stage.expect_card(f"delivery/{number}", "sales (sandbox:sales) cannot", "sales (sandbox:shops) cannot")
    assert [stage.find(f"delivery/{number}").pings for number in (1, 2)] == [("ann",), ()]
    board = stage.expect_card("board", "2 of 4 of update 2 are there")
    assert board.count("sales (sandbox:sales)") == 1
    assert "and 2 of earlier updates" in board


# --- a chat that is away ----------------------------------------------------------------------------------------------


async def test_a_chat_that_is_away_delays_no_other_and_gets_what_stands_when_it_is_back(stage: Stage) -> None:
    chat = Elsewhere("#leadership")
    chat.there.clear()
    await beside(stage, chat)
    await published(stage)
    stage.expect_card("update/1", TEXT, where=stage.support)
    await stage.fast_forward(seconds=57)
    stage.expect_card("board", lacks="Copies")
    await stage.fast_forward(seconds=8)
    late = "leadership (matrix:#leadership) is late: matrix is not connected"
    stage.expect_card("board", f"Copies       1 of 2 of update 1 are there · {late}")
    stage.expect_card("delivery/1", late)
    # What is corrected meanwhile is right from the first.
    await stage.ann.types("correct impact=All users cannot pay")
    chat.there.set()
    await stage.fast_forward(seconds=3)
    assert chat.texts("#leadership") == {"update/1": stage.post("update/1").text}
    assert "All users" in stage.expect_card("update/1", where=stage.support)
    stage.expect_card("delivery/1", "leadership (matrix:#leadership): delivered after all at 10:0")
    stage.expect_card("board", lacks="Copies")
    assert chat.calls.count(("send", "#leadership")) == 1


async def test_a_room_that_hangs_delays_no_other_and_is_late_though_it_never_failed(stage: Stage) -> None:
    chat = Elsewhere("#leadership", "#press")
    stage.others[chat.name] = chat
    audience = Audience(name="others", rooms=(chat.room("#leadership"), chat.room("#press"), room("support")))
    await comes_back_with(stage, (audience,))
    chat.hanging.add("#leadership")
    await published(stage)
    assert chat.texts("#press") == {"update/1": TEXT}
    stage.expect_card("update/1", TEXT, where=stage.support)
    await stage.fast_forward(minutes=1, seconds=3)
    stage.expect_card("board", "2 of 3 of update 1", "(matrix:#leadership) is late: the chat has not answered")
    stage.expect_card("delivery/1", "(matrix:#leadership) is late")
    # The others get all that comes after it.
    await stage.ann.types("unchanged")
    assert list(chat.texts("#press")) == ["update/1", "update/2"]
    stage.expect_card("update/2", where=stage.support)
    stage.expect_card("update/2")
    await stage.fast_forward(minutes=1, seconds=3)
    stage.expect_card("delivery/2")


async def test_a_room_that_is_limited_for_long_is_late_at_once_and_delays_no_other(stage: Stage) -> None:
    chat = Elsewhere("#leadership")
    chat.refusing["#leadership"] = Temporary("too many messages", retry_after=300)
    await beside(stage, chat)
    await published(stage)
    stage.expect_card("update/1", TEXT, where=stage.support)
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "leadership (matrix:#leadership) is late: too many messages")
    chat.refusing.clear()
    await stage.fast_forward(minutes=5)
    assert chat.texts("#leadership") == {"update/1": TEXT}
    stage.expect_card("delivery/1", "delivered after all at 10:07 UTC")


async def test_a_late_copy_is_said_once_though_the_process_dies(stage: Stage) -> None:
    chat = Elsewhere("#leadership")
    chat.refusing["#leadership"] = Temporary("busy")
    await beside(stage, chat)
    await published(stage)
    stage.expect_card("update/1", where=stage.support)
    await stage.fast_forward(minutes=2)
    for forget in (False, True):
        await stage.restart(forget=forget)
        await stage.fast_forward(minutes=2)
    assert (await stage.kinds()).count("delivery_noted") == 1
    chat.refusing.clear()
    # It came while nobody looked, and the row that says so was lost: it is missed no longer all the same.
    await stage.restart(forget=True)
    await stage.fast_forward(minutes=1)
    assert chat.texts("#leadership") == {"update/1": TEXT}
    stage.expect_card("delivery/1", "Update 1 is everywhere")
    assert stage.incident.deliveries == ()


async def test_what_is_forbidden_is_tried_again_and_the_card_follows(stage: Stage) -> None:
    chat = Elsewhere("#leadership")
    chat.refusing["#leadership"] = Forbidden("write in #leadership")
    await beside(stage, chat)
    await published(stage)
    stage.expect_card("update/1", where=stage.support)
    await stage.fast_forward(seconds=3)
    stage.expect_card("delivery/1", "leadership (matrix:#leadership) cannot get it: write in #leadership")
    chat.refusing.clear()
    await stage.fast_forward(minutes=5)
    stage.expect_card("delivery/1", "Update 1 is everywhere")
    assert chat.texts("#leadership") == {"update/1": TEXT}


async def test_a_room_that_lets_the_bot_in_has_its_copy_within_a_minute(stage: Stage) -> None:
    chat = Elsewhere("#leadership")
    chat.names["#leadership"] = "!leadership"  # the name is known, and nobody has let the bot in
    del chat.rooms["#leadership"]
    await beside(stage, chat)
    await published(stage)
    stage.expect_card("update/1", where=stage.support)
    await stage.fast_forward(seconds=3)
    stage.expect_card("delivery/1", "leadership (matrix:#leadership) cannot get it: not in !leadership")
    chat.rooms["!leadership"] = {}
    await stage.fast_forward(minutes=1)
    assert chat.texts("!leadership") == {"update/1": TEXT}
    stage.expect_card("delivery/1", "Update 1 is everywhere")


async def test_the_status_page_is_a_copy_like_any_other(stage: Stage) -> None:
    await comes_back_with(stage, (*AUDIENCES, Audience(name="customers", status_page=True)))
    await published(stage)
    stage.expect_updates(1)
    reports = stage.tocsin.displays.reports
    await reports.hand_in("inc-1", NoteDelivery(card="update/1", channel=PAGE, state="late", reason="the disk is full"))
    await stage.fast_forward(seconds=3)
    stage.expect_card("board", "2 of 3 of update 1 are there · the status page is late: the disk is full")
    await reports.hand_in("inc-1", NoteDelivery(card="update/1", channel=PAGE, state="delivered"))
    await stage.fast_forward(seconds=3)
    stage.expect_card("delivery/1", "Update 1 is everywhere. the status page: delivered after all at 10:02 UTC")


# --- corrections and withdrawals --------------------------------------------------------------------------------------

MENDED = [
    ("correct impact=All users cannot pay", "All users cannot pay"),
    ("withdraw it was meant for another incident", "Withdrawn: it was meant for another incident"),
]


@pytest.mark.parametrize(("words", "reads"), MENDED)
@pytest.mark.parametrize("forget", [False, True])
async def test_what_is_over_and_asleep_is_mended_everywhere(stage: Stage, words: str, reads: str, forget: bool) -> None:
    chat = Elsewhere("#leadership")
    await beside(stage, chat)
    await published(stage)
    await stage.ann.types("close cause=tax fixed=rolled back next=no postmortem")
    # The channel is read-only, and the incident in no process's memory.
    await stage.fast_forward(days=8)
    assert stage.incident.locked
    assert stage.tocsin.post.awake() == ()
    await stage.restart(forget=forget)
    stage.expect_everything()
    stage.world.room(stage.channel).locked = False  # so that Ann can say it
    copies = {where: stage.find("update/1", where).ref for where in (stage.channel, stage.support)}
    await stage.ann.types(words, stage.channel)
    await stage.fast_forward(seconds=3)
    text = stage.post("update/1").text
    for where, copy in copies.items():
        stage.expect_card("update/1", reads, where=where)
        assert stage.find("update/1", where).ref == copy
        assert stage.post("update/1", where).text == text
    assert chat.texts("#leadership") == {"update/1": text}
    assert chat.calls[-1] == ("edit", "#leadership")
    await stage.fast_forward(minutes=2)
    assert stage.incident.deliveries == ()


@pytest.mark.parametrize(("words", "reads"), MENDED)
async def test_a_copy_that_somebody_deleted_comes_back_mended(stage: Stage, words: str, reads: str) -> None:
    await published(stage)
    await stage.ann.deletes(stage.find("update/1", stage.support).ref)
    stage.expect_card("update/1", TEXT, where=stage.support)
    await stage.ann.types(words)
    for where in (stage.channel, stage.support, stage.leadership):
        stage.expect_card("update/1", reads, where=where)
    assert stage.incident.deliveries == ()


async def test_a_correction_of_a_copy_that_was_deleted_twice_has_nowhere_to_go_and_that_is_said(stage: Stage) -> None:
    await published(stage)
    for _ in range(2):
        await stage.ann.deletes(stage.find("update/1", stage.support).ref)
    await stage.ann.types("correct impact=All users cannot pay")
    await stage.fast_forward(seconds=3)
    stage.expect_card("update/1", "All users", where=stage.leadership)
    stage.expect_card("delivery/1", "support (sandbox:support) cannot get it: somebody deleted it, twice")


@pytest.mark.parametrize(("words", "reads"), MENDED)
async def test_a_correction_that_is_late_is_said_to_leave_an_old_text(stage: Stage, words: str, reads: str) -> None:
    chat = Elsewhere("#leadership")
    await beside(stage, chat)
    await published(stage)
    chat.refusing["#leadership"] = Temporary("busy")
    await stage.ann.types(words)
    stage.expect_card("update/1", reads, where=stage.support)
    await stage.fast_forward(minutes=2)
    old = "leadership (matrix:#leadership) still shows the old text: busy"
    stage.expect_card("board", old)
    stage.expect_card("delivery/1", old)
    chat.refusing.clear()
    await stage.fast_forward(minutes=1)
    assert chat.texts("#leadership") == {"update/1": stage.post("update/1").text}
    stage.expect_card("delivery/1", "Update 1 is everywhere")


@pytest.mark.parametrize(("words", "reads"), MENDED)
async def test_a_correction_while_the_first_copy_is_on_its_way_ends_in_its_words(
    tmp_path: Path, words: str, reads: str
) -> None:
    async with open_stage(tmp_path) as stage:
        trouble = await Trouble().on(stage)
        await stage.ann.types("declare checkout fails sev2", stage.triage)
        await stage.ann.types("update impact=Some users cannot pay")
        # It arrives, and the bot does not hear so for a while.
        stage.faults.delay = 1.0
        await stage.ann.says("!inc publish")
        await stage.ann.says(f"!inc {words}")
        stage.faults.delay = 0.0
        trouble.planted.clear()
        await stage.fast_forward(minutes=1)
        stage.expect_everything()
        for where in (stage.channel, stage.support, stage.leadership):
            stage.expect_card("update/1", reads, where=where)
            assert stage.post("update/1", where).text == stage.incident.updates[0].text


async def test_a_copy_that_came_while_it_was_being_told_as_late_is_not_missed_for_ever(stage: Stage) -> None:
    await published(stage)
    stage.expect_updates(1)
    late = NoteDelivery(card="update/1", channel=room("support"), state="late", reason="busy")
    await stage.tocsin.displays.reports.hand_in("inc-1", late)
    await stage.fast_forward(seconds=3)
    assert stage.incident.deliveries == ()
    stage.expect_card("delivery/1", "Update 1 is everywhere")
