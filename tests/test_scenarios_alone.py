"""The three tests for every rule: alone at 03:00, two with one on a flight, eight in a noisy room."""

from __future__ import annotations

from stage import Stage


async def test_alone_three_words_lead_from_alarm_to_close(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails after payment sev1", stage.triage)
    await stage.ann.types("resolve rolled back release 214")
    await stage.ann.types("close cause=tax rounding in release 214")

    stage.expect_card("board", "SEV1 · closed · checkout fails after payment", "Commander Ann")
    stage.expect_card("prompt/watch-1", "Watching: closed.")
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "tax rounding in release 214", "rolled back release 214", where=room)
    stage.expect_what_comes_next()


async def test_alone_whoever_is_not_on_call_takes_command_with_one_emoji(stage: Stage) -> None:
    alarm = await stage.mia.says("Checkout fails after payment")
    await stage.mia.reacts(alarm, "🚨")
    stage.expect_card("board", "nobody yet")
    await stage.mia.reacts("board", "🧭")
    await stage.mia.types("update impact=Some users cannot pay next=We test a rollback")
    await stage.mia.reacts("draft/1", "📤")
    await stage.mia.types("path rollback")
    await stage.mia.types("done r1")
    await stage.mia.types("resolve")
    stage.expect_card("prompt/watch-1", "Resolved (roll back)")
    await stage.mia.types("close cause=unknown yet")

    stage.expect_card("board", "Commander Mia", "SEV2 · closed")
    stage.expect_card("draft/1", "published as update 1")
    stage.expect_card("item/R1", "Done by Mia")
    stage.expect_card("prompt/watch-1", "closed")
    for room in (stage.channel, stage.support, stage.leadership):
        stage.expect_card("update/1", "Some users cannot pay.", where=room)
    for room in (stage.channel, stage.triage, stage.support, stage.leadership):
        stage.expect_card("summary", "Fixed by     roll back", where=room)
    stage.expect_what_comes_next()


async def test_two_lose_one_to_a_flight_who_hands_off_and_go_on(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails", stage.triage)
    await stage.mia.types("claim diagnosis")
    await stage.ann.types("claim recovery")
    await stage.ann.types("handoff @Mia")
    stage.expect_card("prompt/handoff-1", "Ann hands over to you: incident commander and recovery owner")
    stage.expect_card("board", "Commander Ann")
    await stage.mia.reacts("prompt/handoff-1", "👍")

    stage.expect_card("board", "Commander Mia · Diagnosis Mia · Recovery Mia")
    stage.expect_card("prompt/handoff-1", "Hand-off: Mia accepted.")


async def test_two_lose_one_to_a_flight_without_a_word_and_go_on(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("takeover ic")
    stage.expect_card("prompt/takeover-1", "Ann: Mia wants to take over as incident commander; in 1 min of silence")
    await stage.fast_forward(seconds=59)
    assert stage.incident.commander is not None
    assert stage.incident.commander.name == "Ann"
    await stage.fast_forward(seconds=4)
    stage.expect_card("board", "Commander Mia")
    stage.expect_card("prompt/takeover-1", "Takeover: Mia is incident commander.")
    stage.expect_card("role/1", "Mia is incident commander now: took over from Ann.")
    assert [one.name for one in stage.post("role/1").pings] == ["Mia", "Ann"]
    await stage.mia.types("close cause=x fixed=y")
    stage.expect_summaries()


async def test_who_is_still_there_keeps_the_call(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("takeover ic")
    await stage.ann.types("claim ic")
    stage.expect_card("prompt/takeover-1", "Takeover: Ann keeps it.")
    await stage.fast_forward(minutes=5)
    stage.expect_card("board", "Commander Ann")


async def test_who_says_anything_at_all_is_not_silent(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.mia.types("takeover ic")
    await stage.jon.says("Mia, Ann is on the phone with the provider")
    stage.expect_card("prompt/takeover-1", "Ann: Mia wants to take over")
    await stage.ann.says("I am here, give me a second")
    stage.expect_card("prompt/takeover-1", "Takeover: Ann keeps it.")
    await stage.fast_forward(minutes=5)
    stage.expect_card("board", "Commander Ann")


async def test_the_backup_takes_over_without_debate(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    await stage.ann.types("backup ic @Bob")
    stage.expect_card("board", "Commander Ann (backup Bob)")
    await stage.bob.types("takeover ic")
    stage.expect_card("board", "Commander Bob", lacks="backup")
    stage.expect_card("role/1", "Bob is incident commander now: took over from Ann.")
    assert [one.name for one in stage.post("role/1").pings] == ["Ann"]


async def test_eight_in_a_noisy_room_make_one_incident(stage: Stage) -> None:
    everyone = (stage.ann, stage.bob, stage.mia, stage.jon, stage.leah, stage.sam, stage.kim)
    alarm = await stage.sam.says("Checkout fails after payment!")
    other = await stage.kim.says("half of my customers cannot pay, is anyone looking at it?")
    for one in everyone:
        stage.world.react(one.account, alarm, "🚨")
        stage.world.say(one.account, stage.triage, "same here")
    await stage.settle()
    await stage.jon.types("declare checkout fails, after payment", stage.triage)
    # Another message, though: Leah is asked, and says nothing.
    await stage.leah.reacts(other, "🚨")
    stage.expect_card("prompt/same-1", "Leah: is this incident 1, Checkout fails after payment!? In 1 min it counts as")
    await stage.fast_forward(minutes=1)

    stage.expect_card("prompt/same-1", "The second alarm: the same incident.")
    assert await stage.tocsin.log.streams() == ["inc-1", "house"]
    assert {person.name for person in stage.incident.people} == {one.name for one in everyone}
    stage.expect_card("notice", "Commander Ann")
