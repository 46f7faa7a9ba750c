"""What is kept of each incident by row: lost, old or damaged rows are made again from the log, and nothing ends for one of them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bench_log import fill
from structlog.testing import capture_logs

from core import views
from core.activity_log import ActivityLog
from core.database import SqliteFile, open_file
from core.figures_kept import FIGURES
from core.incident.figures import Figures
from core.incident.public import PublicIncident
from core.public_views import PUBLIC
from core.views import Kept, Views

FORMS: dict[str, dict[int, str]] = {
    "figures": {1: "d5e8e1e1", 2: "3d3fa47d"},
    "public": {1: "a2219f9c"},
}
"""What each form of a row holds, as a fingerprint of its fields."""


def bare(schema: Any) -> Any:
    """A schema without its prose."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    prose = {"description"} if isinstance(schema, dict) and isinstance(schema.get("description"), str) else set()
    return {key: bare(one) for key, one in schema.items() if key not in prose} if isinstance(schema, dict) else schema


def fields(kept: Kept[Any]) -> str:
    schema = json.dumps(bare(kept.model.model_json_schema()), sort_keys=True)
    return hashlib.sha256(schema.encode()).hexdigest()[:8]


@pytest.mark.parametrize("kept", [FIGURES, PUBLIC], ids=lambda kept: kept.table)
def test_a_row_of_other_fields_is_of_another_form(kept: Kept[Any]) -> None:
    """Whoever changes a field raises FORM beside the class, and writes the fingerprint down: else old rows would stay."""
    assert FORMS[kept.table] == FORMS[kept.table] | {kept.form: fields(kept)}
    assert max(FORMS[kept.table]) == kept.form


async def opened(path: Path) -> tuple[SqliteFile, Views[Figures]]:
    file = await open_file(path)
    return file, Views(ActivityLog(file), file, FIGURES)


async def filled(path: Path, count: int = 3) -> None:
    await fill(path, count)
    file, kept = await opened(path)
    await kept.load()
    await kept.flush()
    await file.close()


def rows(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM figures ORDER BY stream").fetchall()


def spoil(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert database.execute(sql).rowcount, "the damage is done"


async def test_rows_that_were_deleted_are_the_same_bytes_again(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    await filled(path)
    before = rows(path)
    assert [row[0] for row in before] == ["inc-1", "inc-2", "inc-3"]
    spoil(path, "DELETE FROM figures")
    file, kept = await opened(path)
    await kept.load()
    await kept.flush()
    await file.close()
    assert rows(path) == before


async def test_rows_that_will_do_are_taken_and_no_stream_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(tmp_path / "tocsin.db")
    file, kept = await opened(tmp_path / "tocsin.db")

    def read(_: object) -> None:
        raise AssertionError("a stream was read")

    monkeypatch.setattr(views, "replay", read)
    await kept.load()
    await file.close()
    assert [one.number for one in kept.all().values()] == [1, 2, 3]
    assert not kept.damaged


@pytest.mark.parametrize(
    "change",
    ["form = 0", "version = version - 1", "view = '{}'", "view = 'no JSON'", "view = replace(view, 'number', 'n')"],
)
async def test_a_row_that_will_not_do_is_made_again(tmp_path: Path, change: str) -> None:
    path = tmp_path / "tocsin.db"
    await filled(path)
    before = rows(path)
    spoil(path, f"UPDATE figures SET {change} WHERE stream = 'inc-2'")
    file, kept = await opened(path)
    _, lacking = await kept.read()
    assert lacking == ["inc-2"]
    await kept.load()
    await kept.flush()
    await file.close()
    assert rows(path) == before


async def test_a_public_row_that_an_older_version_wrote_is_made_again_when_it_has_another_form(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    await fill(path, 2)
    file = await open_file(path)
    newer = Kept("public", PUBLIC.form + 1, PublicIncident, PUBLIC.made, PUBLIC.where)
    for kept, lacking in ((PUBLIC, ["inc-1", "inc-2"]), (PUBLIC, []), (newer, ["inc-1", "inc-2"]), (newer, [])):
        known = Views(ActivityLog(file), file, kept)
        assert (await known.read())[1] == lacking
        await known.rebuild(lacking)
        await known.flush()
    await file.close()


async def test_a_stream_that_cannot_be_read_is_left_out_aloud(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    await filled(path)
    spoil(path, "DELETE FROM figures")
    spoil(path, "DELETE FROM events WHERE stream = 'inc-2' AND version = 3")
    with capture_logs() as logs:
        file, kept = await opened(path)
        await kept.load()
        await file.close()
    assert sorted(kept.all()) == ["inc-1", "inc-3"]
    assert list(kept.damaged) == ["inc-2"]
    assert "inc-2 entry 3 of the log is missing" in kept.damaged["inc-2"]
    assert [line["log_level"] for line in logs] == ["warning"]


async def test_a_stream_that_meets_a_bug_is_left_out_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path / "tocsin.db")
    spoil(tmp_path / "tocsin.db", "DELETE FROM figures WHERE stream = 'inc-3'")

    def stumbles(_: object) -> None:
        raise KeyError("of long ago")

    monkeypatch.setattr(views, "replay", stumbles)
    with capture_logs() as logs:
        file, kept = await opened(tmp_path / "tocsin.db")
        await kept.load()
        await file.close()
    assert sorted(kept.all()) == ["inc-1", "inc-2"]
    assert kept.damaged == {"inc-3": "inc-3 meets a bug in Tocsin (KeyError)"}
    assert [line["log_level"] for line in logs] == ["error"]
