"""What is over sleeps: nothing of it is kept in memory, and whoever acts on it finds it as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, open_stage
from stage import _policy as stage_policy

from core.activity_log import HOUSE
from core.incident.policy import Policy, Times
from core.roster import Roster
from transports.sandbox.faults import Trouble


async def _over(stage: Stage) -> None:
    """An incident with something of everything, closed and read-only."""
    alarm = await stage.sam.says("Checkout fails after payment")
    await stage.ann.reacts(alarm, "🚨")
    said = await stage.mia.says("errors began at 10:02")
    await stage.mia.reacts(said, "📌")
    await stage.mia.types("hypothesis cache")
    await stage.mia.reacts_in_vain("board", "🧊", "is the call of")
    await stage.mia.is_told("frobnicate", "no command")
    await stage.ann.types("update impact=Some users cannot pay every=15m")
    await stage.ann.reacts("draft/1", "📤")
    await stage.ann.types("close cause=x fixed=y next=none")
    await stage.fast_forward(hours=2)
    stage.expect_everything()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """One where a channel is read-only an hour after the close, so that there is time to reopen what sleeps."""
    async with open_stage(tmp_path, policy=_locks_soon) as one:
        yield one


def _locks_soon(roster: Roster) -> Policy:
    return stage_policy(roster).model_copy(update={"times": Times(lock_after_close=timedelta(hours=1))})


def _kept(stage: Stage) -> dict[str, object]:
    """What is in memory of incidents."""
    displays, timers, post = stage.tocsin.displays, stage.tocsin.timers, stage.tocsin.post
    lanes = {channel.id: lane for channel, (lane, _) in displays._lanes.items()}
    notes: list[Mapping[Any, object]] = [
        *(lane._rests._pauses for lane in lanes.values()),
        *(lane._rights._refused for lane in lanes.values()),
        *(lane._cards._digests for lane in lanes.values()),
        *(lane._cards._edited for lane in lanes.values()),
        *(lane.history._first_tried for lane in lanes.values()),
        *(lane.history._marks for lane in lanes.values()),
        displays.showing._rows,
        {(row.stream, row.card): row for row in displays.showing._by_message.values()},
        dict.fromkeys(timers._spent),
    ]
    return {
        "incidents": [*dict(post.awake()), *displays.wanted.incidents, *displays._left_behind - {HOUSE}],
        "cards": [*set(displays.wanted._cards) - {HOUSE}],
        "channels": sorted(set(lanes) - {room.id for room in (stage.triage, stage.support, stage.leadership)}),
        "errands": len(displays._errands._tasks) - len(lanes),
        "notes": [name for known in notes for name in known if HOUSE not in (name, name[0])],
        "answers": [*{*displays._answering._last, *displays._answering._waiting} - {HOUSE}],
        "answered": [*set(displays.showing._answered) - {HOUSE}],
        "due": [*timers._due.keys() - {HOUSE}],
        "locks": [*post._locks],
    }


NOTHING: dict[str, object] = {
    "incidents": [],
    "cards": [],
    "channels": [],
    "errands": 1,  # what writes behind
    "notes": [],
    "answers": [],
    "answered": [],
    "due": [],
    "locks": [],
}


async def test_nothing_is_kept_of_what_is_over(stage: Stage) -> None:
    await _over(stage)
    assert stage.incident.locked
    assert _kept(stage) == NOTHING


async def test_a_new_process_lets_go_as_well(stage: Stage) -> None:
    await _over(stage)
    before = {name: one.text for name, one in stage.world.messages.items()}
    await stage.restart()
    await stage.fast_forward(minutes=1)
    assert _kept(stage) == NOTHING
    assert {name: one.text for name, one in stage.world.messages.items()} == before


async def test_what_is_open_or_writable_stays(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("close false-alarm it was only a test")
    await stage.fast_forward(minutes=59)
    stage.expect_everything()
    assert [stream for stream, _ in stage.tocsin.post.awake()] == ["inc-1"]


async def test_a_reopening_wakes_it_as_it_was(stage: Stage) -> None:
    await _over(stage)
    before = stage.standing()
    assert stage.world.room(stage.channel).locked
    await stage.ann.types("reopen 1 it is back", stage.triage)
    await stage.fast_forward(seconds=5)
    assert not stage.world.room(stage.channel).locked
    stage.expect_card("board", "investigating", "Ann", "H1")
    # The cards are the same messages, and answer as ever.
    assert stage.standing() == before
    await stage.jon.reacts("item/H1", "✋")
    stage.expect_card("item/H1", "Jon is on it")
    await stage.ann.types("hypothesis tax rounding")
    stage.expect_card("item/H2", "tax rounding")
    await stage.ann.types("drop H1")
    await stage.ann.types("confirm H2")
    await stage.ann.types("close cause=tax fixed=rolled back next=none")
    await stage.fast_forward(hours=2)
    stage.expect_summaries(2)
    stage.expect_everything()
    assert _kept(stage) == NOTHING


async def test_a_refusal_disturbs_its_sleep_only_for_a_moment(stage: Stage) -> None:
    await _over(stage)
    version = stage.incident.version
    stage.world.room(stage.channel).locked = False
    message = await stage.mia.says("!inc grab H9", stage.channel)
    await stage.fast_forward(seconds=5)
    assert stage.incident.version == version + 1
    stage.mia.told(message, "This incident is closed")
    assert _kept(stage) == NOTHING


async def test_an_edit_and_a_deletion_find_it(stage: Stage) -> None:
    await _over(stage)
    stage.world.room(stage.channel).locked = False
    said = next(one.ref for one in stage.world.said(stage.channel) if one.text == "errors began at 10:02")
    await stage.mia.edits(said, "errors began at 10:01")
    # Once closed, only the log learns.
    assert (await stage.kinds())[-1] == "source_edited"
    await stage.mia.deletes("board")
    await stage.fast_forward(seconds=5)
    stage.expect_card("board", "closed")
    assert stage.world.room(stage.channel).pins == [stage.find("board").ref.id]
    assert _kept(stage) == NOTHING


async def test_a_look_wakes_nobody(stage: Stage) -> None:
    await _over(stage)
    stage.world.room(stage.channel).locked = False
    await stage.mia.reacts(stage.find("board").ref, "🎉")
    hello = await stage.mia.says("well done", stage.channel)
    await stage.mia.edits(hello, "well done, all")
    stage.expect_everything()
    await stage.fast_forward(seconds=5)
    assert _kept(stage) == NOTHING


async def test_it_stays_until_the_chat_has_taken_the_last_of_it(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("close false-alarm it was only a test")
    stage.expect_everything()
    await stage.fast_forward(minutes=59)
    stage.faults.lost_request = 1.0
    await stage.fast_forward(minutes=5)
    assert stage.incident.locked
    assert [stream for stream, _ in stage.tocsin.post.awake()] == ["inc-1"]
    stage.faults.lost_request = 0.0
    stage.faults.upcoming.append(Trouble.LOST_REPLY)
    await stage.fast_forward(minutes=1)
    assert stage.world.room(stage.channel).locked
    assert _kept(stage) == NOTHING


@pytest.mark.parametrize("acts", [5, 60])
async def test_the_house_keeps_no_letter_that_is_settled(stage: Stage, acts: int) -> None:
    for number in range(acts):
        await stage.sam.is_told(f"sev {number % 9 + 4}", "", where=stage.triage)
    displays = stage.tocsin.displays
    await stage.fast_forward(seconds=3)
    assert [letter.settled for letter in displays._house._letters.values()] == [False]
    assert len(displays.wanted.cards(HOUSE, stage.triage)) == 1
    assert len(displays.showing._rows) == 1
    assert len(displays._lanes[stage.triage][0]._cards._digests) == 1
    said = [one.text for one in stage.of_tocsin(stage.triage)]
    assert said[:-1] == ["Refused."] * (acts - 1)


async def test_a_letter_of_the_house_is_let_go_after_an_hour(stage: Stage) -> None:
    await stage.kim.is_told("frobnicate", "no command", where=stage.triage)
    await stage.fast_forward(minutes=59)
    await stage.sam.is_told("sev 4", "", where=stage.triage)
    displays = stage.tocsin.displays
    assert len(displays._house._letters) == 2
    await stage.fast_forward(minutes=2)
    await stage.mia.is_told("sev 5", "", where=stage.triage)
    await stage.fast_forward(seconds=3)
    assert [letter.to.name for letter in displays._house._letters.values()] == ["Sam", "Mia"]
    assert len(displays.showing._rows) == 2


async def test_no_lane_looks_again_at_a_letter_of_an_incident_that_is_settled_and_shown_so(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    for number in range(12):
        await stage.mia.is_told(f"sev {number % 9 + 4}", "")
    await stage.ann.types("note it is still down")
    looked_at = [card.key for card in stage.tocsin.displays.wanted.cards("inc-1", stage.channel)]
    assert len([key for key in looked_at if key.startswith("letter/")]) == 1
    stage.expect_letters(12)
    # It is a card like any other all the same: deleted by somebody, it comes back once.
    first = next(one for one in stage.of_tocsin(stage.channel) if one.text == "Refused.")
    await stage.mia.deletes(first.ref)
    stage.expect_letters(12)
