"""Timed decisions: asked at their time, down the chain, answered once by whoever is entitled, never by silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Times
from core.roster import Roster


async def _team(stage: Stage) -> None:
    """Ann commands, Mia has diagnosis, Leah recovery with Bob as backup; it is 10:02."""
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("claim diagnosis")
    await stage.leah.types("claim recovery")
    await stage.leah.types("backup recovery @Bob")


def _jon_breaks_ties(roster: Roster) -> Policy:
    return Policy(
        on_call=tuple(one for one in [roster.named("Ann")] if one),
        tie_breaker=roster.named("Jon"),
        audiences=AUDIENCES,
    )


CONDITION = "roll back if sign-in errors stay above 20 %"


async def test_the_recovery_owner_is_asked_at_the_time_and_the_first_answer_counts(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    stage.expect_card("board", f"10:15 UTC {CONDITION} (Leah)")
    await stage.fast_forward(minutes=11)
    stage.expect_no_card("prompt/decision-1")
    await stage.fast_forward(minutes=2)
    stage.expect_card("prompt/decision-1", f"Leah: D1 is to be decided, 10:15 UTC: {CONDITION}")
    assert [one.name for one in stage.post("prompt/decision-1").pings] == ["Leah"]
    await stage.leah.reacts("prompt/decision-1", "⏪")
    stage.expect_card("prompt/decision-1", "The decision: Leah: roll back.")
    stage.expect_card("board", f"R1 roll back: {CONDITION}, free", lacks="10:15 UTC")
    stage.expect_card("item/R1", "Recovery path")
    # Late, and of another mind: decided is decided.
    await stage.ann.reacts("prompt/decision-1", "🔎")
    await stage.bob.reacts("prompt/decision-1", "🔧")
    assert len([one for one in stage.incident.entries if one.kind == "path_chosen"]) == 1
    stage.expect_letters(0)


async def test_silence_asks_the_backup_then_the_tie_breaker_and_decides_nothing(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/decision-1", "Leah: D1")
    await stage.jon.reacts_in_vain("prompt/decision-1", "⏪", "call of the recovery owner", "please ask Leah")
    await stage.ann.reacts_in_vain("prompt/decision-1", "⏪", "call of the recovery owner")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/decision-2", "Bob: D1")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/decision-3", "Ann: D1", "as tie-breaker you may")
    await stage.fast_forward(minutes=10)
    assert stage.incident.open_path is None
    stage.expect_card("board", "undecided since 10:07 UTC: ")
    stage.expect_card("prompt/decision-1", "Nobody has answered yet. It stays open.")
    stage.expect_card("nudge/1", "Ann:", "nobody has decided D1, and it stays open. Advice: `path rollback|fix")
    # Whoever was asked first may still answer, on the first card.
    await stage.leah.reacts("prompt/decision-1", "⏸️")
    for number in (1, 2, 3):
        stage.expect_card(f"prompt/decision-{number}", "The decision: Leah: hold five minutes.")
    stage.expect_card("item/R1")
    stage.expect_card("nudge/1", "all done")


async def test_the_tie_breaker_decides_when_asked_and_not_before(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.ann.is_told("path rollback", "call of the recovery owner")
    await stage.fast_forward(minutes=7)
    await stage.ann.types("path rollback")
    for number in (1, 2, 3):
        stage.expect_card(f"prompt/decision-{number}", "The decision: Ann: roll back.")
    stage.expect_card("item/R1")


async def test_who_is_nobody_or_asked_already_is_passed_over_without_waiting(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("backup ic @Mia")
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/decision-1", "Ann: D1")
    await stage.fast_forward(minutes=1)
    # Nobody holds recovery, so it is the commander's and then her backup's; as tie-breaker she was asked already.
    stage.expect_card("prompt/decision-2", "Mia: D1")
    await stage.fast_forward(minutes=1)
    stage.expect_no_card("prompt/decision-3")
    stage.expect_card("nudge/1", "nobody has decided D1")
    await stage.mia.reacts("prompt/decision-2", "🔎")
    stage.expect_card("prompt/decision-1", "The decision: Mia: keep digging.")
    stage.expect_card("prompt/decision-2")


async def test_a_moved_or_withdrawn_decision_says_so_and_the_board_shows_the_next(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("decide-by 10:30 fail over")
    await stage.mia.types(f"decide-by 10:10 {CONDITION}")
    stage.expect_card("board", f"10:10 UTC {CONDITION} (Leah) and 1 more")
    await stage.fast_forward(minutes=8)
    stage.expect_card("prompt/decision-1", "D2 is to be decided")
    await stage.ann.types("move-decision 10:20")
    stage.expect_card("prompt/decision-1", "The decision: moved to 10:20 UTC.")
    stage.expect_card("board", f"10:20 UTC {CONDITION}")
    await stage.fast_forward(minutes=9)
    stage.expect_no_card("prompt/decision-2")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/decision-2", "D2 is to be decided, 10:20 UTC")
    await stage.leah.types("withdraw-decision errors fell by themselves")
    stage.expect_card("prompt/decision-2", "The decision: withdrawn: errors fell by themselves.")
    stage.expect_card("board", "10:30 UTC fail over (Leah)")
    await stage.leah.types("withdraw-decision D1")
    stage.expect_card("board", lacks="fail over")
    await stage.leah.is_told("withdraw-decision", "No decision point is set", "`decide-by 10:15")
    await stage.leah.is_told("move-decision D1 10:50", "D1 is over: withdrawn")
    await stage.leah.is_told("move-decision D7 10:50", "There is no decision point D7")
    assert [one.kind for one in stage.incident.entries][-3:] == [
        "decision_point_moved",
        "decision_point_withdrawn",
        "decision_point_withdrawn",
    ]


async def test_a_path_chosen_early_answers_the_next_decision(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    await stage.leah.types("path dig the graphs are not in yet")
    stage.expect_card("board", "10:15 UTC")
    await stage.leah.types("path rollback")
    stage.expect_card("board", lacks="10:15 UTC")
    await stage.fast_forward(minutes=20)
    stage.expect_no_card("prompt/decision-1")
    stage.expect_card("item/R1")


async def test_an_answer_that_is_the_open_path_confirms_it(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    await stage.fast_forward(minutes=13)
    await stage.leah.reacts("prompt/decision-1", "⏪")
    stage.expect_card("prompt/decision-1", "The decision: roll back, as is under way.")
    stage.expect_card("item/R1")
    assert stage.incident.open_points == ()


async def test_another_answer_asks_to_stop_the_open_path_first(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    await stage.fast_forward(minutes=13)
    await stage.leah.reacts("prompt/decision-1", "⏪")
    stage.expect_card("prompt/decision-1", "D1 is to be decided")
    stage.expect_card("prompt/stop-1", "Stop it and roll back?")
    await stage.leah.reacts("prompt/stop-1", "👍")
    stage.expect_card("prompt/decision-1", "The decision: Leah: roll back.")
    stage.expect_card("item/R1", "Stopped by Leah: for: roll back")
    stage.expect_card("item/R2", "roll back")
    stage.expect_card("prompt/stop-1", "Leah: roll back")


async def test_hold_five_minutes_asks_again_after_them(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    await stage.fast_forward(minutes=13)
    await stage.leah.reacts("prompt/decision-1", "⏸️")
    stage.expect_card("board", "R1 hold five minutes")
    await stage.fast_forward(minutes=5)
    stage.expect_card("item/R1", "five minutes are over")
    stage.expect_card("prompt/decision-1")
    stage.expect_card("prompt/decision-2", f"Leah: D2 is to be decided, 10:20 UTC: {CONDITION}")


async def test_a_named_tie_breaker_is_brought_in_and_asked_last(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_jon_breaks_ties) as stage:
        await _team(stage)
        await stage.ann.types(f"decide-by 5m {CONDITION}")
        await stage.fast_forward(minutes=7)
        for number, name in ((1, "Leah"), (2, "Bob"), (3, "Jon")):
            stage.expect_card(f"prompt/decision-{number}", f"{name}: D1")
        assert stage.jon.account.id in stage.world.room(stage.channel).members
        await stage.jon.reacts("prompt/decision-3", "🔧")
        stage.expect_card("item/R1", "ship a fix")


async def test_a_holder_who_changes_hands_over_the_question(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/decision-1", "Leah: D1")
    await stage.ann.types("assign recovery @Jon")
    stage.expect_card("role/1")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/decision-2", "Jon: D1")
    await stage.leah.reacts_in_vain("prompt/decision-1", "⏪", "call of the recovery owner", "please ask Jon")
    await stage.jon.reacts("prompt/decision-1", "⏪")
    stage.expect_card("item/R1")


async def test_decisions_end_with_the_outage(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.ann.types("decide-by 6m fail over")
    await stage.fast_forward(minutes=5)
    await stage.leah.types("resolve it went away")
    stage.expect_card("prompt/decision-1", "The decision: resolved.")
    stage.expect_card("prompt/watch-1")
    await stage.fast_forward(minutes=5)
    stage.expect_no_card("prompt/decision-2")


async def test_an_old_answer_is_asked_again(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    card = stage.find("prompt/decision-1").ref
    await stage.stop()
    stage.world.react(stage.leah.account, card, "⏪")
    await stage.again(away=timedelta(minutes=11))
    stage.expect_everything()
    stage.expect_card("prompt/stale-1", "Leah: Tocsin was away when you asked for this", "Still?")
    assert stage.incident.open_path is None
    await stage.leah.reacts("prompt/stale-1", "👍")
    stage.expect_card("board", "R1 roll back")
    stage.expect_everything()


async def test_an_old_yes_to_an_old_answer_is_asked_again_as_well(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    card = stage.find("prompt/decision-1").ref
    await stage.stop()
    stage.world.react(stage.leah.account, card, "⏪")
    await stage.again(away=timedelta(minutes=11))
    still = stage.find("prompt/stale-1").ref
    await stage.stop()
    stage.world.react(stage.leah.account, still, "👍")
    await stage.again(away=timedelta(minutes=11))
    stage.expect_everything()
    assert stage.incident.open_path is None
    stage.expect_card("prompt/stale-1", "asked again")
    await stage.leah.reacts("prompt/stale-2", "👍")
    stage.expect_card("prompt/stale-2", "done")
    stage.expect_card("board", "R1 roll back")
    stage.expect_everything()


async def test_an_old_yes_to_the_stop_that_a_decision_takes_is_asked_again(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=5)
    await stage.leah.reacts("prompt/decision-1", "⏪")
    stop = stage.find("prompt/stop-1").ref
    await stage.stop()
    stage.world.react(stage.leah.account, stop, "👍")
    await stage.again(away=timedelta(minutes=11))
    stage.expect_everything()
    stage.expect_card("prompt/stale-1", "Leah: Tocsin was away", "Still?")
    stage.expect_card("item/R1", "free to grab")
    await stage.leah.reacts("prompt/stale-1", "👍")
    stage.expect_card("item/R1", "Stopped by Leah")
    stage.expect_card("prompt/stop-1", "Leah: roll back")
    stage.expect_card("prompt/stale-1", "done")
    stage.expect_card("item/R2", "roll back")
    stage.expect_everything()


async def test_a_decision_that_came_due_before_tocsin_heard_of_it_is_asked_at_once(stage: Stage) -> None:
    await _team(stage)
    await stage.stop()
    stage.world.say(stage.leah.account, stage.channel, f"!inc decide-by 5m {CONDITION}")
    await stage.again(away=timedelta(minutes=6))
    stage.expect_card("prompt/decision-1", f"Leah: D1 is to be decided, 10:07 UTC: {CONDITION}")
    await stage.stop()
    stage.world.say(stage.leah.account, stage.channel, "!inc move-decision 5m")
    await stage.again(away=timedelta(minutes=6))
    stage.expect_card("prompt/decision-1", "The decision: moved to 10:13 UTC.")
    stage.expect_card("prompt/decision-2", "Leah: D1 is to be decided, 10:13 UTC")
    stage.expect_everything()


@pytest.mark.parametrize("forget", [False, True])
async def test_no_decision_is_lost_across_a_restart(stage: Stage, forget: bool) -> None:
    await _team(stage)
    await stage.ann.types(f"decide-by 10:15 {CONDITION}")
    await stage.restart(away=timedelta(minutes=30), forget=forget)
    stage.expect_card("prompt/decision-1", "Leah: D1 is to be decided, 10:15 UTC")
    await stage.restart(away=timedelta(minutes=2), forget=forget)
    stage.expect_card("prompt/decision-2", "Bob: D1")
    await stage.leah.reacts("prompt/decision-1", "⏪")
    stage.expect_card("item/R1")


BAD = (
    ("decide-by 09:50 roll back", "09:50 has passed; it is 10:0", "`decide-by"),
    ("decide-by roll back if errors stay", "The time comes first", "`decide-by 10:15"),
    ("decide-by 25:00 roll back", "time", "`decide-by"),
    ("decide-by 3d roll back", "24 h", "`decide-by"),
    ("decide-by 10:15", "`decide-by` needs CONDITION", ""),
    ("claim pilot", "is no role; there are ic, diagnosis", ""),
    ("backup recovery @nobody-we-know", "I know nobody called", ""),
    ("handoff @nobody-we-know", "I know nobody called", ""),
    ("backup ic @Ann", "Ann is incident commander already", "Name somebody else"),
    ("path sideways", "is no path", "rollback"),
    ("object we lose orders", "No path or decision was chosen within the last 2 min", ""),
    ("met 1", "about no service of the config", ""),
    ("watch payment success", "No rollback or fix was chosen", ""),
)


@pytest.mark.parametrize(("words", "why", "way"), BAD, ids=lambda value: value[:40])
async def test_bad_input_gets_one_clear_answer(stage: Stage, words: str, why: str, way: str) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    version = stage.incident.version
    await stage.ann.is_told(words, why, way)
    assert stage.incident.version == version + 1, "nothing is half-kept"


async def test_a_time_past_midnight_is_tomorrows(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.fast_forward(hours=13, minutes=50)
    stage.expect_everything()
    await stage.ann.types("decide-by 00:10 roll back")
    assert stage.incident.open_points[0].at - stage.clock.now() < timedelta(minutes=20)


async def test_a_decision_that_is_set_while_it_is_watched_is_asked_all_the_same(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types("resolve it went away")
    await stage.ann.types("decide-by 5m take the flag out for good")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/decision-1", "Leah: D1 is to be decided", "take the flag out for good")
    stage.expect_card("prompt/watch-1")
    await stage.leah.types("withdraw-decision tomorrow")


async def test_who_is_alone_is_asked_once_and_not_nudged(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types(f"decide-by 5m {CONDITION}")
    await stage.fast_forward(minutes=8)
    stage.expect_card("prompt/decision-1", "Ann: D1", "It stays open")
    stage.expect_no_card("nudge/1")


async def test_a_commander_who_may_not_decide_is_told_who_could(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_jon_breaks_ties) as stage:
        await _team(stage)
        await stage.ann.types(f"decide-by 5m {CONDITION}")
        await stage.fast_forward(minutes=9)
        stage.expect_card("nudge/1", "Advice: `assign recovery @who`, or `takeover recovery`", lacks="path")
        for number in (1, 2, 3):
            stage.expect_card(f"prompt/decision-{number}")


async def test_with_the_steps_turned_off_nobody_is_said_to_be_silent(tmp_path: Path) -> None:
    def patient(roster: Roster) -> Policy:
        ann = roster.named("Ann")
        return Policy(on_call=(ann,) if ann else (), times=Times(decision_step=timedelta()), audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=patient) as stage:
        await _team(stage)
        await stage.ann.types(f"decide-by 5m {CONDITION}")
        await stage.fast_forward(minutes=9)
        stage.expect_card("prompt/decision-1", "Leah: D1", lacks="Nobody has answered")
        stage.expect_no_card("prompt/decision-2")


async def test_each_decision_that_nobody_takes_is_told_of(stage: Stage) -> None:
    await _team(stage)
    await stage.ann.types("decide-by 1m roll back")
    await stage.fast_forward(minutes=4)
    stage.expect_card("nudge/1", "nobody has decided D1")
    await stage.ann.types("withdraw-decision")
    stage.expect_card("nudge/1", "all done")
    await stage.ann.types("decide-by 3m fail over")
    await stage.fast_forward(minutes=6)
    stage.expect_card("nudge/1", "continued further down")
    stage.expect_card("nudge/2", "nobody has decided D2", lacks="D1")
    await stage.fast_forward(minutes=30)
    stage.expect_no_card("nudge/3")
    for number in range(1, 7):
        stage.expect_card(f"prompt/decision-{number}")
