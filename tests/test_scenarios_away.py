"""Tocsin dies, comes back, has forgotten all but the log: every word counts once, and old acts that reach outside are asked again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import Stage, open_stage

MINUTES = timedelta(minutes=1)


async def _story(stage: Stage) -> None:
    """An incident with something of everything."""
    alarm = await stage.sam.says("Checkout fails after payment")
    await stage.ann.reacts(alarm, "🚨")
    await stage.mia.reacts("board", "🔎")
    said = await stage.mia.says("tax rounding")
    await stage.mia.reacts(said, "💡")
    await stage.jon.reacts("item/H1", "✋")
    await stage.mia.reacts_in_vain("item/H1", "✋", "Jon is on H1")
    await stage.ann.types("update impact=Some users cannot pay every=15m")
    await stage.ann.reacts("draft/1", "📤")
    stage.expect_card("item/H1", "Jon is on it")
    stage.expect_card("draft/1", "published")
    stage.expect_updates(1)


@pytest.mark.parametrize("forget", [False, True])
async def test_what_stands_stays_as_it_is(stage: Stage, forget: bool) -> None:
    await _story(stage)
    before, said = stage.standing(), {name: one.text for name, one in stage.world.messages.items()}
    version = stage.incident.version
    await stage.restart(forget=forget)
    await stage.fast_forward(seconds=30)
    assert stage.standing() == before
    assert {name: one.text for name, one in stage.world.messages.items()} == said
    assert stage.incident.version == version
    # And the cards are still the same cards.
    await stage.leah.reacts("board", "⏪")
    stage.expect_card("board", "Recovery Leah")


@pytest.mark.parametrize("forget", [False, True])
async def test_what_was_done_meanwhile_counts_on_the_card_it_was_done_on(stage: Stage, forget: bool) -> None:
    await _story(stage)
    await stage.stop()
    board, item = stage.find("board").ref, stage.find("item/H1").ref
    stage.world.react(stage.leah.account, board, "⏪")
    stage.world.react(stage.jon.account, item, "❌")
    typed = stage.world.say(stage.ann.account, stage.channel, "!inc sev 1")
    stage.ticks.add(typed.id)
    stage.world.say(stage.ann.account, stage.channel, "!inc nonsense")
    await stage.again(forget=forget)
    await stage.fast_forward(seconds=5)
    stage.expect_card("board", "SEV1", "Recovery Leah")
    stage.expect_card("item/H1", "Ruled out")
    stage.expect_letters(2)
    assert stage.incident.drafts == 1


async def test_two_incidents_in_one_triage_channel_stay_apart(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("declare search is empty sev3", stage.triage)
    said = {name: one.text for name, one in stage.world.messages.items()}
    await stage.restart(forget=True)
    await stage.fast_forward(seconds=30)
    assert {name: one.text for name, one in stage.world.messages.items()} == said


async def test_a_letter_of_the_house_outlives_a_restart(stage: Stage) -> None:
    message = await stage.kim.is_told("declar checkout fails", "Did you mean")
    await stage.restart()
    await stage.kim.edits(message, "!inc declare checkout fails sev3")
    stage.ticks.add(message.id)
    assert stage.kim.told(message) == "Refused."
    await stage.kim.types("claim ic")


async def test_a_promise_missed_while_away_is_reminded_of_once(stage: Stage) -> None:
    await _story(stage)
    await stage.restart(away=40 * MINUTES)
    stage.expect_card("prompt/update-1", "Ann: the next update was due 10:17 UTC")
    stage.expect_no_card("prompt/update-2")


@pytest.mark.parametrize("answered", [False, True])
async def test_a_close_of_long_ago_is_asked_again(stage: Stage, answered: bool) -> None:
    await _story(stage)
    await stage.jon.types("drop h1")
    await stage.ann.types("resolve rolled back")
    stage.expect_card("prompt/watch-1", "Watching")
    await stage.stop()
    stage.world.say(stage.ann.account, stage.channel, "!inc close cause=tax fixed=rolled back")
    await stage.again(away=11 * MINUTES)
    stage.expect_card(
        "prompt/stale-1", "Ann: Tocsin was away when you asked for this", "close cause=tax fixed=rolled back. Still?"
    )
    stage.expect_card("prompt/close-1", "is it over?")
    if answered:
        await stage.ann.reacts("prompt/stale-1", "👍")
        stage.expect_card("prompt/stale-1", "done")
        stage.expect_summaries()
        stage.expect_card("summary", "Cause        tax")
    else:
        assert not stage.incident.closed


async def test_a_flag_of_long_ago_is_asked_again(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("action call them @Mia")
    await stage.ann.says("!inc close cause=tax fixed=rolled back")
    await stage.stop()
    stage.world.react(stage.ann.account, stage.find("prompt/close-1").ref, "🏁")
    await stage.again(away=11 * MINUTES)
    assert not stage.incident.closed
    stage.expect_card("prompt/close-1", "is it over?")
    stage.expect_card("prompt/stale-1", "Still?")
    stage.expect_card("item/A1")


async def test_a_publication_of_long_ago_is_asked_again_and_only_by_who_may(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.jon.types("claim updates")
    await stage.jon.types("update impact=Some users cannot pay")
    await stage.stop()
    stage.world.react(stage.jon.account, stage.find("draft/1").ref, "📤")
    stage.world.react(stage.mia.account, stage.find("draft/1").ref, "📤")
    await stage.again(away=11 * MINUTES)
    stage.mia.told("draft/1", "ask Jon")
    stage.expect_no_card("update/1")
    stage.expect_card("prompt/stale-1", "Jon: Tocsin was away")
    stage.expect_no_card("prompt/stale-2")
    await stage.ann.reacts_in_vain("prompt/stale-1", "👍", "That was asked of Jon")
    await stage.jon.types("yes")
    stage.expect_updates(1)
    stage.expect_card("prompt/stale-1", "done")
    stage.expect_card("draft/1", "published")
    await stage.jon.types("yes stale-1")


@pytest.mark.parametrize("away", [9, 11])
async def test_a_page_of_long_ago_rings_nobody_before_it_is_asked_again(stage: Stage, away: int) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.stop()
    typed = stage.world.say(stage.ann.account, stage.channel, "!inc page @Bob the database is down")
    if away < 10:
        stage.ticks.add(typed.id)
    await stage.again(away=away * MINUTES)
    if away > 10:
        stage.expect_no_card("prompt/page-1")
        stage.expect_card("prompt/stale-1", "Ann: Tocsin was away", "page @Bob the database is down. Still?")
        await stage.ann.reacts("prompt/stale-1", "👍")
        stage.expect_card("prompt/stale-1", "done")
    stage.expect_card("prompt/page-1", "Bob: you are paged by Ann: the database is down")
    await stage.fast_forward(seconds=5)
    stage.expect_card("newcomer/1")


async def test_a_duplicate_of_long_ago_moves_people_on_the_yes_alone(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    first = stage.channel
    await stage.ann.types("declare payments broken sev3", stage.triage)
    await stage.kim.types("claim diagnosis")
    await stage.stop()
    stage.world.say(stage.ann.account, stage.channel, "!inc close duplicate-of 1")
    await stage.again(away=11 * MINUTES)
    assert "kim" not in stage.world.room(first).members
    await stage.ann.reacts("prompt/stale-1", "👍")
    assert "kim" in stage.world.room(first).members
    assert stage.incident.closed
    stage.expect_card("prompt/stale-1", "done")
    stage.expect_summaries()


async def test_a_claim_of_long_ago_simply_counts(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    await stage.stop()
    stage.world.react(stage.mia.account, stage.find("board").ref, "🧭")
    await stage.again(away=60 * MINUTES)
    stage.expect_card("board", "Commander Mia")
    stage.expect_no_card("prompt/commander-1")


async def test_copies_that_are_late_are_shown_until_they_are_there(tmp_path: Path) -> None:
    # Ann is named, so that her rights need no answer of the chat's.
    async with open_stage(tmp_path, responders=frozenset({"triage", "sandbox:ann"})) as stage:
        await stage.ann.types("declare checkout fails sev1", stage.triage)
        await stage.ann.types("update impact=Some users cannot pay")
        stage.expect_card("draft/1", "as it will be read")
        stage.faults.lost_request = 1.0
        message = stage.world.say(stage.ann.account, stage.channel, "!inc publish")
        await stage.fast_forward(minutes=2)
        late = [(delivery.channel.id, delivery.state) for delivery in stage.incident.deliveries]
        assert sorted(late) == [("leadership", "late"), ("support", "late")]
        stage.faults.lost_request = 0.0
        await stage.fast_forward(minutes=1)
        assert stage.incident.deliveries == ()
        stage.ticks.add(message.id)
        stage.expect_updates(1)
        stage.expect_card("draft/1", "published")
        stage.expect_card("delivery/1", "Update 1 is everywhere.", "support (sandbox:support): delivered after all")
        assert stage.find("delivery/1").pings == ()


async def test_what_is_asked_again_is_named_in_the_words_that_give_it(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("update impact=Some users cannot pay")
    # The same words again are the same draft.
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)
    await stage.stop()
    stage.world.say(stage.ann.account, stage.channel, "!inc unchanged 15m")
    await stage.again(away=11 * MINUTES)
    stage.expect_card("prompt/stale-1", ": unchanged 15 min. Still?")
