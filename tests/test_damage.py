"""A damaged file: every bit of an entry that turned over is found and named, and whatever a disk does to it is said in lines."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bot_process import BotProcess
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import open_stage

from bot.backup import back_up
from bot.records import export_log, verify_log
from core.chain import Damage, chain
from core.database import DatabaseFailure, open_file
from core.examining import differences, examine

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

WITNESSED = ("position", "stream", "version", "source", "at", "heard_at", "body", "prev", "hash", "kind")


async def _written(folder: Path) -> Path:
    async with open_stage(folder) as stage:
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        for number in range(25):
            await stage.ann.types(f"note {number}: it began with the release, and the totals differ by a cent")
        await stage.fast_forward(minutes=11)
        await stage.ann.types("declare login fails sev3", stage.triage)
        stage.expect_everything()
    path = folder / "tocsin.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(_written(tmp_path_factory.mktemp("written")))


@pytest.fixture
def copied(written: Path, tmp_path: Path) -> Path:
    shutil.copy(written, tmp_path / "tocsin.db")
    (tmp_path / "config.toml").write_text(
        f'database = "{tmp_path / "tocsin.db"}"\n[transports.sandbox]\nport = 0\n', encoding="utf-8"
    )
    return tmp_path / "tocsin.db"


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT {', '.join(WITNESSED)} FROM events ORDER BY position").fetchall()


async def _damage(path: Path) -> list[Damage]:
    file = await open_file(path, read_only=True)
    try:
        return await examine(file)
    finally:
        await file.close()


def damage(path: Path) -> list[Damage]:
    return asyncio.run(_damage(path))


# --- bits -------------------------------------------------------------------------------------------------------------


def _flip(content: bytes, path: Path, bit: int) -> None:
    spoiled = bytearray(content)
    spoiled[bit // 8] ^= 1 << bit % 8
    path.write_bytes(spoiled)


def _turn_a_bit_of_an_entry(written: Path, copied: Path, entry: float, place: float) -> None:
    content, records = written.read_bytes(), rows(written)
    _, stream, version, *_, body, prev, digest, _kind = records[int(entry * len(records))]
    # As they stand in the file, one behind the other; what is long begins on another page.
    said = (body[-200:] + prev + digest).encode()
    if said not in content:
        said = (prev + digest).encode()
    _flip(content, copied, 8 * content.index(said) + int(place * 8 * len(said)))
    found = damage(copied)
    assert (stream, version) in [(one.stream, one.version) for one in found], found
    status, said_of_it = asyncio.run(_verified(copied))
    assert status == 1
    assert f"{stream} entry {version}: " in said_of_it


async def _verified(path: Path) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            status = await verify_log(path.with_name("config.toml"), "", as_json=False)
        except DatabaseFailure as failure:
            # The file does not even open.
            status = 1
            print(f"{failure}: broken")
    assert "Traceback" not in out.getvalue()
    return status, out.getvalue()


WHERE = {"entry": st.floats(0, 1, exclude_max=True), "place": st.floats(0, 1, exclude_max=True)}


@QUICK
@given(**WHERE)
def test_a_bit_of_an_entry_that_turned_over_is_found_and_the_entry_named(
    written: Path, copied: Path, entry: float, place: float
) -> None:
    _turn_a_bit_of_an_entry(written, copied, entry, place)


@pytest.mark.endure
@LONG
@given(**WHERE)
def test_so_it_is_for_a_great_many_bits(written: Path, copied: Path, entry: float, place: float) -> None:
    _turn_a_bit_of_an_entry(written, copied, entry, place)


def _turn_any_bit(written: Path, copied: Path, place: float) -> None:
    content = written.read_bytes()
    _flip(content, copied, int(place * 8 * len(content)))
    status, said = asyncio.run(_verified(copied))
    assert (status, said.rstrip().rpartition(": ")[2]) in ((0, "whole"), (1, "broken"))
    if status == 0:
        assert rows(copied) == rows(written), "what is said to be whole is as it was written"


@QUICK
@given(place=st.floats(0, 1, exclude_max=True))
def test_any_bit_of_the_file_that_turned_over_is_found_or_changes_no_record(
    written: Path, copied: Path, place: float
) -> None:
    _turn_any_bit(written, copied, place)


@pytest.mark.endure
@LONG
@given(place=st.floats(0, 1, exclude_max=True))
def test_so_it_is_for_a_great_many_bits_of_the_file(written: Path, copied: Path, place: float) -> None:
    _turn_any_bit(written, copied, place)


@settings(QUICK, max_examples=25)
@given(place=st.floats(0, 1, exclude_max=True))
def test_a_damaged_wal_cuts_the_log_short_and_the_witness_sees_it(written: Path, tmp_path: Path, place: float) -> None:
    """SQLite reads a `-wal` up to the first frame that does not add up; so what is left is whole, and older."""
    path = tmp_path / "tocsin.db"
    shutil.copy(written, path)
    (tmp_path / "tocsin.db-wal").unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as bot:
        bot.execute("PRAGMA journal_mode=WAL")
        bot.execute("PRAGMA wal_autocheckpoint=0")
        head = bot.execute("SELECT version, hash FROM events WHERE stream='inc-2' ORDER BY version DESC").fetchone()
        body = '{"event":{"kind":"heard"}}'
        said = ("inc-2", head[0] + 1, "a source", "2026-05-02T10:02:00+00:00", "2026-05-02T10:02:00+00:00", body)
        bot.execute(
            "INSERT INTO events (stream, version, source, at, heard_at, body, kind, prev, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, 'heard', ?, ?)",
            (*said, head[1], chain(head[1], *said)),
        )
        whole = rows(path)
        wal = (tmp_path / "tocsin.db-wal").read_bytes()
        crashed = tmp_path / "crashed"
        shutil.rmtree(crashed, ignore_errors=True)
        crashed.mkdir()
        shutil.copy(path, crashed / "tocsin.db")
    _flip(wal, crashed / "tocsin.db-wal", int(place * 8 * len(wal)))

    async def seen() -> tuple[list[Damage], list[Damage]]:
        file = await open_file(crashed / "tocsin.db", read_only=True)
        try:
            links = [(row[1], row[2], row[8]) for row in whole]
            return await examine(file), await differences(file, links)
        finally:
            await file.close()

    found, missed = asyncio.run(seen())
    assert found == []
    left = rows(crashed / "tocsin.db")
    assert left == whole[: len(left)]
    assert bool(missed) == (len(left) < len(whole))


# --- rows -------------------------------------------------------------------------------------------------------------


def _swap(database: sqlite3.Connection, column: str, one: int, other: int) -> None:
    [(a,)] = database.execute(f"SELECT {column} FROM events WHERE position = ?", (one,))
    [(b,)] = database.execute(f"SELECT {column} FROM events WHERE position = ?", (other,))
    spare = -1 if column in ("position", "version") else "{}"
    for value, place in ((spare, one), (a, other), (b, one)):
        database.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (value, place))


@settings(QUICK, max_examples=40)
@given(data=st.data())
def test_an_entry_changed_taken_out_put_in_or_moved_is_found(written: Path, copied: Path, data: Any) -> None:
    shutil.copy(written, copied)
    records = rows(written)
    last = len(records)
    place = data.draw(st.integers(1, last), label="place")
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        match data.draw(st.sampled_from(["change", "take out", "put in", "swap"]), label="how"):
            case "change":
                column = data.draw(st.sampled_from(["source", "at", "heard_at", "body", "prev", "hash", "kind"]))
                database.execute(
                    f"UPDATE events SET {column} = coalesce({column}, '') || ' ' WHERE position = ?", (place,)
                )
            case "take out":
                if place == last:
                    return  # the log cut short is the witness's affair
                database.execute("DELETE FROM events WHERE position = ?", (place,))
            case "put in":
                database.execute(
                    "INSERT INTO events (stream, version, source, at, heard_at, kind, body, prev, hash) "
                    "SELECT stream, version + 1000, NULL, at, heard_at, kind, body, prev, hash FROM events "
                    "WHERE position = ?",
                    (place,),
                )
            case "swap":
                mine = [row for row in records if row[1] == records[place - 1][1]]
                other = data.draw(st.sampled_from(mine))[0]
                if other == place:
                    return
                column = data.draw(st.sampled_from(["body", "version"]))
                if column == "version":
                    versions = {place: records[other - 1][2], other: records[place - 1][2]}
                    for one, version in versions.items():
                        database.execute("UPDATE events SET version = ? WHERE position = ?", (10_000 + version, one))
                    database.execute("UPDATE events SET version = version - 10000 WHERE version > 10000")
                else:
                    if records[place - 1][6] == records[other - 1][6]:
                        return
                    _swap(database, "body", place, other)
    assert damage(copied) != []


async def test_entries_that_stand_in_another_order_than_they_were_written_are_found(copied: Path) -> None:
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        places = [row[0] for row in database.execute("SELECT position FROM events WHERE stream = 'inc-1'")][3:5]
        _swap(database, "position", *places)
    assert "stands before an earlier entry" in "\n".join(map(str, await _damage(copied)))


# --- the witness ------------------------------------------------------------------------------------------------------


async def _witness(kind: str, copied: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    config = copied.with_name("config.toml")
    witness = copied.with_name(f"witness.{kind}")
    if kind == "jsonl":
        capsys.readouterr()
        await export_log(config, "")
        witness.write_text(capsys.readouterr().out, encoding="utf-8")
    elif kind == "db":
        shutil.copy(copied, witness)
    else:
        await back_up(config, witness)
    return witness


@pytest.mark.parametrize("kind", ["jsonl", "db", "tar"])
async def test_a_log_cut_short_or_written_anew_is_not_what_the_witness_saw(
    copied: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    witness, config = await _witness(kind, copied, capsys), copied.with_name("config.toml")
    assert await verify_log(config, "", as_json=False, witness=witness) == 0
    records = rows(copied)
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        database.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    capsys.readouterr()
    assert await verify_log(config, "", as_json=False) == 0, "the log is whole, as it was before its last record"
    assert await verify_log(config, "", as_json=True, witness=witness) == 1
    [line] = json.loads(capsys.readouterr().out.splitlines()[-1])["broken"]
    assert line.startswith(f"{records[-1][1]} entry {records[-1][2]}: and all after it are missing; the witness has it")
    assert line.endswith("fails]"), "and how people call it"


@pytest.mark.parametrize(
    "content", [b"", b"{not json}\n", b'{"stream": 1}\n', b"SQLite format 3\0 and no more", b"x" * 2000]
)
async def test_a_witness_that_is_none_is_one_line(copied: Path, content: bytes) -> None:
    witness = copied.with_name("witness")
    witness.write_bytes(content)
    with pytest.raises(DatabaseFailure, match=r"witness.* (cannot be read|is no backup|is no export).*") as refused:
        await verify_log(copied.with_name("config.toml"), "", as_json=False, witness=witness)
    assert "\n" not in str(refused.value)


# --- the bot on it ----------------------------------------------------------------------------------------------------


@pytest.mark.endure
async def test_the_bot_refuses_a_damaged_record_and_runs_in_spite_of_it_when_told_to(
    copied: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        database.execute("UPDATE events SET body = replace(body, 'release', 'weather') WHERE stream = 'inc-1'")
    bot = BotProcess(tmp_path / "bot", f'database = "{copied}"\n[transports.sandbox]\nport = 0\n')
    status, out, said = await bot.tocsin("run")
    assert (status, out) == (1, "")
    [line] = [row for row in said.splitlines() if not row.startswith("{")]
    assert "is damaged (inc-1 entry " in line
    assert (
        "was changed after it was written [inc-2026-05-02-checkout-fails], and 24 more; `tocsin verify` lists all)"
        in line
    )
    assert "`tocsin restore`" in line
    assert "`tocsin run --despite-damage`" in line
    await bot.start("--despite-damage")
    assert "the record is damaged" in bot.text()
    await bot.stop()


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_damaged_table_that_sqlite_itself_cannot_spell_is_one_line(
    written: Path, copied: Path, *, read_only: bool
) -> None:
    """Found by the property over all bits: the complaint quotes the table's words, and those are no text any more."""
    content = written.read_bytes()
    at = content.index(b"CREATE TABLE events")
    copied.write_bytes(content[:at] + b"CREATE T\xe2BLE events" + content[at + 19 :])
    with pytest.raises(DatabaseFailure, match=r"tocsin\.db is damaged \(.+\); restore it from a backup") as refused:
        await open_file(copied, read_only=read_only)
    assert "\n" not in str(refused.value)


async def test_text_that_is_none_is_damage_and_not_waited_for(copied: Path) -> None:
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        database.execute("UPDATE events SET at = CAST(x'ff' AS TEXT) WHERE stream = 'inc-1' AND version = 2")
    file = await open_file(copied)
    with pytest.raises(DatabaseFailure, match=r"is damaged \(it holds text that is none\); restore it from a backup"):
        await file.rows("SELECT at FROM events")
    assert Damage("inc-1", 2, "is missing or cannot be read") in await examine(file)
    await file.close()


@pytest.mark.parametrize("index", [True, False], ids=["with its index", "without"])
async def test_a_position_that_turned_into_a_great_number_is_not_counted_up_to(copied: Path, *, index: bool) -> None:
    with closing(sqlite3.connect(copied, isolation_level=None)) as database:
        database.execute("UPDATE events SET at = CAST(x'ff' AS TEXT) WHERE stream = 'inc-1' AND version = 2")
        database.execute("UPDATE events SET position = 1 << 62 WHERE stream = 'inc-1' AND version = 3")
        [(root,)] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_events_2'")
        [(size,)] = database.execute("PRAGMA page_size")
    if not index:
        with copied.open("r+b") as raw:
            raw.seek((root - 1) * size)
            raw.write(b"\xff" * size)
    file = await open_file(copied, read_only=True)
    async with asyncio.timeout(20):
        found = await examine(file)
    await file.close()
    assert any(one.how == "is missing or cannot be read" for one in found)
