"""Small notes kept beside the log for a transport: its cursor, its device. Losing them costs a fresh start, no words."""

from __future__ import annotations

from core.database import Database


class TableNotebook:
    """The notes of one owner, in the database."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def read(self, key: str) -> str | None:
        rows = await self._database.rows(
            "SELECT value FROM notebook WHERE owner = ? AND key = ?", (self._owner, key)
        )
        return rows[0][0] if rows else None

    async def write(self, key: str, value: str) -> None:
        await self._database.write("INSERT OR REPLACE INTO notebook VALUES (?, ?, ?)", (self._owner, key, value))
