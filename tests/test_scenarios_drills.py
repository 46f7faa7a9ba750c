"""Whole drills on the stage: a team that does well, one that does not, one person alone, and a process that dies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from stage import Stage, open_stage

from core.pagers import Call

SEEN = ("briefing", "score", "summary", "nudge/1", "prompt/commander-1", "prompt/commander-2")


def plays(stage: Stage, *more: str) -> list[str]:
    """The injects that stand in the channel, in order; each is expected."""
    keys = [message.post.card for message in stage.of_tocsin(stage.channel) if message.post is not None]
    for key in keys:
        if key.startswith(("inject/", "prompt/")) or key in (*SEEN, *more):
            stage.expect_card(key, "DRILL")
    for room in (stage.triage, stage.support, stage.leadership):
        for message in stage.of_tocsin(room):
            if message.post is not None and message.post.card != "notice" and message.post.number:
                stage.expect_card(message.post.card, "DRILL", where=room)
    return [key for key in keys if key.startswith("inject/")]


async def test_drill_alone_lists_what_there_is(stage: Stage) -> None:
    said = await stage.ann.asks("drill", where=stage.triage)
    assert "`drill checkout`: Checkout" in said
    await stage.ann.is_told("drill x", "`drill` alone lists them", where=stage.triage)
    # The list is no refusal, and stays.
    assert [one.text for one in stage.world.said(stage.triage) if one.text.startswith("Drills")] == [said]
    stage.expect_everything()
    await stage.ann.is_told("drill checkout now", "There is no drill", where=stage.triage)
    await stage.ann.is_told("drill chekout", "drill checkout", where=stage.triage)
    assert not stage.tocsin.post.awake()


async def test_a_team_that_does_well_reads_so(stage: Stage) -> None:
    await stage.ann.types("drill checkout", stage.triage)
    stage.expect_card("board", "DRILL", "Checkout fails")
    await stage.ann.types("claim ic")
    await stage.jon.types("claim updates")
    await stage.leah.types("claim recovery")
    await stage.fast_forward(minutes=3)
    await stage.jon.types("draft impact=some customers cannot pay next=we look at the release every=10m")
    await stage.jon.types("publish")
    await stage.fast_forward(minutes=3)
    await stage.leah.types("path rollback release 214 came just before")
    await stage.leah.types("done R1")
    await stage.fast_forward(minutes=2)
    await stage.ann.types("close cause=release 214 fixed=rolled back next=none, a drill")
    await stage.fast_forward(minutes=30)
    shown = stage.expect_card(
        "score", "✓ command was taken", "✓ updates came from Jon", "✓ 1 of 1 by the recovery owner"
    )
    assert "Release 214 rounds taxes" in shown
    assert plays(stage, "update/1", "draft/1", "item/R1", "prompt/signal-1", "prompt/worked-1")[:4] == [
        f"inject/{n}" for n in (1, 2, 3, 4)
    ]
    stage.expect_everything()


async def test_one_alone_who_does_nothing_is_told_where_to_begin(stage: Stage) -> None:
    await stage.ann.types("drill bad-deploy", stage.triage)
    await stage.fast_forward(minutes=25)
    assert stage.incident.closed
    stage.expect_card("score", "nobody took command", "no update went out", "whoever sees the alarm first")
    assert plays(stage) == [f"inject/{n}" for n in (1, 2, 3, 4, 5, 6)]
    stage.expect_everything()


async def test_a_process_that_dies_in_the_middle_goes_on_and_repeats_nothing(stage: Stage) -> None:
    await stage.ann.types("drill checkout", stage.triage)
    await stage.fast_forward(minutes=3)
    before = plays(stage)
    assert before == ["inject/1", "inject/2"]
    await stage.restart(away=timedelta(minutes=7))
    # Of the four that were due one is said at once, and the others come after it one by one.
    assert len(plays(stage)) == 3
    await stage.fast_forward(seconds=20)
    assert len(plays(stage)) == 4
    await stage.restart(forget=True)
    await stage.fast_forward(minutes=15)
    assert plays(stage) == [f"inject/{n}" for n in range(1, 9)]
    assert stage.incident.closed
    stage.expect_everything()


async def test_a_private_one_is_begun_where_nobody_else_reads(stage: Stage) -> None:
    await stage.ann.is_told("drill credentials-leaked", "drill credentials-leaked private", where=stage.triage)
    await stage.ann.is_told("drill credentials-leaked private", "direct message", where=stage.triage)
    typed = await stage.ann.says("/inc drill credentials-leaked private", stage.world.direct(stage.ann.account))
    stage.ann.told(typed, "is private", stage.incident.name)
    assert stage.incident.private
    assert "drill" in stage.incident.name
    await stage.fast_forward(minutes=25)
    assert stage.incident.closed
    assert len(plays(stage)) == 6
    assert "key" not in "".join(message.text for message in stage.of_tocsin(stage.triage))
    stage.expect_everything()


class Bell:
    """An address of somebody's that keeps what it was called with."""

    via = "bell"

    def __init__(self) -> None:
        self.rung: list[Call] = []

    async def call(self, call: Call) -> None:
        self.rung.append(call)


async def test_a_page_rings_for_a_real_incident_and_never_for_a_drill(tmp_path: Path) -> None:
    bell = Bell()
    async with open_stage(tmp_path, pagers=lambda _: [bell]) as stage:
        await stage.ann.types("drill checkout", stage.triage)
        await stage.ann.types("page @mia the errors rise", stage.channel)
        await stage.fast_forward(seconds=5)
        assert bell.rung == []
        plays(stage)
        await stage.ann.types("declare search is empty", stage.triage)
        await stage.settle()
        [real] = [one for _, one in stage.tocsin.post.awake() if one.drill is None]
        assert real.channel is not None
        await stage.ann.types("page @mia search is empty", real.channel)
        await stage.fast_forward(seconds=5)
        assert len(bell.rung) >= 1
        for message in stage.of_tocsin(real.channel):
            if message.post is not None:
                stage.expect_card(message.post.card, where=real.channel)
