"""Proving the log: every link of each chain, and nothing missing between, before or after."""

from __future__ import annotations

from collections.abc import Sequence

from core.activity_log import HOUSE, ActivityLog, stream_of
from core.chain import Damage, breaks
from core.database import Database

_SELECT = "SELECT stream, version, source, at, heard_at, body, prev, hash, kind FROM events"
_HOLES = (
    "SELECT position, before FROM "
    "(SELECT position, lag(position, 1, ?) OVER (ORDER BY position) AS before FROM events WHERE position > ?) "
    "WHERE position > before + 1"
)
_SWAPPED = (
    "SELECT stream, version FROM (SELECT stream, version, position, "
    "lag(position) OVER (PARTITION BY stream ORDER BY version) AS before FROM events) WHERE position < before"
)


async def prove(database: Database, streams: Sequence[str] | None = None) -> list[Damage]:
    """Every place where the record is not whole: in these streams, or in all of the log.

    What it cannot see is the log cut short: without its last records, in every stream, it is whole as it was before
    them. Only a witness outside knows (an export, a backup: the number of records there was once).
    """
    found: list[Damage] = []
    for stream in streams if streams is not None else await ActivityLog(database).streams():
        rows = await database.rows(f"{_SELECT} WHERE stream = ? ORDER BY version", (stream,))
        found += breaks(stream, rows)
        if streams is not None:
            found += await _cut_short(database, stream, len(rows))
    if streams is None:
        found += [
            Damage("the log", first, f"{count} records are missing here") for first, count in await _holes(database)
        ]
        swapped = await database.rows(_SWAPPED)
        found += [Damage(stream, version, "stands before an earlier entry") for stream, version in swapped]
    return found + await _undeclared(database, streams)


async def _holes(database: Database, after: int = 0) -> list[tuple[int, int]]:
    """Where positions are left out, which they never are: each hole's first position, and how many it has."""
    rows = await database.rows(_HOLES, (after, after))
    return [(before + 1, position - before - 1) for position, before in rows]


async def _cut_short(database: Database, stream: str, count: int) -> list[Damage]:
    """Records missing after a stream's last one may be its own; within it, the chain tells."""
    [(last,)] = await database.rows("SELECT max(position) FROM events WHERE stream = ?", (stream,))
    missing = sum(count for _, count in await _holes(database, last or 0))
    how = f"may be missing: {missing} records of the log after the entry before it are gone"
    return [Damage(stream, count + 1, how)] if missing else []


async def _undeclared(database: Database, streams: Sequence[str] | None) -> list[Damage]:
    """A declaration stands in the house and in its incident: what is known to one of them alone."""
    rows = await database.rows(
        "SELECT json_extract(body, '$.event.number') FROM events WHERE kind = 'declared' AND stream = ?", (HOUSE,)
    )
    declared, there = {stream_of(number) for (number,) in rows}, set(await ActivityLog(database).streams()) - {HOUSE}
    lost = [(stream, "and all after it are missing; the house has its declaration") for stream in declared - there]
    stray = [(stream, "is not declared in the house") for stream in there - declared]
    return [Damage(stream, 1, how) for stream, how in sorted(lost + stray) if streams is None or stream in streams]
