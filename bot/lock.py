"""One process per database: a lock file beside it, held by the kernel, so that a killed process leaves nothing behind.

Rule: the lock is the `flock`, never the file. The file stays, and only says who holds it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from core.database import DatabaseFailure


class Held(Exception):
    """Another process has the database; the message is the one line that a person reads."""


@contextmanager
def hold(database: Path, now: datetime) -> Iterator[Path]:
    """Hold the database until the block ends or the process dies.

    Raises `Held`; `DatabaseFailure` where this user may not write; and `OSError` for what else is wrong with the folder.
    """
    # Two paths to one database are one lock.
    path = database.resolve().with_name(database.resolve().name + ".lock")
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Held(f"{database} is in use by {_holder(file.read())}; one process per database") from None
        file.seek(0)
        file.truncate()
        since = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, file)
        file.flush()
        try:
            yield path
        finally:
            # Emptied, not removed: somebody may have it open, waiting to lock this very file.
            file.seek(0)
            file.truncate()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        what = path if path.exists() else path.parent
        raise DatabaseFailure(
            f"{what} cannot be written by this user (uid {os.geteuid()}; it is of uid {what.stat().st_uid}): "
            "give the user write access to the folder of the database and to all the database's files in it"
        ) from None


def _holder(written: str) -> str:
    try:
        note = json.loads(written)
        return f"process {note['pid']} on {note['host']} since {note['since']}"
    except (ValueError, KeyError, TypeError):
        # Between taking the lock and writing the note there is a moment.
        return "another process that has just started"
