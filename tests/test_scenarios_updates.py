"""Updates: one hand drafts, one text goes everywhere word for word, corrected in place, promised and reminded of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import RESPONSES, Audience, Policy, Times
from core.incident.vocabulary import ChannelRef, MessageRef, Severity
from core.roster import Roster

TEXT = "[{} UTC] Some users cannot pay. Sign-in works. We are testing a rollback."
FIELDS = "impact=Some users cannot pay working=Sign-in works next=We are testing a rollback"


async def _declared(stage: Stage, severity: int = 1) -> None:
    await stage.ann.types(f"declare checkout fails sev{severity}", stage.triage)


async def _published(stage: Stage, every: str = "15m") -> None:
    await stage.ann.types(f"update {FIELDS} every={every}")
    await stage.ann.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)


async def test_one_text_goes_to_every_audience_word_for_word(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types(f"update {FIELDS} every=15m")
    stage.expect_card("draft/1", "Draft 1 by Ann, as it will be read", "Publishing: Ann")
    stage.expect_no_card("update/1")
    await stage.ann.reacts("draft/1", "📤")
    stage.expect_updates(1)
    text = f"{TEXT.format('10:02')} Next update 10:17 UTC."
    for room in (stage.channel, stage.support, stage.leadership):
        assert stage.post("update/1", room).text == text
        stage.expect_card("update/1", text, where=room)
    stage.expect_card("update/1", "For support: reuse the text as it stands.", where=stage.support)
    stage.expect_card("draft/1", "Draft 1: published as update 1.")
    stage.expect_card("board", "Last update  10:02 UTC, next due 10:17 UTC", "Impact       Some users cannot pay")
    stage.expect_card("notice", "Users see: Some users cannot pay", "Next update 10:17 UTC")
    # A second 📤 is the same wish, granted.
    await stage.ann.takes_back("draft/1", "📤")
    await stage.ann.reacts("draft/1", "📤")
    assert len(stage.incident.updates) == 1


async def test_the_pen_is_in_one_hand(stage: Stage) -> None:
    await _declared(stage)
    # While there is no update owner anyone drafts, and the commander publishes.
    await stage.mia.types("update impact=Some users cannot pay")
    await stage.mia.is_told("publish", "To publish an update is the call of the update owner", "Ann", "`claim updates`")
    await stage.jon.types("claim updates")
    await stage.mia.is_told("update impact=Nobody can pay", "To draft an update", "ask Jon")
    await stage.mia.reacts_in_vain("draft/1", "📤", "ask Jon", "`takeover updates`")
    message = await stage.mia.says("Nobody can pay")
    await stage.mia.reacts_in_vain(message, "📢", "ask Jon")
    await stage.jon.reacts(message, "📢")
    stage.expect_card("draft/1", "replaced by draft 2")
    stage.expect_card("draft/2", "Nobody can pay")
    await stage.jon.reacts_in_vain("draft/1", "📤", "That draft has been replaced", "draft 2")
    await stage.jon.types("publish")
    stage.expect_updates(1)
    stage.expect_card("draft/2", "published")


async def test_a_cross_on_an_old_draft_throws_no_newer_one_away(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("update impact=one")
    await stage.ann.types("update impact=two")
    await stage.ann.reacts("draft/1", "❌")
    stage.expect_card("draft/1", "replaced by draft 2")
    stage.expect_card("draft/2", "two", lacks="discarded")
    await stage.ann.reacts("draft/2", "❌")
    stage.expect_card("draft/2", "Draft 2: discarded.")
    await stage.ann.types("discard")
    await stage.ann.is_told("publish", "There is no draft")


async def test_a_draft_says_what_it_lacks(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("update next=We are testing a rollback")
    stage.expect_card("draft/1", "Before it can go out it needs impact: update impact=…")
    await stage.ann.is_told("publish", "The update lacks impact", "`update impact=…`")
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("update impact=Some users cannot pay")
    assert stage.incident.drafts == 2
    stage.expect_card("draft/1", "replaced")
    stage.expect_card("draft/2", "Some users cannot pay. We are testing a rollback.")


async def test_a_form_to_copy(stage: Stage) -> None:
    await _declared(stage)
    assert "update impact=… affected=… working=… next=… every=15m" in await stage.ann.asks("update")
    await stage.ann.is_told("correct", "There is no update to correct", "`update impact=…`")
    await stage.ann.is_told("unchanged", "There is no update to repeat")
    await stage.ann.is_told("withdraw it was wrong", "There is no update to withdraw")
    await _published(stage)
    assert "correct impact=Some users cannot pay" in await stage.ann.asks("correct")


async def test_a_correction_reaches_every_copy_in_place(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=2)
    copies = {room: stage.find("update/1", room).ref for room in (stage.channel, stage.support, stage.leadership)}
    await stage.ann.types("correct impact=All users cannot pay headline=Checkout is down")
    await stage.ann.types("correct impact=All users cannot pay")
    text = "[10:02 UTC] All users cannot pay. Sign-in works. We are testing a rollback. Next update 10:17 UTC."
    for room, copy in copies.items():
        assert stage.find("update/1", room).ref == copy
        assert stage.post("update/1", room).text == text
        stage.expect_card("update/1", text, "Corrected 10:04 UTC", where=room)
    assert stage.incident.updates[0].wording.headline == "Checkout is down"
    await stage.ann.types("correct every=20m")
    stage.expect_card("board", "next due 10:22 UTC")


async def test_a_withdrawn_update_is_struck_everywhere(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.ann.types("withdraw it was meant for another incident")
    for room in (stage.channel, stage.support, stage.leadership):
        stage.expect_card("update/1", "Withdrawn: it was meant for another incident", where=room)
    await stage.ann.is_told("unchanged", "There is no update to repeat")
    stage.expect_card("board", lacks="Some users cannot pay")


async def test_unchanged_is_the_same_facts_with_a_new_time(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=10)
    await stage.ann.types("unchanged")
    stage.expect_updates(2)
    stage.expect_card("update/2", "[10:12 UTC] Impact is unchanged. Some users cannot pay.", "Next update 10:27 UTC.")
    await stage.ann.types("unchanged 20m")
    stage.expect_updates(3)
    stage.expect_card("update/3", "Next update 10:32 UTC.")
    await stage.ann.types("correct impact=Nobody can pay")
    stage.expect_card("update/3", "Impact is unchanged. Nobody can pay.")


async def test_reminders_go_to_the_owner_the_backup_and_the_commander_in_turn(stage: Stage) -> None:
    await _declared(stage)
    await stage.jon.types("claim updates")
    await stage.jon.types("backup updates @Leah")
    await stage.jon.types(f"update {FIELDS} every=15m")
    await stage.jon.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)
    due = stage.incident.updates[0].promised_at
    assert due is not None

    async def pings_at(offset: timedelta) -> tuple[str, tuple[str, ...]]:
        assert due is not None
        await stage.fast_forward(seconds=(due + offset - stage.clock.now()).total_seconds())
        newest = max(prompt.asked.number for prompt in stage.incident.open_prompts("update"))
        stage.expect_card(f"prompt/update-{newest}")
        return f"update-{newest}", stage.find(f"prompt/update-{newest}").pings

    await stage.fast_forward(seconds=(due - stage.clock.now()).total_seconds() - 181)
    stage.expect_no_card("prompt/update-1")
    assert await pings_at(timedelta(minutes=-3)) == ("update-1", ("jon",))
    stage.expect_card("prompt/update-1", "Jon: the next update is due 10:17 UTC")
    assert await pings_at(timedelta()) == ("update-2", ("jon",))
    assert await pings_at(timedelta(minutes=2)) == ("update-3", ("leah",))
    assert await pings_at(timedelta(minutes=5)) == ("update-4", ("ann",))
    stage.expect_card("prompt/update-4", "Ann: the next update was due 10:17 UTC")
    stage.expect_card("prompt/update-3", "asked again")
    await stage.fast_forward(hours=1)
    stage.expect_no_card("prompt/update-5")
    # The backup answers with one emoji; a second one on the same reminder says nothing twice.
    await stage.leah.reacts("prompt/update-4", "🔁")
    await stage.jon.reacts("prompt/update-4", "🔁")
    stage.expect_updates(2)
    stage.expect_card("prompt/update-4", "The next update: published.")
    assert (stage.incident.promises.kept, stage.incident.promises.broken) == (0, 1)


async def test_a_person_of_many_roles_is_reminded_once_for_each_step(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=60)
    stage.expect_card("prompt/update-1", "asked again")
    stage.expect_card("prompt/update-2", "Ann: the next update is due")
    stage.expect_no_card("prompt/update-3")


async def test_a_short_promise_is_reminded_of_after_two_thirds(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage, every="6m")
    await stage.fast_forward(seconds=(stage.at("10:06") - stage.clock.now()).total_seconds() - 1)
    stage.expect_no_card("prompt/update-1")
    await stage.fast_forward(seconds=1)
    stage.expect_card("prompt/update-1", "due 10:08 UTC")


async def test_a_new_update_restarts_the_clock_and_the_promise_is_kept(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=13)
    stage.expect_card("prompt/update-1", "is due")
    await stage.ann.reacts("prompt/update-1", "🔁")
    stage.expect_card("prompt/update-1", "published")
    stage.expect_updates(2)
    assert stage.incident.promises.kept == 1
    await stage.fast_forward(minutes=10)
    stage.expect_no_card("prompt/update-2")


async def test_the_first_update_is_due_an_interval_after_the_declaration(stage: Stage) -> None:
    await _declared(stage, 2)
    stage.expect_card("board", "Last update  none yet, due 10:32 UTC")
    await stage.fast_forward(minutes=28)
    stage.expect_card("prompt/update-1", "Ann: the next update is due 10:32 UTC: `update impact=… next=…`")
    await stage.ann.reacts_in_vain("prompt/update-1", "🔁", "There is no update to repeat")


async def test_sev3_promises_nothing_unless_it_is_said(stage: Stage) -> None:
    await _declared(stage, 3)
    await stage.ann.types("update impact=One customer cannot pay")
    await stage.ann.types("publish")
    stage.expect_updates(1)
    stage.expect_card("draft/1", "published")
    assert stage.post("update/1").text == "[10:02 UTC] One customer cannot pay."
    await stage.fast_forward(hours=5)
    stage.expect_no_card("prompt/update-1")


async def test_once_resolved_no_next_time_is_promised(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.ann.types("resolve rolled back")
    await stage.ann.types("update impact=All users can pay again next=We are watching")
    await stage.ann.types("publish")
    stage.expect_updates(2)
    stage.expect_card("draft/2", "published")
    assert stage.post("update/2").text == "[10:02 UTC] All users can pay again. We are watching."
    await stage.fast_forward(hours=1)
    stage.expect_no_card("prompt/update-1")
    stage.expect_card("prompt/watch-1", "it stayed well")
    stage.expect_card("prompt/close-1", "is it over?")


async def test_when_it_comes_back_updates_are_due_again(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.ann.types("resolve rolled back")
    await stage.ann.types("update impact=All users can pay again")
    await stage.ann.types("publish")
    stage.expect_updates(2)
    stage.expect_card("draft/2")
    await stage.fast_forward(minutes=5)
    await stage.ann.types("came-back")
    stage.expect_card("prompt/watch-1", "it came back")
    await stage.fast_forward(seconds=2)
    stage.expect_card("board", "next due 10:22 UTC")
    await stage.fast_forward(minutes=12)
    stage.expect_card("prompt/update-1", "is due 10:22 UTC")


async def test_a_dead_audience_delays_no_other_and_is_said_aloud(tmp_path: Path) -> None:
    gone = ChannelRef(transport="sandbox", id="c3")
    audiences = (
        Audience(name="support", rooms=(ChannelRef(transport="sandbox", id="support"),)),
        Audience(name="leadership", rooms=(gone,)),
    )
    async with open_stage(tmp_path, policy=lambda _: Policy(audiences=audiences)) as stage:
        await stage.mia.types("declare checkout fails", stage.triage)
        await stage.mia.types("claim ic")
        assert stage.leadership == gone
        await stage.mia.deletes_channel(stage.leadership)
        await stage.mia.types("update impact=Some users cannot pay")
        await stage.mia.types("publish")
        stage.expect_card("update/1", "Some users cannot pay", where=stage.support)
        stage.expect_card("update/1", "Some users cannot pay", where=stage.channel)
        stage.expect_card("draft/1")
        await stage.fast_forward(seconds=3)
        lacks = "leadership (sandbox:c3) cannot get it: sandbox:c3: That channel is gone."
        stage.expect_card("board", f"Copies       1 of 2 of update 1 are there · {lacks}")
        stage.expect_card("delivery/1", "Update 1 is not everywhere", lacks, "Mia, tell them yourself")
        assert any("cannot be delivered" in entry.text for entry in stage.incident.entries)


async def test_a_late_copy_is_shown_until_it_is_there(stage: Stage) -> None:
    await _declared(stage)
    stage.faults.outage = True
    # Words that were on their way already are heard; what goes out waits.
    await stage.fast_forward(seconds=5)
    stage.faults.outage = False
    await stage.fast_forward(minutes=1)
    assert stage.incident.deliveries == ()


async def _raised(stage: Stage) -> MessageRef:
    """Sam tells of it and Ann, who is on call, declares."""
    alarm = await stage.sam.says("Checkout fails")
    await stage.ann.reacts(alarm, "🚨")
    return alarm


async def test_the_blank_form_is_no_update(stage: Stage) -> None:
    await _raised(stage)
    await stage.ann.says("!inc update impact=… affected=… working=… next=… every=15m")
    await stage.ann.says("!inc publish")
    stage.expect_everything()
    assert not stage.incident.updates


async def test_the_form_can_be_sent_as_it_stands(stage: Stage) -> None:
    await _raised(stage)
    form = (await stage.ann.asks("update")).splitlines()[1].replace("…", "x")
    await stage.ann.says(f"!inc {form}")
    stage.expect_everything()
    assert stage.incident.draft is not None


async def test_an_edit_reaches_the_draft_made_from_it(stage: Stage) -> None:
    await _raised(stage)
    said = await stage.mia.says("some users cannot pya")
    await stage.ann.reacts(said, "📢")
    await stage.ann.types("update next=we test a rollback")
    await stage.mia.edits(said, "some users cannot pay")
    stage.expect_everything()
    assert stage.incident.draft is not None
    assert stage.incident.draft.wording.impact == "some users cannot pay"


async def test_a_promise_is_kept_within_the_minute_that_people_read(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=15, seconds=10)
    await stage.ann.types("unchanged")
    stage.expect_updates(2)
    assert (stage.incident.promises.kept, stage.incident.promises.broken) == (1, 0)
    stage.expect_everything()


async def test_a_promise_that_nobody_kept_is_counted_at_the_close(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(hours=1)
    await stage.ann.types("close false-alarm the probe was down")
    stage.expect_card("summary", "Updates      1 published, 0 of 1 on time")
    stage.expect_everything()


async def test_a_correction_cannot_promise_what_is_over_nor_wash_a_broken_promise(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage)
    await stage.fast_forward(minutes=10)
    await stage.ann.is_told("correct every=5m", "due at 10:07 UTC already", "`unchanged 15m`")
    stage.expect_card("update/1", "Next update 10:17 UTC")
    await stage.fast_forward(minutes=20)
    await stage.ann.types("correct every=1h")
    assert stage.incident.promises.broken == 1
    stage.expect_everything()


async def test_a_withdrawn_update_promises_nothing(stage: Stage) -> None:
    await _declared(stage)
    await _published(stage, every="1h")
    await stage.ann.types("unchanged 15m")
    stage.expect_card("board", "next due 10:17 UTC")
    await stage.ann.types("withdraw it was meant for another incident")
    stage.expect_card("board", "next due 11:02 UTC")
    stage.expect_updates(1, 2)


async def test_a_severity_raised_late_has_its_whole_interval(stage: Stage) -> None:
    await _declared(stage, severity=3)
    await stage.fast_forward(minutes=40)
    await stage.ann.types("sev 1")
    stage.expect_card("board", "none yet, due 10:57 UTC")


@pytest.mark.parametrize(
    ("off", "asked"),
    [
        ("", [("10:14", "Jon"), ("10:17", "Jon"), ("10:19", "Bob"), ("10:22", "Ann")]),
        ("update_before", [("10:17", "Jon"), ("10:19", "Bob"), ("10:22", "Ann")]),
        ("update_backup", [("10:14", "Jon"), ("10:17", "Jon"), ("10:22", "Ann")]),
        ("update_commander", [("10:14", "Jon"), ("10:17", "Jon"), ("10:19", "Bob")]),
    ],
)
async def test_a_reminder_that_is_turned_off_takes_no_other_away(
    tmp_path: Path, off: str, asked: list[tuple[str, str]]
) -> None:
    def without(roster: Roster) -> Policy:
        times = Times.model_validate({off: "0s"} if off else {})
        return Policy(on_call=(roster.people[0],), times=times, audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=without) as stage:
        await _declared(stage)
        await stage.jon.types("claim updates")
        await stage.jon.types("backup updates @Bob")
        await stage.jon.types(f"update {FIELDS} every=15m")
        await stage.jon.types("publish")
        await stage.fast_forward(minutes=30)
        prompts = [one for one in stage.incident.prompts.values() if one.asked.ask == "update"]
        assert [(f"{one.at:%H:%M}", one.asked.to[0].name) for one in prompts] == asked
        stage.expect_everything()


async def test_a_severity_goes_by_the_rules_that_are_in_force_when_it_is_set(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await _declared(stage, severity=3)

        def changed(roster: Roster) -> Policy:
            often = RESPONSES[Severity.SEV1].model_copy(update={"update_every": timedelta(minutes=5)})
            responses = {**RESPONSES, Severity.SEV1: often}
            return Policy(on_call=(roster.people[0],), responses=responses, audiences=AUDIENCES)

        await stage.stop()
        stage.policy = changed(stage.roster)
        await stage.again()
        await stage.ann.types("sev 1")
        stage.expect_card("board", "none yet, due 10:07 UTC")


async def test_what_users_see_is_what_was_said_of_it_last(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("impact nobody can search")
    await _published(stage)
    stage.expect_card("notice", "Users see: Some users cannot pay")
    await stage.ann.types("impact nobody can pay")
    stage.expect_card("notice", "Users see: nobody can pay")
    await stage.ann.types("resolve rolled back")
    stage.expect_card("prompt/watch-1")
    await stage.ann.types("update impact=Payments work again")
    await stage.ann.types("publish")
    stage.expect_card("draft/2")
    stage.expect_updates(2)
    stage.expect_card("notice", "Users see: Payments work again")
    await stage.ann.types("close cause=tax rounding")
    stage.expect_card("notice", "It is over. Cause: tax rounding", lacks="Users see")
    stage.expect_card("board", "Impact       nobody can pay")
    stage.expect_card("summary", "Impact       nobody can pay")
    stage.expect_summaries()


async def test_an_update_that_is_overdue_says_so_on_the_board(stage: Stage) -> None:
    await _declared(stage)
    await stage.fast_forward(minutes=15, seconds=2)
    stage.expect_card("board", "none yet, overdue since 10:17 UTC")
    await _published(stage)
    stage.expect_card("board", "next due 10:32 UTC")
    await stage.fast_forward(minutes=15, seconds=2)
    stage.expect_card("board", ", overdue since 10:32 UTC")
    stage.expect_everything()


async def test_a_dash_empties_a_field(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types(f"update {FIELDS} every=15m")
    await stage.ann.types("update working=- affected=— next=we look at A-B")
    stage.expect_card("draft/2", "Some users cannot pay. we look at A-B. Next update 10:17 UTC.")
    await stage.ann.types("publish")
    stage.expect_updates(1)
    await stage.ann.types("correct next=-")
    stage.expect_card("update/1", "Some users cannot pay. Next update 10:17 UTC.")
    await stage.ann.is_told("correct impact=-", "impact")
    stage.expect_everything()
