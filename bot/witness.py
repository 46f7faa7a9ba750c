"""What saw the log earlier, and so knows whether it was cut short or written anew: an export, a database, a backup."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.archive import DATABASE, unpacked
from core.database import SQLITE, DatabaseFailure
from core.examining import Links


@contextmanager
def links(witness: Path) -> Iterator[Links]:
    """The entries that a witness saw. Raises `DatabaseFailure` with one line for a file that is none, and `OSError`."""
    with witness.open("rb") as file:
        head = file.read(len(SQLITE))
    if head == SQLITE:
        yield _of_a_database(witness)
    elif head[:1] == b"{":
        yield _of_an_export(witness)
    else:
        with tempfile.TemporaryDirectory(prefix="tocsin-witness-") as folder:
            unpacked(witness, Path(folder))
            yield _of_a_database(Path(folder) / DATABASE)


def _of_a_database(path: Path) -> Links:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT stream, version, hash FROM events").fetchall()
    except sqlite3.Error as error:
        raise DatabaseFailure(f"the witness {path} cannot be read: {error}; take another") from None


def _of_an_export(path: Path) -> Links:
    seen: list[tuple[str, int, str]] = []
    with path.open(encoding="utf-8") as lines:
        try:
            for line in lines:
                record = json.loads(line)
                seen.append((str(record["stream"]), int(record["version"]), str(record["hash"])))
        except (ValueError, LookupError, TypeError):
            raise DatabaseFailure(
                f"the witness {path} is no export of `tocsin export`: its line {len(seen) + 1} cannot be read"
            ) from None
    return seen
