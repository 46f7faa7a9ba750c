"""What the public may know of every incident there ever was: of those in memory as they are, of the others by their row.

Rule: a row may be lost or old. One that is not as far as its stream is made again from the log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

import structlog

from core.activity_log import HOUSE, ActivityLog, Unreadable
from core.database import Database
from core.incident.evolve import replay
from core.incident.public import PublicIncident, public
from core.incident.state import Incident

log = structlog.get_logger(__name__)

_UPSERT = (
    "INSERT OR REPLACE INTO public (stream, version, view) "
    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)"
)


class PublicViews:
    """The views by stream; streams of which the public knows nothing have none."""

    def __init__(self, activity: ActivityLog, database: Database) -> None:
        self._log = activity
        self._database = database
        self._views: dict[str, PublicIncident] = {}
        self._dirty: dict[str, int] = {}

    def all(self) -> Mapping[str, PublicIncident]:
        return self._views

    async def load(self) -> Mapping[str, PublicIncident]:
        """Reads the rows, and the streams that have gone on since. Raises `sqlite3.Error`.

        Returns the views as the rows have them, by stream.
        """
        rows = await self._database.rows("SELECT stream, version, view FROM public")
        kept = {stream: (version, view) for stream, version, view in rows}
        found: dict[str, PublicIncident] = {}
        for stream, version in (await self._log.versions()).items():
            row_version, text = kept.get(stream, (0, ""))
            view, readable = _read(text)
            if view is not None:
                found[stream] = view
            if stream == HOUSE:
                continue
            if readable and row_version == version:
                if view is not None and stream not in self._dirty:
                    self._views[stream] = view
                continue
            try:
                incident = replay(await self._log.load(stream))
            except Unreadable as damage:
                log.warning("the status page leaves out an incident that cannot be read", reason=str(damage))
                continue
            except sqlite3.Error:
                raise
            except Exception:  # an edge: a bug that one incident of long ago meets must not end the bot at each start
                log.exception("the status page leaves out an incident that a bug makes unreadable", incident=stream)
                continue
            # It may have gone on while it was read.
            if incident is not None and self._dirty.get(stream, 0) < incident.version:
                self.take(stream, incident)
        return found

    def take(self, stream: str, incident: Incident) -> bool:
        """An incident is as it is now. Tells whether the public sees another one than before."""
        before, now = self._views.get(stream), public(incident)
        self._dirty[stream] = incident.version
        if now is None:
            self._views.pop(stream, None)
        else:
            self._views[stream] = now
        return now != before

    async def flush(self) -> None:
        """Writes what changed. Raises `sqlite3.Error`; then nothing is forgotten."""
        dirty, self._dirty = self._dirty, {}
        rows = [[stream, version, self._text(stream)] for stream, version in dirty.items()]
        if not rows:
            return
        try:
            await self._database.write(_UPSERT, (json.dumps(rows, ensure_ascii=False),))
        except BaseException:
            self._dirty = dirty | self._dirty
            raise

    def _text(self, stream: str) -> str:
        view = self._views.get(stream)
        return view.model_dump_json() if view is not None else ""


def _read(row: str) -> tuple[PublicIncident | None, bool]:
    """The view that a row holds, and whether it could be read: one of another form than is written now cannot."""
    try:
        return (PublicIncident.model_validate_json(row) if row else None), True
    except ValueError:
        return None, False
