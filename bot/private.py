"""Whose eyes the bot's files are for: its own, but for the status page, which any web server on the machine may serve.

Rule: what a file may be read by does not depend on the umask that the bot was started with.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.config import Settings, has_page, secrets

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def mask() -> None:
    """From now on nothing that this process makes is for others, also where a library makes it."""
    os.umask(OTHERS)


def enclose(settings: Settings) -> None:
    """The database and what stands beside it are the bot's alone, new or old. Raises `OSError`.

    Others may pass through `data_dir` to the status page, when there is one, and see nothing else there. A `data_dir` that
    is there already keeps the rights that somebody gave it: what it holds is guarded by its own.
    """
    if not settings.data_dir.exists():
        settings.data_dir.mkdir(parents=True)
        settings.data_dir.chmod(0o711 if has_page(settings) else 0o700)
    database = settings.database.resolve()
    if database.parent.is_dir() and not database.exists():
        # SQLite gives its WAL and its index the rights of the database.
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
    files = [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal", ".lock")]
    for path in files:
        _close(path)
    for folder in ("postmortems", "keys"):
        _close(settings.data_dir / folder)


def _close(path: Path) -> None:
    try:
        found = path.stat()
    except OSError:
        return
    # What is another's is theirs to guard.
    if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
        # Only taken away: what its owner may not write was closed to the bot by somebody, who is told at the start.
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def exposed(config: Path, settings: Settings) -> list[str]:
    """A line for each file that holds a secret and that everybody on this machine may read."""
    holds = {str(path): path for path in _secret_files(settings)}
    text = config.read_text(encoding="utf-8")
    if any(secret in text for secret in secrets(settings)):
        holds[str(config)] = config
    return [
        f"{name} holds a secret and everybody on this machine may read it; chmod 600 {name}"
        for name, path in holds.items()
        if path.exists() and path.stat().st_mode & stat.S_IROTH
    ]


def _secret_files(settings: Settings) -> Iterator[Path]:
    for table in (*(chat for _, chat in settings.transports), *settings.hooks):
        for name, value in table or ():
            if name.endswith("_file") and isinstance(value, Path):
                yield value
