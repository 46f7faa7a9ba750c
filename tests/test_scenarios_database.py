"""A database that fails while the bot runs: nothing is acknowledged on a damaged one, and nothing that is due is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from stage import Stage
from structlog.testing import capture_logs

from core.incident.events import Recorded
from core.port import Fatal

Logs = list[dict[str, Any]]


@pytest.fixture
def logs() -> Any:
    with capture_logs() as lines:
        yield lines


@pytest_asyncio.fixture
async def on_stage(tmp_path: Path, logs: Logs) -> AsyncIterator[Stage]:
    """A stage that does not take a logged error for the end of the test."""
    stage = Stage(tmp_path)
    await stage.start()
    await stage.mia.types("declare checkout fails sev3", stage.triage)
    yield stage
    await stage.stop()


def damage(stage: Stage, when: Callable[[str], bool]) -> None:
    """From now on SQLite calls those statements' pages damaged; other pages are as they were."""
    connection: Any = stage.database._file._connection
    real = connection.execute_fetchall

    async def execute_fetchall(sql: str, parameters: Sequence[object] = ()) -> Any:
        if when(sql):
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorname = "SQLITE_CORRUPT"
            raise error
        return await real(sql, parameters)

    connection.execute_fetchall = execute_fetchall


def cursor(stage: Stage) -> Any:
    with closing(sqlite3.connect(stage._files[-1])) as database:
        return database.execute("SELECT value FROM notebook").fetchall()


def appends(sql: str) -> bool:
    return sql.startswith("INSERT INTO events")


def says_what_is_wrong(stage: Stage, fatal: Fatal) -> bool:
    return str(fatal) == (
        f"the database {stage._files[-1]} is damaged (database disk image is malformed); restore it from a backup"
    )


async def test_an_act_on_a_damaged_database_ends_the_process_and_is_heard_by_the_next(on_stage: Stage) -> None:
    before = cursor(on_stage)
    damage(on_stage, appends)
    on_stage.world.say(on_stage.ann.account, on_stage.channel, "!inc note a fact")
    with pytest.raises(Fatal) as ended:
        await on_stage.settle()
    assert says_what_is_wrong(on_stage, ended.value)
    assert cursor(on_stage) == before
    await on_stage.restart()
    assert "a fact" in [entry.text for entry in on_stage.incident.entries]


@pytest.mark.parametrize("when", [appends, lambda sql: "INTO shown" in sql], ids=["the clock", "the displays"])
async def test_whoever_meets_the_damage_ends_the_process(on_stage: Stage, when: Callable[[str], bool]) -> None:
    damage(on_stage, when)
    with pytest.raises(Fatal) as ended:
        await on_stage.fast_forward(minutes=3)
    assert says_what_is_wrong(on_stage, ended.value)


async def test_once_damaged_it_takes_nothing_more(on_stage: Stage) -> None:
    damage(on_stage, appends)
    on_stage.world.say(on_stage.ann.account, on_stage.channel, "!inc note a fact")
    await asyncio.wait([on_stage._running], timeout=5)
    with pytest.raises(Fatal):
        await on_stage.tocsin.log.streams()


def stumbling(stage: Stage, times: int) -> None:
    """Writing what the clock brings is a bug, so many times."""
    real, left = stage.tocsin.post.log.append, [None] * times

    async def append(records: Sequence[Recorded]) -> None:
        if records[0].about == "AskForCommander" and left:
            left.pop()
            raise RuntimeError("a bug")
        await real(records)

    stage.tocsin.post.log.append = append  # type: ignore[method-assign]


async def test_a_deadline_outlives_a_bug(on_stage: Stage, logs: Logs) -> None:
    stumbling(on_stage, 3)
    await on_stage.fast_forward(minutes=2, seconds=1)
    assert "asked" not in await on_stage.kinds()
    await on_stage.fast_forward(minutes=1)
    assert (await on_stage.kinds()).count("asked") == 1
    bugs = [line for line in logs if line["log_level"] == "error"]
    assert [(line["incident"], line["event"]) for line in bugs] == [("inc-1", "a deadline stumbled; it is tried again")]


async def test_a_deadline_with_a_bug_holds_up_no_other_and_is_tried_ever_more_rarely(on_stage: Stage) -> None:
    stumbling(on_stage, 1_000_000)
    tries = 0
    handle = on_stage.tocsin.post.handle

    async def counted(order: Any) -> Any:
        nonlocal tries
        tries += 1
        return await handle(order)

    on_stage.tocsin.timers._post.handle = counted  # type: ignore[method-assign]
    await on_stage.fast_forward(hours=1)
    assert 2 * 5 < tries < 2 * 40
    on_stage.tocsin.post.handle = handle  # type: ignore[method-assign]
    assert on_stage.tocsin.timers.next_at is not None
    assert on_stage.tocsin.timers.next_at - on_stage.clock.now().timestamp() <= timedelta(minutes=5).total_seconds()
