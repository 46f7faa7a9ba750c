"""Small notes kept beside the log for a transport: its cursor, its device. Losing them costs a fresh start, no words."""

from __future__ import annotations

import sqlite3

import structlog

from core.database import Database
from core.port import Clock

log = structlog.get_logger(__name__)

DATABASE_AGAIN = 1.0
"""Seconds before a note is written again that the database could not take."""


class TableNotebook:
    """The notes of one owner, in the database. A note waits until the database takes it."""

    def __init__(self, database: Database, owner: str, clock: Clock) -> None:
        self._database = database
        self._owner = owner
        self._clock = clock

    async def read(self, key: str) -> str | None:
        rows = await self._database.rows("SELECT value FROM notebook WHERE owner = ? AND key = ?", (self._owner, key))
        return rows[0][0] if rows else None

    async def write(self, key: str, value: str) -> None:
        while True:
            try:
                return await self._database.write(
                    "INSERT OR REPLACE INTO notebook VALUES (?, ?, ?)", (self._owner, key, value)
                )
            except sqlite3.OperationalError as error:
                log.warning("the database does not take it yet", note=key, reason=str(error))
                await self._clock.sleep(DATABASE_AGAIN)
