"""Waiting: for a database that cannot take something now, and for whichever comes first of an event and the clock."""

from __future__ import annotations

import asyncio
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


async def until(clock: Clock, event: asyncio.Event, seconds: float) -> None:
    """Until the event, or for so long on the clock."""
    waiting = asyncio.ensure_future(event.wait())
    resting = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((waiting, resting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        resting.cancel()
