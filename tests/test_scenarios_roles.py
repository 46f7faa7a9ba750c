"""Claims, hand-offs and their limits: one holder each, two calls of three, and an absent commander stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Times


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)


async def test_nobody_holds_all_three_calls(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.reacts("board", "🔎")
    await stage.mia.reacts("board", "📣")
    await stage.mia.reacts_in_vain(
        "board", "⏪", "two of diagnosis, updates and recovery", "you hold diagnosis and updates", "`release diagnosis`"
    )
    stage.expect_card("board", "Diagnosis Mia · Updates Mia", lacks="Recovery Mia")
    await stage.mia.types("release updates")
    await stage.mia.reacts("board", "⏪")
    stage.expect_card("board", "Diagnosis Mia · Recovery Mia")
    # The letter no longer applies; it is no longer in the way.
    assert stage.mia.told("board") == "Refused."


async def test_a_refused_reaction_tried_again_is_answered_again(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.reacts_in_vain("board", "🧭", "Ann is incident commander", "`takeover ic`")
    await stage.mia.reacts_in_vain("board", "🧭", "Ann is incident commander")
    letters = [letter for letter in stage.incident.letters.values() if not letter.settled]
    assert len(letters) == 1
    await stage.ann.types("handoff @Mia ic")
    await stage.mia.reacts("board", "🧭")
    stage.expect_card("prompt/handoff-1", "Mia accepted")
    stage.expect_card("board", "Commander Mia")
    assert all(letter.settled for letter in stage.incident.letters.values())


async def test_taking_a_claim_back_changes_nothing_and_says_how_to_hand_it_off(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.reacts("board", "🔎")
    await stage.mia.takes_back("board", "🔎")
    stage.mia.told("board", "you are still diagnosis lead", "`handoff @who diagnosis`", "`release diagnosis`")
    stage.expect_card("board", "Diagnosis Mia")


async def test_taking_back_a_claim_made_twice_speaks_of_the_role_too(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.reacts("board", "🧭")
    await stage.ann.takes_back("board", "🧭")
    stage.ann.told("board", "you are still incident commander", "`handoff @who ic`")


async def test_taking_back_a_claim_that_has_passed_on_is_silent(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.reacts("board", "🔎")
    await stage.mia.types("release diagnosis")
    await stage.mia.takes_back("board", "🔎")


async def test_the_commander_assigns_and_vacates(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("assign comms @Jon")
    stage.expect_card("board", "Updates Jon")
    stage.expect_card("role/1", "Jon is update owner now: assigned by Ann.")
    assert [one.name for one in stage.post("role/1").pings] == ["Jon"]
    assert stage.jon.account.id in stage.world.room(stage.channel).members
    await stage.ann.types("assign updates @Jon")
    await stage.mia.is_told("vacate updates", "call of the incident commander", "ask Ann")
    await stage.ann.types("vacate updates")
    await stage.ann.types("vacate updates")
    stage.expect_card("board", lacks="Updates Jon")
    await stage.ann.is_told("vacate ic", "Command is handed off")
    await stage.ann.is_told("release ic", "Command is handed off")
    await stage.ann.is_told("release scribe", "Nobody is scribe")
    await stage.mia.is_told("release ic", "You are not incident commander; Ann is")


async def test_command_that_is_assigned_is_offered(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("assign ic @Mia")
    stage.expect_card("prompt/handoff-1", "Mia: Ann hands over to you: incident commander")
    await stage.ann.types("assign ic @Ann")
    await stage.mia.types("yes")
    stage.expect_card("board", "Commander Mia")
    stage.expect_card("prompt/handoff-1", "Mia accepted")


async def test_an_offer_is_made_once_and_anew_to_somebody_else(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.is_told("handoff @Ann", "You cannot hand off to yourself")
    await stage.mia.is_told("handoff @Ann", "You hold no role")
    await stage.ann.is_told("handoff @Mia recovery", "Nobody is recovery owner")
    await stage.ann.types("handoff @Mia")
    await stage.ann.types("handoff @Mia ic")
    await stage.ann.types("handoff @Leah")
    stage.expect_card("prompt/handoff-1", "offered anew")
    stage.expect_card("prompt/handoff-2", "Leah: Ann hands over")
    await stage.jon.reacts_in_vain("prompt/handoff-2", "👍", "That was asked of Leah")
    await stage.leah.reacts("prompt/handoff-2", "👍")
    await stage.leah.reacts("prompt/handoff-1", "👍")
    stage.expect_card("prompt/handoff-2", "Leah accepted")
    stage.expect_card("board", "Commander Leah")


async def test_an_offer_dies_with_the_role(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim diagnosis")
    await stage.mia.types("handoff @Leah")
    await stage.ann.types("vacate diagnosis")
    stage.expect_card("prompt/handoff-1", "nobody is diagnosis lead")


async def test_a_backup_is_named_by_the_holder_or_the_commander(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim updates")
    await stage.jon.is_told("backup updates @Leah", "name the backup update owner", "Mia or Ann")
    await stage.mia.types("backup updates @Leah")
    await stage.mia.types("backup updates @Leah")
    await stage.ann.types("backup updates @Jon")
    await stage.ann.is_told("backup updates @Mia", "Mia is update owner already")
    stage.expect_card("board", "Updates Mia (backup Jon)")
    # A backup may do what the holder may.
    await stage.jon.types("update impact=Some users cannot pay")
    await stage.jon.types("claim updates")
    stage.expect_card("board", "Updates Jon")
    stage.expect_card("draft/1")
    stage.expect_card("role/1", "Jon is update owner now: took over from Mia.")


async def test_a_takeover_passes_in_silence_unless_the_taker_holds_two_by_then(stage: Stage) -> None:
    await _declared(stage)
    await stage.jon.types("claim updates")
    await stage.mia.types("takeover updates")
    await stage.mia.types("takeover updates")
    await stage.mia.types("claim diagnosis")
    await stage.mia.types("claim recovery")
    await stage.fast_forward(minutes=1)
    stage.expect_card("prompt/takeover-1", "Mia holds two calls already")
    stage.expect_card("board", "Updates Jon")
    await stage.mia.is_told("takeover updates", "two of diagnosis, updates and recovery")


async def test_what_the_holder_wrote_before_they_were_asked_is_no_answer_when_it_is_heard_again(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.says("I look at the graphs", stage.channel)
    await stage.fast_forward(seconds=5)
    await stage.mia.types("takeover ic")
    # Without its cursor Tocsin hears everything anew.
    await stage.restart(forget=True)
    stage.expect_card("prompt/takeover-1", "Mia wants to take over as incident commander")
    await stage.ann.says("I am here", stage.channel)
    stage.expect_card("prompt/takeover-1", "Ann keeps it")
    stage.expect_everything()


async def test_the_holder_may_let_it_pass_at_once(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("takeover lead")
    await stage.ann.reacts("prompt/takeover-1", "👍")
    stage.expect_card("board", "Commander Mia")
    stage.expect_card("prompt/takeover-1", "Mia is incident commander")
    stage.expect_card("role/1")


async def test_two_who_want_it_are_told_who_got_it(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("takeover ic")
    await stage.leah.types("takeover ic")
    await stage.fast_forward(minutes=1)
    stage.expect_card("board", "Commander Mia")
    stage.expect_card("prompt/takeover-1", "Mia is incident commander")
    stage.expect_card("prompt/takeover-2", "Mia is incident commander")
    stage.expect_card("role/1")


async def test_a_takeover_of_what_nobody_holds_is_a_claim(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("takeover recovery")
    stage.expect_card("board", "Recovery Mia")


async def test_a_takeover_without_a_wait_passes_at_once(tmp_path: Path) -> None:
    def no_wait(roster: object) -> Policy:
        return Policy(times=Times.model_validate({"takeover": "0s"}), audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=no_wait) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.mia.types("takeover ic")
        stage.expect_card("board", "Commander Mia")
        stage.expect_card("role/1", "took over from Ann")


async def test_without_a_commander_people_are_asked_at_two_and_five_minutes(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    await stage.fast_forward(minutes=1, seconds=50)
    stage.expect_no_card("prompt/commander-1")
    await stage.fast_forward(seconds=10)
    stage.expect_card("prompt/commander-1", "Mia, Ann: nobody has taken command")
    assert stage.find("prompt/commander-1").pings == ("mia", "ann")
    await stage.fast_forward(minutes=3)
    stage.expect_card("prompt/commander-1", "asked again")
    stage.expect_card("prompt/commander-2", "Bob: nobody has taken command")
    await stage.leah.reacts("prompt/commander-2", "🧭")
    stage.expect_card("prompt/commander-2", "Leah is incident commander")
    await stage.fast_forward(hours=2)
    stage.expect_card("board", "Commander Leah")


async def test_without_anybody_on_call_the_declarer_is_asked(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=lambda _: Policy()) as stage:
        await stage.mia.types("declare checkout fails sev3", stage.triage)
        await stage.fast_forward(minutes=5)
        stage.expect_card("prompt/commander-1", "asked again")
        stage.expect_card("prompt/commander-2", "Mia: nobody has taken command")
        await stage.mia.types("yes commander-2")
        stage.expect_card("board", "Commander Mia")


async def test_an_incident_without_a_commander_cannot_be_closed(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    await stage.mia.is_told(
        "close cause=x fixed=y", "To close is the call of the incident commander, which nobody holds", "`claim ic`"
    )
    await stage.mia.is_told("resolve", "which nobody holds")


async def test_a_stranger_is_told_whom_to_ask(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    # Somebody let Zoe into the channel; that makes her no responder.
    stage.world.room(stage.channel).members.append(stage.zoe.account.id)
    await stage.zoe.is_told("claim ic", "Only responders may do that. Please ask Ann.")
    message = await stage.zoe.says("it is the cache", stage.channel)
    await stage.zoe.reacts_in_vain(message, "💡", "Only responders may do that")
    await stage.zoe.reacts(message, "👀")
    # What others capture of her words follows her edits.
    await stage.mia.reacts(message, "📌")
    await stage.zoe.edits(message, "it is the cache, I think")
    assert stage.incident.entries[-1].text == "it is the cache, I think"
    assert "Zoe" not in [person.name for person in stage.incident.people]


async def test_a_stranger_in_the_open_is_told_whom_to_ask(tmp_path: Path) -> None:
    async with open_stage(tmp_path, responders=frozenset({"sandbox:ann"})) as stage:
        await stage.kim.is_told("declare checkout fails", "Only responders may do that. Please ask Ann or Bob.")
        assert stage.tocsin.post.awake() == ()
        await stage.ann.types("declare checkout fails sev3", stage.triage)


async def test_who_would_hold_all_three_is_named_to_who_asked(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim diagnosis")
    await stage.mia.types("claim recovery")
    await stage.ann.is_told("assign updates @Mia", "Mia has diagnosis and recovery already", "Give updates to somebody")


async def test_a_call_that_was_let_go_has_no_backup_either(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim updates")
    await stage.mia.types("backup updates @Jon")
    await stage.mia.types("release updates")
    await stage.leah.types("claim updates")
    stage.expect_card("board", "Updates Leah", lacks="backup")


@pytest.mark.parametrize(
    "words",
    ["assign updates @Zoe", "handoff @Zoe", "backup ic @Zoe", "action call them @Zoe", "watch payments @Zoe for 10m"],
)
async def test_nothing_is_given_to_somebody_who_could_do_nothing_with_it(stage: Stage, words: str) -> None:
    await _declared(stage)
    stage.world.create_person("Zoe", channels=())
    await stage.ann.is_told(words, "Zoe is no responder", "Name one who is")


async def test_an_action_that_is_given_calls_whom_it_was_given_to(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("action call the provider @Mia")
    assert [one.name for one in stage.post("item/A1").pings] == ["Mia"]
    await stage.ann.types("hypothesis the cache")
    await stage.ann.types("grab H1")
    assert stage.post("item/H1").pings == ()
    stage.expect_card("item/A1")
    stage.expect_card("item/H1")


async def test_who_handed_command_over_lifts_no_freeze_by_an_older_question(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.reacts("board", "🧊")
    await stage.ann.takes_back("board", "🧊")
    await stage.ann.types("handoff @Mia ic")
    await stage.mia.reacts("prompt/handoff-1", "👍")
    await stage.ann.reacts_in_vain("prompt/unfreeze-1", "👍", "To lift the freeze is the call of", "please ask Mia")
    stage.expect_card("board", "changes frozen since")
    await stage.mia.types("unfreeze")
    stage.expect_card("prompt/unfreeze-1", "lifted")
    stage.expect_card("prompt/handoff-1")


async def test_a_yes_is_not_taken_for_an_answer_to_a_reminder(stage: Stage) -> None:
    await _declared(stage)
    await stage.mia.types("claim updates")
    await stage.mia.types("update impact=Some users cannot pay next=We look every=10m")
    await stage.mia.types("publish")
    await stage.fast_forward(minutes=4)
    await stage.ann.types("handoff @Mia ic")
    await stage.fast_forward(minutes=3)
    stage.expect_card("prompt/update-1", "Mia: the next update is due")
    await stage.mia.types("yes")
    stage.expect_card("prompt/handoff-1", "Mia accepted")
    await stage.mia.is_told("yes", "That takes more than a yes or a no", "`unchanged`")
    stage.expect_card("draft/1")
    stage.expect_updates(1)


async def test_one_who_does_not_want_command_leaves_the_question_to_the_other(stage: Stage) -> None:
    await stage.sam.types("declare checkout fails sev3", stage.triage)
    await stage.fast_forward(minutes=2)
    stage.expect_card("prompt/commander-1", "Sam, Ann: nobody has taken command")
    await stage.sam.types("no")
    stage.expect_card("prompt/commander-1", "Sam, Ann: nobody has taken command")
    await stage.ann.types("yes")
    stage.expect_card("board", "Commander Ann")
