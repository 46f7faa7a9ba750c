"""Where calendars come from: a file, or an address that is fetched now and then and kept on disk.

Rule: what cannot be had leaves what there was; nobody waits for it, and its address, which may be a secret, is named nowhere
but by its host.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from bot.oncall.calendars import LIMIT, CalendarUnreadable
from bot.whole_files import replace

PATIENCE = 10.0
"""Seconds for a whole answer."""

EVERY = timedelta(hours=1)
"""Between two fetches."""


class Source(Protocol):
    """A calendar's bytes. `name` is how people are told of it."""

    name: str

    def kept(self) -> bytes:
        """What is on disk. Raises `CalendarUnreadable`."""

    def keep(self, data: bytes) -> None:
        """What could be read is kept for a start without a network. Raises `OSError`."""

    async def fetch(self) -> bytes:
        """What it is now. Raises `CalendarUnreadable`."""


def source(calendar: str, folder: Path) -> Source:
    """Where a calendar of the config comes from: an address, whose copies are kept in the folder, or a file."""
    return Address(calendar, folder) if "://" in calendar else LocalFile(Path(calendar))


class LocalFile:
    """A file of the house's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def kept(self) -> bytes:
        return _read(self._path)

    def keep(self, data: bytes) -> None:
        pass

    async def fetch(self) -> bytes:
        return await asyncio.to_thread(_read, self._path)


class Address:
    """An address, whose last good answer is kept in a folder."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._path = folder / f"{sha256(address.encode()).hexdigest()[:16]}.ics"
        self.name = urlsplit(address).hostname or "an address"

    def kept(self) -> bytes:
        # Before the first fetch there is none.
        return _read(self._path) if self._path.exists() else b""

    def keep(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace(self._path, data, mode=0o600)

    async def fetch(self) -> bytes:
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aiohttp.ClientSession() as session,
                session.get(self._address, allow_redirects=False) as answer,
            ):
                # Whoever answers must not choose where else is asked, nor see the address's secret pass on.
                if answer.status in range(300, 400):
                    raise CalendarUnreadable("it leads elsewhere; write the address where it ends")
                if answer.status != 200:
                    raise CalendarUnreadable(f"it answers {answer.status}")
                data = bytearray()
                async for part in answer.content.iter_chunked(64 * 1024):
                    data += part
                    if len(data) > LIMIT:
                        raise CalendarUnreadable(f"it has more than {LIMIT // 1024} KiB")
                return bytes(data)
        except TimeoutError:
            raise CalendarUnreadable(f"it did not answer within {PATIENCE:.0f} s") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            # The words of the error have the address in them.
            raise CalendarUnreadable(f"it cannot be fetched ({type(error).__name__})") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        raise CalendarUnreadable(f"it cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
