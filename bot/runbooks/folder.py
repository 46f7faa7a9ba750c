"""The folder of runbooks, looked at now and then, so that what somebody changes is there without a restart.

Rule: a file that cannot be read is one line in the log; the others are there. Nothing outside of the folder is shown, since
whoever may write in it may put a link there to what only the bot may read.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import structlog

from bot.runbooks.markdown import LIMIT, runbook
from core.incident.runbook import Runbook, Shelf
from core.incident.spelling import legible
from core.port import Clock

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds between two looks."""

FILES = 500
"""Runbooks, at most; the rest is told in the log."""

Signature = tuple[int, int]
"""When a file was changed, in nanoseconds, and how large it is: another one is read again."""


class Bookcase:
    """The runbooks of a folder; one that is not there is empty."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._known: dict[Path, tuple[Signature, Runbook | None]] = {}
        self._shelf = Shelf()
        self._many = False

    def shelf(self) -> Shelf:
        """What there is now."""
        return self._shelf

    async def look(self) -> None:
        """Reads what is new; in a thread, since a disk takes its time."""
        self._shelf = await asyncio.to_thread(self._read)

    async def run(self) -> None:
        """Looks now and then, until cancelled."""
        while True:
            await self._clock.sleep(EVERY)
            await self.look()

    def _read(self) -> Shelf:
        known, found = self._known, dict[Path, tuple[Signature, Runbook | None]]()
        for path in self._files():
            try:
                real = self._real(path)
                stat = real.stat()
                signature = (stat.st_mtime_ns, stat.st_size)
                if path in known and known[path][0] == signature:
                    found[path] = known[path]
                    continue
                with real.open("rb") as file:
                    # One more than is shown, so that it is known that there is more.
                    found[path] = signature, runbook(legible(path.stem), file.read(LIMIT + 1))
            except OSError as error:
                if known.get(path, (None, None))[0] != (0, 0):
                    reason = error.strerror or str(error)
                    log.warning("a runbook cannot be read", file=legible(path.name), reason=reason)
                found[path] = (0, 0), None
        if found == known:
            return self._shelf
        self._known = found
        return Shelf(tuple(book for _, book in found.values() if book is not None))

    def _real(self, path: Path) -> Path:
        """The file that a name leads to. Raises `OSError` for what is none, or leads out of the folder."""
        real = Path(os.path.realpath(path, strict=True))
        if not real.is_relative_to(self.folder.resolve()):
            raise OSError(errno.EACCES, "it leads out of the folder")
        if not real.is_file():
            raise OSError(errno.EINVAL, "it is no file")
        return real

    def _files(self) -> list[Path]:
        try:
            files = sorted(path for path in self.folder.iterdir() if path.suffix.lower() == ".md")
        except OSError:
            # No folder, no runbooks: the doctor says so where a service names one.
            return []
        if len(files) > FILES and not self._many:
            log.warning("there are more runbooks than are read", folder=str(self.folder), read=FILES, there=len(files))
        self._many = len(files) > FILES
        return files[:FILES]
