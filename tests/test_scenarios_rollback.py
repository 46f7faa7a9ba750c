"""Rollback authority: who may roll a service back, the sentences that call for it, and why it is not done then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import Policy, Service
from core.roster import Roster


def _catalogue(roster: Roster) -> Policy:
    ann, leah, bob = (roster.named(name) for name in ("Ann", "Leah", "Bob"))
    assert ann
    checkout = Service(
        name="checkout",
        rollback_owner=leah,
        backup=bob,
        thresholds=("payment errors stay above 20 % for 5 minutes", "anybody is charged twice"),
        unsafe_if="the migration of 9 May has run",
    )
    return Policy(on_call=(ann,), audiences=AUDIENCES, services=(checkout, Service(name="search")))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, policy=_catalogue) as stage:
        yield stage


async def test_the_catalogue_fills_recovery_and_is_shown(shop: Stage) -> None:
    await shop.ann.types("declare payments fail sev3 service=checkout", shop.triage)
    shop.expect_card("board", "Recovery Leah (backup Bob)")
    shop.expect_card(
        "thresholds",
        "Rolling back checkout",
        "Decides      Leah (backup Bob)",
        "Roll back if 1  payment errors stay above 20 % for 5 minutes",
        "2  anybody is charged twice",
        "Unsafe if    the migration of 9 May has run",
    )
    members = shop.world.room(shop.channel).members
    assert {shop.leah.account.id, shop.bob.account.id} <= set(members)


async def test_an_alarm_that_names_one_service_is_about_it(shop: Stage) -> None:
    alarm = await shop.sam.says("Checkout fails after payment")
    await shop.ann.reacts(alarm, "🚨")
    shop.expect_card("board", "Recovery Leah")
    shop.expect_card("thresholds")


async def test_an_alarm_that_names_none_or_two_is_about_none(shop: Stage) -> None:
    await shop.ann.types("declare checkout and search fail sev3", shop.triage)
    shop.expect_no_card("thresholds")
    shop.expect_card("board", lacks="Recovery")


async def test_a_threshold_is_met_with_one_reaction_and_taken_back(shop: Stage) -> None:
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.reacts("thresholds", "2️⃣")
    shop.expect_card("thresholds", "2  anybody is charged twice met (Mia)", lacks="minutes met")
    await shop.jon.types("met 2")
    await shop.mia.types("met payment errors")
    shop.expect_card("thresholds", "for 5 minutes met (Mia)")
    await shop.mia.is_told("met 3", "“3” is no one threshold of the service", "1 payment errors stay")
    await shop.mia.takes_back("thresholds", "2️⃣")
    shop.expect_card("thresholds", lacks="twice met")
    # Jon said so too, but it was Mia's mark; nothing was suspect, so nobody was told to roll back.
    shop.expect_no_card("prompt/rule-1")


async def test_rolling_back_first_is_said_aloud_when_the_latest_change_is_suspect(shop: Stage) -> None:
    await shop.fast_forward(minutes=28)
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.types("changed release 214 10:02")
    shop.expect_no_card("prompt/rule-1")
    await shop.mia.reacts("thresholds", "1️⃣")
    shop.expect_card("thresholds", "met (Mia)")
    shop.expect_card(
        "prompt/rule-1", "Leah: rolling back first is the rule. release 214 went out 10:02 UTC", "payment errors stay"
    )
    assert [one.name for one in shop.post("prompt/rule-1").pings] == ["Leah"]
    await shop.mia.types("met 2")
    shop.expect_no_card("prompt/rule-2")
    await shop.leah.reacts("prompt/rule-1", "⏪")
    shop.expect_card("prompt/rule-1", "Rolling back first: Leah: roll back.")
    shop.expect_card("item/R1", "roll back: release 214")


async def _ruled(shop: Stage) -> None:
    await shop.fast_forward(minutes=28)
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.reacts("thresholds", "1️⃣")
    await shop.mia.types("changed release 214 10:02")
    shop.expect_card("thresholds")
    shop.expect_card("prompt/rule-1", "rolling back first is the rule")


async def test_another_choice_takes_one_sentence_why_rollback_is_unsafe(shop: Stage) -> None:
    await _ruled(shop)
    await shop.leah.reacts("prompt/rule-1", "🔎")
    shop.expect_card("prompt/unsafe-1", "Leah: before you keep digging", "Why is it unsafe, in one sentence?")
    assert shop.incident.path is None
    await shop.leah.is_told("path dig", "Rolling back first is the rule", "nothing has been chosen yet", "path dig WHY")
    await shop.leah.types("path dig the migration has run, a rollback loses orders")
    shop.expect_card("prompt/unsafe-1", "Leah: keep digging")
    shop.expect_card("prompt/rule-1", "Leah: keep digging")
    shop.expect_card("board", "keep digging: the migration has run")
    entry = next(one for one in shop.incident.entries if one.kind == "path_chosen")
    assert entry.text.endswith("a rollback loses orders (why rolling back is unsafe)")


async def test_a_fix_takes_the_sentence_too_and_a_pause_none(shop: Stage) -> None:
    await _ruled(shop)
    await shop.leah.types("path pause")
    await shop.leah.types("done R1")
    await shop.leah.says("!inc path fix")
    shop.expect_card("prompt/unsafe-1", "before you ship a fix")
    await shop.leah.types("path fix put tax.rounding back; a rollback would lose today's orders")
    shop.expect_card("prompt/unsafe-1", "Leah: ship a fix")
    shop.expect_card("prompt/rule-1", "Leah: hold five minutes")
    shop.expect_card("item/R1")
    shop.expect_card("item/R2")


async def test_a_rollback_that_did_not_help_is_no_rule_any_more(shop: Stage) -> None:
    await _ruled(shop)
    await shop.leah.types("path rollback")
    await shop.leah.types("drop R1")
    await shop.leah.types("path dig")
    shop.expect_card("item/R1", "Did not help")
    shop.expect_no_card("prompt/unsafe-1")


@pytest.mark.parametrize("changed", ["changed release 214 2h ago", "changed release 215 now"])
async def test_a_change_long_before_or_after_the_start_is_no_suspect(shop: Stage, changed: str) -> None:
    await shop.fast_forward(hours=3)
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.reacts("thresholds", "1️⃣")
    await shop.mia.types(changed)
    shop.expect_card("thresholds")
    shop.expect_no_card("prompt/rule-1")
    await shop.leah.types("path dig")


async def test_an_older_change_that_is_remembered_later_is_not_the_latest(shop: Stage) -> None:
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.types("changed release 214 1m ago")
    await shop.mia.types("changed the config 50m ago")
    assert shop.incident.change is not None
    assert shop.incident.change.what == "release 214"
    shop.expect_card("thresholds")


async def test_the_rule_goes_with_the_last_threshold(shop: Stage) -> None:
    await _ruled(shop)
    await shop.mia.takes_back("thresholds", "1️⃣")
    shop.expect_card("prompt/rule-1", "no threshold is met any more")
    await shop.leah.types("path dig")


async def test_once_it_is_resolved_nobody_is_called_to_roll_back(shop: Stage) -> None:
    await shop.fast_forward(minutes=28)
    await shop.ann.types("declare checkout fails sev3", shop.triage)
    await shop.mia.reacts("thresholds", "1️⃣")
    await shop.ann.types("resolve it went away")
    await shop.mia.types("changed release 214 10:02")
    shop.expect_no_card("prompt/rule-1")
    await shop.ann.types("came-back")
    # It was met the last time; that it is met again somebody has to say.
    shop.expect_card("thresholds", lacks="met (Mia)")
    shop.expect_card("prompt/watch-1")
    await shop.jon.types("met 1")
    shop.expect_card("thresholds", "met (Jon)")
    shop.expect_card("prompt/rule-1", "Leah: rolling back first is the rule")
    await shop.leah.reacts("prompt/rule-1", "⏪")
    shop.expect_card("item/R1")


async def test_a_tie_breaker_who_is_asked_for_a_sentence_has_the_time_to_write_it(shop: Stage) -> None:
    await _ruled(shop)
    await shop.leah.types("path fix the migration has run")
    shop.expect_card("item/R1")
    await shop.mia.types("claim diagnosis")
    await shop.mia.types("object the rule is to roll back")
    await shop.fast_forward(seconds=40)
    await shop.ann.reacts("prompt/objection-1", "🔎")
    shop.expect_card("prompt/unsafe-1", "Ann: before you keep digging")
    await shop.fast_forward(seconds=40)
    shop.expect_card("prompt/objection-1", "Ann: you break the tie")
    await shop.ann.types("path dig both are unsafe while the migration runs")
    shop.expect_card("prompt/objection-1", "overturned")
    shop.expect_card("item/R1", "Stopped by Ann")


async def test_a_tie_breaker_who_never_writes_the_sentence_leaves_the_choice_standing(shop: Stage) -> None:
    await _ruled(shop)
    await shop.leah.types("path fix the migration has run")
    await shop.mia.types("claim diagnosis")
    await shop.mia.types("object the rule is to roll back")
    await shop.ann.reacts("prompt/objection-1", "🔎")
    await shop.fast_forward(minutes=1)
    shop.expect_card("prompt/objection-1", "no answer, so the choice stands")
    shop.expect_card("prompt/unsafe-1", "too late")
    shop.expect_card("item/R1", "free to grab")
