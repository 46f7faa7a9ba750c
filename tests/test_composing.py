"""An update written in a thread, a field on each line."""

from __future__ import annotations

import pytest
from hostile import words as attacks
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage

from transports.composing import DRAFT, composed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("impact: some users cannot pay", "draft impact=some users cannot pay"),
        (
            "Impact = some users cannot pay\nNEXT: a rollback\n\nevery: 10m",
            "draft impact=some users cannot pay next=a rollback every=10m",
        ),
        (
            "\n- impact: some users\n  cannot pay\n- working: sign-in",
            "draft impact=some users cannot pay working=sign-in",
        ),
        ("impact: the form says next=1", 'draft impact="the form says next=1"'),
        ('impact: it says "next=1"', 'draft impact=“it says "next=1"”'),
        ("impact", None),
        ("next we try: impact: none", None),
        ("I would say\nimpact: few users", None),
        ("impacts: some", None),
        ("", None),
    ],
)
def test_lines_are_read_as_fields(text: str, words: str | None) -> None:
    assert composed(text) == words


@given(st.text() | attacks())
def test_anything_can_be_said(text: str) -> None:
    said = composed(text)
    assert said is None or said.startswith(f"{DRAFT.word} ")


async def _declared(stage: Stage) -> None:
    await stage.ann.types("declare checkout fails sev1", stage.triage)


async def test_a_bare_update_is_written_in_its_thread(stage: Stage) -> None:
    await _declared(stage)
    asked = await stage.ann.says("!inc update")
    await stage.ann.says("so, what do we know?", thread=asked)
    assert stage.incident.draft is None
    written = await stage.ann.says(
        "impact: Some users cannot pay\nnext: We are testing a rollback\nevery: 10m", thread=asked
    )
    stage.expect_card("draft/1", "Some users cannot pay. We are testing a rollback. Next update 10:12 UTC.")
    await stage.ann.edits(written, "impact: All users cannot pay\nnext: We are testing a rollback\nevery: 10m")
    stage.expect_card("draft/1", "replaced by draft 2")
    stage.expect_card("draft/2", "All users cannot pay. We are testing a rollback. Next update 10:12 UTC.")
    await stage.ann.edits(written, "impact: All users cannot pay\nnext: We are testing a rollback\nevery: 10m")
    assert stage.incident.drafts == 2
    stage.expect_everything()


async def test_a_correction_is_not_drafted_in_the_thread_of_its_form(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.types("update impact=Some users cannot pay")
    await stage.ann.types("publish")
    stage.expect_card("draft/1")
    stage.expect_updates(1)
    asked = await stage.ann.says("!inc correct")
    await stage.ann.says("impact: All users cannot pay", thread=asked)
    await stage.fast_forward(seconds=3)
    assert stage.incident.drafts == 1
    assert any("Copy this" in said for said in stage.unexpected())
    stage.expect_everything()


async def test_a_draft_is_worked_on_in_its_thread(stage: Stage) -> None:
    await _declared(stage)
    await stage.jon.types("claim updates")
    await stage.jon.types("update impact=Some users cannot pay")
    draft = stage.find("draft/1").ref
    await stage.mia.says("that is too weak, I think", thread=draft)
    await stage.mia.says("impact: everybody is hit", thread=draft)
    # One pen: the others are told whose it is.
    stage.expect_everything()
    assert stage.incident.draft is not None
    assert stage.incident.draft.wording.impact == "Some users cannot pay"
    await stage.jon.says("working: Sign-in works\naffected: Customers in Europe", thread=draft)
    stage.expect_card("draft/2", "Some users cannot pay. Customers in Europe. Sign-in works.")
    await stage.jon.says("every: soon", thread=draft)
    stage.expect_everything()
    assert stage.incident.drafts == 2


async def test_a_reminder_is_answered_in_its_thread(stage: Stage) -> None:
    await _declared(stage)
    await stage.fast_forward(minutes=13)
    await stage.ann.says("impact: Some users cannot pay", thread=stage.find("prompt/update-1").ref)
    stage.expect_card("draft/1", "Some users cannot pay")
    stage.expect_everything()


async def test_the_same_lines_elsewhere_are_talk(stage: Stage) -> None:
    await _declared(stage)
    await stage.ann.says("impact: Some users cannot pay")
    await stage.ann.types("hypothesis cache")
    await stage.ann.says("impact: Some users cannot pay", thread=stage.find("item/H1").ref)
    said = await stage.ann.says("what now?")
    await stage.ann.says("impact: Some users cannot pay", thread=said)
    assert stage.incident.draft is None
    stage.expect_everything()


async def test_an_edit_of_a_typed_update_edits_the_draft_and_no_more_once_it_is_out(stage: Stage) -> None:
    await _declared(stage)
    typed = await stage.ann.types("update impact=Some users cannot pya")
    await stage.ann.edits(typed, "!inc update impact=Some users cannot pay")
    stage.expect_card("draft/2", "Some users cannot pay")
    await stage.ann.types("publish")
    await stage.ann.edits(typed, "!inc update impact=Nobody can pay")
    assert stage.incident.draft is None
    assert "Nobody" not in stage.incident.updates[0].text
    stage.expect_everything()
