"""What each chat shows, as far as Tocsin knows: one row for each card in each channel, kept in memory and written behind.

Rule: a row may be lost. A send repeated with its key makes no second message, and past that a chat's own marks tell.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.database import Database, Row
from core.incident.vocabulary import ChannelRef, MessageRef

Key = tuple[str, str, ChannelRef]
"""Stream, card, channel."""

_COLUMNS = "stream, card, transport, channel, generation, message, hash, pinned, seeds"
_UPSERT = (
    f"INSERT OR REPLACE INTO shown ({_COLUMNS}) SELECT "
    + ", ".join(f"json_extract(value, '$[{index}]')" for index in range(9))
    + " FROM json_each(?)"
)


@dataclass(slots=True)
class Shown:
    """A card as it stands in a channel. `generation` counts the times it had to be made again."""

    stream: str
    card: str
    channel: ChannelRef
    generation: int = 1
    message: MessageRef | None = None
    hash: str = ""
    pinned: bool = False
    seeds: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return (self.stream, self.card, self.channel)


class Showing:
    """All rows of the awake incidents, found by card or by message."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[Key, Shown] = {}
        self._by_message: dict[MessageRef, Shown] = {}
        self._dirty: dict[Key, Shown] = {}
        self._answered: dict[str, int] = {}
        self._dirty_answers: set[str] = set()
        self._writing = asyncio.Lock()
        self.changed = asyncio.Event()

    async def load(self, streams: Iterable[str]) -> None:
        """Reads the rows of these streams; at start, and when a sleeping incident is opened again."""
        names = json.dumps(list(streams))
        for row in await self._database.rows(
            f"SELECT {_COLUMNS} FROM shown WHERE stream IN (SELECT value FROM json_each(?))", (names,)
        ):
            self._keep(_shown(row))
        for stream, version in await self._database.rows(
            "SELECT stream, version FROM answered WHERE stream IN (SELECT value FROM json_each(?))", (names,)
        ):
            self._answered.setdefault(stream, version)

    def _keep(self, shown: Shown) -> None:
        self._rows.setdefault(shown.key, shown)
        if shown.message is not None:
            self._by_message.setdefault(shown.message, self._rows[shown.key])

    def row(self, stream: str, card: str, channel: ChannelRef) -> Shown:
        """The row of a card, a blank one when it was never shown."""
        return self._rows.get((stream, card, channel)) or Shown(stream, card, channel)

    def save(self, shown: Shown) -> None:
        """Keeps a row; it is written with the next `flush`, for which `changed` is set."""
        self.changed.set()
        self._rows[shown.key] = shown
        if shown.message is not None:
            self._by_message[shown.message] = shown
        self._dirty[shown.key] = shown

    def moved(self, row: Shown) -> list[Shown]:
        """The messages that a card had before, each as a row of its own: `board/1`."""
        name = f"{row.card}/"
        return [
            one
            for one in self._rows.values()
            if (one.stream, one.channel) == (row.stream, row.channel) and one.card.startswith(name)
        ]

    def known(self, message: MessageRef) -> Shown | None:
        """The row of a message, as far as it is in memory."""
        return self._by_message.get(message)

    def answered(self, stream: str) -> int | None:
        """Up to which version acts were answered; `None` when that is not known any more."""
        return self._answered.get(stream)

    def note_answered(self, stream: str, version: int) -> None:
        if version > self._answered.get(stream, -1):
            self._answered[stream] = version
            self._dirty_answers.add(stream)
            self.changed.set()

    async def find(self, message: MessageRef) -> Shown | None:
        """The row of the card that a message is. Reading one of an incident that sleeps does not wake it."""
        if message not in self._by_message:
            for row in await self._database.rows(
                f"SELECT {_COLUMNS} FROM shown WHERE transport = ? AND channel = ? AND message = ?",
                (message.channel.transport, message.channel.id, message.id),
            ):
                found = _shown(row)
                return self._rows.get(found.key, found)
        return self._by_message.get(message)

    def standing(self, channel: ChannelRef) -> list[Shown]:
        """The rows in memory of what stands in a channel."""
        return [row for row in self._rows.values() if row.channel == channel and row.message is not None]

    def keys(self, stream: str) -> list[Key]:
        """The rows of a stream that are in memory."""
        return [key for key in self._rows if key[0] == stream]

    def unwritten(self, key: Key) -> bool:
        """Whether the row, or how far its stream was answered, is not in the database yet."""
        return key in self._dirty or key[0] in self._dirty_answers

    def forget(self, keys: Iterable[Key]) -> None:
        """Lets go of rows that are written: the database has them."""
        gone = [self._rows.pop(key) for key in keys if key in self._rows]
        if gone:
            self._by_message = {one: row for one, row in self._by_message.items() if row.key in self._rows}

    def forget_answered(self, stream: str) -> None:
        self._answered.pop(stream, None)

    async def flush(self) -> None:
        """Writes what changed, in one statement for each table. Raises `sqlite3.Error`; then nothing is forgotten."""
        async with self._writing:
            dirty, self._dirty = self._dirty, {}
            answered, self._dirty_answers = self._dirty_answers, set()
            rows = [_row(shown) for shown in dirty.values()]
            answers = [(one, self._answered[one]) for one in sorted(answered)]
            try:
                if rows:
                    await self._database.write(_UPSERT, (json.dumps(rows, ensure_ascii=False),))
                if answers:
                    await self._database.write(
                        "INSERT OR REPLACE INTO answered SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') "
                        "FROM json_each(?)",
                        (json.dumps(answers),),
                    )
            except sqlite3.Error:
                self._dirty = dirty | self._dirty
                self._dirty_answers |= answered
                raise


def _shown(row: Row) -> Shown:
    stream, card, transport, channel_id, generation, message, digest, pinned, seeds = row
    channel = ChannelRef(transport=transport, id=channel_id)
    ref = MessageRef(channel=channel, id=message) if message else None
    return Shown(stream, card, channel, generation, ref, digest, bool(pinned), json.loads(seeds))


def _row(shown: Shown) -> list[object]:
    return [
        shown.stream,
        shown.card,
        shown.channel.transport,
        shown.channel.id,
        shown.generation,
        shown.message.id if shown.message else None,
        shown.hash,
        int(shown.pinned),
        json.dumps(shown.seeds, ensure_ascii=False),
    ]
