"""Small notes kept beside the log for a transport: its cursor, its device. Losing them costs a fresh start, no words."""

from __future__ import annotations

from functools import partial

from core.database import Database
from core.patience import patiently
from core.port import Clock


class TableNotebook:
    """The notes of one owner, in the database. A note waits until the database takes it."""

    def __init__(self, database: Database, owner: str, clock: Clock) -> None:
        self._database = database
        self._owner = owner
        self._clock = clock

    async def read(self, key: str) -> str | None:
        rows = await self._database.rows("SELECT value FROM notebook WHERE owner = ? AND key = ?", (self._owner, key))
        return rows[0][0] if rows else None

    async def heard(self, prefix: str) -> tuple[str, ...]:
        # Compared as text, so that the index of sources serves; "0" comes right after "/".
        within = (prefix, prefix.removesuffix("/") + "0")
        rows = await self._database.rows("SELECT source FROM events WHERE source > ? AND source < ?", within)
        return tuple(row[0] for row in rows)

    async def write(self, key: str, value: str) -> None:
        note = (self._owner, key, value)
        await patiently(
            self._clock, partial(self._database.write, "INSERT OR REPLACE INTO notebook VALUES (?, ?, ?)", note)
        )
