"""What is captured, corrected, edited, deleted and taken back: the record follows people and loses nothing they said."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stage import Stage, open_stage

from core.incident.state import Entry
from core.incident.vocabulary import MessageRef


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)


def _entry(stage: Stage, words: str) -> Entry:
    return next(entry for entry in stage.incident.entries if words in entry.text)


async def test_an_observation_stands_at_the_time_it_was_written(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("errors began at 10:02")
    written = stage.clock.now()
    await stage.fast_forward(minutes=5)
    await stage.ann.reacts(message, "📌")
    entry = _entry(stage, "errors began")
    assert (entry.at, entry.by and entry.by.name, entry.marked_by and entry.marked_by.name) == (written, "Mia", "Ann")


async def test_an_observation_follows_its_message(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("errors began at 10:02")
    await stage.ann.reacts(message, "📌")
    await stage.mia.edits(message, "errors began at 10:03")
    assert _entry(stage, "10:03").note == "edited"
    await stage.mia.deletes(message)
    assert "10:03 (its message was deleted)" in await stage.ann.asks("timeline")


async def test_a_decision_keeps_its_words(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("we roll back at 10:15")
    await stage.ann.reacts(message, "⚖️")
    await stage.mia.edits(message, "we roll back at 10:30")
    entry = _entry(stage, "roll back")
    assert (entry.text, entry.note) == ("decision: we roll back at 10:15", "later edited")


async def test_a_hypothesis_follows_its_message_until_the_close(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.says("tax rouding")
    await stage.mia.reacts(message, "💡")
    await stage.mia.edits(message, "tax rounding")
    stage.expect_card("item/H1", "tax rounding")
    assert _entry(stage, "H1 hypothesis: tax rounding").note == "edited"
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("publish")
    stage.expect_updates(1)
    stage.expect_card("draft/1")
    await stage.mia.edits(message, "tax rounding in release 214")
    stage.expect_card("item/H1", "tax rounding in release 214")
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_summaries()
    await stage.mia.edits(message, "cache")
    stage.expect_card("item/H1", "tax rounding in release 214")
    assert _entry(stage, "H1 hypothesis: tax rounding in release 214").note == "edited"


@pytest.mark.parametrize(("emoji", "words"), [("📌", "T"), ("⚖️", "decision: ")])
async def test_what_was_put_on_the_record_is_taken_back_by_the_same_hand(stage: Stage, emoji: str, words: str) -> None:
    await _declared(stage)
    message = await stage.mia.says("errors began at 10:02")
    await stage.ann.reacts(message, emoji)
    await stage.mia.reacts(message, emoji)
    await stage.mia.takes_back(message, emoji)
    assert not _entry(stage, "errors began").withdrawn
    await stage.ann.takes_back(message, emoji)
    assert _entry(stage, "errors began").withdrawn
    assert "withdrawn" in await stage.ann.asks("timeline")
    # On again is on the record again.
    await stage.ann.reacts(message, emoji)
    assert not stage.incident.entries[-1].withdrawn


async def test_an_edited_observation_can_be_taken_back_and_an_amended_one_stays(stage: Stage) -> None:
    await _declared(stage)
    edited, amended = await stage.mia.says("one"), await stage.mia.says("two")
    for message in (edited, amended):
        await stage.ann.reacts(message, "📌")
    await stage.mia.edits(edited, "first")
    await stage.ann.types(f"amend T{_entry(stage, 'two').number} second")
    await stage.ann.takes_back(edited, "📌")
    await stage.ann.takes_back(amended, "📌")
    assert _entry(stage, "first").withdrawn
    assert not _entry(stage, "second").withdrawn


async def test_taking_a_grab_back_lets_the_item_go(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("hypothesis cache")
    await stage.mia.reacts("item/H1", "✋")
    stage.expect_card("item/H1", "MI Mia is on it")
    await stage.jon.reacts_in_vain("item/H1", "✋", "Mia is on H1", "`release H1`")
    await stage.mia.takes_back("item/H1", "✋")
    stage.expect_card("item/H1", "free to grab")
    await stage.jon.reacts("item/H1", "✋")
    stage.expect_card("item/H1", "Jon is on it")


async def test_taking_a_grab_back_after_the_end_is_silent(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("hypothesis cache")
    await stage.mia.reacts("item/H1", "✋")
    await stage.mia.types("confirm h1 hit rate is zero")
    await stage.mia.takes_back("item/H1", "✋")
    stage.expect_card("item/H1", "Confirmed by Mia: hit rate is zero")


async def test_a_command_misread_is_read_again_when_it_is_corrected(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.is_told("hypotesis cache", "Did you mean `hypothesis`?")
    await stage.mia.edits(message, "!inc hypotesis cache!")
    stage.mia.told(message, "Did you mean `hypothesis`?")
    await stage.mia.edits(message, "!inc hypothesis cache")
    stage.ticks.add(message.id)
    stage.expect_card("item/H1", "cache")
    await stage.mia.edits(message, "!inc hypothesis cash")
    assert list(stage.incident.items) == ["H1"]
    assert all(letter.settled for letter in stage.incident.letters.values())


async def test_a_misread_word_is_settled_by_the_right_one_in_a_new_message(stage: Stage) -> None:
    await _declared(stage)
    message = await stage.mia.is_told("clam diagnosis", "Did you mean `claim`?")
    await stage.mia.types("claim diagnosis")
    assert stage.mia.told(message) == "Refused."


async def test_entries_are_corrected_by_their_author_the_scribe_and_the_commander(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("note errors began at 10:02")
    number = stage.incident.entries[-1].number
    await stage.jon.is_told(f"amend {number} at 10:03", "correct that entry", "Ann or Mia")
    await stage.mia.types(f"amend {number} at 10:03")
    await stage.mia.types(f"amend {number} at 10:03")
    await stage.leah.types("claim scribe")
    await stage.leah.types(f"amend {number} at 10:04")
    await stage.jon.is_told(f"amend {number} at 10:05", "Leah or Mia")
    await stage.ann.types(f"amend {number} at 10:06")
    await stage.ann.is_told("amend 99 no", "There is no timeline entry 99", "from 1 to")
    assert stage.incident.entries[number - 1].text == "at 10:06"
    # The old text stays in the log.
    texts = [getattr(record.event, "text", "") for record in await stage.tocsin.log.load("inc-1")]
    assert [text for text in texts if "10:0" in text] == ["errors began at 10:02", "at 10:03", "at 10:04", "at 10:06"]


async def test_words_of_their_own(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("impact some users cannot pay")
    await stage.ann.types("impact some users cannot pay")
    await stage.ann.types("changed release 214 10:01")
    await stage.ann.types("changed release 214 10:01")
    await stage.ann.types("sev 1")
    await stage.ann.types("sev1")
    await stage.ann.types("status identified it is release 214")
    await stage.ann.types("status identified")
    await stage.ann.types("decide we roll back")
    await stage.fast_forward(seconds=2)
    stage.expect_card(
        "board",
        "SEV1 · identified",
        "Impact       some users cannot pay",
        "latest change 10:01 UTC release 214 (Ann)",
    )
    assert (await stage.kinds()).count("impact_set") == 1
    shown = await stage.mia.asks("board")
    assert shown == stage.find("board").text + "\nIdle         Mia without a check"
    assert "claim" in await stage.mia.asks("help role")
    assert "Commands" in await stage.mia.asks("help", stage.triage)
    await stage.mia.is_told("impact none", "state the impact", "ask Ann")


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


async def test_evidence_after_the_tick_is_kept(stage: Stage) -> None:
    await _raised(stage)
    await stage.mia.types("hypothesis tax rounding")
    await stage.mia.reacts("item/H1", "✅")
    await stage.mia.types("confirm H1 totals differ by a cent")
    stage.expect_everything()
    assert any("a cent" in entry.text for entry in stage.incident.entries)


async def test_a_decision_says_who_marked_it(stage: Stage) -> None:
    await _raised(stage)
    said = await stage.mia.says("we roll back at 10:15")
    await stage.kim.reacts(said, "⚖️")
    assert "Kim" in await stage.ann.asks("timeline")


async def test_a_pin_stands_while_somebody_pins(stage: Stage) -> None:
    await _raised(stage)
    said = await stage.mia.says("errors at 12 %")
    await stage.mia.reacts(said, "📌")
    await stage.jon.reacts(said, "📌")
    await stage.mia.takes_back(said, "📌")
    stage.expect_everything()
    assert [entry.withdrawn for entry in stage.incident.entries if "errors" in entry.text] == [False]


async def test_a_decision_keeps_its_words_and_the_hypothesis_follows(stage: Stage) -> None:
    await _raised(stage)
    said = await stage.mia.says("cach eviction")
    await stage.ann.reacts(said, "⚖️")
    await stage.ann.reacts(said, "💡")
    await stage.mia.edits(said, "cache eviction")
    stage.expect_everything()
    assert stage.incident.items["H1"].text == "cache eviction"


async def test_the_deleted_words_of_a_command_are_marked(stage: Stage) -> None:
    await _raised(stage)
    note = await stage.bob.types("note errors at 12 %")
    await stage.bob.deletes(note)
    stage.expect_everything()
    assert stage.incident.entries[-1].note == "its message was deleted"


async def test_an_edited_note_follows(stage: Stage) -> None:
    await _raised(stage)
    note = await stage.bob.types("note errors at 12 %")
    await stage.bob.edits(note, "!inc note errors at 21 %")
    stage.expect_everything()
    assert stage.incident.entries[-1].text == "errors at 21 %"


async def test_clock_times_are_meant_in_the_configured_zone(tmp_path: Path) -> None:
    async with open_stage(tmp_path, zone=ZoneInfo("Europe/Berlin")) as stage:
        await _declared(stage)
        await stage.fast_forward(minutes=5)
        await stage.ann.types("changed release 214 12:02")
        await stage.fast_forward(seconds=2)
        stage.expect_card("board", "latest change 10:02 UTC release 214")
        await stage.ann.types("changed release 215 10:03 UTC")
        await stage.fast_forward(seconds=2)
        stage.expect_card("board", "latest change 10:03 UTC release 215")
