"""The first 15 minutes, who is idle, one check each, and the stuck signs: told once, on one card a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from stage import Stage, open_stage


@pytest.fixture
async def clocked(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage with every nudge as it is by default."""
    async with open_stage(tmp_path, nudges=True) as stage:
        yield stage


async def _declared(stage: Stage, *others: str) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    for name in others:
        await getattr(stage, name).types(f"note {name} is here")


# --- the checklist ----------------------------------------------------------------------------------------------------


async def test_the_checklist_ticks_itself_from_the_record(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage)
    stage.expect_card(
        "checklist",
        "☐ by 10:04 UTC verify the alert and one user-facing symptom",
        "☐ by 10:06 UTC freeze risky changes",
        "☐ by 10:09 UTC keep the note: impact written, calls claimed",
        "☐ by 10:17 UTC first update out, the next decision time set",
        lacks="each person",
    )
    await stage.ann.types("impact some users cannot pay")
    await stage.ann.types("freeze")
    await stage.ann.types("unfreeze")
    stage.expect_card("checklist", "☑ by 10:04", "☑ by 10:06", "☑ by 10:09", "☐ by 10:17")
    await stage.mia.types("hypothesis the cache")
    stage.expect_card("item/H1")
    # They are two now: the calls are to be claimed, and everybody is to have one check.
    stage.expect_card("checklist", "☐ by 10:09", "☐ by 10:12 UTC each person has one check")
    await stage.mia.types("claim diagnosis")
    await stage.mia.types("claim recovery")
    await stage.ann.types("claim updates")
    stage.expect_card("checklist", "☑ by 10:09")
    await stage.mia.reacts("item/H1", "✋")
    stage.expect_card("checklist", "☑ by 10:12")
    await stage.ann.types("update impact=Some users cannot pay next=We look at the cache every=15m")
    await stage.ann.types("publish")
    stage.expect_card("checklist", "☐ by 10:17")
    await stage.ann.types("decide-by 15m roll back unless errors fall")
    stage.expect_card("checklist", "☑ by 10:17")
    stage.expect_card("draft/1")
    stage.expect_updates(1)


async def test_at_its_time_the_open_step_and_only_that_is_named_to_the_commander(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage)
    stage.expect_card("checklist")
    await stage.fast_forward(minutes=2)
    text = stage.expect_card("nudge/1", "Ann:", "verify the alert and one user-facing symptom", "`impact TEXT`")
    assert len(text.splitlines()) == 2
    assert [one.name for one in stage.post("nudge/1").pings] == ["Ann"]
    await stage.ann.types("freeze")
    await stage.ann.types("impact some users cannot pay")
    stage.expect_card("nudge/1", "all done")
    await stage.fast_forward(minutes=20)
    # Freeze and note were done in time; only the update is left.
    stage.expect_card("nudge/2", "first update out", lacks="freeze")
    assert [row for card in stage.incident.nudges for row, _ in card.rows] == [
        "checklist 1",
        "checklist 5",
        "no mitigation",
    ]


async def test_a_check_each_is_no_step_any_more_once_it_is_but_watched(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage, "mia", "jon")
    await stage.mia.types("hypothesis the cache")
    await stage.mia.types("confirm H1")
    await stage.ann.types("freeze")
    await stage.ann.types("impact some users cannot pay")
    for who, role in (("mia", "diagnosis"), ("jon", "updates"), ("mia", "recovery")):
        await getattr(stage, who).types(f"claim {role}")
    stage.expect_card("item/H1")
    stage.expect_card("checklist", "☐ by 10:12 UTC each person has one check")
    await stage.ann.types("status monitoring errors are falling")
    stage.expect_card("checklist", "☑ by 10:12 UTC each person has one check")
    await stage.fast_forward(minutes=6)
    await stage.mia.types("note payment success is back")
    await stage.fast_forward(minutes=5)
    stage.expect_no_card("nudge/1")


async def test_a_commander_who_comes_late_is_told_the_last_step_alone(clocked: Stage) -> None:
    stage = clocked
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    await stage.fast_forward(minutes=8)
    stage.expect_card("prompt/commander-1")
    stage.expect_card("prompt/commander-2")
    stage.expect_no_card("nudge/1")
    await stage.mia.reacts("board", "🧭")
    await stage.fast_forward(seconds=1)
    stage.expect_card("nudge/1", "keep the note: impact written", lacks="freeze")
    stage.expect_card("checklist")


# --- one card a person, one ping in five minutes ----------------------------------------------------------------------


async def test_one_card_is_edited_in_place_and_calls_again_after_five_minutes(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage)
    stage.expect_card("checklist")
    await stage.fast_forward(minutes=4)
    stage.expect_card("nudge/1", "verify the alert", "freeze risky changes")
    stage.expect_no_card("nudge/2")
    await stage.fast_forward(minutes=3)
    # 10:09: five minutes after the first call.
    stage.expect_card("nudge/2", "keep the note", lacks="freeze risky changes")
    stage.expect_card("nudge/1", "Nudges to Ann: continued further down.")
    for earlier, later in zip(stage.incident.nudges, stage.incident.nudges[1:], strict=False):
        assert later.at - earlier.at >= timedelta(minutes=5)


async def test_nothing_is_told_twice_across_restarts(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage)
    for _ in range(6):
        await stage.restart(away=timedelta(minutes=3), forget=True)
    stage.expect_everything()
    told = [row for card in stage.incident.nudges for row, _ in card.rows]
    assert len(told) == len(set(told))
    await stage.ann.types("resolve")
    stage.expect_everything()
    assert "all done" in stage.find(f"nudge/{len(stage.incident.nudges)}").text


# --- idle, and one check each -----------------------------------------------------------------------------------------


async def test_board_names_who_is_idle_and_what_is_free(stage: Stage) -> None:
    await _declared(stage)
    assert "Idle" not in await stage.ann.asks("board"), "nobody is idle who is alone"
    await stage.mia.types("hypothesis the cache")
    await stage.jon.types("hypothesis the provider")
    await stage.mia.types("grab H1")
    stage.expect_card("item/H1")
    stage.expect_card("item/H2")
    shown = await stage.ann.asks("board")
    assert shown.endswith("Idle         Jon without a check · free to grab: H2 the provider")
    stage.expect_card("board", lacks="Idle")


async def test_who_only_talks_is_there_too(stage: Stage) -> None:
    await _declared(stage, "mia")
    await stage.bob.says("I am looking at the graphs")
    assert "Idle         Mia, Bob without a check" in await stage.ann.asks("board")


async def test_a_second_check_is_confirmed_while_somebody_else_is_free(stage: Stage) -> None:
    await _declared(stage, "mia", "jon")
    for text in ("the cache", "the provider", "tax rounding"):
        await stage.ann.types(f"hypothesis {text}")
    await stage.mia.reacts("item/H1", "✋")
    await stage.mia.reacts("item/H2", "✋")
    stage.expect_card("item/H2", "free to grab")
    stage.expect_card("prompt/second-1", "Mia: you are on H1, and Jon could take it. H2 as well?")
    await stage.jon.reacts_in_vain("prompt/second-1", "👍", "That was asked of Mia")
    await stage.mia.reacts("prompt/second-1", "👍")
    stage.expect_card("prompt/second-1", "Mia is on H2")
    stage.expect_card("item/H2", "Mia is on it")
    stage.expect_card("item/H1")
    # Doing it a second time is yes too.
    await stage.mia.says("!inc grab H3")
    stage.expect_card("prompt/second-2", "H3 as well?")
    await stage.mia.types("grab H3")
    stage.expect_card("item/H3", "Mia is on it")
    stage.expect_card("prompt/second-2")


async def test_nobody_else_free_asks_nothing_and_a_path_is_no_check(stage: Stage) -> None:
    await _declared(stage, "mia")
    for text in ("the cache", "the provider"):
        await stage.ann.types(f"hypothesis {text}")
        await stage.mia.types(f"grab H{len(stage.incident.items)}")
    await stage.jon.types("note jon is here")
    await stage.ann.types("path rollback")
    await stage.mia.reacts("item/R1", "✋")
    for key in ("H1", "H2", "R1"):
        stage.expect_card(f"item/{key}", "Mia is on it")


async def test_the_commander_who_grabs_is_told_once_and_never_stopped(stage: Stage) -> None:
    await _declared(stage, "mia")
    await stage.ann.types("hypothesis the cache")
    await stage.ann.types("hypothesis the provider")
    await stage.ann.reacts("item/H1", "✋")
    stage.expect_card("item/H1", "Ann is on it")
    await stage.fast_forward(seconds=1)
    stage.expect_card("nudge/1", "Ann:", "you command, and are on H1; Mia could take it: `release H1`, or hand over")
    await stage.ann.reacts("item/H1", "✅")
    stage.expect_card("nudge/1", "all done")
    await stage.mia.types("note still here")
    await stage.ann.reacts("item/H2", "✋")
    await stage.fast_forward(minutes=6)
    stage.expect_no_card("nudge/2")
    stage.expect_card("item/H2", "Ann is on it")


async def test_the_commander_who_is_alone_grabs_in_silence(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("hypothesis the cache")
    await stage.ann.types("hypothesis the provider")
    await stage.ann.types("grab H1")
    await stage.ann.types("grab H2")
    await stage.fast_forward(minutes=1)
    stage.expect_no_card("nudge/1")
    stage.expect_card("item/H1")
    stage.expect_card("item/H2")


# --- stuck signs ------------------------------------------------------------------------------------------------------


async def _nudged(stage: Stage, *words: str) -> None:
    await stage.fast_forward(seconds=1)
    stage.expect_card("nudge/1", "Ann:", *words)
    stage.expect_everything()
    told = [row for card in stage.incident.nudges for row, _ in card.rows]
    assert len(told) == len(set(told)) == 1


async def test_two_people_who_test_fixes_without_a_path(stage: Stage) -> None:
    await _declared(stage, "mia", "jon")
    await stage.ann.types("action restart the workers @Mia")
    await stage.ann.types("action patch the tax rounding @Jon")
    await _nudged(
        stage,
        "A1 (Mia) and A2 (Jon) are fixes in two people's hands",
        "recovery is yours while nobody holds it: choose one: `path fix WHY`",
    )


async def test_a_patch_and_a_rollback_at_once(stage: Stage) -> None:
    await _declared(stage, "mia", "leah")
    await stage.leah.types("claim recovery")
    await stage.leah.types("path rollback")
    await stage.ann.types("action hotfix for the rounding @Mia")
    await _nudged(stage, "A1 (Mia) patches while R1", "Leah should stop one: `drop ITEM`")


async def test_a_restart_beside_a_rollback_is_no_patch(stage: Stage) -> None:
    await _declared(stage, "mia", "leah")
    await stage.leah.types("claim recovery")
    await stage.leah.types("path rollback")
    await stage.ann.types("action restart the workers once it is out @Mia")
    await stage.fast_forward(minutes=6)
    stage.expect_card("item/R1")
    stage.expect_card("item/A1")
    stage.expect_no_card("nudge/1")


async def test_a_record_that_is_quiet_for_ten_minutes(tmp_path: Path) -> None:
    async with open_stage(tmp_path, nudges=True) as stage:
        await _declared(stage, "mia")
        await stage.fast_forward(minutes=11)
        told = {row for card in stage.incident.nudges for row, _ in card.rows}
        assert "quiet record" in told
        stage.expect_everything()
        assert "nothing new is on the record" in stage.find(f"nudge/{len(stage.incident.nudges)}").text
        await stage.mia.types("note the provider says that they are fine")
        assert "nothing new" not in stage.find(f"nudge/{len(stage.incident.nudges)}").text
        await stage.fast_forward(minutes=30)
        stage.expect_everything()
        assert [row for card in stage.incident.nudges for row, _ in card.rows].count("quiet record") == 1


async def test_the_same_hypothesis_twice(stage: Stage) -> None:
    await _declared(stage, "mia")
    await stage.ann.types("hypothesis Is it the cache?")
    await stage.mia.types("hypothesis the cache")
    await _nudged(stage, "H1 and H2 say the same", "cross one off")


async def test_two_who_answer_customers(stage: Stage) -> None:
    await _declared(stage, "mia", "jon")
    await stage.jon.types("claim updates")
    await stage.ann.types("action answer the customers on the forum @Mia")
    await _nudged(stage, "A1 (Mia), and Jon owns the updates: customers are answered by two", "`assign updates")


async def test_fifteen_minutes_without_a_mitigation_list_the_safe_moves(tmp_path: Path) -> None:
    async with open_stage(tmp_path, nudges=True) as stage:
        await _declared(stage)
        await stage.ann.types("action scale up the workers")
        await stage.fast_forward(minutes=16)
        stage.expect_everything()
        text = stage.find(f"nudge/{len(stage.incident.nudges)}").text
        assert "no mitigation was tried yet" in text
        assert "roll back, flip the flag, block, fail over; `path rollback`" in text
        await stage.ann.types("path rollback")
        stage.expect_everything()
        assert "no mitigation" not in stage.find(f"nudge/{len(stage.incident.nudges)}").text


async def test_who_raised_the_alarm_and_is_not_there_is_no_help_to_whoever_is_alone(clocked: Stage) -> None:
    stage = clocked
    await stage.sam.types("declare checkout fails sev3", stage.triage)
    await stage.ann.reacts("board", "🧭")
    await stage.ann.types("hypothesis the cache")
    await stage.ann.types("grab H1")
    await stage.ann.types("impact some users cannot pay")
    stage.expect_card("checklist", lacks="each person")
    await stage.kim.types("declare checkout fails", stage.triage)
    await stage.fast_forward(minutes=13)
    stage.expect_everything()
    told = [row for card in stage.incident.nudges for row, _ in card.rows]
    assert told == ["checklist 2"], "nothing about roles, idle people or a quiet record"
    await stage.ann.types("resolve")
    stage.expect_everything()
    await stage.sam.says("it works for me again", stage.channel)
    assert [one.name for one in stage.incident.present] == ["Ann", "Sam"]


async def test_who_handed_command_over_is_reminded_of_nothing(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage, "mia")
    await stage.fast_forward(minutes=5)
    stage.expect_card("nudge/1", "Ann:", "freeze risky changes")
    await stage.ann.types("handoff @Mia ic")
    await stage.mia.reacts("prompt/handoff-1", "👍")
    stage.expect_card("nudge/1", "Nudges to Ann: Mia commands now.")
    stage.expect_card("prompt/handoff-1")
    stage.expect_card("checklist")


async def test_what_is_opened_again_is_past_its_first_15_minutes(clocked: Stage) -> None:
    stage = clocked
    await _declared(stage)
    await stage.ann.types("close false-alarm the probe was down")
    await stage.fast_forward(hours=1)
    await stage.ann.types("reopen payments fail again")
    await stage.fast_forward(minutes=10)
    stage.expect_no_card("nudge/1")
    stage.expect_everything()
