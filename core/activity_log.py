"""The activity log (ICS 214): append-only, hash-chained streams of records; the only truth there is.

Rule: one statement appends everything that one act brought about, in every stream it touches, or nothing. The same
statement is the lock ((stream, version) is unique) and the inbox (`source` is unique).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.database import Database, Row
from core.incident.decide import House, Sibling
from core.incident.events import Recorded
from core.incident.vocabulary import ChannelRef, MessageRef

HOUSE = "house"
"""The stream of what belongs to no incident, or to all: numbers, names, refusals outside of an incident."""

GENESIS = "0" * 64

LATEST = 100
"""Records back that a process may have left undone what they call for, even of an incident that is over."""

_COLUMNS = ("stream", "version", "source", "at", "heard_at", "kind", "body", "prev", "hash")
_INSERT = (
    f"INSERT INTO events ({', '.join(_COLUMNS)}) "
    f"SELECT {', '.join('json_extract(value, ' + chr(39) + f'$[{index}]' + chr(39) + ')' for index in range(len(_COLUMNS)))} "
    "FROM json_each(?) ORDER BY key"
)
_SELECT = "SELECT stream, version, source, at, heard_at, body, prev, hash FROM events"


class Repeated(Exception):
    """This act is on the record already."""


class Conflict(Exception):
    """Somebody else wrote to the stream in between; nothing was written."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A broken link of a chain: the entry where it breaks, and how."""

    stream: str
    version: int
    how: str

    def __str__(self) -> str:
        return f"{self.stream} entry {self.version}: {self.how}"


def stream_of(number: int) -> str:
    return f"inc-{number}"


def chain(prev: str, *said: str | int | None) -> str:
    """The hash of a record: over the hash before it and all that it says (stream, version, source, times, body)."""
    link = json.dumps([prev, *said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(link.encode("utf-8", "surrogatepass")).hexdigest()


def _body(recorded: Recorded) -> str:
    return recorded.model_dump_json(exclude={"stream", "version", "source", "at", "heard_at"}, exclude_none=True)


def _read(row: Row) -> Recorded:
    stream, version, source, at, heard_at, body = row[:6]
    fields: dict[str, Any] = json.loads(body)
    fields |= {"stream": stream, "version": version, "source": source, "at": at, "heard_at": heard_at}
    return Recorded.model_validate(fields)


class ActivityLog:
    """The log in a database. One writer; callers keep one act at a time to a stream."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heads: dict[str, tuple[int, str]] = {}
        self._channels: dict[ChannelRef, str] = {}

    async def version(self, stream: str) -> int:
        return (await self._head(stream))[0]

    async def _head(self, stream: str) -> tuple[int, str]:
        if stream not in self._heads:
            rows = await self._database.rows(
                "SELECT version, hash FROM events WHERE stream = ? ORDER BY version DESC LIMIT 1", (stream,)
            )
            self._heads[stream] = (rows[0][0], rows[0][1]) if rows else (0, GENESIS)
        return self._heads[stream]

    async def append(self, records: Sequence[Recorded]) -> None:
        """Writes what one act brought about. Raises `Repeated`, `Conflict`, or `sqlite3.Error`; then nothing is kept."""
        heads: dict[str, tuple[int, str]] = {}
        rows: list[list[object]] = []
        for recorded in records:
            version, prev = heads.get(recorded.stream) or await self._head(recorded.stream)
            if recorded.version != version + 1:
                raise Conflict(recorded.stream)
            at, heard_at, body = recorded.at.isoformat(), recorded.heard_at.isoformat(), _body(recorded)
            digest = chain(prev, recorded.stream, recorded.version, recorded.source, at, heard_at, body)
            rows.append(
                [
                    recorded.stream,
                    recorded.version,
                    recorded.source,
                    at,
                    heard_at,
                    recorded.event.kind,
                    body,
                    prev,
                    digest,
                ]
            )
            heads[recorded.stream] = (recorded.version, digest)
        try:
            await self._database.write(_INSERT, (json.dumps(rows, ensure_ascii=False),))
        except sqlite3.IntegrityError as error:
            if "events.source" in str(error):
                raise Repeated(records[0].source) from None
            for stream in heads:
                self._heads.pop(stream, None)
            raise Conflict(str(error)) from None
        self._heads |= heads

    # --- reading ------------------------------------------------------------------------------------------------------

    async def load(self, stream: str, after: int = 0) -> list[Recorded]:
        rows = await self._database.rows(
            f"{_SELECT} WHERE stream = ? AND version > ? ORDER BY version", (stream, after)
        )
        return [_read(row) for row in rows]

    async def since(self, stream: str, at: datetime) -> list[Recorded]:
        """What was written to a stream since a moment."""
        rows = await self._database.rows(
            f"{_SELECT} WHERE stream = ? AND heard_at >= ? ORDER BY version", (stream, at.isoformat())
        )
        return [_read(row) for row in rows]

    async def act(self, source: str) -> Recorded | None:
        """The record that an act began with, by its source."""
        rows = await self._database.rows(f"{_SELECT} WHERE source = ?", (source,))
        return _read(rows[0]) if rows else None

    async def acts_on(self, message: MessageRef) -> list[Recorded]:
        """What people asked for by this message or on it, in whatever stream it ended."""
        rows = await self._database.rows(
            f"{_SELECT} WHERE source IS NOT NULL AND json_extract(body, '$.origin.message.id') = ?", (message.id,)
        )
        return [record for record in map(_read, rows) if record.origin and record.origin.message == message]

    async def awake(self) -> list[str]:
        """Streams that still change: declared or reopened, and not made read-only since; and the ones written to last.

        The last ones because a process may have died between the record of an act and what it calls for in the chats.
        """
        rows = await self._database.rows(
            "SELECT stream FROM (SELECT stream, kind, max(version) FROM events "
            "WHERE kind IN ('declared', 'channel_locked', 'closed', 'reopened') "
            "AND kind <> 'closed' AND stream <> ? GROUP BY stream) WHERE kind <> 'channel_locked' "
            "UNION SELECT stream FROM events WHERE position > (SELECT max(position) FROM events) - ? AND stream <> ?",
            (HOUSE, LATEST, HOUSE),
        )
        return sorted((row[0] for row in rows), key=lambda stream: int(stream.removeprefix("inc-")))

    async def streams(self) -> list[str]:
        rows = await self._database.rows("SELECT stream FROM events GROUP BY stream ORDER BY min(position)")
        return [row[0] for row in rows]

    async def number_of(self, name: str) -> int | None:
        """The number of the incident of this name."""
        rows = await self._database.rows(
            "SELECT json_extract(body, '$.event.number') FROM events "
            "WHERE kind = 'declared' AND stream = ? AND json_extract(body, '$.event.name') = ?",
            (HOUSE, name),
        )
        return rows[0][0] if rows else None

    async def stream_in(self, channel: ChannelRef) -> str | None:
        """The incident whose channel this is: for ever, so it is asked of the database once."""
        if channel in self._channels:
            return self._channels[channel]
        rows = await self._database.rows(
            "SELECT stream FROM events WHERE kind = 'channel_opened' "
            "AND json_extract(body, '$.event.channel.transport') = ? AND json_extract(body, '$.event.channel.id') = ? "
            "ORDER BY position DESC LIMIT 1",
            (channel.transport, channel.id),
        )
        if rows:
            self._channels[channel] = rows[0][0]
        return rows[0][0] if rows else None

    async def house(self, since: datetime, message: MessageRef | None, stem: str) -> House:
        """What a declaration is decided on: incidents declared since, the one of the same message, names alike."""
        declared = (
            "SELECT stream, version, source, at, heard_at, body FROM events WHERE kind = 'declared' AND stream = ?"
        )
        recent = await self._database.rows(f"{declared} ORDER BY version DESC LIMIT 50", (HOUSE,))
        [(last,)] = await self._database.rows(
            "SELECT max(json_extract(body, '$.event.number')) FROM events WHERE kind = 'declared'"
        )
        same = []
        if message is not None:
            same = await self._database.rows(
                f"{declared} AND json_extract(body, '$.event.message.id') = ?", (HOUSE, message.id)
            )
        taken = await self._database.rows(
            "SELECT json_extract(body, '$.event.name') FROM events WHERE kind = 'declared' AND stream = ? "
            "AND json_extract(body, '$.event.name') BETWEEN ? AND ?",
            (HOUSE, stem, stem + "\U0010ffff"),
        )
        open_now = set(await self._open())
        found = {sibling.number: sibling for sibling in self._siblings([*same, *reversed(recent)], open_now)}
        kept = [one for one in found.values() if one.declared_at >= since or (message and one.message == message)]
        return House((last or 0) + 1, tuple(kept), frozenset(row[0] for row in taken))

    async def _open(self) -> list[str]:
        rows = await self._database.rows(
            "SELECT stream FROM (SELECT stream, kind, max(version) FROM events "
            "WHERE kind IN ('declared', 'channel_locked', 'closed', 'reopened') "
            "AND kind <> 'channel_locked' AND stream <> ? GROUP BY stream) WHERE kind <> 'closed'",
            (HOUSE,),
        )
        return [row[0] for row in rows]

    def _siblings(self, rows: Iterable[Row], open_now: set[str]) -> Iterator[Sibling]:
        for row in rows:
            fields = json.loads(row[5])["event"]
            message = fields.get("message")
            yield Sibling(
                number=fields["number"],
                name=fields["name"],
                title=fields["title"],
                declared_at=datetime.fromisoformat(row[3]),
                open=stream_of(fields["number"]) in open_now,
                message=MessageRef.model_validate(message) if message else None,
            )

    # --- proving ------------------------------------------------------------------------------------------------------

    async def damage(self, streams: Sequence[str] | None = None) -> list[Damage]:
        """Every place where a chain does not hold: a changed, missing or unreadable record."""
        found: list[Damage] = []
        for stream in streams if streams is not None else await self.streams():
            rows = await self._database.rows(f"{_SELECT} WHERE stream = ? ORDER BY version", (stream,))
            found += list(_breaks(stream, rows))
        return found

    async def raw(self, stream: str) -> list[dict[str, object]]:
        """A stream for export, one JSON object a record, with its place in the chain."""
        rows = await self._database.rows(f"{_SELECT} WHERE stream = ? ORDER BY version", (stream,))
        names = ("stream", "version", "source", "at", "heard_at", "body", "prev", "hash")
        return [dict(zip(names, row, strict=True)) | {"body": json.loads(row[5])} for row in rows]


def _breaks(stream: str, rows: Sequence[Row]) -> Iterator[Damage]:
    prev, expected = GENESIS, 1
    for _, version, source, at, heard_at, body, before, digest in rows:
        if version != expected:
            yield Damage(stream, expected, "is missing")
        if before != prev:
            yield Damage(stream, version, "does not follow the entry before it")
        try:
            whole = chain(before, stream, version, source, at, heard_at, body) == digest
        except TypeError:
            whole = False
        if not whole:
            yield Damage(stream, version, "was changed after it was written")
        prev, expected = digest, version + 1
