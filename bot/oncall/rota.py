"""The rota: every rotation's stretches around now, from memory; calendars are read and fetched beside it.

Rule: what cannot be had is one line in the log and changes nothing: the last good calendar goes on, and where there is none
the house's `[groups] oncall` is called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.oncall.calendars import CalendarUnreadable, People, Reading, read
from bot.oncall.rotations import Rotation, stretches, told
from bot.oncall.sources import EVERY, Source, source
from core.incident.on_call import Stretch
from core.port import Clock

log = structlog.get_logger(__name__)

BACK, AHEAD = timedelta(days=1), timedelta(days=15)
"""How much of a rotation is told at a time: `doctor` looks for gaps in 14 days."""

ANEW = timedelta(days=1)
"""What was told is told anew after this."""


@dataclass
class Kept:
    """A calendar as it was read last."""

    rotation: Rotation
    source: Source
    data: bytes = field(default=b"", repr=False)
    reading: Reading | None = None
    trouble: str = ""


class Rota:
    """All rotations. `folder` is where fetched calendars are kept."""

    def __init__(self, rotations: Sequence[Rotation], people: People, folder: Path, clock: Clock) -> None:
        self.rotations = tuple(rotations)
        self.calendars = [Kept(one, source(one.calendar, folder)) for one in rotations if one.calendar]
        self._people = people
        self._clock = clock
        self._told: tuple[Stretch, ...] | None = None
        self._at: datetime = clock.now()

    def stretches(self, at: datetime) -> tuple[Stretch, ...]:
        """Those around a moment: the same tuple while nothing changed."""
        if self._told is None or not self._at <= at < self._at + ANEW:
            self._at = at
            kept = {one.rotation.name: one.reading for one in self.calendars}
            found: list[Stretch] = []
            for rotation in self.rotations:
                if rotation.calendar:
                    reading = kept[rotation.name]
                    found += told(rotation, reading.pieces) if reading is not None else ()
                else:
                    found += stretches(rotation, at - BACK, at + AHEAD)
            self._told = tuple(found)
        return self._told

    async def begin(self) -> None:
        """Reads what is on disk: before anybody is called."""
        for one in self.calendars:
            try:
                one.data = await asyncio.to_thread(one.source.kept)
            except CalendarUnreadable as wrong:
                self._troubled(one, str(wrong))
            if one.data:
                await self._take(one, one.data, keep=False)

    async def run(self) -> None:
        """Fetches each calendar now and then, until cancelled."""
        while True:
            for one in self.calendars:
                await self.fetch(one)
            await self._clock.sleep(EVERY.total_seconds())

    async def fetch(self, one: Kept, *, keep: bool = True) -> None:
        """Fetches a calendar once; what is wrong with it is told when it is another thing than before.

        Without `keep` it is not put on disk.
        """
        try:
            data = await one.source.fetch()
        except CalendarUnreadable as wrong:
            self._troubled(one, str(wrong))
            # What was read before is still to be told of the days to come.
            if one.data:
                await self._take(one, one.data, keep=False)
            return
        if await self._take(one, data, keep=keep and data != one.data):
            one.trouble = ""

    async def _take(self, one: Kept, data: bytes, *, keep: bool) -> bool:
        """Reads a calendar as of now. Whether it could be."""
        now = self._clock.now()
        try:
            reading = await asyncio.to_thread(read, data, self._people, one.rotation.zone, now - BACK, now + AHEAD)
        except CalendarUnreadable as wrong:
            self._troubled(one, str(wrong))
            return False
        if keep:
            try:
                await asyncio.to_thread(one.source.keep, data)
            except OSError as error:
                log.warning("a calendar cannot be kept", rotation=one.rotation.name, reason=error.strerror)
        unknown = reading.unknown if one.reading is None else set(reading.unknown) - set(one.reading.unknown)
        for name in sorted(unknown):
            log.warning("a calendar names nobody of [[people]]", rotation=one.rotation.name, summary=name)
        one.data, one.reading, self._told = data, reading, None
        return True

    def _troubled(self, one: Kept, why: str) -> None:
        if one.trouble != why:
            one.trouble = why
            instead = "the last good copy" if one.reading is not None else "nothing"
            log.warning(
                "a calendar cannot be used",
                rotation=one.rotation.name,
                source=one.source.name,
                reason=why,
                instead=instead,
            )
