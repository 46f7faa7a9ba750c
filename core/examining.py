"""Proving a database: SQLite's own look at the file, every link of the log, and a witness from outside.

Rule: whatever the disk made of it, what is found is a list of places; nothing that is wrong with a file is raised.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from core.activity_log import HOUSE
from core.chain import Damage, breaks
from core.database import Database, DatabaseFailure, Row
from core.proof import prove

FILE = "the file"
"""How what is wrong with the file, and with no entry, is called."""

_WHOLE_ROW = "SELECT stream, version, source, at, heard_at, body, prev, hash, kind FROM events"


async def examine(database: Database) -> list[Damage]:
    """Every place where the log, or the file that holds it, is not as it was written; empty when it is whole.

    SQLite has no checksums of its own: a bit that turns over inside of an entry is found by the chain alone, one in an
    index or a page's head by SQLite alone. Words that had not yet come from the `-wal` into the file are another matter:
    SQLite takes a damaged `-wal` to end where the damage begins, which cuts the log short, and that only a witness sees.
    """
    found = await _of_the_file(database)
    try:
        return found + await prove(database)
    except (sqlite3.Error, DatabaseFailure, ValueError, TypeError):
        # One page that cannot be read ends a statement over all of them: so one entry at a time.
        return found + await _one_by_one(database)


async def _of_the_file(database: Database) -> list[Damage]:
    try:
        rows = await database.rows("PRAGMA integrity_check(10)")
    except (sqlite3.Error, DatabaseFailure) as error:
        return [Damage(FILE, 0, _plain(error))]
    return [Damage(FILE, 0, str(words).replace("\n", "; ")) for (words,) in rows if words != "ok"]


async def _one_by_one(database: Database) -> list[Damage]:
    """Each entry by itself: called by its stream and version where the index or the row still tells them, else by its place."""
    called, last = await _called(database)
    found: list[Damage] = []
    kept: dict[str, list[Row]] = {}
    for position in range(1, last + 1):
        stream, version = called.get(position, ("the log", position))
        try:
            rows = await database.rows(f"{_WHOLE_ROW} WHERE position = ?", (position,))
        except (sqlite3.Error, DatabaseFailure):
            rows = []
        if rows and isinstance(rows[0][0], str) and isinstance(rows[0][1], int):
            kept.setdefault(rows[0][0], []).append(rows[0])
        else:
            found.append(Damage(stream, version, "is missing or cannot be read"))
    for stream, mine in sorted(kept.items()):
        found += breaks(stream, sorted(mine, key=lambda row: int(row[1])))
    return found or [Damage(FILE, 0, "cannot be read as a log")]


async def _called(database: Database) -> tuple[dict[int, tuple[str, int]], int]:
    """What the index says each position holds, and the last position that either index or table knows of."""
    last = 0
    for asked in ("SELECT max(position) FROM events NOT INDEXED", "SELECT count(*) FROM events NOT INDEXED"):
        with suppress(sqlite3.Error, DatabaseFailure):
            [(known,)] = await database.rows(asked)
            last = max(last, known or 0)
    rows: list[Row] = []
    with suppress(sqlite3.Error, DatabaseFailure):
        rows = await database.rows("SELECT position, stream, version FROM events INDEXED BY sqlite_autoindex_events_2")
    called = {place: (str(stream), version) for place, stream, version in rows if isinstance(version, int)}
    return called, max([last, *called])


def _plain(error: Exception) -> str:
    return str(error).replace("\n", "; ")


async def names(database: Database) -> dict[str, str]:
    """What the incidents are called, by their streams, as far as that can be read."""
    asked = (
        "SELECT 'inc-' || json_extract(body, '$.event.number'), json_extract(body, '$.event.name') FROM events "
        "WHERE kind = 'declared' AND stream = ? AND json_valid(body)"
    )
    try:
        rows = await database.rows(asked, (HOUSE,))
    except (sqlite3.Error, DatabaseFailure):
        return {}
    return {stream: name for stream, name in rows if isinstance(stream, str) and isinstance(name, str)}


def told(damage: Damage, called: Mapping[str, str]) -> str:
    """A damage as a line: where, what, and how people call that incident. Safe to print, whatever the disk made of it."""
    where = str(damage) if damage.version else f"{damage.stream}: {damage.how}"
    name = f" [{called[damage.stream]}]" if damage.stream in called else ""
    return "".join(one if one.isprintable() else "\ufffd" for one in where + name)


Links = Iterable[tuple[str, int, str]]
"""What a witness says: of each entry its stream, its version and its hash."""


async def differences(database: Database, witness: Links) -> list[Damage]:
    """Where the log is not what a witness saw of it: the first such entry of each stream.

    What came after the witness it knows nothing about; that is what the chain is for.
    """
    found: dict[str, Damage] = {}
    for stream, seen in _by_stream(witness):
        rows = await database.rows("SELECT version, hash FROM events WHERE stream = ? ORDER BY version", (stream,))
        here: dict[int, str] = dict(rows)
        for version, digest in sorted(seen.items()):
            if here.get(version) != digest:
                how = "is another than the witness saw" if version in here else "and all after it are missing"
                found[stream] = Damage(stream, version, f"{how}; the witness has it")
                break
    return list(found.values())


def _by_stream(witness: Links) -> Iterator[tuple[str, dict[int, str]]]:
    streams: dict[str, dict[int, str]] = {}
    for stream, version, digest in witness:
        streams.setdefault(stream, {})[version] = digest
    yield from sorted(streams.items())
