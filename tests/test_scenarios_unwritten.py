"""A database that takes nothing for a while: full, read-only, held by another program. Nothing is acknowledged, nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, open_stage

from core.reserve import hold_room

WORDS = "note " + "it is getting worse, and here is all that we know about it. " * 30
"""An act that takes more than a page."""


async def pragma(stage: Stage, words: str) -> None:
    await stage.database.rows(f"PRAGMA {words}")


async def pages(stage: Stage) -> int:
    [(count,)] = await stage.database.rows("PRAGMA page_count")
    return int(count)


async def declared(stage: Stage) -> None:
    await stage.mia.types("declare checkout fails sev3", stage.triage)


def notes(stage: Stage) -> list[str]:
    return [entry.text for entry in stage.incident.entries if "getting worse" in entry.text]


def unwritten(stage: Stage) -> list[str]:
    return [one.text for one in stage.world.messages.values() if one.mark and one.mark[1].startswith("unwritten")]


TROUBLES = {
    "full": (
        "max_page_count = 1",
        "max_page_count = 1000000",
        "the disk of Tocsin's database is full; make room on it",
    ),
    "read-only": ("query_only = ON", "query_only = OFF", "has become read-only"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_people_are_told_that_nothing_is_recorded_and_why_and_again_when_it_is(
    tmp_path: Path, trouble: str
) -> None:
    begin, end, why = TROUBLES[trouble]
    async with open_stage(tmp_path) as stage:
        await declared(stage)
        before = await stage.kinds()
        await pragma(stage, begin)
        stage.world.say(stage.ann.account, stage.channel, f"!inc {WORDS}")
        while not stage.tocsin.unready():
            await stage.settle()
            stage.world.say(stage.ann.account, stage.channel, f"!inc {WORDS}")
        assert stage.tocsin.unready() == [f"nothing can be recorded: {stage.tocsin._database.trouble}"]
        assert unwritten(stage) == [], "a short lock is nobody's news"
        asked = len([one for one in stage.world.said(stage.channel) if "getting worse" in one.text])
        await stage.fast_forward(seconds=6)
        assert len(unwritten(stage)) == 2, "in triage and in the incident"
        for text in unwritten(stage):
            assert "Nothing is recorded since 10:02" in text
            assert why in text
        await stage.fast_forward(minutes=5)
        assert len(unwritten(stage)) == 2, "once"
        assert len(await stage.kinds()) - len(before) < asked
        await pragma(stage, end)
        await stage.fast_forward(seconds=3)
        assert stage.tocsin.unready() == []
        assert len(notes(stage)) == asked, "each once, in the end"
        assert [text for text in unwritten(stage) if not text.startswith("All is recorded again since 10:0")] == []
        stage.expect_everything()


async def test_it_is_said_once_where_the_answers_are_lost_and_the_chat_soon_forgets(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await declared(stage)
        await pragma(stage, "query_only = ON")
        stage.world.say(stage.ann.account, stage.channel, f"!inc {WORDS}")
        await stage.settle()
        stage.server.resend_window, stage.faults.lost_reply = timedelta(), 1.0
        await stage.fast_forward(seconds=8)
        stage.faults.lost_reply = 0.0
        await stage.fast_forward(seconds=4)
        assert len(unwritten(stage)) == 2, "in triage and in the incident"
        await pragma(stage, "query_only = OFF")
        await stage.fast_forward(seconds=8)
        assert all(text.startswith("All is recorded again") for text in unwritten(stage))
        stage.expect_everything()


async def test_a_short_lock_of_another_program_is_waited_out_and_nobody_is_told(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await declared(stage)
        await pragma(stage, "busy_timeout = 1")
        with closing(sqlite3.connect(stage._files[-1], isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            stage.world.say(stage.ann.account, stage.channel, f"!inc {WORDS}")
            await stage.settle()
            assert notes(stage) == []
            assert "another program holds" in stage.tocsin.unready()[0]
            other.execute("COMMIT")
        await stage.fast_forward(seconds=8)
        assert len(notes(stage)) == 1
        assert unwritten(stage) == []
        stage.expect_everything()


@pytest.mark.endure
async def test_a_long_lock_is_told_and_loses_nothing(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await declared(stage)
        await pragma(stage, "busy_timeout = 1")
        with closing(sqlite3.connect(stage._files[-1], isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            for _ in range(3):
                stage.world.say(stage.ann.account, stage.channel, f"!inc {WORDS}")
            await stage.fast_forward(minutes=3)
            assert ["another program holds Tocsin's database" in text for text in unwritten(stage)] == [True, True]
            assert notes(stage) == []
            other.execute("COMMIT")
        await stage.fast_forward(seconds=3)
        assert len(notes(stage)) == 3
        assert "asked" in await stage.kinds(), "what was due meanwhile took effect"
        stage.expect_everything()


# --- at every statement -------------------------------------------------------------------------------------------------


class Failing:
    """From the `at`th statement that writes on, the disk is full, until there is room."""

    def __init__(self, stage: Stage, at: int) -> None:
        self.left = at
        self.room = False
        self.refused = 0
        connection: Any = stage.database._file._connection
        self._real = connection.execute_fetchall
        connection.execute_fetchall = self._execute

    async def _execute(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        if sql.startswith("INSERT") and not self.room:
            if self.left == 0:
                self.refused += 1
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorname = "SQLITE_FULL"
                raise error
            self.left -= 1
        return await self._real(sql, parameters)


async def _story(folder: Path, at: int | None) -> tuple[list[tuple[Any, ...]], list[str], int]:
    """A declaration and what follows from it with the disk full from a statement on, until there is room: log and chat."""
    folder.mkdir()
    async with open_stage(folder) as stage:
        failing = Failing(stage, 10**9 if at is None else at)
        stage.world.say(stage.mia.account, stage.triage, "!inc declare checkout fails sev3")
        await stage.settle()
        recorded = await stage.database.rows("SELECT count(*) FROM events WHERE source IS NOT NULL")
        [board] = [[one for one in stage.standing() if one[2] == "board"]]
        assert bool(board) <= bool(recorded[0][0]), "nothing is shown of what is not recorded"
        await stage.fast_forward(seconds=20)
        failing.room = True
        await stage.fast_forward(seconds=10)
        await stage.ann.types("claim ic", stage.channel)
        await stage.fast_forward(seconds=10)
        log = await stage.database.rows("SELECT stream, version, kind FROM events ORDER BY stream, version")
        cards = sorted(card for *_, card in stage.standing() if not card.startswith("unwritten"))
        stage.expect_everything()
        return log, cards, failing.refused


async def test_full_at_every_statement_of_an_act_ends_as_if_there_had_been_room(tmp_path: Path) -> None:
    whole, cards, _ = await _story(tmp_path / "whole", None)
    at, refused = 0, 1
    while refused:
        log, now, refused = await _story(tmp_path / str(at), at)
        assert sorted(kind for *_, kind in log) == sorted(kind for *_, kind in whole), at
        assert now == cards, at
        at += 1
    assert at > 3


async def test_a_full_disk_leaves_room_for_the_acts_of_an_incident(tmp_path: Path) -> None:
    """Neither the file nor its `-wal` grows while what was reserved lasts."""
    async with open_stage(tmp_path) as stage:
        await declared(stage)
        await hold_room(stage.database)
        await pragma(stage, f"max_page_count = {await pages(stage)}")
        log = Path(f"{stage._files[-1]}-wal")
        before = log.stat().st_size
        for _ in range(40):
            await stage.ann.types(WORDS, stage.channel)
        assert len(notes(stage)) == 40
        assert log.stat().st_size == before
        assert stage.tocsin.unready() == []
        stage.expect_everything()


async def test_what_was_reserved_once_is_not_reserved_again(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await hold_room(stage.database, 500_000)
        grown = await pages(stage)
        await hold_room(stage.database, 500_000)
        assert await pages(stage) == grown
        assert await stage.database.rows("SELECT * FROM notebook WHERE owner = 'reserve'") == []
