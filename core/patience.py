"""Waiting for the database: what it cannot take now is tried again until it does."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from core.port import Clock

T = TypeVar("T")

log = structlog.get_logger(__name__)

DATABASE_AGAIN = 1.0
"""Seconds before the database is asked again for what it could not take."""


async def patiently(clock: Clock, work: Callable[[], Awaitable[T]]) -> T:
    """Does the work, for as long as it takes: a locked or full database loses nothing, it only delays."""
    while True:
        try:
            return await work()
        except sqlite3.OperationalError as error:
            log.warning("the database does not take it yet", reason=str(error))
            await clock.sleep(DATABASE_AGAIN)
