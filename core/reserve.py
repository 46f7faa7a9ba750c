"""Room for the acts to come, inside of the database's own files: what fills the disk cannot take it.

A ballast file beside them would be freed for whatever fills the disk. A page that SQLite has and does not use is used by
the next record, and the `-wal`, once it is long, is written over from its beginning (SQLite, "Write-Ahead Logging", 6).
"""

from __future__ import annotations

from core.database import Database

ROOM = 5_000_000
"""Bytes: a thousand acts or more. It is more than the 1,000 pages after which SQLite begins its `-wal` anew, and the disk
holds it twice, in the file and in its `-wal`."""

_OWNER = "reserve"


async def hold_room(database: Database, size: int = ROOM) -> None:
    """Takes room; where it is held already, only the `-wal` grows, which a clean end takes away. Raises `sqlite3.Error`."""
    # Twice as many letters as bytes; random, since some file systems keep no zeros.
    await database.write(
        "INSERT OR REPLACE INTO notebook VALUES (?, ?, hex(randomblob(?)))", (_OWNER, _OWNER, size // 2)
    )
    await database.write("DELETE FROM notebook WHERE owner = ?", (_OWNER,))
