"""The figures in a running bot: a row is written once per close, lost rows come back, and what is in memory is as it is now."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, open_stage

from bot.insights import print_insights
from core import activity_log, views
from core.figures_kept import FiguresKept
from core.incident.figures import FORM, Figures, Standing, figures

ASLEEP = 60
"""Days after which nothing of an incident is still to come."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path, insights=True) as stage:
        yield stage
        stage.expect_everything()


def kept(stage: Stage) -> FiguresKept:
    assert stage.tocsin.insights is not None
    return stage.tocsin.insights


def rows(stage: Stage) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(stage._files[-1])) as database:
        return database.execute("SELECT * FROM figures ORDER BY stream").fetchall()


async def becomes(stage: Stage, so: Callable[[], bool]) -> None:
    for _ in range(500):
        await stage.settle()
        if so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


async def declared(stage: Stage, title: str = "checkout fails") -> None:
    await stage.ann.types(f"declare {title} sev3", stage.triage)


async def closed(stage: Stage, title: str = "checkout fails") -> None:
    await declared(stage, title)
    await stage.fast_forward(minutes=12)
    await stage.ann.types("close cause=tax rounding fixed=rolled back next=nothing")


async def test_a_row_is_written_once_an_incident_is_closed(stage: Stage) -> None:
    await declared(stage)
    await stage.ann.types("note the graphs are flat")
    assert rows(stage) == []
    assert [one.standing for one in kept(stage).all()] == [Standing.OPEN]
    await stage.ann.types("close false-alarm the probe was down")
    await becomes(stage, lambda: len(rows(stage)) == 1)
    [(stream, _, form, view)] = rows(stage)
    assert (stream, form) == ("inc-1", FORM)
    assert Figures.model_validate_json(view).standing is Standing.FALSE_ALARM


async def test_what_is_in_memory_counts_as_it_now_is(stage: Stage) -> None:
    await closed(stage)
    [one] = kept(stage).all()
    assert one.standing is Standing.CLOSED
    assert one.to_close is not None
    assert round(one.to_close.total_seconds() / 60) == 12
    await stage.ann.types("reopen it fails again, at the same place")
    assert kept(stage).all() == (figures(stage.incident),)
    assert kept(stage).all()[0].standing is Standing.OPEN
    # A row that says otherwise changes nothing, in this process or the next.
    await stage.restart()
    await becomes(stage, lambda: kept(stage).pending == 0)
    assert kept(stage).all()[0].standing is Standing.OPEN


@pytest.mark.parametrize("forget", [False, True])
async def test_what_sleeps_is_counted_after_a_restart(
    stage: Stage, forget: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "LATEST", 0)
    await closed(stage)
    await stage.fast_forward(days=ASLEEP)
    await closed(stage, "login fails")
    await stage.fast_forward(days=ASLEEP)
    await declared(stage, "search fails")
    before, told = kept(stage).all(), rows(stage)
    assert [one.standing for one in before] == [Standing.CLOSED, Standing.CLOSED, Standing.OPEN]
    assert [stream for stream, _ in stage.tocsin.post.awake()] == ["inc-3"]
    assert [row[0] for row in told] == ["inc-1", "inc-2"]
    await stage.restart(forget=forget)
    await becomes(stage, lambda: kept(stage).pending == 0)
    assert kept(stage).all() == before
    await becomes(stage, lambda: rows(stage) == told)


async def test_a_table_that_was_emptied_is_filled_again_in_the_background(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "LATEST", 0)
    await closed(stage)
    await stage.fast_forward(days=ASLEEP)
    told = rows(stage)
    await stage.database.write("DELETE FROM figures")
    await stage.restart()
    await becomes(stage, lambda: rows(stage) == told)
    assert kept(stage).pending == 0


async def test_an_incident_that_meets_a_bug_is_left_out_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(_: object) -> None:
        raise KeyError("of long ago")

    monkeypatch.setattr(activity_log, "LATEST", 0)
    async with open_stage(tmp_path, insights=True, bugs=1) as stage:
        await closed(stage)
        await stage.fast_forward(days=ASLEEP)
        await stage.database.write("DELETE FROM figures")
        monkeypatch.setattr(views, "replay", stumbles)
        await stage.restart()
        await becomes(stage, lambda: kept(stage).pending == 0)
        assert kept(stage).all() == ()
        assert kept(stage).damaged == ["inc-1 meets a bug in Tocsin (KeyError)"]
        await declared(stage, "login fails")
        assert [one.number for one in kept(stage).all()] == [2]
        stage.expect_everything()


async def test_the_command_beside_the_bot_says_the_same_with_rows_or_without(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'database = "{tmp_path / "tocsin.db"}"\n[transports.sandbox]\nport = 0\n[groups]\nresponders = ["Ann"]\n'
        '[[people]]\nname = "Ann"\nsandbox = "ann"\n'
    )
    await closed(stage)
    await declared(stage, "login fails")
    await becomes(stage, lambda: len(rows(stage)) == 1)

    async def told() -> list[dict[str, Any]]:
        assert await print_insights(config, "", [], as_data=True, as_sheet=False) == 0
        return list(json.loads(capsys.readouterr().out)["incidents"])

    before = await told()
    assert [one["standing"] for one in before] == ["closed", "open"]
    await stage.database.write("DELETE FROM figures")
    assert await told() == before
    assert rows(stage) == [], "it writes nothing"
