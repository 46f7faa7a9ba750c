"""The file in which the keys of one device lie, and what is wrong with it where something is.

Rule: it is looked at before anything is written into it, so what is damaged, or another device's, stays as it was found.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from peewee import SqliteDatabase

from core.port import Fatal, Temporary

DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
FOR_NOW = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_READONLY")


class Absent(Exception):
    """The keys by which others know the device are not there."""


class Damaged(Exception):
    """SQLite found the file not whole."""


def path_of(folder: Path, user_id: str, device_id: str) -> Path:
    """Where the keys of a device lie."""
    return folder / f"{quote(user_id, safe='')}_{quote(device_id, safe='')}.db"


def made_private(path: Path) -> None:
    """See to it that the file is there, and for nobody else. Raises `OSError`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    # SQLite gives its journal the rights of the file that it finds.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def has_keys(path: Path, user_id: str, device_id: str) -> bool:
    """Whether a device's keys are in the file, which is whole. Raises what peewee and SQLite raise, `Damaged` among it."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    # Not read-only: what a killed process began there is taken back first.
    with closing(SqliteDatabase(f"file:{quote(str(path))}?mode=rw", uri=True)) as database:
        [found] = database.execute_sql("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise Damaged(found)
        if "accounts" not in database.get_tables():
            return False
        ours = "SELECT 1 FROM accounts WHERE user_id = ? AND device_id = ?"
        return database.execute_sql(ours, (user_id, device_id)).fetchone() is not None


def failing(error: BaseException) -> str:
    """SQLite's name for what the file or its disk does not do; nothing for an error of any other kind."""
    while error.__context__ is not None:
        # peewee takes back what failed, and complains of what SQLite had taken back by itself.
        error = error.__context__
    name = getattr(error, "sqlite_errorname", "")
    return str(name) if name.startswith((*DAMAGE, *FOR_NOW)) else ""


def explained(path: Path, error: Exception) -> Fatal | Temporary:
    """What an error with the file means: for now, or until somebody mends it, in a line that says how."""
    if isinstance(error, OSError):
        what = error.strerror or error
        return Fatal(f"Matrix: the keys in {path} cannot be used ({what}); give this user write access there")
    name = failing(error)
    if name.startswith(FOR_NOW):
        return Temporary(
            f"the keys in {path} cannot be used now ({name}); see to that disk, and to who else uses the file"
        )
    return Fatal(
        f"Matrix: the keys in {path} are damaged; put them back from the backup, or move the file away and Tocsin signs in "
        "as a new device"
    )
