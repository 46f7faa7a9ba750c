"""The record against what a disk, or somebody with an SQL prompt, can do to it: nothing that is gone goes unsaid."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import pytest_asyncio
from bot_process import BotProcess
from stage import Stage

from bot.records import export_log, verify_log
from bot.timeline import print_timeline
from core.activity_log import ActivityLog
from core.chain import Damage
from core.database import DatabaseFailure, open_file
from core.incident.events import Declared
from core.proof import prove


@pytest_asyncio.fixture
async def written(tmp_path: Path) -> Path:
    """A database with two incidents: the second was declared while the first went on, and the first has the last word."""
    stage = Stage(tmp_path)
    await stage.start()
    await stage.ann.types("declare checkout fails sev3", stage.triage)
    first = stage.channel
    await stage.ann.types("note canary-5f2a9c was said")
    await stage.fast_forward(minutes=11)
    await stage.ann.types("declare login fails sev3", stage.triage)
    await stage.ann.types("note it is the database", first)
    await stage.stop()
    return tmp_path / "tocsin.db"


def spoil(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute(sql).rowcount, "the damage is done"


@asynccontextmanager
async def log_of(path: Path) -> AsyncIterator[ActivityLog]:
    file = await open_file(path, read_only=True)
    try:
        yield ActivityLog(file)
    finally:
        await file.close()


async def damage(path: Path, *streams: str) -> list[Damage]:
    file = await open_file(path, read_only=True)
    try:
        return await prove(file, streams or None)
    finally:
        await file.close()


async def test_what_was_not_touched_is_whole(written: Path) -> None:
    assert await damage(written) == []
    for stream in ("inc-1", "inc-2", "house"):
        assert await damage(written, stream) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "UPDATE events SET kind = 'x' WHERE stream = 'inc-1' AND version = 1",
            "inc-1 entry 1: is filed under another",
        ),
        ("UPDATE events SET kind = 'channel_locked' WHERE stream = 'inc-1' AND version = 2", "inc-1 entry 2: is filed"),
        ("UPDATE events SET body = '5' WHERE stream = 'inc-1' AND version = 3", "inc-1 entry 3: was changed"),
        ("UPDATE events SET at = '2026-01-01' WHERE stream = 'inc-1' AND version = 3", "inc-1 entry 3: was changed"),
        ("DELETE FROM events WHERE stream = 'inc-1' AND version = 2", "inc-1 entry 2: is missing"),
        ("DELETE FROM events WHERE stream = 'inc-1'", "inc-1 entry 1: and all after it are missing"),
        ("DELETE FROM events WHERE stream = 'inc-2'", "inc-2 entry 1: and all after it are missing"),
        ("DELETE FROM events WHERE stream = 'house'", "inc-1 entry 1: is not declared in the house"),
        ("DELETE FROM events WHERE stream = 'inc-2' AND version > 3", "the log entry "),
        ("DELETE FROM events WHERE stream = 'house' AND version > 1", "inc-2 entry 1: is not declared in the house"),
    ],
)
async def test_what_was_done_to_the_log_is_named(written: Path, sql: str, said: str) -> None:
    spoil(written, sql)
    found = [str(one) for one in await damage(written)]
    assert [line for line in found if line.startswith(said)], found


async def test_an_incident_that_is_named_answers_for_itself(written: Path) -> None:
    spoil(written, "UPDATE events SET kind = 'x' WHERE stream = 'inc-2' AND version = 2")
    assert await damage(written, "inc-1") == []
    assert [one.version for one in await damage(written, "inc-2")] == [2]


async def test_the_end_of_a_named_incident_is_missed(written: Path) -> None:
    spoil(written, "DELETE FROM events WHERE stream = 'inc-2' AND version > 3")
    [lost] = await damage(written, "inc-2")
    assert (lost.version, lost.how.split(":")[0]) == (4, "may be missing")
    # What is gone came before the last word of the first, so that one lacks nothing.
    assert await damage(written, "inc-1") == []


async def test_the_log_cut_short_needs_a_witness(written: Path) -> None:
    """Documented, and so held: who takes the newest records of all leaves a log that is whole."""
    spoil(written, "DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    assert await damage(written) == []


# --- what the commands say of it ----------------------------------------------------------------------------------------


def config_of(database: Path) -> Path:
    config = database.with_name("config.toml")
    config.write_text(f'database = "{database}"\n[transports.sandbox]\nport = 0\n', encoding="utf-8")
    return config


async def verified(config: Path, wanted: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = await verify_log(config, wanted, as_json=False)
    return status, capsys.readouterr().out


async def test_verify_names_an_incident_that_is_gone_by_any_name(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(written)
    spoil(written, "DELETE FROM events WHERE stream = 'inc-1'")
    for wanted in ("", "1", "inc-1", "#1"):
        status, out = await verified(config, wanted, capsys)
        assert status == 1
        assert "inc-1 entry 1: and all after it are missing" in out
    status, out = await verified(config, "2", capsys)
    assert (status, out.splitlines()[-1].rpartition(": ")[2]) == (0, "whole")
    with pytest.raises(DatabaseFailure, match="inc-1 entry 1 of the log is missing"):
        await print_timeline(config, "1", form="json")


UNREADABLE = {
    "no JSON": "'canary-5f2a9c'",
    "no record": "'5'",
    "another's": "replace(body, '\"noted\"', '\"canary-5f2a9c\"')",
    "half": "json_remove(body, '$.event.text')",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_record_that_cannot_be_read_is_one_line(
    written: Path, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(written, f"UPDATE events SET source = NULL, body = {body} WHERE stream = 'inc-1' AND kind = 'noted'")
    config = config_of(written)
    status, out = await verified(config, "", capsys)
    assert status == 1
    assert "inc-1: cannot be replayed (Unreadable)" in out
    with pytest.raises(DatabaseFailure) as refused:
        await print_timeline(config, "1")
    assert await export_log(config, "1") == 0
    assert len(capsys.readouterr().out.splitlines()) > 3, "an export holds what is there, however it is"
    line = str(refused.value)
    assert line.startswith("inc-1 entry ")
    assert "`tocsin verify`" in line
    assert "canary" not in line + out
    assert refused.value.__suppress_context__


async def test_a_hole_is_one_line(written: Path) -> None:
    spoil(written, "DELETE FROM events WHERE stream = 'inc-1' AND version = 3")
    with pytest.raises(DatabaseFailure, match="inc-1 entry 3 of the log is missing"):
        await print_timeline(config_of(written), "1")


@pytest.mark.parametrize("command", ["run", "timeline"])
async def test_the_processes_end_with_that_line(written: Path, tmp_path: Path, command: str) -> None:
    spoil(written, f"UPDATE events SET body = {UNREADABLE['half']} WHERE stream = 'inc-1' AND kind = 'noted'")
    bot = BotProcess(tmp_path / "bot", f'database = "{written}"\n[transports.sandbox]\nport = 0\n')
    status, out, said = await bot.tocsin(command)
    assert (status, out) == (1, "")
    [line] = [row for row in said.splitlines() if not row.startswith("{")]
    assert line.startswith("tocsin: ")
    assert "inc-1 entry " in line
    assert "Traceback" not in said
    assert "canary" not in said


@pytest.mark.parametrize("wanted", ["inc-1", "1", "#1", "NAME", "#NAME"])
async def test_an_incident_goes_by_its_number_and_its_name(
    written: Path, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with log_of(written) as log:
        [first, *_] = await log.load("inc-1")
    assert isinstance(first.event, Declared)
    config = config_of(written)
    assert await print_timeline(config, wanted.replace("NAME", first.event.name), form="json") == 0
    assert json.loads(capsys.readouterr().out)["number"] == 1
    for stranger in ("3", "inc-3", "inc-2026-01-01-nothing", "9" * 40):
        with pytest.raises(DatabaseFailure, match=f"there is no incident {stranger}"):
            await print_timeline(config, stranger, form="json")
