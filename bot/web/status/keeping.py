"""Keeping the status page: its files are made anew on each change, and say as of when they are true.

Rule: a page that cannot be written stops nothing else; the copies that are not on it count as late, and are shown so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import structlog

from bot.web.status.folder import Folder
from core.activity_log import HOUSE
from core.copies import LATE
from core.incident.deliveries import PAGE
from core.incident.events import Recorded
from core.incident.public import PublicIncident
from core.incident.state import Incident
from core.keys import bug_id
from core.patience import patiently, until
from core.port import Clock
from core.public_views import PublicViews
from core.reports import Reports

log = structlog.get_logger(__name__)

GATHER = 0.05
"""Seconds in which changes gather before the files are written."""

REFRESH = 60.0
"""Seconds after which the page is made anew though nothing changed: it says as of when it is true."""

AGAIN = 5.0
"""Seconds after which a page that could not be written is tried again."""

Render = Callable[[Sequence[PublicIncident], datetime], Mapping[str, bytes]]
"""Every file of the page by its relative path, from what the public may know and the moment."""


class StatusPage:
    """The reconciler of the page's files."""

    def __init__(
        self,
        views: PublicViews,
        folder: Folder,
        render: Render,
        clock: Clock,
        reports: Reports,
    ) -> None:
        self._views = views
        self._folder = folder
        self._render = render
        self._clock = clock
        self._reports = reports
        self._changed = asyncio.Event()
        self._written: Mapping[str, PublicIncident] = {}
        self._failing_since: datetime | None = None
        self._awaited: set[str] = set()
        self._late: set[tuple[str, str]] = set()
        self._names: frozenset[str] = frozenset()

    def show(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        """An incident is as it is now."""
        if stream != HOUSE and incident is not None:
            # Nobody waits for what is read-only already.
            if incident.locked:
                self._awaited.discard(stream)
            else:
                self._awaited.add(stream)
            late = {(stream, one.card) for one in incident.deliveries if one.channel == PAGE}
            # Most acts are nothing to the public, and to make the page of a long history takes its time.
            if self._views.take(stream, incident) or not late <= self._late:
                self._changed.set()
            self._late |= late

    def files(self) -> frozenset[str]:
        """The files that there are, by relative path."""
        return self._names

    async def run(self) -> None:
        """Keeps the files until cancelled."""
        self._written = await patiently(self._clock, self._views.load)
        while True:
            self._changed.clear()
            await self._make()
            # A row is what the page shows, so that the next process knows.
            if self._failing_since is None:
                await patiently(self._clock, self._views.flush)
            await until(self._clock, self._changed, REFRESH if self._failing_since is None else AGAIN)
            await self._clock.sleep(GATHER)

    async def _make(self) -> None:
        views, now = dict(self._views.all()), self._clock.now()
        try:
            # In a thread: a long history takes half a second, and nobody in the chat waits for it.
            self._names = await asyncio.to_thread(self._files_of, tuple(views.values()), now)
        except OSError as failure:
            return self._failed(views, now, failure.strerror or str(failure))
        except Exception:  # an edge: a bug in the page stops neither the bot nor the next try
            name = bug_id(now)
            if self._failing_since is None:
                log.exception("bug", id=name)
            return self._failed(views, now, f"a bug in Tocsin, see its log under {name}")
        if self._failing_since is not None:
            log.info("the status page is written again")
        self._failing_since, self._written = None, views
        for stream, card in self._late:
            self._reports.delivery(stream, card, PAGE, "delivered")
        self._late.clear()
        return None

    def _files_of(self, views: Sequence[PublicIncident], now: datetime) -> frozenset[str]:
        files = self._render(views, now)
        try:
            self._folder.write(files)
        except OSError:
            # What stands there from before is true as of its time, also if another process wrote it.
            self._names = self._folder.there(files)
            raise
        return frozenset(files)

    def _failed(self, views: Mapping[str, PublicIncident], now: datetime, reason: str) -> None:
        if self._failing_since is None:
            self._failing_since = now
            log.warning("the status page cannot be written", folder=str(self._folder.root), reason=reason)
        if now - self._failing_since < LATE:
            return
        for stream in sorted(self._awaited & views.keys()):
            for card, stale in _lacking(self._written.get(stream), views[stream]):
                if (stream, card) not in self._late:
                    self._late.add((stream, card))
                    self._reports.delivery(stream, card, PAGE, "late", reason, stale=stale)


def _lacking(written: PublicIncident | None, wanted: PublicIncident) -> Iterator[tuple[str, bool]]:
    """The copies that are not on the page as they should be, and whether an older text stands there."""
    known = {update.number: update for update in written.updates} if written else {}
    lacking = [update for update in wanted.updates if known.get(update.number) != update]
    if not lacking and written != wanted:
        # Its words are there, and something else is not, like its phase.
        lacking = [wanted.updates[-1]]
    for update in lacking:
        yield f"update/{update.number}", known.get(update.number, update) != update
