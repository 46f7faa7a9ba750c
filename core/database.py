"""One SQLite file, one connection, one statement at a time: durable when `write` returns.

Rule: a statement in autocommit is one transaction and one thread hop. WAL with `synchronous=FULL` survives power loss
(SQLite, "PRAGMA synchronous": with NORMAL a transaction "might roll back following a power loss"); both are read back
at start, since builds and drivers differ.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiosqlite

from core.port import Fatal
from core.schema import migrations

Row = tuple[Any, ...]

T = TypeVar("T")


SQLITE = b"SQLite format 3\0"
"""How a database begins (SQLite, "Database File Format", 1.3)."""

_LOCK = "events.stream, events.version"
"""The columns that lock a stream, as SQLite names them; it looks at them before it looks at `events.source`."""

OVERTAKEN = (
    "another Tocsin writes to this database: this one was held up so long that its place was taken, and ends; "
    "one process per database"
)


class DatabaseFailure(Exception):
    """The database cannot be used; the message is the one line that a person reads."""


class Database(Protocol):
    """What the log and the displays need of a database."""

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """One statement, durable when this returns. Raises `sqlite3.Error`."""

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]: ...

    async def close(self) -> None: ...


class SqliteFile:
    """A database file, migrated and checked. Made by `open_file`. Raises `DatabaseFailure` once the file is damaged."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        await self._do(sql, parameters)

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return [tuple(row) for row in await self._do(sql, parameters)]

    async def _do(self, sql: str, parameters: Sequence[object]) -> Iterable[sqlite3.Row]:
        try:
            # One hop to the thread: closing the cursor of `execute` would be a second one.
            return await self._connection.execute_fetchall(sql, parameters)
        except UnicodeDecodeError as error:
            raise _unspeakable(self._path) from error
        except sqlite3.DatabaseError as error:
            # What is locked, full or against a rule has a class of its own; this one is of a file that is no good, and so
            # is text that is none, of which the driver complains and SQLite does not: it has no name for it.
            if type(error) is sqlite3.DatabaseError or _is_no_text(error):
                raise DatabaseFailure(explain(error, self._path)) from error
            raise

    async def script(self, sql: str) -> None:
        """Several statements, for migrations, which run before anything else does."""
        await self._connection.executescript(sql)

    async def close(self) -> None:
        await self._connection.close()


class Guarded:
    """A database that stays failed once it has failed, and says so to whoever asks and to whoever runs everything.

    One damaged page breaks one statement and lets the next through: half of what an act needs must not be written, no
    cursor moved past it, whichever loop met the damage and whatever it makes of an exception.

    What it only does not take now (locked, full, read-only) is `trouble`, in words for people, until it takes something:
    whoever wanted to write tries again, so that its end is noticed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._failure: Fatal | None = None
        self._failed = asyncio.Event()
        self._troubles: dict[str, tuple[str, int]] = {}
        self.troubled = asyncio.Event()

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        try:
            await self._sound(self._database.write, sql, parameters)
        except sqlite3.OperationalError as error:
            self._troubles[sql] = (why_not(error), 0)
            self.troubled.set()
            raise
        except sqlite3.IntegrityError:
            self._took(sql)
            raise
        self._took(sql)

    def _took(self, *statements: str) -> None:
        # A little note may find room where an act does not: each statement ends its own trouble.
        for sql in statements:
            self._troubles.pop(sql, None)
        if not self._troubles:
            self.troubled.clear()

    def look_again(self, patience: int) -> None:
        """One more look at the trouble: what nobody has tried to write for so many looks, nobody waits for any more."""
        self._troubles = {sql: (why, looks + 1) for sql, (why, looks) in self._troubles.items()}
        self._took(*[sql for sql, (_, looks) in self._troubles.items() if looks > patience])

    @property
    def trouble(self) -> str:
        """Why something that had to be written was not, in words for people; empty while all is."""
        return next((why for why, _ in self._troubles.values()), "")

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return await self._sound(self._database.rows, sql, parameters)

    async def close(self) -> None:
        await self._database.close()

    async def failed(self) -> None:
        """Waits while all is well. Raises `Fatal`, with the line that a person reads, when the database fails."""
        await self._failed.wait()
        assert self._failure is not None, "it has failed"
        raise self._failure

    async def _sound(
        self, ask: Callable[[str, Sequence[object]], Awaitable[T]], sql: str, given: Sequence[object]
    ) -> T:
        if self._failure is not None:
            raise self._failure
        try:
            return await ask(sql, given)
        except DatabaseFailure as failure:
            raise self._fail(str(failure)) from failure
        except sqlite3.IntegrityError as error:
            # One process writes a stream's versions in their order: this one has been overtaken, and what it knows is old.
            if _LOCK in str(error):
                raise self._fail(OVERTAKEN) from error
            raise

    def _fail(self, why: str) -> Fatal:
        self._failure = Fatal(why)
        self._failed.set()
        return self._failure


async def open_file(path: Path, *, read_only: bool = False, older: bool = False) -> SqliteFile:
    """Opens, migrates and checks the file. Raises `DatabaseFailure` with one line that says what is wrong.

    With `read_only` nothing is migrated: a file of an older Tocsin is refused, unless `older` ones will do as they are.
    """
    try:
        address = _address(path, read_only=read_only)
        # aiosqlite's thread outlives a failed open, and complains of the closed loop: so the failure comes first, without it.
        sqlite3.connect(address, uri=True).close()
        connection = await aiosqlite.connect(address, uri=True, isolation_level=None, timeout=5)
    except sqlite3.Error as error:
        raise DatabaseFailure(explain(error, path)) from error
    file = SqliteFile(connection, path)
    try:
        await file.rows("SELECT count(*) FROM sqlite_master")
        if not read_only:
            await _make_durable(file)
        await _migrate(file, path, read_only=read_only, older=older)
    except (sqlite3.Error, DatabaseFailure) as error:
        await file.close()
        if isinstance(error, DatabaseFailure):
            raise
        raise DatabaseFailure(explain(error, path)) from error
    return file


def _address(path: Path, *, read_only: bool) -> str:
    if path.is_dir():
        raise DatabaseFailure(f"{path} is a folder; `database` in the config names a file in it")
    if read_only and not path.exists():
        raise DatabaseFailure(f"there is no database at {path}; `database` in the config names it")
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    return f"{address}&immutable=1" if read_only and _is_still(path, address) else address


def _is_still(path: Path, address: str) -> bool:
    """Whether nobody can write where the file is: SQLite then cannot make the `-shm` that it reads a WAL by.

    Raises `DatabaseFailure` where it would need one, `sqlite3.Error` for what is wrong otherwise.
    """
    try:
        with closing(sqlite3.connect(address, uri=True)) as probe:
            probe.execute("SELECT count(*) FROM sqlite_master")
    except UnicodeDecodeError as error:
        raise _unspeakable(path) from error
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise
        beside = path.with_name(f"{path.name}-wal")
        if beside.exists() and beside.stat().st_size:
            raise DatabaseFailure(
                f"the database {path} has words beside it in {beside}, and its folder is read-only; "
                "copy both to a folder that can be written"
            ) from None
        return True
    return False


def why_not(error: sqlite3.OperationalError) -> str:
    """Why the database takes nothing now, for people in a chat: without paths, with what has to be done."""
    name = getattr(error, "sqlite_errorname", "")
    for begins, words in _WHY_NOT.items():
        if name.startswith(begins):
            return words
    return f"Tocsin's database cannot be written ({name or 'error'}); whoever runs Tocsin finds why in its log"


_WHY_NOT = {
    "SQLITE_FULL": "the disk of Tocsin's database is full; make room on it",
    "SQLITE_READONLY": "Tocsin's database has become read-only; whoever runs Tocsin must give it write access again",
    "SQLITE_BUSY": "another program holds Tocsin's database; end it, or wait until it is done",
    "SQLITE_LOCKED": "another program holds Tocsin's database; end it, or wait until it is done",
    "SQLITE_IOERR": "the disk of Tocsin's database fails; see to that disk",
}


def _unspeakable(path: Path) -> DatabaseFailure:
    """SQLite's own complaint quoted what is damaged, and that is no text: the driver fails to say it."""
    return DatabaseFailure(f"the database {path} is damaged (its tables cannot be read); restore it from a backup")


def _is_no_text(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorname")


def explain(error: sqlite3.Error, path: Path) -> str:
    """One line for a person: what is wrong with the file, and how to mend it."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"the database {path} is locked by another program; end it, or wait until it is done"
    if name.startswith("SQLITE_READONLY"):
        return f"the database {path} cannot be written; give this user write access to the file and its folder"
    if name.startswith("SQLITE_CANTOPEN") and not path.parent.is_dir():
        return f"there is no folder {path.parent} for the database; make it, or name another file"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"the database {path} is damaged ({error}); restore it from a backup"
    if name.startswith("SQLITE_FULL"):
        return f"the disk that holds {path} is full; make room on it"
    if _is_no_text(error):
        return f"the database {path} is damaged (it holds text that is none); restore it from a backup"
    return f"the database {path} cannot be used: {error}"


async def _make_durable(file: SqliteFile) -> None:
    [(mode,)] = await file.rows("PRAGMA journal_mode=WAL")
    await file.rows("PRAGMA synchronous=FULL")
    await file.rows("PRAGMA busy_timeout=5000")
    [(level,)] = await file.rows("PRAGMA synchronous")
    if (mode, level) != ("wal", 2):
        raise DatabaseFailure(f"this SQLite cannot promise durability (journal {mode}, synchronous {level})")


async def _migrate(file: SqliteFile, path: Path, *, read_only: bool, older: bool) -> None:
    [(known,)] = await file.rows("PRAGMA user_version")
    steps = migrations()
    newest = steps[-1][0]
    if known > newest:
        raise DatabaseFailure(
            f"the database {path} was written by a newer Tocsin (schema {known}, this one knows {newest}); upgrade Tocsin"
        )
    if read_only and known < newest:
        if older and known:
            return
        raise DatabaseFailure(
            f"the database {path} is of an older Tocsin; start `tocsin run` once to bring it up to date"
        )
    if 0 < known < newest:
        _keep_before(path, known)
    for number, sql in steps:
        if number > known:
            # One transaction each, the number in it: killed anywhere, it is the one before or the one after.
            await file.script(f"BEGIN IMMEDIATE; {sql} PRAGMA user_version={number}; COMMIT;")


def _keep_before(path: Path, known: int) -> None:
    """A copy of the database as it was, before its tables change: the way back to the older Tocsin."""
    kept = path.with_name(f"{path.name}.schema-{known}")
    if not kept.exists():
        half = path.with_name(f"{kept.name}.part")
        half.unlink(missing_ok=True)
        copy(path, half)
        half.rename(kept)


def copy(path: Path, to: Path) -> None:
    """Copies a database that may be in use, as it is at one moment, into a new private file, durable when this returns.

    Blocks. Raises `DatabaseFailure` with one line, and `OSError` where the copy cannot be written.
    """
    os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        address = _address(path, read_only=True)
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
            # The copy is one file: without this it would want a `-wal` beside it as soon as it is looked at.
            target.execute("PRAGMA journal_mode=DELETE")
    except UnicodeDecodeError as error:
        raise _unspeakable(path) from error
    except sqlite3.Error as error:
        raise DatabaseFailure(explain(error, path)) from error
