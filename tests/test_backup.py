"""Backup and restore: what was acknowledged before a backup is there after it, whatever became of the machine."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from bot_process import BotProcess
from cast import Someone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage import Stage, open_stage

from bot.archive import unpacked
from bot.backup import back_up
from bot.lock import Held, hold
from bot.records import verify_log
from bot.restore import mark, refuse_half, restore_from
from core.clock import SystemClock
from core.database import DatabaseFailure

SANDBOX = "[transports.sandbox]\nport = 0\n"


def config_of(folder: Path, database: str = "tocsin.db", data: str = "data") -> Path:
    """A config for a database that is there, or shall be."""
    config = folder / "config.toml"
    config.write_text(f'database = "{folder / database}"\ndata_dir = "{folder / data}"\n{SANDBOX}', encoding="utf-8")
    return config


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A config, a database with an incident in it, and stores: a file, one in use that is a database, a link."""
    async with open_stage(tmp_path) as stage:
        await stage.ann.types("declare checkout fails sev3", stage.triage)
        await stage.ann.types("note it began with the release")
        stage.expect_everything()
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "data" / "keys" / "device").write_text("canary-key")
    (tmp_path / "data" / "keys" / "device").chmod(0o600)
    (tmp_path / "data" / "now").symlink_to("keys")
    (tmp_path / "tocsin-2026-01-01-000000.tar").write_text("an older backup")
    config_of(tmp_path)
    return tmp_path


def elsewhere(home: Path) -> Path:
    """Another machine, with nothing but the config."""
    other = home / "elsewhere"
    other.mkdir()
    return config_of(other)


async def test_a_backup_restored_elsewhere_is_the_record_and_the_stores(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(home / "data" / "store.db")) as store:
        store.executescript("PRAGMA journal_mode=WAL; CREATE TABLE kept (a); INSERT INTO kept VALUES ('one');")
        assert (home / "data" / "store.db-wal").exists(), "it is in use, and its words are beside it"
        assert await back_up(home / "config.toml", home / "kept.tar") == 0
    assert ": 2 streams, 6 records, 2 other files: whole" in capsys.readouterr().out
    assert (home / "kept.tar").stat().st_mode & 0o777 == 0o600
    config = elsewhere(home)
    assert await restore_from(config, home / "kept.tar") == 0
    assert ": 2 streams, 6 records: whole, as of " in capsys.readouterr().out
    data = config.parent / "data"
    assert (data / "keys" / "device").read_text() == "canary-key"
    assert (data / "keys" / "device").stat().st_mode & 0o777 == 0o600
    assert (data / "now").readlink() == Path("keys")
    assert sorted(path.name for path in data.iterdir()) == ["keys", "now", "store.db"]
    with closing(sqlite3.connect(data / "store.db")) as store:
        assert store.execute("SELECT a FROM kept").fetchall() == [("one",)]
    assert await verify_log(config, "", as_json=False, witness=home / "tocsin.db") == 0


@pytest.mark.endure
async def test_it_is_taken_beside_a_running_bot_and_one_that_runs_is_never_restored_over(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, f'database = "{tmp_path}/tocsin.db"\ndata_dir = "{tmp_path}/data"\n{SANDBOX}')
    await bot.start()
    status, out, said = await bot.tocsin("backup", str(tmp_path / "kept.tar"))
    assert (status, said) == (0, ""), said
    assert out.endswith(": whole\n")
    status, out, said = await bot.tocsin("restore", str(tmp_path / "kept.tar"))
    assert (status, out) == (1, "")
    assert f"{tmp_path}/tocsin.db is in use by process {bot.pid}" in said
    await bot.stop()
    status, out, said = await bot.tocsin("restore", str(tmp_path / "kept.tar"))
    assert (status, said) == (0, ""), said
    await bot.start()
    await bot.stop()
    mark(tmp_path / "tocsin.db").touch()
    status, _, said = await bot.tocsin("run")
    assert (status, "`tocsin restore` was interrupted" in said) == (1, True)


async def test_a_backup_takes_the_place_of_nothing_and_leaves_nothing_half_done(home: Path) -> None:
    (home / "kept.tar").write_text("somebody's")
    before = sorted(path.name for path in home.iterdir())
    with pytest.raises(DatabaseFailure, match=r"kept\.tar is there already.*name another file"):
        await back_up(home / "config.toml", home / "kept.tar")
    with pytest.raises(DatabaseFailure, match=r"there is no folder .*; make it, or name another file"):
        await back_up(home / "config.toml", home / "none" / "kept.tar")
    assert (home / "kept.tar").read_text() == "somebody's"
    assert sorted(path.name for path in home.iterdir()) == before


async def test_a_damaged_log_is_not_backed_up_as_if_it_were_whole(home: Path) -> None:
    with sqlite3.connect(home / "tocsin.db") as spoiled:
        spoiled.execute("UPDATE events SET body = replace(body, 'release', 'weather')")
    spoiled.close()
    with pytest.raises(DatabaseFailure, match=r"is damaged \(inc-1 entry \d: was changed after it was written \[inc-"):
        await back_up(home / "config.toml", home / "kept.tar")
    assert not (home / "kept.tar").exists()


async def test_without_a_name_it_is_a_dated_one_beside_the_database_and_none_is_in_the_next(home: Path) -> None:
    config = config_of(home, data=".")
    assert await back_up(config, None) == 0
    [first] = [path for path in home.glob("tocsin-*.tar") if "2026-01-01" not in path.name]
    assert await back_up(config, home / "second.tar") == 0
    with tarfile.open(home / "second.tar") as tar:
        names = tar.getnames()
    assert "data/data/keys/device" in names
    assert not [name for name in names if name.endswith(".tar") or "tocsin.db" in name.partition("/")[2]]
    assert first.stat().st_size


async def test_what_was_there_is_kept_aside_even_where_the_data_folder_is_the_databases(home: Path) -> None:
    config = config_of(home, data=".")
    await back_up(config, home / "tocsin-kept.tar")
    (home / "data" / "keys" / "device").write_text("newer")
    (home / "data" / "keys" / "stale").write_text("of another time")
    with sqlite3.connect(home / "tocsin.db") as newer:
        newer.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    newer.close()
    assert await restore_from(config, home / "tocsin-kept.tar") == 0
    assert (home / "data" / "keys" / "device").read_text() == "canary-key"
    assert not (home / "data" / "keys" / "stale").exists(), (
        "a store's leavings would be read with the store that was restored"
    )
    [aside] = home.glob("before-restore-*")
    assert (aside / "data" / "keys" / "device").read_text() == "newer"
    assert (aside / "tocsin.db").exists()
    assert (home / "tocsin-kept.tar").exists()
    assert not list(home.glob(".tocsin-*"))
    assert await verify_log(config, "", as_json=False) == 0


async def test_a_restore_that_was_interrupted_is_run_again_before_anything_starts(home: Path, tmp_path: Path) -> None:
    config = home / "config.toml"
    await back_up(config, home / "kept.tar")
    mark(home / "tocsin.db").touch()
    with pytest.raises(DatabaseFailure, match=r"was interrupted beside .*; run it again, with the same backup"):
        refuse_half(home / "tocsin.db")
    await restore_from(config, home / "kept.tar")
    refuse_half(home / "tocsin.db")


async def test_killed_at_any_step_of_a_restore_the_old_is_kept_and_a_second_run_makes_it_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = home / "config.toml"
    await back_up(config, home / "kept.tar")
    rename, step, steps = Path.rename, 0, 0

    class Killed(BaseException):
        pass

    def dying(self: Path, to: Path) -> Path:
        nonlocal step
        step += 1
        if step == steps:
            raise Killed
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", dying)
    while True:
        step, steps = 0, steps + 1
        try:
            await restore_from(config, home / "kept.tar")
        except Killed:
            with pytest.raises(DatabaseFailure, match="interrupted"):
                refuse_half(home / "tocsin.db")
            kept = [*home.glob("before-restore-*/tocsin.db"), *home.glob("tocsin.db")]
            assert kept, "the record is somewhere"
            step = -1000
            assert await restore_from(config, home / "kept.tar") == 0
            assert await verify_log(config, "", as_json=False) == 0
            assert (home / "data" / "keys" / "device").read_text() == "canary-key"
            continue
        break
    assert steps > 5


async def test_a_running_bots_lock_is_the_restores_too(home: Path) -> None:
    await back_up(home / "config.toml", home / "kept.tar")
    with hold(home / "tocsin.db", SystemClock().now()), pytest.raises(Held):
        await restore_from(home / "config.toml", home / "kept.tar")


@pytest.mark.parametrize("what", ["text", "empty", "half", "another tar", "missing"])
async def test_what_is_no_backup_is_one_line_and_changes_nothing(home: Path, what: str) -> None:
    config, file = home / "config.toml", home / "kept.tar"
    await back_up(config, file)
    whole = file.read_bytes()
    content = {"text": b"no tar " * 500, "empty": b"", "half": whole[: len(whole) // 2]}
    if what == "another tar":
        with tarfile.open(file, "w") as tar:
            tar.add(config, "config.toml")
    elif what == "missing":
        file.unlink()
    else:
        file.write_bytes(content[what])
    before = (home / "tocsin.db").read_bytes()
    if what == "missing":
        with pytest.raises(FileNotFoundError):
            await restore_from(config, file)
    else:
        with pytest.raises(DatabaseFailure, match=r"kept\.tar is no backup of `tocsin backup`, or a damaged one; take"):
            await restore_from(config, file)
    assert (home / "tocsin.db").read_bytes() == before
    assert not mark(home / "tocsin.db").exists()


async def test_a_backup_that_would_write_elsewhere_is_refused(home: Path) -> None:
    evil = home / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        tar.add(home / "config.toml", "../../outside")
    with pytest.raises(DatabaseFailure, match="is no backup"):
        await restore_from(home / "config.toml", evil)
    assert not (home.parent / "outside").exists()


def rewritten(file: Path, *, more: dict[str, bytes], note: dict[str, str]) -> Path:
    """A backup with more files in it, and more in its note."""
    evil = file.with_name("evil.tar")
    with tarfile.open(file) as old, tarfile.open(evil, "w") as tar:
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""  # type: ignore[union-attr]
            if member.name == "backup.json":
                said = json.loads(content)
                said["files"] |= note
                content = json.dumps(said).encode()
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, content in more.items():
            extra = tarfile.TarInfo(name)
            extra.size = len(content)
            tar.addfile(extra, io.BytesIO(content))
    return evil


@pytest.mark.parametrize(
    ("more", "note"),
    [({"data/keys/answers.key": b"x" * 32}, {}), ({}, {"/dev/zero": "0"}), ({}, {"data/gone": "0"})],
    ids=["a file that the note does not know", "a note of what is elsewhere", "a note of what is not there"],
)
async def test_a_backup_holds_what_its_note_says_and_nothing_else(
    home: Path, tmp_path: Path, more: dict[str, bytes], note: dict[str, str]
) -> None:
    await back_up(home / "config.toml", home / "kept.tar")
    with pytest.raises(DatabaseFailure, match="is no backup"):
        unpacked(rewritten(home / "kept.tar", more=more, note=note), tmp_path / "out")
    assert unpacked(rewritten(home / "kept.tar", more={}, note={}), tmp_path / "whole")["records"]


async def test_a_link_that_leads_out_of_the_data_folder_is_left_out_and_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "www").mkdir()
    (home / "data" / "status").symlink_to(home / "www")
    (home / "data" / "keys" / "up").symlink_to("../../www")
    await back_up(home / "config.toml", home / "kept.tar")
    out = capsys.readouterr().out
    assert f"{home / 'data' / 'status'} is left out: it is a link that leads out of {home / 'data'}" in out
    assert f"{home / 'data' / 'keys' / 'up'} is left out" in out
    other = elsewhere(home)
    await restore_from(other, home / "kept.tar")
    assert sorted(one.name for one in (other.parent / "data").rglob("*")) == ["device", "keys", "now"]


async def test_what_is_restored_is_on_the_disk_before_anything_leads_to_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(home / "config.toml", home / "kept.tar")
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(opened: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{opened}').readlink().name}")
        fsync(opened)

    def named(path: Path, to: Path) -> Path:
        steps.append(f"name {path.name}")
        return rename(path, to)

    other = elsewhere(home)
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", named)
    await restore_from(other, home / "kept.tar")
    for name, holds in (("tocsin.db", "tocsin.db"), ("keys", "device")):
        assert steps.index(f"sync {holds}") < steps.index(f"name {name}")
    assert steps[-1] == f"sync {other.parent.name}", "that it is over is on the disk too"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_turned_over_in_a_backups_files_is_found(
    backup_bytes: tuple[bytes, list[tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    content, files = backup_bytes
    places = [start + at for start, size in files for at in range(size)]
    spoiled = bytearray(content)
    spoiled[places[int(place * len(places))]] ^= 1 << bit
    folder = tmp_path_factory.mktemp("flip")
    (folder / "kept.tar").write_bytes(spoiled)
    with pytest.raises(DatabaseFailure, match="is no backup"):
        unpacked(folder / "kept.tar", folder / "out")


@pytest.fixture
async def backup_bytes(home: Path) -> tuple[bytes, list[tuple[int, int]]]:
    """A backup, and where in it its files stand."""
    await back_up(home / "config.toml", home / "kept.tar")
    with tarfile.open(home / "kept.tar") as tar:
        places = [
            (member.offset_data, member.size) for member in tar if member.isfile() and member.name != "backup.json"
        ]
    return (home / "kept.tar").read_bytes(), places


# --- in the middle of an incident ------------------------------------------------------------------------------------


async def says(stage: Stage, who: Someone, *words: str) -> None:
    for one in words:
        await who.types(one, stage.channel)


async def test_a_machine_lost_in_the_middle_goes_on_elsewhere_though_the_chat_is_ahead(tmp_path: Path) -> None:
    """What the chats still tell is heard again by its source; what stands there is found by its mark, and not said twice."""
    async with open_stage(tmp_path) as stage:
        await stage.mia.types("declare checkout fails sev2", stage.triage)
        await says(stage, stage.ann, "claim ic", "hypothesis tax rounding", "note before the backup")
        config = config_of(tmp_path)
        assert await back_up(config, tmp_path / "kept.tar") == 0
        acknowledged = await stage.tocsin.log.raw("inc-1")
        # The chat goes on beyond what the backup knows, and a second incident is declared there.
        await says(stage, stage.leah, "claim recovery", "action roll back", "note after the backup")
        channel = stage.channel
        await stage.fast_forward(minutes=11)
        await stage.bob.types("declare login fails sev3", stage.triage)
        said = sorted(stage.standing())
        await stage.stop()
        for name in ("tocsin.db", "tocsin.db-wal", "tocsin.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        assert await restore_from(config, tmp_path / "kept.tar") == 0
        await stage.again()
        await stage.fast_forward(seconds=3)
        now = await stage.tocsin.log.raw("inc-1")
        assert now[: len(acknowledged)] == acknowledged
        texts = [entry.text for entry in dict(stage.tocsin.post.awake())["inc-1"].entries]
        assert len([text for text in texts if "before the backup" in text]) == 1
        assert len([text for text in texts if "after the backup" in text]) == 1
        assert sorted(stage.standing()) == said, "nothing is there twice, and nothing is gone"
        assert len({one.number for _, one in stage.tocsin.post.awake()}) == 2
        assert channel in [one.channel for _, one in stage.tocsin.post.awake()]
        stage.expect_everything()
