"""Opening the database: each thing that can be wrong with a path is one line, and media that cannot be written can be read."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bot_process import BotProcess, without_override

from core.database import DatabaseFailure, open_file

READ = """
import asyncio, pathlib, sys
from core.database import DatabaseFailure, open_file

async def read():
    try:
        file = await open_file(pathlib.Path(sys.argv[1]), read_only=True)
    except DatabaseFailure as failure:
        print(failure)
    else:
        print("kept", await file.rows("SELECT key, value FROM notebook"))
        await file.close()

asyncio.run(read())
"""


async def _written(path: Path) -> Path:
    file = await open_file(path)
    await file.write("INSERT INTO notebook VALUES ('test', 'a', 'b')")
    await file.close()
    return path


@contextmanager
def _for_reading(path: Path) -> Iterator[None]:
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        yield
    finally:
        path.parent.chmod(0o755)


async def _read_in_a_folder_for_reading(path: Path) -> str:
    """What another process, bound by the folder's rights, reads there or complains of."""
    with _for_reading(path):
        process = await asyncio.create_subprocess_exec(
            *without_override(),
            sys.executable,
            "-c",
            READ,
            str(path),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=Path(__file__).parent.parent,
        )
        out, _ = await process.communicate()
    return out.decode().strip()


async def test_a_database_on_media_for_reading_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    assert await _read_in_a_folder_for_reading(await _written(folder / "tocsin.db")) == "kept [('a', 'b')]"


async def test_what_was_not_yet_put_into_the_file_needs_a_folder_to_write_in(tmp_path: Path) -> None:
    """A process that was killed leaves words in the `-wal` beside it: without them the file is not the record."""
    file = await open_file(tmp_path / "tocsin.db")
    await file.write("INSERT INTO notebook VALUES ('test', 'a', 'b')")
    folder = tmp_path / "media"
    folder.mkdir()
    for name in ("tocsin.db", "tocsin.db-wal"):
        shutil.copy(tmp_path / name, folder / name)
    await file.close()
    path = folder / "tocsin.db"
    line = await _read_in_a_folder_for_reading(path)
    assert line == (
        f"the database {path} has words beside it in {path}-wal, and its folder is read-only; "
        "copy both to a folder that can be written"
    )


async def test_beside_a_running_bot_nothing_is_taken_for_unchanging(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    running = await open_file(path)
    reader = await open_file(path, read_only=True)
    await running.write("INSERT INTO notebook VALUES ('test', 'a', 'b')")
    assert await reader.rows("SELECT value FROM notebook") == [("b",)]
    await reader.close()
    await running.close()


@pytest.mark.endure
async def test_a_folder_where_the_database_should_be_is_one_line_each_time(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bot = BotProcess(tmp_path / "bot", f'database = "{tmp_path / "data"}"\n[transports.sandbox]\nport = 0\n')
    for _ in range(2):
        status, out, said = await bot.tocsin("run")
        assert (status, out) == (1, "")
        assert said == f"tocsin: {tmp_path / 'data'} is a folder; `database` in the config names a file in it\n"


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_file_that_is_no_database_is_one_line(tmp_path: Path, *, read_only: bool) -> None:
    path = tmp_path / "tocsin.db"
    path.write_bytes(b"This is no database. " * 500)
    with pytest.raises(DatabaseFailure, match=r"tocsin\.db is damaged \(.+\); restore it from a backup"):
        await open_file(path, read_only=read_only)


@pytest.mark.parametrize("what", ["the folder", "the file", "the lock", "the wal"])
@pytest.mark.parametrize("command", [pytest.param("run", marks=pytest.mark.endure)])
async def test_what_this_user_may_not_write_is_one_line_with_the_mend(tmp_path: Path, what: str, command: str) -> None:
    """A restored copy of root's, a read-only mount: said at start, before anybody relies on it."""
    folder = tmp_path / "media"
    folder.mkdir()
    path = await _written(folder / "tocsin.db")
    for beside in ("tocsin.db.lock", "tocsin.db-wal"):
        (folder / beside).touch()
    spoiled = {
        "the folder": folder,
        "the file": path,
        "the lock": folder / "tocsin.db.lock",
        "the wal": folder / "tocsin.db-wal",
    }
    if what == "the folder":
        (folder / "tocsin.db.lock").unlink()
    spoiled[what].chmod(0o555 if what == "the folder" else 0o444)
    bot = BotProcess(tmp_path / "bot", f'database = "{path}"\n[transports.sandbox]\nport = 0\n')
    try:
        status, out, said = await bot.tocsin(command, prefix=without_override())
    finally:
        folder.chmod(0o755)
    assert (status, out) == (1, "")
    [line] = [row for row in said.splitlines() if not row.startswith("{")]
    assert line.startswith("tocsin: ")
    assert "cannot be written" in line
    assert "write access to the f" in line


async def test_what_is_written_is_on_the_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    """Whatever the build's defaults: with NORMAL a power cut takes back what was acknowledged (SQLite, PRAGMA synchronous)."""
    file = await open_file(tmp_path / "tocsin.db")
    try:
        assert await file.rows("PRAGMA journal_mode") == [("wal",)]
        assert await file.rows("PRAGMA synchronous") == [(2,)]
    finally:
        await file.close()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFailure) as failure:
        await open_file(tmp_path / "gone" / "tocsin.db")
    assert (
        str(failure.value) == f"there is no folder {tmp_path / 'gone'} for the database; make it, or name another file"
    )
