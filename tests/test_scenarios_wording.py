"""The wording check on the draft's card: what it finds, what it holds back, what the house makes of it, and where it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from stage import AUDIENCES, Stage, open_stage

from core.incident.policy import RESPONSES, Audience, Check, Policy
from core.incident.vocabulary import ItemStatus, Severity
from core.roster import Roster

GUESS = "Some users cannot pay. This may be a database issue."
FOUND = "“This may be a database issue” names a cause, and no hypothesis is confirmed"


async def _declared(stage: Stage, severity: int = 1) -> None:
    await stage.ann.types(f"declare checkout fails sev{severity}", stage.triage)


def _house(wording: dict[str, Check] | None = None, *more: Audience) -> Callable[[Roster], Policy]:
    return lambda _: Policy(audiences=(*AUDIENCES, *more), wording=wording or {})


def _without_intervals(wording: dict[str, Check] | None = None) -> Callable[[Roster], Policy]:
    """A house where no severity has a cadence: whoever writes an update says when the next one comes."""
    responses = {one: RESPONSES[one].model_copy(update={"update_every": timedelta()}) for one in Severity}
    return lambda _: Policy(audiences=AUDIENCES, responses=responses, wording=wording or {})


def _choices(stage: Stage, card: str) -> list[str]:
    return [choice.command for choice in stage.post(card).choices]


async def test_a_finding_stands_on_the_draft_and_is_published_past(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types(f"update impact={GUESS}")
    stage.expect_card("draft/1", f"Wording: {FOUND}. Better: say what users see", lacks="Before it can go out")
    assert _choices(stage, "draft/1") == ["publish", "discard"]
    await stage.ann.reacts("draft/1", "📤")
    stage.expect_updates(1)
    stage.expect_card("draft/1", "published as update 1")
    assert GUESS in (stage.post("update/1").text or "")


async def test_a_good_draft_has_no_finding(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types(
        "update impact=Some users cannot log in. Existing sessions still work. We are testing a rollback."
    )
    stage.expect_card("draft/1", lacks="Wording")
    stage.expect_card("draft/1", "Goes to: support, leadership", lacks="Before it can go out")


async def test_what_is_missing_holds_the_draft_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_without_intervals()) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.ann.types("update next=We are testing a rollback")
        stage.expect_card("draft/1", "Before it can go out it needs impact and every: update impact=… every=15m")
        assert _choices(stage, "draft/1") == ["discard"]
        await stage.ann.is_told(
            "publish", "The update lacks impact and the next time.", "Add it: `update impact=… every=15m`."
        )
        await stage.ann.types("update impact=Some users cannot pay")
        stage.expect_card("draft/1", "replaced")
        stage.expect_card("draft/2", "Before it can go out it needs every: update every=15m")
        await stage.ann.reacts_in_vain("draft/2", "📤", "The update lacks the next time.")
        await stage.ann.types("update every=10m")
        stage.expect_card("draft/2", "replaced")
        assert _choices(stage, "draft/3") == ["publish", "discard"]
        await stage.ann.reacts("draft/3", "📤")
        stage.expect_card("draft/3", "published")
        stage.expect_updates(1)
        await stage.fast_forward(minutes=1)


async def test_a_rule_that_the_house_set_to_block_holds_back_until_a_hypothesis_is_confirmed(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_house({"cause": Check.BLOCK})) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.ann.types(f"update impact={GUESS}")
        stage.expect_card("draft/1", f"Before it can go out: {FOUND}. Better: say what users see")
        assert _choices(stage, "draft/1") == ["discard"]
        await stage.ann.is_told("publish", "held back by the wording check", FOUND, "Better: say what users see")
        await stage.ann.types("hypothesis the database is full")
        stage.expect_card("item/H1")
        await stage.ann.types("confirm H1")
        assert stage.incident.items["H1"].status is ItemStatus.CONFIRMED
        # The card is computed from the incident as it is now.
        stage.expect_card("draft/1", GUESS, lacks="wording")
        stage.expect_card("draft/1", lacks="Before it can go out")
        assert _choices(stage, "draft/1") == ["publish", "discard"]
        await stage.ann.reacts("draft/1", "📤")
        stage.expect_card("draft/1", "published")
        stage.expect_updates(1)


async def test_what_is_missing_and_what_is_held_back_are_said_together(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_house({"filler": Check.BLOCK})) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.ann.types("update next=We are looking into it.")
        stage.expect_card("draft/1", "Before it can go out it needs impact", "“We are looking into it” tells nobody")
        await stage.ann.is_told("publish", "it does not say what users see; “We are looking into it” tells nobody")


async def test_a_rule_that_is_off_says_nothing(tmp_path: Path) -> None:
    off = {"cause": Check.OFF, "missing-impact": Check.OFF, "missing-next-time": Check.WARN}
    async with open_stage(tmp_path, policy=_without_intervals(off)) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.ann.types("update next=This may be a database issue")
        stage.expect_card("draft/1", "Wording: it does not say when the next update comes", lacks="cause")
        await stage.ann.types("publish")
        stage.expect_card("draft/1", "published")
        stage.expect_updates(1)


async def test_a_sev3_and_a_resolved_incident_need_no_next_time(stage: Stage) -> None:
    await _declared(stage, 3)
    await stage.ann.types("update impact=One customer cannot pay")
    stage.expect_card("draft/1", lacks="Before")
    await stage.ann.types("sev 2")
    # The severity's interval is a next time.
    stage.expect_card("draft/1", "Next update", lacks="Before")
    await stage.ann.types("resolve rolled back")
    stage.expect_card("prompt/watch-1", "Resolved")
    stage.expect_card("draft/1", lacks="Before")
    await stage.ann.types("publish")
    stage.expect_card("draft/1", "published")
    stage.expect_updates(1)


async def test_editing_the_message_of_a_draft_clears_the_finding(stage: Stage) -> None:
    await _declared(stage)
    said = await stage.mia.says("We are looking into it")
    await stage.ann.reacts(said, "📢")
    stage.expect_card("draft/1", "Wording: “We are looking into it” tells nobody anything")
    await stage.mia.edits(said, "Some users cannot pay")
    stage.expect_card("draft/1", "replaced")
    stage.expect_card("draft/2", "Some users cannot pay.", lacks="Wording")


async def test_a_correction_is_held_back_as_a_draft_is(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_house({"blame": Check.BLOCK})) as stage:
        await _declared(stage)
        await stage.ann.types("claim ic")
        await stage.ann.types("update impact=Some users cannot pay next=We are testing a rollback")
        await stage.ann.types("publish")
        stage.expect_card("draft/1")
        stage.expect_updates(1)
        await stage.ann.is_told("correct next=It was human error", "“human error” blames somebody", "Better: ")
        # Its words are out already: what only warns goes through, and nothing is said of it.
        await stage.ann.types(f"correct impact={GUESS}")
        stage.expect_card("update/1", GUESS, lacks="Wording")
        await stage.ann.types("unchanged")
        stage.expect_updates(2)


async def test_words_that_were_out_before_hold_no_correction_back(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=_without_intervals()) as stage:
        await _declared(stage, 3)
        await stage.ann.types("claim ic")
        await stage.ann.types("update impact=One customer cannot pay")
        await stage.ann.types("publish")
        stage.expect_card("draft/1", "published")
        stage.expect_updates(1)
        await stage.ann.types("sev 1")
        await stage.ann.types("correct impact=Two customers cannot pay")
        stage.expect_card("update/1", "Two customers cannot pay.")


@pytest.mark.parametrize(("severity", "expected"), [(2, "Goes to: support, leadership, the status page"), (3, "")])
async def test_a_draft_says_where_it_goes(tmp_path: Path, severity: int, expected: str) -> None:
    page = Audience(name="customers", status_page=True)
    async with open_stage(tmp_path, policy=_house(None, page)) as stage:
        await _declared(stage, severity)
        await stage.ann.types("claim ic")
        await stage.ann.types("update impact=Some users cannot pay")
        stage.expect_card("draft/1", expected or "Goes to: support, leadership\n")


async def test_a_draft_that_goes_nowhere_says_nothing_of_it(tmp_path: Path) -> None:
    async with open_stage(tmp_path, policy=lambda _: Policy()) as stage:
        await _declared(stage)
        await stage.ann.types("update impact=Some users cannot pay")
        stage.expect_card("draft/1", lacks="Goes to")


async def test_a_draft_that_is_held_back_can_still_be_thrown_away(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)
    await stage.ann.types("claim updates")
    await stage.ann.types("backup updates @Leah")
    await stage.ann.types("update next=We are testing a rollback")
    post = stage.post("draft/1")
    assert [choice.label for choice in post.choices] == ["discard"]
    stage.expect_card("draft/1", "it needs impact", "Publishing: Ann or Leah")
    await stage.leah.reacts("draft/1", "❌")
    stage.expect_card("draft/1", "Draft 1: discarded.")
    stage.expect_everything()
