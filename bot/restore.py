"""`tocsin restore`: a backup takes the place of what is there, which is kept aside.

Rule: the database last. Until it is there a mark beside it keeps the bot from starting on half of what was restored.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC
from itertools import count
from pathlib import Path

import typer

from bot.archive import DATABASE, STORES, files_of, sync, unpacked
from bot.backup import ASIDE, NAME, proved
from bot.config import Settings, load
from bot.harmless import harmless
from bot.lock import hold
from core.clock import SystemClock
from core.database import DatabaseFailure

WORK = ".tocsin-restore-"
"""How the folders begin in which a backup is unpacked."""

_PARTS = ("-wal", "-shm", "")
"""A database's files by the ends of their names, itself last."""


def mark(database: Path) -> Path:
    """The file that says that a restore has begun and not ended."""
    return database.with_name(f"{database.name}.restoring")


def refuse_half(database: Path) -> None:
    """Raises `DatabaseFailure` where a restore was interrupted."""
    if mark(database).exists():
        raise DatabaseFailure(f"`tocsin restore` was interrupted beside {database}; run it again, with the same backup")


async def restore_from(config: Path, backup: Path) -> int:
    """Restores, and says what is there now and where the rest is. Raises `DatabaseFailure`, `Held`, and `OSError`."""
    settings, now = load(config, with_secrets=False), SystemClock().now()
    database, data = settings.database, settings.data_dir
    for folder in (database.parent, data):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(hold(database, now))
        for left in (*database.parent.glob(f"{WORK}*"), *data.glob(f"{WORK}*")):
            shutil.rmtree(left, ignore_errors=True)  # of one that was killed
        # On the disks where they shall be, so that the last step of each is a rename.
        new, beside = (
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=WORK, dir=folder)))
            for folder in (database.parent, data)
        )
        note = unpacked(backup, new)
        await proved(new / DATABASE, f"the backup {backup}")
        if (new / STORES).is_dir():
            shutil.copytree(new / STORES, beside, symlinks=True, dirs_exist_ok=True)
        # On the disk whole before a name leads to it: else a power cut could leave the names of the new on nothing.
        for one in (*files_of(new), *files_of(beside), new):
            sync(one)
        mark(database).touch()
        sync(database.parent)
        aside = _exchange(settings, new / DATABASE, beside, _unused(settings, f"{now.astimezone(UTC):%Y-%m-%d-%H%M%S}"))
        streams, records = await proved(database, f"the database {database}")
        mark(database).unlink()
        sync(database.parent)
    typer.echo(f"{database}: {streams} streams, {records} records: whole, as of {harmless(note['made'])}")
    for folder in aside:
        typer.echo(f"what was there before is kept in {folder}")
    return 0


def _unused(settings: Settings, stamp: str) -> str:
    """A name for the folders in which the old is kept that nothing has yet."""
    names = (f"{ASIDE}{stamp}{f'-{again}' if again else ''}" for again in count())
    places = (settings.data_dir, settings.database.parent)
    return next(name for name in names if not any((place / name).exists() for place in places))


def _exchange(settings: Settings, database: Path, stores: Path, name: str) -> list[Path]:
    """Moves what is there aside and what is new in its place; the folders in which the old is kept."""
    kept = []
    old = [one for one in sorted(settings.data_dir.iterdir()) if _is_store(one, settings.database)]
    if old:
        kept.append(_move(old, settings.data_dir / name))
    for store in sorted(stores.iterdir()):
        store.rename(settings.data_dir / store.name)
    parts = [settings.database.with_name(settings.database.name + end) for end in _PARTS]
    if there := [part for part in parts if part.exists()]:
        kept.append(_move(there, settings.database.parent / name))
    database.rename(settings.database)
    for folder in {settings.data_dir, settings.database.parent}:
        sync(folder)
    return list(dict.fromkeys(kept))


def _is_store(path: Path, database: Path) -> bool:
    """Whether the backup's stores take the place of this: not the database's files, nor what was kept aside, nor backups."""
    if path.resolve().parent == database.resolve().parent and path.name.startswith(database.name):
        return False
    return not path.name.startswith((ASIDE, NAME, ".tocsin-"))


def _move(paths: list[Path], folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in paths:
        path.rename(folder / path.name)
    return folder
