"""Another Tocsin's database: a newer one is refused, an older one is brought up to date, whole whenever that is cut short."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest

from core import database as module
from core.database import DatabaseFailure, open_file
from core.schema import migrations

NEWEST = migrations()[-1][0]
OPEN = "import asyncio, pathlib, sys; from core.database import open_file; asyncio.run(open_file(pathlib.Path(sys.argv[1])))"
KEPT = [("test", "a", "b")]


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


def told(path: Path) -> tuple[int, list[tuple[str, str, str]]]:
    with closing(sqlite3.connect(path)) as database:
        [(version,)] = database.execute("PRAGMA user_version")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return version, database.execute("SELECT * FROM notebook").fetchall()


def of_schema(path: Path, number: int) -> Path:
    """A database as the Tocsin of that schema left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        for known, sql in migrations():
            if known <= number:
                database.executescript(f"BEGIN; {sql} PRAGMA user_version={known}; COMMIT;")
        if number >= 2:
            database.execute("INSERT INTO notebook VALUES ('test', 'a', 'b')")
    return path


async def whole(folder: Path) -> list[tuple[str, str]]:
    await (await open_file(folder / "new.db")).close()
    return schema(folder / "new.db")


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_newer_one_is_refused_with_both_numbers_and_the_mend_and_not_touched(
    tmp_path: Path, *, read_only: bool
) -> None:
    path = of_schema(tmp_path / "tocsin.db", NEWEST)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = path.read_bytes()
    with pytest.raises(DatabaseFailure) as refused:
        await open_file(path, read_only=read_only)
    assert str(refused.value) == (
        f"the database {path} was written by a newer Tocsin (schema {NEWEST + 1}, this one knows {NEWEST}); upgrade Tocsin"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", range(2, NEWEST))
async def test_an_older_one_is_brought_up_to_date_and_kept_as_it_was(tmp_path: Path, number: int) -> None:
    path = of_schema(tmp_path / "tocsin.db", number)
    await (await open_file(path)).close()
    assert told(path) == (NEWEST, KEPT)
    assert schema(path) == await whole(tmp_path)
    kept = tmp_path / f"tocsin.db.schema-{number}"
    assert told(kept) == (number, KEPT)
    assert kept.stat().st_mode & 0o777 == 0o600
    await (await open_file(path)).close()
    assert [one.name for one in tmp_path.glob("*schema*")] == [kept.name], "once"


async def test_a_new_one_keeps_nothing_of_what_it_was(tmp_path: Path) -> None:
    await (await open_file(tmp_path / "tocsin.db")).close()
    assert list(tmp_path.glob("*schema*")) == []


def _parts(sql: str) -> list[str]:
    return [part for part in re.sub("--.*", "", sql).split(";") if part.strip()]


def _statements() -> list[tuple[int, int]]:
    return [(number, at) for number, sql in migrations() if number > 2 for at in range(len(_parts(sql)) + 1)]


@pytest.mark.parametrize(("number", "at"), _statements())
async def test_cut_short_at_any_statement_it_is_the_one_before_and_the_next_start_is_whole(
    tmp_path: Path, number: int, at: int
) -> None:
    path = of_schema(tmp_path / "tocsin.db", 2)

    def broken() -> list[tuple[int, str]]:
        steps = dict(migrations())
        parts = _parts(steps[number])
        parts[at:at] = ["SELECT there_is_no_such_thing"]
        return sorted({**steps, number: ";".join(parts) + ";"}.items())

    with patch.object(module, "migrations", broken), pytest.raises(DatabaseFailure):
        await open_file(path)
    assert told(path) == (number - 1, KEPT)
    await (await open_file(path)).close()
    assert told(path) == (NEWEST, KEPT)
    assert schema(path) == await whole(tmp_path)


@pytest.mark.endure
async def test_killed_at_any_moment_of_it_the_next_start_is_whole(tmp_path: Path) -> None:
    """SIGKILL, later each time, until one comes through; a big database, so that there is something to be killed in."""
    old = of_schema(tmp_path / "old.db", 2)
    with closing(sqlite3.connect(old)) as database:
        database.executemany(
            "INSERT INTO events (stream, version, at, heard_at, kind, body, prev, hash) "
            "VALUES ('inc-1', ?, 'x', 'x', 'closed', json_object('event', 'x'), 'x', 'x')",
            ((number,) for number in range(1, 20_001)),
        )
        database.commit()
    expected, reached = await whole(tmp_path), set()
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN, str(old) + "x")
    await process.wait()
    start = time.perf_counter() - began
    for step in range(12):
        path = tmp_path / f"{step}.db"
        with closing(sqlite3.connect(old)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", OPEN, str(path))
        await asyncio.sleep(start * (0.5 + step / 6))
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        version, kept = told(path)
        reached.add(version)
        assert kept == KEPT
        await (await open_file(path)).close()
        assert told(path) == (NEWEST, KEPT)
        assert schema(path) == expected
        for left in tmp_path.glob(f"{step}.db*"):
            left.unlink()
    assert len(reached) > 1, "it was killed before the end, and came to it"
