"""Two processes on one database, whatever became of the lock: the one that is behind ends at its first word."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.activity_log import HOUSE, ActivityLog, Repeated
from core.database import OVERTAKEN, Guarded, open_file
from core.incident.events import Heard, Recorded
from core.port import Fatal

NOW = datetime(2026, 5, 2, 10, 2, tzinfo=UTC)


def _record(version: int, source: str) -> Recorded:
    return Recorded(stream=HOUSE, version=version, at=NOW, heard_at=NOW, source=source, event=Heard())


@pytest.mark.parametrize("source", ["another act", "the act that the other recorded"])
async def test_a_process_that_was_overtaken_writes_nothing_and_ends(tmp_path: Path, source: str) -> None:
    first, second = Guarded(await open_file(tmp_path / "a.db")), Guarded(await open_file(tmp_path / "a.db"))
    held_up, newcomer = ActivityLog(first), ActivityLog(second)
    try:
        assert await held_up.version(HOUSE) == 0
        await newcomer.append([_record(1, "the act that the other recorded")])
        with pytest.raises(Fatal) as ended:
            await held_up.append([_record(1, source)])
        assert str(ended.value) == OVERTAKEN
        # Nothing gets through any more, and whoever runs everything hears of it.
        for ask in (held_up.streams(), first.write("DELETE FROM shown"), first.failed()):
            with pytest.raises(Fatal, match="another Tocsin writes to this database"):
                await ask
        assert [one.source for one in await newcomer.load(HOUSE)] == ["the act that the other recorded"]
    finally:
        await first.close()
        await second.close()


async def test_an_act_that_is_told_twice_ends_nobody(tmp_path: Path) -> None:
    database = Guarded(await open_file(tmp_path / "a.db"))
    log = ActivityLog(database)
    try:
        await log.append([_record(1, "an act")])
        with pytest.raises(Repeated):
            await log.append([_record(2, "an act")])
        await log.append([_record(2, "the next")])
        assert await log.version(HOUSE) == 2
    finally:
        await database.close()


async def test_an_act_that_is_there_already_ends_the_trouble_that_kept_it(tmp_path: Path) -> None:
    file = await open_file(tmp_path / "a.db")
    database, other = Guarded(file), await open_file(tmp_path / "a.db")
    log = ActivityLog(database)
    try:
        await log.append([_record(1, "an act")])
        await file.rows("PRAGMA busy_timeout=0")
        await other.write("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            await log.append([_record(2, "an act")])
        assert "another program holds" in database.trouble
        await other.write("ROLLBACK")
        with pytest.raises(Repeated):
            await log.append([_record(2, "an act")])
        assert (database.trouble, database.troubled.is_set()) == ("", False)
    finally:
        await database.close()
        await other.close()
