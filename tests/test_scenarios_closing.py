"""Resolved, watched, closed, reopened, locked: one declared end, by the commander, with the words that matter."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Times
from core.incident.vocabulary import MessageRef
from core.roster import Roster


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)


async def _closed(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("claim ic")
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=none")
    stage.expect_summaries()


async def test_the_watch_ends_with_the_question_and_one_flag_closes(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("hypothesis tax rounding in release 214")
    await stage.mia.types("confirm H1")
    await stage.ann.types("resolve rolled back release 214")
    stage.expect_card("prompt/watch-1", "Resolved (rolled back release 214). Watching until 10:12 UTC.")
    await stage.fast_forward(minutes=9)
    stage.expect_no_card("prompt/close-1")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/watch-1", "it stayed well")
    stage.expect_card(
        "prompt/close-1",
        "Ann: is it over?",
        "Cause        tax rounding in release 214",
        "Fixed by     rolled back release 214",
        "Next         no postmortem for this severity",
    )
    await stage.mia.reacts_in_vain("prompt/close-1", "🏁", "That was asked of Ann")
    await stage.ann.reacts("prompt/close-1", "🏁")
    await stage.ann.reacts("prompt/close-1", "🏁")
    stage.expect_card("prompt/close-1", "The close: closed.")
    stage.expect_card("item/H1", "Confirmed")
    stage.expect_card("board", "SEV3 · closed")
    stage.expect_card("notice", "It is over. Cause: tax rounding in release 214")
    stage.expect_summaries()
    stage.expect_card("summary", "Thanks to    Ann, Mia", where=stage.triage)
    assert (await stage.kinds()).count("closed") == 1


async def test_the_commander_who_takes_over_later_is_asked_then(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("claim ic")
    await stage.mia.types("resolve")
    await stage.mia.types("handoff @Leah")
    await stage.leah.reacts("prompt/handoff-1", "👍")
    await stage.fast_forward(minutes=10)
    stage.expect_card("prompt/handoff-1", "accepted")
    stage.expect_card("prompt/watch-1", "it stayed well")
    stage.expect_card("prompt/close-1", "Leah: is it over?", "close cause=… fixed=…", "cause=unknown yet")
    await stage.leah.reacts_in_vain("prompt/close-1", "🏁", "`close cause=… fixed=…`")
    await stage.leah.types("close cause=unknown yet fixed=it went away")
    stage.expect_card("prompt/close-1", "closed")
    stage.expect_summaries()


@pytest.mark.parametrize("how", ["↩️", "came-back", "status investigating"])
async def test_it_came_back(stage: Stage, how: str) -> None:
    await _declared(stage)
    await stage.ann.types("resolve rolled back")
    await stage.fast_forward(minutes=3)
    if how == "↩️":
        await stage.kim.reacts("prompt/watch-1", how)
    else:
        await stage.ann.types(how)
    stage.expect_card("prompt/watch-1", "Watching: it came back.")
    stage.expect_card("board", "SEV3 · investigating")
    await stage.fast_forward(minutes=30)
    stage.expect_no_card("prompt/close-1")
    await stage.ann.types("came-back")
    assert (await stage.kinds()).count("came_back") == 1
    await stage.ann.types("status resolved again")
    stage.expect_card("prompt/watch-2", "Resolved (again)")


async def test_left_overs_are_listed_and_one_press_carries_them_over(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("action call the provider")
    await stage.mia.types("grab a1")
    await stage.ann.types("path rollback")
    await stage.ann.types("update impact=Some users cannot pay")
    asked = await stage.ann.says("!inc close cause=tax fixed=rollback")
    assert stage.world.bot.id not in stage.world.look(asked).who("✅"), "it is not closed yet"
    stage.expect_card("prompt/close-1", "Cause        tax", "A1 call the provider (Mia)", "R1 roll back", "• draft 1")
    await stage.ann.reacts("prompt/close-1", "🏁")
    stage.expect_card("prompt/close-1", "closed")
    stage.expect_card("draft/1", "discarded")
    stage.expect_card("item/A1", "call the provider")
    stage.expect_card("item/R1", "roll back")
    stage.expect_summaries()
    stage.expect_card("summary", "Carried over F1 call the provider · Mia", "F2 roll back · Ann", where=stage.support)


async def test_a_bare_close_is_yes_to_the_close_that_was_asked_about(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("action call the provider @Mia")
    await stage.ann.says("!inc close cause=tax fixed=rollback")
    stage.expect_card("prompt/close-1", "Cause        tax", "A1 call the provider (Mia)")
    await stage.ann.types("close")
    stage.expect_card("prompt/close-1", "closed")
    stage.expect_card("summary", "Cause        tax", "Carried over F1 call the provider · Mia", where=stage.support)
    stage.expect_everything()


async def test_what_was_done_last_is_not_said_to_have_fixed_it(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("path rollback")
    await stage.ann.types("done R1")
    await stage.mia.types("action tell support what to say")
    await stage.mia.types("done A1")
    await stage.ann.types("resolve")
    stage.expect_card("prompt/watch-1", "Resolved (roll back). Watching", lacks="tell support")
    stage.expect_everything()


async def test_the_same_close_twice_is_yes(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("action call the provider @Mia")
    stage.expect_card("item/A1")
    await stage.ann.says("!inc close cause=tax fixed=rollback")
    await stage.ann.says("!inc close cause=tax rounding fixed=rollback")
    stage.expect_card("prompt/close-1", "asked again")
    await stage.ann.types("close cause=tax rounding fixed=rollback")
    stage.expect_card("prompt/close-2", "closed")
    stage.expect_summaries()
    await stage.ann.types("close cause=tax rounding fixed=rollback")
    await stage.ann.is_told("close cause=tax fixed=rollback", "closed", "TEXT` corrects what the close says")
    await stage.ann.is_told("close owner=@Leah", "corrects what the close says")
    await stage.ann.is_told("close false-alarm it was the probe", "corrects what the close says")


async def test_a_close_says_what_it_lacks(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.is_told("close", "what happened, what fixed it", "`close cause=… fixed=…`")
    await stage.ann.is_told("close cause=x", "`close cause=x fixed=…`")
    await stage.ann.is_told("status closed", "`close cause=… fixed=…`")
    await stage.mia.is_told("close cause=x fixed=y", "To close is the call of the incident commander", "ask Ann")


async def test_a_false_alarm_closes_with_its_reason_alone(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.is_told("close false-alarm I think so", "ask Ann")
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_summaries()
    stage.expect_card("summary", "false alarm: the probe was down", where=stage.triage)
    await stage.ann.types("close false-alarm the probe was down")
    await stage.mia.is_told("claim diagnosis", "This incident is closed", "`reopen WHY`")


async def test_a_duplicate_moves_its_people(stage: Stage) -> None:
    await _declared(stage)
    await stage.fast_forward(minutes=11)
    await stage.kim.types("declare payments are broken sev3", stage.triage)
    second = stage.channel
    await stage.mia.types("claim diagnosis", second)
    await stage.ann.types("claim ic", second)
    await stage.ann.is_told("close duplicate-of 2", "no duplicate of itself")
    await stage.ann.is_told("close duplicate-of 9", "There is no incident 9")
    await stage.kim.is_told("close duplicate-of 1", "ask Ann")
    first = stage.tocsin.post.awake()[0][1]
    assert first.channel is not None
    assert "kim" not in stage.world.room(first.channel).members
    await stage.ann.types("close duplicate-of 1", second)
    assert {"kim", "mia"} <= set(stage.world.room(first.channel).members)
    stage.expect_summaries()
    stage.expect_card("summary", "a duplicate of incident 1; people went there", where=stage.support)


async def test_a_reopening_takes_a_reason_and_its_days(stage: Stage) -> None:
    await _closed(stage)
    await stage.mia.is_told("reopen again", "10 characters or more")
    await stage.mia.types("reopen payments fail again since 10:40")
    stage.expect_card("board", "SEV3 · investigating", "Commander Ann")
    stage.expect_card("notice", lacks="It is over")
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "Closed 10:02 UTC, and reopened 10:02 UTC: payments fail again", where=room)
    await stage.mia.is_told("reopen payments fail again", "this one is open")
    await stage.ann.types("close cause=tax rounding again fixed=rolled back again")
    stage.expect_summaries(2)
    stage.expect_card("summary/2", "tax rounding again")
    await stage.fast_forward(days=7, minutes=-1)
    assert not stage.incident.locked


async def test_the_channel_is_read_only_after_its_days_and_reopened_from_triage(stage: Stage) -> None:
    await _closed(stage)
    await stage.fast_forward(days=6)
    await stage.mia.says("thank you all")
    await stage.fast_forward(days=1)
    assert stage.world.room(stage.channel).locked
    await stage.mia.is_told("reopen 1 payments fail again", "closed more than 7 days ago", where=stage.triage)
    await stage.mia.is_told("reopen 9 payments fail again", "There is no incident 9", where=stage.triage)
    await stage.mia.is_told("reopen payments fail again", "own channel", where=stage.triage)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("name", ["1", "inc-2026-05-02-checkout-fails"])
async def test_a_locked_incident_is_reopened_by_number_or_name(tmp_path: Path, name: str, restarted: bool) -> None:
    def locks_soon(roster: Roster) -> Policy:
        return Policy(times=Times(lock_after_close=timedelta(days=1)), audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=locks_soon) as stage:
        await _closed(stage)
        await stage.fast_forward(days=2)
        channel = stage.channel
        assert stage.world.room(channel).locked
        if restarted:
            await stage.restart()
        await stage.mia.types(f"reopen {name} payments fail again", stage.triage)
        assert not stage.world.room(channel).locked
        stage.expect_card("board", "investigating")


async def test_incident_99_can_still_be_declared_after_somebody_asked_for_it(stage: Stage) -> None:
    await stage.mia.is_told("reopen 1 payments fail again", "There is no incident 1", where=stage.triage)
    await _declared(stage)
    assert stage.incident.number == 1


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


async def test_a_figure_in_the_reason_reopens_no_other_incident(stage: Stage) -> None:
    for title in ("One broken", "Two broken", "Three broken"):
        await stage.ann.types(f"declare {title}", where=stage.triage)
    rooms = {one.number: one.channel for _, one in stage.tocsin.post.awake()}
    for number in (1, 3):
        await stage.ann.types("close cause=a fixed=b", where=rooms[number])
    await stage.bob.types("reopen 3 customers cannot pay again", where=rooms[1])
    stage.expect_everything()
    assert {one.number: one.closed for _, one in stage.tocsin.post.awake()} == {1: False, 2: False, 3: True}


@pytest.mark.parametrize("words", ["resolve rolled back release 214"])
async def test_what_fixed_it_said_later_is_kept(stage: Stage, words: str) -> None:
    await _raised(stage)
    await stage.ann.types("resolve")
    await stage.ann.types(words)
    stage.expect_everything()
    assert stage.incident.fixed == "rolled back release 214"


async def test_a_freeze_that_outlives_the_close_is_asked_about(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("freeze no deploys")
    await stage.ann.types("freeze no deploys")
    # What is added to it is kept, too.
    await stage.ann.types("freeze not even the config")
    await stage.ann.types("freeze not even the config")
    assert [one.text for one in stage.incident.entries if one.kind == "noted"] == ["not even the config"]
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_summaries()
    await stage.fast_forward(hours=1)
    stage.expect_card(
        "prompt/unfreeze-1", "Ann: it is over, and changes are still frozen. Lift the freeze for everyone?"
    )
    await stage.fast_forward(hours=5)
    stage.expect_no_card("prompt/unfreeze-2")
    await stage.ann.reacts("prompt/unfreeze-1", "👍")
    assert stage.incident.frozen is None


async def test_the_question_about_a_freeze_ends_with_the_close_that_it_was_about(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("freeze no deploys")
    await stage.ann.types("close false-alarm the probe was down")
    await stage.fast_forward(hours=1)
    await stage.ann.types("reopen payments fail again")
    stage.expect_card("prompt/unfreeze-1", "The freeze: reopened.")
    stage.expect_card("board", "changes frozen")
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "reopened", where=room)


async def test_the_postmortem_is_the_commanders_whoever_presses(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.types("backup ic @Bob")
    await stage.bob.types("close cause=tax rounding fixed=rolled back")
    stage.expect_card("summary", "Postmortem   Ann")
    stage.expect_summaries()


async def test_words_that_change_no_phase_are_kept(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("status investigating the first theory was wrong")
    assert stage.incident.entries[-1].text == "the first theory was wrong"
