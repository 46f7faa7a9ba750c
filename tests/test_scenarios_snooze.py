"""Reminders put off: for a while and not for ever, said on the board and the timeline; the promise itself stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Times
from core.roster import Roster


async def _promised(stage: Stage, every: str = "15m") -> None:
    """Jon has the updates, Leah behind him; one is out at 10:02, the next is promised for 10:17."""
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await stage.jon.types("claim updates")
    await stage.jon.types("backup updates @Leah")
    await stage.jon.types(f"update impact=Some users cannot pay every={every}")
    await stage.jon.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)


def _asked(stage: Stage) -> list[str]:
    """Who was reminded, and when."""
    prompts = [one for one in stage.incident.prompts.values() if one.asked.ask == "update"]
    return [f"{one.at:%H:%M} {one.asked.to[0].name}" for one in prompts]


async def _at(stage: Stage, clock: str) -> None:
    await stage.fast_forward(seconds=(stage.at(clock) - stage.clock.now()).total_seconds())


async def test_a_snooze_moves_the_reminders_and_then_the_owner_comes_first_again(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:17")
    stage.expect_card("prompt/update-2", "Jon: the next update is due 10:17 UTC", "or `snooze 10m`")
    await stage.jon.types("snooze")
    stage.expect_card("prompt/update-2", "The next update: put off until 10:27 UTC by Jon.")
    stage.expect_card("prompt/update-1", "asked again")
    await stage.fast_forward(seconds=2)
    stage.expect_card("board", "overdue since 10:17 UTC, reminders put off until 10:27 UTC (Jon)")
    assert any(
        entry.text == "reminders of the update due 10:17 UTC put off until 10:27 UTC"
        for entry in stage.incident.entries
    )
    await _at(stage, "10:40")
    # The owner again, then the backup and the commander as long after that as they always are.
    assert _asked(stage) == ["10:14 Jon", "10:17 Jon", "10:27 Jon", "10:29 Leah", "10:32 Ann"]
    stage.expect_everything()
    await stage.jon.types("unchanged")
    stage.expect_updates(2)
    # It was late, however quiet the reminders were.
    assert (stage.incident.promises.kept, stage.incident.promises.broken) == (0, 1)
    await stage.fast_forward(seconds=2)
    stage.expect_card("board", lacks="put off")
    stage.expect_everything()


async def test_a_snooze_before_the_promise_leaves_the_promise_its_own_reminder(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:13")
    await stage.jon.types("snooze 2m")
    await _at(stage, "10:30")
    assert _asked(stage) == ["10:15 Jon", "10:17 Jon", "10:19 Leah", "10:22 Ann"]
    stage.expect_everything()


async def test_a_snooze_has_its_limit(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:17")
    await stage.jon.is_told(
        "snooze 45m",
        "The reminders of the update due 10:17 UTC can be put off until 10:47 UTC at the latest.",
        "`unchanged 15m`",
    )
    for _ in range(3):
        await stage.jon.types("snooze 10m")
        await stage.fast_forward(minutes=10)
    assert f"{stage.clock.now():%H:%M}" == "10:47"
    await stage.jon.is_told("snooze", "cannot be put off any longer", "`unchanged 15m`")
    assert _asked(stage)[-1] == "10:47 Jon"
    stage.expect_everything()


async def test_a_bare_snooze_goes_as_far_as_it_may(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:41")
    await stage.jon.types("snooze")
    assert stage.incident.snoozed is not None
    assert f"{stage.incident.snoozed.until:%H:%M}" == "10:47"
    stage.expect_everything()


async def test_there_must_be_something_to_put_off(stage: Stage) -> None:
    await _promised(stage)
    await stage.jon.is_told("snooze 5m", "No reminder would come before 10:07 UTC", "The next is at 10:14 UTC")
    await stage.mia.is_told("snooze", "To put the reminders off", "ask Jon")
    await stage.ann.types("resolve rolled back")
    await stage.jon.types("update impact=All users can pay again")
    await stage.jon.types("publish")
    await stage.jon.is_told("snooze", "No update is due", "`update …`")
    stage.expect_everything()


async def test_a_new_promise_has_reminders_of_its_own(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:16")
    await stage.jon.types("snooze 20m")
    await stage.jon.types("unchanged 10m")
    await _at(stage, "10:27")
    # "10:16" restarted the clock: what was put off was the reminder of another promise.
    assert _asked(stage)[-1] == "10:26 Jon"
    stage.expect_everything()


async def test_a_snooze_holds_across_a_restart(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:17")
    await stage.jon.types("snooze 10m")
    await stage.restart(away=timedelta(minutes=5), forget=True)
    assert _asked(stage) == ["10:14 Jon", "10:17 Jon"]
    # Away for the owner's reminder and the backup's: only the last is said.
    await stage.restart(away=timedelta(minutes=8))
    assert _asked(stage) == ["10:14 Jon", "10:17 Jon", "10:30 Leah"]
    stage.expect_everything()


async def test_the_first_update_can_be_put_off_too(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await _at(stage, "10:14")
    await stage.ann.types("snooze 5m")
    await stage.fast_forward(minutes=5)
    assert _asked(stage) == ["10:14 Ann", "10:19 Ann"]
    stage.expect_everything()


async def test_a_reminder_of_a_time_that_was_corrected_is_settled(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:15")
    stage.expect_card("prompt/update-1", "Jon: the next update is due 10:17 UTC")
    await stage.jon.types("correct every=40m")
    stage.expect_card("prompt/update-1", "The next update: corrected.", lacks="10:17")
    await _at(stage, "10:43")
    assert _asked(stage) == ["10:14 Jon", "10:39 Jon", "10:42 Jon"]
    stage.expect_everything()


async def test_a_reminder_after_an_update_that_is_withdrawn_is_settled(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:15")
    await stage.jon.types("withdraw it was meant for another incident")
    stage.expect_card("prompt/update-1", "The next update: withdrawn.")
    # None stands: the first is due again an interval after it began.
    await stage.fast_forward(seconds=2)
    stage.expect_card("prompt/update-2", "Jon: the next update is due 10:17 UTC")
    stage.expect_everything()


@pytest.mark.parametrize(
    ("words", "how", "due"),
    [
        ("sev 3", "the severity changed", ""),
        ("sev 2", "the severity changed", "10:45"),
        ("resolve rolled back", "resolved", ""),
    ],
)
async def test_a_reminder_of_the_first_update_is_settled_when_it_is_due_no_more(
    stage: Stage, words: str, how: str, due: str
) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await _at(stage, "10:15")
    stage.expect_card("prompt/update-1", "Ann: the next update is due 10:17 UTC")
    await stage.ann.types(words)
    assert (f"{stage.incident.update_due:%H:%M}" if stage.incident.update_due else "") == due
    stage.expect_card("prompt/update-1", f"The next update: {how}.", lacks="10:17")
    stage.expect_everything()


async def test_what_comes_back_after_a_missed_promise_has_reminders_again(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:25")
    assert _asked(stage)[-1] == "10:22 Ann"
    await stage.ann.types("resolve rolled back")
    await _at(stage, "10:30")
    await stage.ann.types("came-back payments fail again")
    await _at(stage, "10:46")
    assert _asked(stage)[4:] == ["10:42 Jon", "10:45 Jon"]
    await stage.jon.types("unchanged")
    stage.expect_card("prompt/update-4", "The next update: it came back.")
    # What was promised to users is broken all the same.
    assert (stage.incident.promises.kept, stage.incident.promises.broken) == (0, 1)
    stage.expect_updates(2)
    stage.expect_everything()


async def test_what_comes_back_before_the_promised_time_is_reminded_of_that(stage: Stage) -> None:
    await _promised(stage)
    await stage.ann.types("resolve rolled back")
    await _at(stage, "10:15")
    await stage.ann.types("came-back payments fail again")
    stage.expect_card("prompt/update-1", "Jon: the next update is due 10:17 UTC")
    await _at(stage, "10:18")
    assert _asked(stage) == ["10:14 Jon", "10:17 Jon"]
    stage.expect_everything()


async def test_a_promise_that_was_kept_is_not_judged_again_when_what_kept_it_is_withdrawn(stage: Stage) -> None:
    await _promised(stage)
    await _at(stage, "10:16")
    await stage.jon.types("unchanged")
    await stage.jon.types("withdraw it was meant for another incident")
    await _at(stage, "10:20")
    await stage.jon.types("update impact=All users cannot pay")
    await stage.jon.types("publish")
    assert (stage.incident.promises.kept, stage.incident.promises.broken) == (1, 0)
    stage.expect_card("draft/2")
    stage.expect_updates(3)
    stage.expect_everything()


@pytest.mark.parametrize("limit", ["0s", "5m"])
async def test_the_limit_is_a_setting(tmp_path: Path, limit: str) -> None:
    def house(roster: Roster) -> Policy:
        times = Times.model_validate({"snooze_limit": limit})
        return Policy(on_call=(roster.people[0],), times=times, audiences=AUDIENCES)

    async with open_stage(tmp_path, policy=house) as stage:
        await _promised(stage)
        await _at(stage, "10:17")
        answer = {"0s": "cannot be put off any longer", "5m": "can be put off until 10:22 UTC at the latest"}[limit]
        await stage.jon.is_told("snooze 10m", answer)
        stage.expect_everything()
