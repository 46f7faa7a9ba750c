"""Runbooks, played: read a page at a time, its steps taken with one reaction, and one that is written afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pushed_clock import PushedClock
from stage import Stage, open_stage

from bot.runbooks.folder import Bookcase
from core.incident.policy import Policy, Service
from core.roster import Roster

CHECKOUT = "---\nservices: [checkout]\n---\n# Checkout\n## Symptoms\n\n@everyone sees errors\n## Fix\n- flip the flag\n- roll back\n"


def rules(roster: Roster) -> Policy:
    ann = roster.named("Ann")
    assert ann is not None
    return Policy(on_call=(ann,), services=(Service(name="checkout"), Service(name="search")))


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[tuple[Stage, Bookcase]]:
    shelf = folder / "runbooks"
    shelf.mkdir()
    (shelf / "checkout.md").write_text(CHECKOUT, encoding="utf-8")
    case = Bookcase(shelf, PushedClock())
    await case.look()
    async with open_stage(folder, policy=rules, shelf=case.shelf) as stage:
        yield stage, case


async def test_a_runbook_is_read_by_reactions_and_its_steps_are_taken_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, case):
        await stage.ann.types("declare checkout fails")
        stage.expect_card("board", "Runbook      checkout: `runbook`")
        await stage.mia.types("runbook")
        stage.expect_card("runbook/1", "1  Symptoms", "2  Fix")
        await stage.mia.reacts("runbook/1", "▶️")
        stage.expect_card("runbook/2", "@everyone sees errors", "1 of 2")
        assert stage.post("runbook/2").pings == ()
        await stage.jon.reacts("runbook/2", "▶️")
        stage.expect_card("runbook/3", "1  flip the flag", "2  roll back")
        await stage.jon.reacts("runbook/3", "2️⃣")
        stage.expect_card("item/A1", "roll back")
        await stage.mia.reacts("runbook/3", "2️⃣")
        stage.expect_no_card("item/A2")
        stage.expect_card("runbook/3", "2  roll back (A1)")
        await stage.mia.types("step 1")
        stage.expect_card("item/A2", "flip the flag")
        (case.folder / "checkout.md").write_text("# Checkout\n\nAll is new.", encoding="utf-8")
        await case.look()
        await stage.restart(forget=True)
        await stage.mia.types("runbook checkout")
        stage.expect_card("runbook/4", "All is new.")
        stage.expect_card("runbook/3", "1  flip the flag (A2)")
        await stage.jon.is_told("runbook nonsense", "There is no runbook nonsense.", "`runbook checkout`")


async def test_a_runbook_is_shown_in_triage_too(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, _):
        assert "1  Symptoms" in await stage.ann.asks("runbook checkout", where=stage.triage)
        assert "1  flip the flag" in await stage.ann.asks("runbook checkout 2", where=stage.triage)
        await stage.ann.is_told("runbook mail", "There is no runbook mail.", where=stage.triage)


async def test_a_missing_runbook_is_a_follow_up_with_one_reaction(tmp_path: Path) -> None:
    async with staged(tmp_path) as (stage, _):
        await stage.ann.types("declare search is empty")
        await stage.ann.types("close cause=x fixed=y")
        stage.expect_everything()
        stage.expect_card("prompt/runbook-1", "there is no runbook for search")
        await stage.ann.reacts("prompt/runbook-1", "👍")
        stage.expect_card("followups", "write a runbook for search")
        stage.expect_card("prompt/runbook-1", "it is a follow-up")
