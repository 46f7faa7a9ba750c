"""The activity log (ICS 214): append-only, hash-chained streams of records; the only truth there is.

Rule: one statement appends everything that one act brought about, in every stream it touches, or nothing. The same
statement is the lock ((stream, version) is unique) and the inbox (`source` is unique).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from core.chain import GENESIS, chain
from core.database import Database, DatabaseFailure, Row
from core.incident.decide import House, Sibling
from core.incident.events import Alarm, Recorded
from core.incident.vocabulary import ChannelRef, MessageRef

HOUSE = "house"
"""The stream of what belongs to no incident, or to all: numbers, names, refusals outside of an incident."""

LATEST = 100
"""Records back that a process may have left undone what they call for, even of an incident that is over."""

_COLUMNS = ("stream", "version", "source", "at", "heard_at", "kind", "body", "prev", "hash")
_INSERT = (
    f"INSERT INTO events ({', '.join(_COLUMNS)}) "
    f"SELECT {', '.join('json_extract(value, ' + chr(39) + f'$[{index}]' + chr(39) + ')' for index in range(len(_COLUMNS)))} "
    "FROM json_each(?) ORDER BY key"
)
_SELECT = "SELECT stream, version, source, at, heard_at, body, prev, hash FROM events"
_LEFT = (
    "kind IN ('follow_up_added', 'follow_up_ended', 'postmortem_assigned', 'postmortem_published', 'postmortem_waived', "
    "'reopened')"
)
"""What tells whether an incident left something open; the words of the index `events_left`, which finds it."""
_EPISODES = "stream = 'house' AND kind IN ('alerts_begun', 'alerts_over')"
"""What tells which episodes are open; the words of the index `events_episodes`."""
LAST_EPISODES = 20


class Repeated(Exception):
    """This act is on the record already."""


class Conflict(Exception):
    """Somebody else wrote to the stream in between; nothing was written."""


class Unreadable(DatabaseFailure):
    """A record is missing or says nothing that this version understands; which one, never what it says."""

    def __init__(self, stream: str, version: int) -> None:
        self.stream = stream
        super().__init__(
            f"{stream} entry {version} of the log is missing or cannot be read; "
            "`tocsin verify` lists all such; restore the database from a backup"
        )


def stream_of(number: int) -> str:
    return f"inc-{number}"


def _body(recorded: Recorded) -> str:
    return recorded.model_dump_json(exclude={"stream", "version", "source", "at", "heard_at"}, exclude_none=True)


def _read(row: Row) -> Recorded:
    stream, version, source, at, heard_at, body = row[:6]
    try:
        fields: dict[str, Any] = json.loads(body)
        fields |= {"stream": stream, "version": version, "source": source, "at": at, "heard_at": heard_at}
        return Recorded.model_validate(fields)
    except (ValueError, TypeError):
        # Pydantic's own words would repeat what people said.
        raise Unreadable(stream, version) from None


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
            if recorded.version > version + 1 and recorded.stream not in heads:
                # It was decided on what another process wrote: read anew, so that the chain stays whole.
                self._heads.pop(recorded.stream, None)
                version, prev = await self._head(recorded.stream)
            # One that is taken is the database's to refuse: it knows of other processes.
            if recorded.version > version + 1:
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
        """A stream's records after a version. Raises `Unreadable`, also for one that is missing."""
        rows = await self._database.rows(
            f"{_SELECT} WHERE stream = ? AND version > ? ORDER BY version", (stream, after)
        )
        for expected, row in enumerate(rows, after + 1):
            if row[1] != expected:
                raise Unreadable(stream, expected)
        return [_read(row) for row in rows]

    async def since(self, at: datetime) -> list[Recorded]:
        """What was written to the house since a moment, but for what was heard of alerts.

        All from the first that was heard then: where the clock was set back since, what followed seems to be older.
        """
        house = "stream = 'house' AND kind NOT IN ('alert_fired', 'alert_cleared')"
        rows = await self._database.rows(
            f"{_SELECT} WHERE {house} AND version >= (SELECT min(version) FROM events WHERE {house} AND heard_at >= ?) "
            "ORDER BY version",
            (at.isoformat(),),
        )
        return [_read(row) for row in rows]

    async def last_heard(self) -> datetime | None:
        """When the newest record was heard, whatever it is of: then a process was still there. `None` when there is none."""
        rows = await self._database.rows("SELECT heard_at FROM events ORDER BY position DESC LIMIT 1")
        return datetime.fromisoformat(rows[0][0]) if rows else None

    async def known(self, sources: Sequence[str]) -> set[str]:
        """Those of these sources that are on the record."""
        rows = await self._database.rows(
            "SELECT source FROM events WHERE source IN (SELECT value FROM json_each(?))", (json.dumps(sources),)
        )
        return {row[0] for row in rows}

    async def episodes(self) -> list[int]:
        """The numbers of the episodes of alerts that are not over, and of the last few that are."""
        rows = await self._database.rows(
            "SELECT number FROM (SELECT json_extract(body, '$.event.number') AS number, count(*) AS ends FROM events "
            f"WHERE {_EPISODES} GROUP BY number) WHERE ends = 1 UNION SELECT number FROM "
            f"(SELECT json_extract(body, '$.event.number') AS number FROM events WHERE {_EPISODES} "
            f"ORDER BY json_extract(body, '$.event.number') DESC LIMIT {LAST_EPISODES}) ORDER BY number"
        )
        return [row[0] for row in rows]

    async def episode(self, number: int) -> list[Recorded]:
        """What was heard of an episode of alerts, from its beginning, and the incidents that were declared of it."""
        rows = await self._database.rows(
            f"SELECT * FROM ({_SELECT} WHERE stream = 'house' AND kind IN ('alerts_begun', 'alert_fired', 'alert_cleared', "
            "'alerts_linked', 'alerts_over') AND json_extract(body, '$.event.number') = ? "
            f"UNION ALL {_SELECT} WHERE stream = 'house' AND kind = 'declared' "
            "AND json_extract(body, '$.event.alarm.number') = ?) ORDER BY version",
            (number, number),
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
        """Streams that still change: declared or reopened, and not made read-only since; those that owe a postmortem; and the
        ones written to last.

        The last ones because a process may have died between the record of an act and what it calls for in the chats.
        """
        rows = await self._database.rows(
            "SELECT stream FROM (SELECT stream, kind, max(version) FROM events "
            "WHERE kind IN ('declared', 'channel_locked', 'closed', 'reopened') "
            "AND kind <> 'closed' AND stream <> ? GROUP BY stream) WHERE kind <> 'channel_locked' "
            "UNION SELECT stream FROM (SELECT stream, kind, max(version) FROM events "
            f"WHERE {_LEFT} AND kind NOT IN ('follow_up_added', 'follow_up_ended') "
            "GROUP BY stream) WHERE kind = 'postmortem_assigned' "
            "UNION SELECT stream FROM events WHERE position > (SELECT max(position) FROM events) - ? AND stream <> ?",
            (HOUSE, LATEST, HOUSE),
        )
        return sorted((row[0] for row in rows), key=lambda stream: int(stream.removeprefix("inc-")))

    async def unfinished(self) -> list[str]:
        """Streams that may have left something open: more follow-ups were added than ended, or a postmortem is owed."""
        rows = await self._database.rows(
            "SELECT stream FROM (SELECT stream, sum(kind = 'follow_up_added') - sum(kind = 'follow_up_ended') AS open, "
            "max(version * (kind = 'postmortem_assigned')) "
            "- max(version * (kind IN ('postmortem_published', 'postmortem_waived', 'reopened'))) AS owed "
            f"FROM events WHERE {_LEFT} GROUP BY stream) WHERE open > 0 OR owed > 0 "
        )
        return sorted((row[0] for row in rows), key=lambda stream: int(stream.removeprefix("inc-")))

    async def streams(self) -> list[str]:
        rows = await self._database.rows("SELECT stream FROM events GROUP BY stream ORDER BY min(position)")
        return [row[0] for row in rows]

    async def versions(self) -> dict[str, int]:
        """How far each stream has come."""
        return dict(await self._database.rows("SELECT stream, max(version) FROM events GROUP BY stream"))

    async def number_of(self, name: str) -> int | None:
        """The number of the incident of this name."""
        rows = await self._database.rows(
            "SELECT json_extract(body, '$.event.number') FROM events "
            "WHERE kind = 'declared' AND stream = ? AND json_extract(body, '$.event.name') = ?",
            (HOUSE, name),
        )
        return rows[0][0] if rows else None

    async def is_known(self, number: int) -> bool:
        """Whether the house or a stream of its own knows an incident of this number."""
        rows = await self._database.rows(
            "SELECT 1 FROM events WHERE kind = 'declared' AND stream = ? AND json_extract(body, '$.event.number') = ? "
            "UNION ALL SELECT 1 FROM events WHERE stream = ? LIMIT 1",
            (HOUSE, number, stream_of(number)),
        )
        return bool(rows)

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

    async def house(self, since: datetime, message: MessageRef | None, stem: str, alarm: Alarm | None = None) -> House:
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
        if alarm is not None:
            same += await self._database.rows(
                f"{declared} AND json_extract(body, '$.event.alarm.group') = ? ORDER BY version", (HOUSE, alarm.group)
            )
        taken = await self._database.rows(
            "SELECT json_extract(body, '$.event.name') FROM events WHERE kind = 'declared' AND stream = ? "
            "AND json_extract(body, '$.event.name') BETWEEN ? AND ?",
            (HOUSE, stem, stem + "\U0010ffff"),
        )
        open_now = set(await self._open())
        found = {sibling.number: sibling for sibling in self._siblings([*same, *reversed(recent)], open_now)}
        kept = [
            one
            for one in found.values()
            if one.declared_at >= since
            or (message and one.message == message)
            or (alarm and one.alarm and one.alarm.group == alarm.group)
        ]
        return House((last or 0) + 1, tuple(kept), frozenset(row[0] for row in taken), await self.newest("debriefed"))

    async def newest(self, kind: Literal["debriefed", "digest_posted"]) -> Recorded | None:
        """The newest record of a kind, in whatever stream."""
        # The list is the index's own: without it SQLite would read the whole log.
        rows = await self._database.rows(
            f"{_SELECT} WHERE kind IN ('debriefed', 'digest_posted') AND kind = ? "
            # What a private incident chose is its members' own, and what a drill did is practice.
            "AND NOT EXISTS (SELECT 1 FROM events AS begun WHERE begun.stream = events.stream AND begun.version = 1 "
            "AND (json_extract(begun.body, '$.event.private') OR json_extract(begun.body, '$.event.drill') IS NOT NULL)) ORDER BY position DESC LIMIT 1",
            (kind,),
        )
        return _read(rows[0]) if rows else None

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
            message, alarm = fields.get("message"), fields.get("alarm")
            yield Sibling(
                number=fields["number"],
                name=fields["name"],
                title=fields["title"],
                declared_at=datetime.fromisoformat(row[3]),
                open=stream_of(fields["number"]) in open_now,
                message=MessageRef.model_validate(message) if message else None,
                private=fields.get("private", False),
                alarm=Alarm.model_validate(alarm) if alarm else None,
                drill=fields.get("drill") is not None,
            )

    async def raw(self, stream: str) -> list[dict[str, object]]:
        """A stream for export, one JSON object a record, with its place in the chain; a damaged body as it stands."""
        rows = await self._database.rows(f"{_SELECT} WHERE stream = ? ORDER BY version", (stream,))
        names = ("stream", "version", "source", "at", "heard_at", "body", "prev", "hash")
        return [dict(zip(names, row, strict=True)) | {"body": _parsed(row[5])} for row in rows]


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
