"""Declared three times is declared once: the same message, the same words, another message; and who joins."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Service
from core.incident.vocabulary import MessageRef
from core.roster import Roster
from transports.sandbox.places import Kind


async def test_a_second_alarm_on_the_same_message_brings_that_person_in(stage: Stage) -> None:
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    await stage.kim.reacts(alarm, "🚨")

    assert stage.kim.account.id in stage.world.room(stage.channel).members
    assert "Kim declared the same and joined" in await stage.kim.asks("timeline")
    stage.expect_card("notice", "Commander Ann")
    assert stage.find("notice").reply_to == alarm
    assert stage.incident.reported_by is not None
    assert stage.incident.reported_by.name == "Sam"


async def test_a_second_alarm_much_later_is_still_the_same_message(stage: Stage) -> None:
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_summaries()
    await stage.fast_forward(hours=1)
    await stage.kim.reacts_in_vain(alarm, "🚨", "Incident 1 is closed", "reopen 1 WHY")
    assert stage.incident.number == 1


async def test_the_same_words_within_ten_minutes_are_the_same_incident(stage: Stage) -> None:
    await stage.ann.types("declare Checkout fails!", stage.triage)
    await stage.fast_forward(minutes=9)
    await stage.kim.types("declare  checkout, FAILS sev1", stage.triage)
    assert stage.incident.number == 1
    assert stage.kim.account.id in stage.world.room(stage.channel).members


async def test_the_same_words_after_ten_minutes_are_a_new_one(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.fast_forward(minutes=10)
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    assert stage.incident.number == 2
    assert stage.incident.name == "inc-2026-05-02-checkout-fails-2"


async def test_the_same_words_after_the_close_are_a_new_one(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_summaries()
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    assert stage.incident.number == 2


async def _second_alarm(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    other = await stage.sam.says("The search is empty", stage.triage)
    await stage.kim.reacts(other, "🚨")
    text = stage.expect_card("prompt/same-1", "Kim: is this incident 1, checkout fails?", where=stage.triage)
    assert "The search" not in text


async def test_another_message_is_the_same_by_thumb(stage: Stage) -> None:
    await _second_alarm(stage)
    await stage.kim.reacts("prompt/same-1", "👍")
    stage.expect_card("prompt/same-1", "the same incident")
    assert stage.kim.account.id in stage.world.room(stage.channel).members


async def test_another_message_is_the_same_by_word(stage: Stage) -> None:
    await _second_alarm(stage)
    await stage.kim.types("yes same-1", stage.triage)
    stage.expect_card("prompt/same-1", "the same incident")
    assert stage.kim.account.id in stage.world.room(stage.channel).members


async def test_another_message_is_a_new_one_by_alarm_and_only_once(stage: Stage) -> None:
    await _second_alarm(stage)
    prompt = stage.find("prompt/same-1").ref
    await stage.kim.reacts(prompt, "🚨")
    assert stage.incident.number == 2
    assert stage.incident.title == "The search is empty"
    assert stage.incident.reported_by is not None
    await stage.kim.takes_back(prompt, "🚨")
    stage.kim.told(prompt, "Taking 🚨 back changes nothing")
    await stage.kim.reacts(prompt, "🚨")
    assert stage.incident.number == 2
    await stage.fast_forward(minutes=1.5)
    first = stage.tocsin.post.awake()[0][1]
    assert first.prompts["prompt/same-1"].settled == "a new incident"
    assert "Kim" not in [person.name for person in first.people]
    await stage.kim.types("claim ic")
    stage.expected.add((stage.triage.id, first.name, "prompt/same-1"))


async def test_another_message_is_a_new_one_by_word(stage: Stage) -> None:
    await _second_alarm(stage)
    await stage.kim.types("declare The search is empty", stage.triage)
    assert stage.incident.number == 2
    first = stage.tocsin.post.awake()[0][1]
    assert first.prompts["prompt/same-1"].settled == "a new incident"
    await stage.kim.types("claim ic")
    await stage.fast_forward(minutes=2)
    assert "Kim" not in [person.name for person in first.people]
    stage.expected.add((stage.triage.id, first.name, "prompt/same-1"))


@pytest.mark.parametrize("word", ["no", "no same-1"])
@pytest.mark.parametrize("in_triage", [True, False], ids=["in triage", "in the incident's channel"])
async def test_another_message_is_a_new_one_by_no(stage: Stage, word: str, in_triage: bool) -> None:
    await _second_alarm(stage)
    await stage.kim.types(word, stage.triage if in_triage else stage.channel)
    assert (stage.incident.number, stage.incident.title) == (2, "The search is empty")
    first = stage.tocsin.post.awake()[0][1]
    assert first.prompts["prompt/same-1"].settled == "a new incident"
    await stage.kim.types("claim ic")
    stage.expected.add((stage.triage.id, first.name, "prompt/same-1"))


async def test_no_to_nothing_in_triage_declares_nothing(stage: Stage) -> None:
    await _second_alarm(stage)
    await stage.mia.is_told("no", where=stage.triage)
    await stage.kim.is_told("no handoff-1", where=stage.triage)
    assert stage.incident.number == 1
    for word in ("no", "no same-1"):
        await stage.mia.is_told(word, where=stage.channel)
    assert stage.incident.number == 1
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/same-1", "the same incident")
    # Too late: it is the same by now.
    late = await stage.kim.says("!inc no same-1", stage.channel)
    stage.ticks.add(late.id)
    assert stage.incident.number == 1


async def test_only_who_was_asked_says_which(stage: Stage) -> None:
    await _second_alarm(stage)
    await stage.mia.reacts_in_vain("prompt/same-1", "👍", "That was asked of Kim")
    await stage.mia.reacts_in_vain("prompt/same-1", "🚨", "That was asked of Kim")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/same-1", "the same incident")
    assert stage.incident.number == 1


async def test_an_alarm_is_declared_in_triage_alone(stage: Stage) -> None:
    lobby = stage.world.create_channel("lobby", Kind.AUDIENCE)
    message = await stage.sam.says("Checkout fails", lobby)
    await stage.ann.reacts(message, "🚨")
    assert stage.tocsin.post.awake() == ()
    await stage.ann.is_told("declare checkout fails", "Incidents are declared in the triage channel", where=lobby)
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.ann.is_told("declare another", "This is the channel of inc-2026-05-02-checkout-fails")


async def test_taking_the_alarm_back_changes_nothing_and_says_how_to_end_it(stage: Stage) -> None:
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    await stage.ann.takes_back(alarm, "🚨")
    stage.ann.told(alarm, "Taking 🚨 back changes nothing", "close false-alarm WHY")
    stage.expect_card("board", "investigating")


async def test_editing_the_words_of_a_declaration_declares_nothing_more(stage: Stage) -> None:
    declared = await stage.ann.types("declare checkout down", stage.triage)
    await stage.ann.edits(declared, "!inc declare checkout is down")
    stage.expect_everything()
    assert stage.incident.number == 1


async def test_a_private_incident_is_refused_for_now(stage: Stage) -> None:
    await stage.ann.is_told("declare somebody leaked the key private", "A private incident", where=stage.triage)
    assert stage.tocsin.post.awake() == ()


async def test_a_declaration_misread_is_mended_by_editing(stage: Stage) -> None:
    message = await stage.ann.is_told("declar checkout fails", "Did you mean `declare`?")
    await stage.ann.edits(message, "!inc declare checkout fails")
    stage.ticks.add(message.id)
    assert stage.incident.title == "checkout fails"
    stage.ann.told(message, "Refused.")


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


def _numbers(stage: Stage) -> list[int]:
    return [one.number for _, one in stage.tocsin.post.awake()]


@pytest.mark.parametrize(("one", "other"), [("Can't pay", "cant pay"), ("check-out down", "Checkout: down!")])
async def test_same_title_aside_from_punctuation(stage: Stage, one: str, other: str) -> None:
    await stage.ann.types(f"declare {one}", where=stage.triage)
    await stage.mia.types(f"declare {other}", where=stage.triage)
    stage.expect_everything()
    assert _numbers(stage) == [1]


async def test_titles_of_symbols_are_not_all_one(stage: Stage) -> None:
    await stage.ann.types("declare 🔥", where=stage.triage)
    await stage.mia.types("declare 💥", where=stage.triage)
    stage.expect_everything()
    assert _numbers(stage) == [1, 2]


async def test_the_notice_says_when_the_next_update_comes(stage: Stage) -> None:
    await _raised(stage)
    stage.expect_card("notice", "Next update 10:32 UTC", where=stage.triage)


async def test_an_alarm_on_the_notice_makes_no_second_incident(stage: Stage) -> None:
    await _raised(stage)
    notice = stage.find("notice").ref
    await stage.fast_forward(minutes=11)
    await stage.kim.reacts(notice, "🚨")
    stage.expect_everything()
    assert _numbers(stage) == [1]
    assert "Kim" in [person.name for person in stage.incident.people]


async def test_a_typed_declaration_is_the_message_it_was_declared_from(stage: Stage) -> None:
    message = await stage.ann.types("declare Checkout fails", where=stage.triage)
    assert stage.find("notice").reply_to == message
    await stage.fast_forward(minutes=11)
    await stage.kim.reacts(message, "🚨")
    stage.expect_everything()
    assert _numbers(stage) == [1]


async def test_who_raised_it_too_joins_the_new_one(stage: Stage) -> None:
    await _raised(stage)
    other = await stage.sam.says("Mails are late", where=stage.triage)
    await stage.jon.reacts(other, "🚨")
    await stage.kim.reacts(other, "🚨")
    await stage.jon.reacts(stage.find("prompt/same-1", stage.triage).ref, "🚨")
    await stage.fast_forward(seconds=61)
    stage.expect_everything()
    people = {one.number: [who.name for who in one.people] for _, one in stage.tocsin.post.awake()}
    assert "Kim" in people[2]
    assert "Kim" not in people[1]


async def test_a_service_that_the_config_has_not_is_answered_with_the_nearest(tmp_path: Path) -> None:
    def with_services(roster: Roster) -> Policy:
        services = (Service(name="Checkout", team=(roster.people[2],)), Service(name="search"))
        return Policy(on_call=(roster.people[0],), services=services, audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=with_services) as stage:
        await stage.ann.is_told(
            "declare it fails service=chekout", "Did you mean service=Checkout?", where=stage.triage
        )
        await stage.ann.is_told("declare it fails service=x", "There are Checkout, search.", where=stage.triage)
        await stage.ann.types("declare it fails service=checkout", stage.triage)
        assert [person.name for person in stage.incident.people] == ["Ann", "Mia"]


async def test_an_alarm_on_what_turned_out_a_duplicate_names_the_other(stage: Stage) -> None:
    first, second = await stage.sam.says("Checkout fails"), await stage.sam.says("Mails are late")
    await stage.ann.reacts(first, "🚨")
    await stage.fast_forward(minutes=11)
    await stage.ann.reacts(second, "🚨")
    await stage.ann.types("close duplicate-of 1")
    await stage.kim.reacts_in_vain(second, "🚨", "Incident 2 is a duplicate of incident 1")
    stage.expect_everything()


async def test_a_second_alarm_is_asked_about_in_the_triage_channel_where_it_was_raised(stage: Stage) -> None:
    other = stage.world.create_channel("triage-2")
    stage.tocsin.reception.triage.add(other)
    await stage.ann.types("declare checkout fails", stage.triage)
    alarm = await stage.sam.says("login is broken too", where=other)
    await stage.mia.reacts(alarm, "🚨")
    stage.expect_card("prompt/same-1", "Mia: is this incident 1, checkout fails?", where=other)
    await stage.mia.says("!inc declare login is broken too", where=other)
    stage.expect_everything()
    assert _numbers(stage) == [1, 2]
