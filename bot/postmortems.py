"""Keeping the postmortems: each incident's file and picture on disk, as the record has them, until a person edits them.

Rule: what somebody changed is theirs and is never written over; the record as it stands goes beside it. A file that cannot
be written stops nothing and is tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.whole_files import clear_halves, replace
from core.activity_log import HOUSE
from core.incident import postmortem
from core.incident.events import Recorded
from core.incident.postmortem.seal import is_sealed
from core.incident.state import Incident
from core.keys import bug_id
from core.port import Clock

log = structlog.get_logger(__name__)

GATHER = 0.05
"""Seconds in which changes gather before the files are written."""

AGAIN, LONGEST = 5.0, 300.0
"""Seconds after which what could not be written is tried again, twice as many each time, up to the longest."""


class Postmortems:
    """The reconciler of the folder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._waiting: dict[str, Incident] = {}
        self._changed = asyncio.Event()
        self._told: set[str] = set()
        self._failing = False
        self._cleared = False

    def show(self, stream: str, incident: Incident | None, records: Sequence[Recorded]) -> None:
        """An incident is as it is now; its postmortem is kept once it was asked for, and true once it is reopened."""
        if stream != HOUSE and incident is not None and (_asked_for(incident) or incident.reopenings):
            self._waiting[stream] = incident
            self._changed.set()

    @property
    def idle(self) -> bool:
        """Whether every file is as the record has it."""
        return not self._waiting

    async def run(self) -> None:
        """Keeps the files until cancelled."""
        wait = AGAIN
        while True:
            self._changed.clear()
            if await self._keep():
                wait = AGAIN
                await self._changed.wait()
                await self._clock.sleep(GATHER)
            else:
                # A change of the record is no reason to think that there is room now.
                await self._clock.sleep(wait)
                wait = min(wait * 2, LONGEST)

    async def _keep(self) -> bool:
        """Writes what waits. Whether all of it could be written."""
        reason = ""
        for stream, incident in list(self._waiting.items()):
            try:
                # In a thread: a long incident takes its time, and so does a disk.
                theirs = await asyncio.to_thread(self._write, incident)
            except OSError as failure:
                reason = failure.strerror or str(failure)
                continue
            except Exception:  # an edge: a bug in one file stops neither the bot nor the other files
                log.exception("bug", id=bug_id(self._clock.now()), incident=incident.number)
                theirs = []
            if self._waiting.get(stream) is incident:
                del self._waiting[stream]
            for name in theirs:
                self._say(name)
        if reason and not self._failing:
            log.warning("postmortems cannot be written", folder=str(self.folder), reason=reason)
        if self._failing and not reason:
            log.info("postmortems are written again")
        self._failing = bool(reason)
        return not reason

    def _say(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            log.info("somebody edited this file, so the record goes beside it", file=name)

    def _write(self, incident: Incident) -> list[str]:
        """Writes what differs; the names of the files that are somebody's. Raises `OSError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._cleared:
            clear_halves(self.folder)
            self._cleared = True
        files = (
            (postmortem.file_name(incident), postmortem.markdown(incident)),
            (postmortem.picture_name(incident), postmortem.picture(incident)),
        )
        there = [(name, text) for name, text in files if _asked_for(incident) or (self.folder / name).exists()]
        return [name for name, text in there if not self._put(name, text)]

    def _put(self, name: str, text: str) -> bool:
        """Whether the file is ours; where it is not, the record goes beside it."""
        path = self.folder / name
        beside = path.with_name(f"{path.stem}.record{path.suffix}")
        if _replaced(path, text):
            if _ours(beside) and beside.exists():
                beside.unlink()
            return True
        # And what was edited there is somebody's as well.
        _replaced(beside, text)
        return False


def _asked_for(incident: Incident) -> bool:
    return incident.postmortem is not None and bool(incident.postmortem.drafts)


def _replaced(path: Path, text: str) -> bool:
    """Whether the file is ours, and so says this now."""
    content = text.encode()
    if _read(path) == content:
        return True
    return _ours(path) and replace(path, content, mode=0o600, still=lambda: _ours(path))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _ours(path: Path) -> bool:
    """Whether there is no such file, or nobody has changed it since it was written."""
    content = _read(path)
    return content is None or is_sealed(content.decode(errors="replace"))
