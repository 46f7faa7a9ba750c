"""Something kept of every incident there ever was, so that nobody need read every stream: a row for each in a table.

Rule: a row may be lost or old. One that is not as far as its stream is, or of another form than is written now, is made
again from the log; a stream that cannot be read is left out, and is said to be.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from core.activity_log import HOUSE, ActivityLog, Unreadable
from core.database import Database
from core.incident.evolve import replay
from core.incident.state import Incident
from core.incident.vocabulary import Value

log = structlog.get_logger(__name__)

V = TypeVar("V", bound=Value)

_LEFT_OUT = "%s leaves out an incident that %s"


@dataclass(frozen=True, slots=True)
class Kept(Generic[V]):
    """What is kept of an incident: `made` makes it, or `None` where there is nothing to keep.

    `form` counts the ways in which it has been made so far, a new field or a new meaning of an old one: a row of another
    form is as good as none. `where` is who leaves out what cannot be read, in words for the log.
    """

    table: str
    form: int
    model: type[V]
    made: Callable[[Incident], V | None]
    where: str


class Views(Generic[V]):
    """What is kept, by stream; streams of which there is nothing to keep have none."""

    def __init__(self, activity: ActivityLog, database: Database, kept: Kept[V]) -> None:
        self._log = activity
        self._database = database
        self._kept = kept
        self._views: dict[str, V] = {}
        self._taken: dict[str, int] = {}
        self._dirty: dict[str, int] = {}
        self.damaged: dict[str, str] = {}

    def all(self) -> Mapping[str, V]:
        return self._views

    async def load(self) -> Mapping[str, V]:
        """Reads the rows, and the streams that have gone on since. Raises `sqlite3.Error`.

        Returns the views as the rows have them, by stream.
        """
        found, lacking = await self.read()
        await self.rebuild(lacking)
        return found

    async def read(self) -> tuple[Mapping[str, V], Sequence[str]]:
        """Reads the rows. Raises `sqlite3.Error`.

        Returns the views as the rows have them, by stream, and the streams that must be read since their row will not do.
        """
        rows = await self._database.rows(f"SELECT stream, version, form, view FROM {self._kept.table}")
        kept = {stream: (version, form, view) for stream, version, form, view in rows}
        found: dict[str, V] = {}
        lacking: list[str] = []
        for stream, version in (await self._log.versions()).items():
            row_version, form, text = kept.get(stream, (0, 0, ""))
            view, readable = self._read(text)
            if view is not None:
                found[stream] = view
            if stream == HOUSE or self._taken.get(stream, 0) >= version:
                continue
            if not readable or (row_version, form) != (version, self._kept.form):
                lacking.append(stream)
            elif view is not None:
                self._views[stream] = view
        return found, lacking

    async def rebuild(self, streams: Iterable[str]) -> None:
        """Makes the views of these streams again from the log. Raises `sqlite3.Error`."""
        for stream in streams:
            try:
                incident = replay(await self._log.load(stream))
                # It may have gone on while it was read.
                if incident is not None and self._taken.get(stream, 0) < incident.version:
                    self.take(stream, incident)
            except Unreadable as damage:
                self.damaged[stream] = str(damage)
                log.warning(_LEFT_OUT, self._kept.where, "cannot be read", reason=str(damage))
            except sqlite3.Error:
                raise
            except Exception as bug:  # an edge: a bug that one old incident meets must not end the bot at each start
                self.damaged[stream] = f"{stream} meets a bug in Tocsin ({type(bug).__name__})"
                log.exception(_LEFT_OUT, self._kept.where, "meets a bug", incident=stream)

    def take(self, stream: str, incident: Incident) -> bool:
        """An incident is as it is now. Tells whether there is another view of it than before."""
        before, now = self._views.get(stream), self._kept.made(incident)
        self._taken[stream] = self._dirty[stream] = incident.version
        if now is None:
            self._views.pop(stream, None)
        else:
            self._views[stream] = now
        return now != before

    async def flush(self) -> None:
        """Writes what changed. Raises `sqlite3.Error`; then nothing is forgotten."""
        dirty, self._dirty = self._dirty, {}
        rows = [[stream, version, self._kept.form, self._text(stream)] for stream, version in dirty.items()]
        if not rows:
            return
        statement = (
            f"INSERT OR REPLACE INTO {self._kept.table} (stream, version, form, view) SELECT json_extract(value, '$[0]'), "
            "json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(?)"
        )
        try:
            await self._database.write(statement, (json.dumps(rows, ensure_ascii=False),))
        except BaseException:
            self._dirty = dirty | self._dirty
            raise

    def _text(self, stream: str) -> str:
        view = self._views.get(stream)
        return view.model_dump_json() if view is not None else ""

    def _read(self, row: str) -> tuple[V | None, bool]:
        """The view that a row holds, and whether it could be read."""
        try:
            return (self._kept.model.model_validate_json(row) if row else None), True
        except ValueError:
            return None, False
