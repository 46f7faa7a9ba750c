"""What the public may know of every incident there ever was: of those in memory as they are, of the others by their row.

Rule: a row may be lost or old. One that is not as far as its stream is made again from the log.
"""

from __future__ import annotations

import json
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

    async def load(self) -> None:
        """Reads the rows, and the streams that have gone on since. Raises `sqlite3.Error`."""
        rows = await self._database.rows("SELECT stream, version, view FROM public")
        kept = {stream: (version, view) for stream, version, view in rows}
        for stream, version in (await self._log.versions()).items():
            row_version, view = kept.get(stream, (0, ""))
            if stream == HOUSE or (row_version == version and self._read(stream, view)):
                continue
            try:
                incident = replay(await self._log.load(stream))
            except Unreadable as damage:
                log.warning("the status page leaves out an incident that cannot be read", reason=str(damage))
                continue
            # It may have gone on while it was read.
            if incident is not None and self._dirty.get(stream, 0) < incident.version:
                self.take(stream, incident)

    def _read(self, stream: str, view: str) -> bool:
        """Takes a row in, unless the incident is in memory; false where it is of another form than is written now."""
        try:
            kept = PublicIncident.model_validate_json(view) if view else None
        except ValueError:
            return False
        if kept is not None and stream not in self._dirty:
            self._views[stream] = kept
        return True

    def take(self, stream: str, incident: Incident) -> None:
        """An incident is as it is now."""
        now = public(incident)
        self._dirty[stream] = incident.version
        if now is None:
            self._views.pop(stream, None)
        else:
            self._views[stream] = now

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
