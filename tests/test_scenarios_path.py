"""The path from its choice to its end: one at a time, its stop, the signal that shows it worked, objections to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy
from core.roster import Roster


async def _team(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("claim diagnosis")
    await stage.jon.types("claim updates")
    await stage.leah.types("claim recovery")


# --- one at a time ----------------------------------------------------------------------------------------------------


async def test_a_second_path_waits_until_the_first_is_stopped_and_the_board_shows_one(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.mia.reacts("item/R1", "✋")
    second = await stage.leah.says("!inc path rollback release 214")
    assert "✅" not in stage.world.look(second).reactions, "nothing is done yet"
    stage.expect_card("prompt/stop-1", "Leah:", "R1 (ship a fix: put back the config) is open, and Mia is on it")
    stage.expect_card("board", "R1 ship a fix: put back the config, Mia on it", lacks="R2")
    await stage.mia.reacts_in_vain("prompt/stop-1", "👍", "That was asked of Leah")
    await stage.leah.reacts("prompt/stop-1", "👍")
    stage.expect_card("prompt/stop-1", "Leah: roll back")
    stage.expect_card("item/R1", "Stopped by Leah")
    stage.expect_card("item/R2", "roll back: release 214")
    stage.expect_card("board", "R2 roll back: release 214, free")
    assert [entry.text for entry in stage.incident.entries if entry.kind == "item_ended"] == [
        "R1 stopped: ship a fix: put back the config (for: roll back)"
    ]


async def test_saying_it_again_is_yes_and_saying_no_leaves_the_first(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path pause")
    await stage.leah.says("!inc path rollback")
    await stage.leah.types("no stop-1")
    stage.expect_card("prompt/stop-1", "Leah said no")
    stage.expect_card("board", "R1 hold five minutes")
    await stage.leah.says("!inc path rollback")
    await stage.leah.types("path rollback")
    stage.expect_card("prompt/stop-2", "Leah: roll back")
    stage.expect_card("item/R1", "Stopped")
    stage.expect_card("item/R2", "free to grab")


async def test_a_reason_that_comes_later_is_no_second_path(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("path rollback errors are at 40 %")
    assert stage.incident.entries[-1].text == "errors are at 40 %"
    stage.expect_no_card("prompt/stop-1")
    stage.expect_card("item/R1", "roll back", "free to grab")


async def test_a_pause_that_is_stopped_asks_nothing(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path pause")
    await stage.leah.types("done R1")
    await stage.fast_forward(minutes=6)
    stage.expect_card("item/R1", "Done")
    stage.expect_no_card("prompt/decision-1")
    stage.expect_no_card("prompt/signal-1")


async def test_a_pause_that_outlives_the_close_asks_nothing_then_or_when_it_is_reopened(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path pause")
    await stage.ann.says("!inc close cause=tax rounding fixed=it went away")
    await stage.ann.reacts("prompt/close-1", "🏁")
    stage.expect_card("prompt/close-1")
    stage.expect_summaries()
    await stage.fast_forward(minutes=6)
    # Nobody's doing.
    stage.expect_card("item/R1", "Done: five minutes are over")
    await stage.ann.types("reopen payments fail again")
    await stage.fast_forward(minutes=1)
    assert stage.incident.points == {}
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "reopened", where=room)


async def test_what_did_not_help_leaves_recovery_undecided(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.leah.reacts("item/R1", "❌")
    stage.expect_card("item/R1", "Did not help, says Leah")
    stage.expect_card("board", "Recovery     undecided")


# --- the signal -------------------------------------------------------------------------------------------------------


async def test_a_path_that_is_done_is_watched_until_its_signal_tells(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback release 214")
    await stage.mia.reacts("item/R1", "✋")
    await stage.mia.reacts("item/R1", "✅")
    stage.expect_card("prompt/signal-1", "Leah: R1 is done. Which signal will show that it worked, and who watches it?")
    await stage.leah.types("watch payment success above 99 % @Bob 5m")
    stage.expect_card("prompt/signal-1", "Bob watches payment success above 99 %")
    stage.expect_card("board", "R1 roll back: release 214: done · Bob watches payment success above 99 % until 10:")
    assert stage.bob.account.id in stage.world.room(stage.channel).members
    stage.expect_card("item/R1")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/worked-1", "Bob: did R1 (roll back: release 214) work? You watched: payment success")
    await stage.leah.reacts_in_vain("prompt/worked-1", "👍", "That was asked of Bob")
    await stage.bob.reacts("prompt/worked-1", "👍")
    stage.expect_card("prompt/worked-1", "Whether it worked: it worked.")
    stage.expect_card("board", "done, and it worked: payment success above 99 %")
    await stage.fast_forward(hours=1)
    stage.expect_no_card("prompt/worked-2")


async def test_a_watcher_who_left_is_not_asked_and_the_question_goes_to_recovery(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("watch error rate below 1 % @mia 5m")
    await stage.leah.types("done R1")
    await stage.fast_forward(minutes=5)
    stage.expect_card("prompt/worked-1", "Mia: did R1")
    await stage.mia.leaves(stage.channel)
    stage.expect_card("prompt/worked-1", "Whether it worked: Mia left.")
    stage.expect_card("prompt/vacant-1")
    await stage.fast_forward(seconds=1)
    stage.expect_card("prompt/worked-2", "Leah: did R1")
    await stage.leah.reacts("prompt/worked-2", "👍")
    stage.expect_card("board", "done, and it worked")
    stage.expect_card("item/R1")


async def test_after_it_came_back_nobody_is_asked_whether_the_last_path_worked(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("watch error rate below 1 % @mia 5m")
    await stage.leah.types("done R1")
    await stage.leah.types("resolve")
    await stage.fast_forward(minutes=6)
    await stage.mia.types("came-back")
    stage.expect_card("board", "R1 roll back: done", lacks="watches")
    await stage.fast_forward(minutes=6)
    stage.expect_no_card("prompt/worked-1")
    stage.expect_card("prompt/watch-1")
    stage.expect_card("item/R1")


async def test_a_signal_named_before_the_path_is_done_is_watched_from_then(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("watch error rate below 1 % @mia 5m")
    await stage.fast_forward(minutes=12)
    await stage.leah.types("done R1")
    at = stage.clock.now() + timedelta(minutes=5)
    stage.expect_card("board", f"Mia watches error rate below 1 % until {at:%H:%M} UTC")
    await stage.fast_forward(minutes=4)
    stage.expect_no_card("prompt/worked-1")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/worked-1", "Mia: did R1")
    stage.expect_card("item/R1")


async def test_crossing_off_an_older_path_leaves_the_question_about_the_newer_one(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.leah.types("watch errors")
    await stage.leah.types("done R1")
    await stage.leah.types("path rollback")
    await stage.leah.types("done R2")
    stage.expect_card("prompt/signal-1", "R2 is done")
    await stage.leah.types("drop R1")
    stage.expect_card("prompt/signal-1", "R2 is done")
    stage.expect_card("item/R1", "Did not help")
    stage.expect_card("item/R2")


async def test_a_signal_that_shows_nothing_ends_the_path_as_no_help(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("watch error rate below 1 %")
    await stage.leah.types("done R1")
    # It was said already what shows it.
    stage.expect_no_card("prompt/signal-1")
    await stage.fast_forward(minutes=10)
    stage.expect_card("prompt/worked-1", "Leah: did R1")
    await stage.leah.reacts("prompt/worked-1", "❌")
    stage.expect_card("item/R1", "Did not help, says Leah")
    stage.expect_card("prompt/worked-1", "it did not help")
    stage.expect_card("board", "Recovery     undecided")


async def test_done_and_yet_no_help_can_be_said_by_its_card(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.types("done R1")
    await stage.leah.types("drop R1")
    stage.expect_card("prompt/signal-1", "it did not help")
    stage.expect_card("item/R1", "Did not help")


# --- objections -------------------------------------------------------------------------------------------------------


async def test_an_objection_asks_the_tie_breaker_with_both_sentences_and_a_minute(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback release 214 is the latest change")
    await stage.jon.types("object a rollback loses the new orders")
    stage.expect_card(
        "prompt/objection-1",
        "Ann: you break the tie; in 1 min of silence it stands.",
        "Chosen       Leah path: roll back: release 214 is the latest change (R1)",
        "Objection    Jon a rollback loses the new orders",
    )
    # The choice stands meanwhile.
    stage.expect_card("board", "R1 roll back")
    await stage.mia.is_told("object I think so too", "Somebody has objected to that already", "Ann was asked")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/objection-1", "The objection: no answer, so the choice stands.")
    stage.expect_card("item/R1", "free to grab")
    assert stage.incident.entries[-1].text.endswith("no answer from the tie-breaker, so it stands")


async def test_the_tie_breaker_overturns_it_or_lets_it_stand(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.mia.types("object we have not even looked at the cache")
    await stage.leah.reacts_in_vain("prompt/objection-1", "❌", "That was asked of Ann")
    await stage.ann.reacts("prompt/objection-1", "❌")
    stage.expect_card("prompt/objection-1", "The objection: overturned.")
    stage.expect_card("item/R1", "Stopped by Ann: overturned")
    stage.expect_card("board", "Recovery     undecided")
    await stage.leah.types("path fix put back the config")
    await stage.jon.types("object we tried that")
    await stage.ann.reacts("prompt/objection-2", "👍")
    stage.expect_card("prompt/objection-2", "The objection: the choice stands.")
    stage.expect_card("item/R2", "free to grab")


async def test_the_tie_breaker_overturns_with_another_path(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.mia.types("object roll it back")
    await stage.ann.reacts("prompt/objection-1", "⏪")
    stage.expect_card("prompt/objection-1", "overturned")
    stage.expect_card("item/R1", "Stopped by Ann")
    stage.expect_card("item/R2", "roll back")
    await stage.leah.types("object the fix was nearly out")
    stage.expect_card("prompt/objection-2", "Mia: you break the tie", "Chosen       Ann path: roll back")


async def test_whoever_is_asked_and_objects_too_has_answered(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.jon.types("object it loses the new orders")
    await stage.ann.types("object I agree with Jon")
    stage.expect_card("prompt/objection-1", "overturned")
    stage.expect_card("item/R1", "Stopped")


async def test_a_marked_decision_is_objected_to_as_well(stage: Stage) -> None:
    await _team(stage)
    said = await stage.ann.says("We tell nobody until noon")
    await stage.ann.reacts(said, "⚖️")
    await stage.jon.types("object customers ask already")
    stage.expect_card("prompt/objection-1", "Mia: you break the tie", "Ann decision: We tell nobody until noon")
    await stage.mia.types("no objection-1")
    stage.expect_card("prompt/objection-1", "overturned")
    assert next(one for one in stage.incident.entries if one.kind == "decision_marked").note == "overturned"


async def test_a_decision_that_is_taken_back_needs_no_tie_breaker(stage: Stage) -> None:
    await _team(stage)
    said = await stage.ann.says("We tell nobody until noon")
    await stage.ann.reacts(said, "⚖️")
    await stage.jon.types("object customers ask already")
    await stage.ann.takes_back(said, "⚖️")
    stage.expect_card("prompt/objection-1", "The objection: it was taken back.")


async def test_an_objection_comes_in_two_minutes_from_somebody_with_a_role(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.leah.is_told("object I changed my mind", "You cannot object to yourself")
    await stage.bob.is_told("object no", "call of the incident commander or diagnosis lead")
    await stage.fast_forward(minutes=2)
    await stage.mia.is_told("object too late", "within the last 2 min")
    stage.expect_card("item/R1")


async def test_a_tie_breaker_who_is_one_of_the_two_gives_way(tmp_path: Path) -> None:
    def named(roster: Roster) -> Policy:
        ann = roster.named("Ann")
        return Policy(on_call=(ann,) if ann else (), tie_breaker=roster.named("Leah"), audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=named) as stage:
        await _team(stage)
        await stage.leah.types("path rollback")
        await stage.jon.types("object it loses the new orders")
        stage.expect_card("prompt/objection-1", "Ann: you break the tie")
        await stage.ann.reacts("prompt/objection-1", "👍")
        stage.expect_card("item/R1")


async def test_with_nobody_but_the_two_the_choice_stands(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.leah.types("claim recovery")
    await stage.leah.types("path rollback")
    await stage.ann.is_told("object it loses orders", "Nobody is there to break the tie", "Leah's choice stands")
    stage.expect_card("item/R1")


async def test_choosing_anew_ends_the_objection(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path fix put back the config")
    await stage.mia.types("object roll it back")
    await stage.leah.says("!inc path rollback")
    await stage.leah.reacts("prompt/stop-1", "👍")
    stage.expect_card("prompt/objection-1", "chosen anew")
    stage.expect_card("prompt/stop-1")
    stage.expect_card("item/R1")
    stage.expect_card("item/R2")


async def test_an_objection_outlives_a_restart_and_its_minute_counts(stage: Stage) -> None:
    await _team(stage)
    await stage.leah.types("path rollback")
    await stage.jon.types("object it loses the new orders")
    await stage.restart(forget=True)
    await stage.ann.reacts("prompt/objection-1", "❌")
    stage.expect_card("prompt/objection-1", "overturned")
    stage.expect_card("item/R1", "Stopped")
    stage.expect_everything()
