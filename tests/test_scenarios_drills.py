"""Whole drills on the stage: every scenario to its end, what shows outside (nothing), one alone, and a process that dies."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from stage import AUDIENCES, Stage, open_stage

from bot.metrics import measure
from bot.scenarios import shipped
from bot.web.status.page import House, files
from bot.wiring import Page
from core.incident.policy import Audience, Policy
from core.incident.vocabulary import Path as Way
from core.pagers import Call
from core.roster import Roster

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


def unmarked(stage: Stage) -> list[str]:
    """What Tocsin has said anywhere, of an incident, that does not begin with the mark."""
    said = [message for room in stage.rooms() for message in stage.of_tocsin(room.ref)]
    return [one.text for one in said if one.post and one.post.number and not one.text.startswith("DRILL")]


async def begins(stage: Stage, name: str) -> None:
    """A drill with a commander, a writer and somebody for recovery in it."""
    if shipped()[name].private:
        await stage.ann.says(f"/inc drill {name} private", stage.world.direct(stage.ann.account))
        for who in (stage.jon, stage.leah):
            await stage.ann.types(f"invite @{who.name}")
    else:
        await stage.ann.types(f"drill {name}", stage.triage)
        await stage.ann.types("claim ic")
    await stage.jon.types("claim updates")
    await stage.leah.types("claim recovery")


async def gone(stage: Stage, way: Way) -> None:
    """Leah chooses a path and goes it."""
    await stage.leah.types(f"path {way} we think so")
    [path] = [item.key for item in stage.incident.items.values() if item.path is way]
    await stage.leah.types(f"done {path}")


@pytest.mark.parametrize("name", shipped())
async def test_each_scenario_is_played_to_its_end(stage: Stage, name: str) -> None:
    """What leads astray is told and does not help; what helps is seen to; the score says which was which, and one advice."""
    scenario = shipped()[name]
    helps, *_ = scenario.mitigates
    await begins(stage, name)
    assert "DRILL" in stage.world.room(stage.channel).topic
    assert "drill" in stage.incident.name
    await stage.jon.types("draft impact=some customers see errors next=we compare what changed every=15m")
    await stage.jon.types("publish")
    await stage.fast_forward(minutes=11)
    if astray := [way for way in (Way.ROLLBACK, Way.FIX) if way not in scenario.mitigates]:
        await gone(stage, astray[0])
        await stage.fast_forward(minutes=2.5)
        await stage.leah.types("drop R1")
    await gone(stage, helps)
    mended = (stage.clock.now() - stage.incident.declared_at) / timedelta(minutes=1)
    await stage.fast_forward(minutes=20)
    assert stage.incident.closed_by is None

    told = {one.number for one in stage.incident.injected}
    for number, one in enumerate(scenario.injects, 1):
        if one.after is None:
            assert (number in told) is (one.unless is not helps or one.minute < mended), one
        elif one.after in (helps, *astray[:1]):
            assert number in told, f"nothing is said of what the {one.after} did"
    assert len(plays(stage)) == len(told)
    score = stage.expect_card("score", scenario.truth, "Red herrings", "updates came from Jon")
    assert all(f"{one.says}: {one.words}" in score for one in scenario.injects if one.herring)
    assert score.count("Next time") == 1
    stage.expect_card("summary", "the drill's time was over", lacks=" by Ann")
    assert unmarked(stage) == []
    stage.expect_everything()


def _public(roster: Roster) -> Policy:
    return Policy(on_call=(roster.people[0],), audiences=(*AUDIENCES, Audience(name="customers", status_page=True)))


async def test_nothing_of_a_drill_is_on_the_status_page_in_the_insights_or_in_the_metrics(tmp_path: Path) -> None:
    page = Page(tmp_path / "status", partial(files, House("Example Shop", ("checkout",))))
    async with open_stage(tmp_path, policy=_public, page=page, insights=True) as stage:
        numbers = CollectorRegistry()
        measure(numbers, stage.tocsin)

        def shown() -> list[str]:
            """All that anybody outside of the chat can read: pages, JSON, the feed, and the insights' titles."""
            assert stage.tocsin.insights is not None
            kept = [one for kind in ("html", "json", "atom") for one in (tmp_path / "status").rglob(f"*.{kind}")]
            return [*(one.read_text("utf-8") for one in kept), *(one.title for one in stage.tocsin.insights.all())]

        async def outside(words: str, times: int) -> str:
            """The same, once so many of them say this; the page is made in a thread of its own."""
            for _ in range(500):
                await stage.fast_forward(seconds=0.5)
                if sum(words in one for one in shown()) >= times:
                    return "\n".join(shown())
                await asyncio.sleep(0.01)
            raise AssertionError(f"{words} was never shown")

        await begins(stage, "checkout")
        await stage.jon.types(
            "draft headline=Paying fails impact=some customers cannot pay next=we compare what changed"
        )
        await stage.jon.types("publish")
        assert b'phase="investigating"' not in generate_latest(numbers)
        practised = ("cannot pay", "Paying fails", "Checkout", "DRILL", stage.incident.name)
        drill = await outside("Example Shop", 2)

        # A real one, in the same house, is in all three.
        await stage.ann.types("declare search is empty sev1", stage.triage)
        await stage.ann.types("draft headline=Search is down impact=nobody finds anything next=we compare what changed")
        await stage.ann.types("publish")
        real = await outside("Search is down", 3)
        assert "search is empty" in real
        assert [words for words in practised if words in drill or words in real] == []
        assert "Search is down" in real
        assert b'tocsin_incidents{phase="investigating",severity="sev1"} 1.0' in generate_latest(numbers)
        await stage.fast_forward(minutes=25)
        stage.expect_everything()


async def test_what_somebody_asks_to_read_in_a_drill_is_marked_too(stage: Stage) -> None:
    await stage.ann.types("drill checkout", stage.triage)
    for words in ("board", "timeline", "help", "oncall", "update", "resolve", "grab H9"):
        assert (await stage.ann.asks(words)).startswith("DRILL"), words
    assert unmarked(stage) == []
    stage.expect_everything()


async def test_drill_alone_lists_what_there_is(stage: Stage) -> None:
    there = await stage.ann.asks("drill", where=stage.triage)
    for name, one in shipped().items():
        assert f"`drill {name}{' private' if one.private else ''}` {one.title}" in there
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
        # Beyond the chat a drill rings nobody; in the chat both say the same.
        for message in stage.of_tocsin(stage.world.direct(stage.mia.account)):
            assert message.post is not None
            assert ("DRILL" in message.text) is (message.post.number != real.number)
            stage.expected.add((message.ref.channel.id, message.post.incident, message.post.card))
