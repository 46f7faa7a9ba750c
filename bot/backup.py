"""`tocsin backup`: the database as it is at one moment, and what is kept beside it, in one private file that was proved.

Rule: the database first, then the stores (a cursor older than what it points to only repeats, and a repeat is known by its
source); and what could not be proved whole is not kept.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import typer

from bot.archive import DATABASE, NOTE, PRIVATE, STORES, digest, files_of, there_already, unpacked, written
from bot.config import Settings, load
from bot.harmless import harmless
from core.activity_log import ActivityLog
from core.clock import SystemClock
from core.database import SQLITE, DatabaseFailure, copy, open_file
from core.examining import examine, names, told

ASIDE = "before-restore-"
"""How the folders begin in which `tocsin restore` keeps what was there."""

NAME = "tocsin-"
"""How the dated names of backups begin."""

_HALVES = (".part", ".tocsin-new")


async def back_up(config: Path, to: Path | None) -> int:
    """Writes the backup, and says where it is and what it holds. Raises `DatabaseFailure` with one line, and `OSError`."""
    settings, now = load(config, with_secrets=False), SystemClock().now()
    path = _named(to or settings.database.parent, now)
    with tempfile.TemporaryDirectory(prefix=".tocsin-backup-", dir=path.parent) as folder:
        work = Path(folder)
        copy(settings.database, work / DATABASE)
        streams, records = await proved(work / DATABASE, f"the database {settings.database}")
        (work / STORES).mkdir()
        for store in stores(settings):
            _keep(store, work / STORES / store.relative_to(settings.data_dir))
        files = files_of(work)
        note = {
            "tocsin": version("tocsin"),
            "made": now.astimezone(UTC).isoformat(timespec="seconds"),
            "streams": streams,
            "records": records,
            "files": {str(one.relative_to(work)): digest(one) for one in files},
        }
        (work / NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        with written(path) as tar:
            for name in (NOTE, DATABASE, STORES):
                tar.add(work / name, name, filter=_private)
        _prove(path, work / "proof")
    for link in astray(settings):
        typer.echo(f"{harmless(str(link))} is left out: it is a link that leads out of {settings.data_dir}")
    typer.echo(f"{path}: {streams} streams, {records} records, {len(files) - 1} other files: whole")
    return 0


def _named(to: Path, now: datetime) -> Path:
    """The file that shall be written. Raises `DatabaseFailure` where it cannot."""
    path = to / f"{NAME}{now.astimezone(UTC):%Y-%m-%d-%H%M%S}.tar" if to.is_dir() else to
    if path.exists():
        raise there_already(path)
    if not path.parent.is_dir():
        raise DatabaseFailure(f"there is no folder {path.parent}; make it, or name another file")
    return path


async def proved(database: Path, called: str) -> tuple[int, int]:
    """How many streams and records a database has. Raises `DatabaseFailure` for one that is not whole."""
    file = await open_file(database, read_only=True, older=True)
    try:
        damaged = await examine(file)
        if damaged:
            more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            first = told(damaged[0], await names(file))
            raise DatabaseFailure(
                f"{called} is damaged ({first}{more}); `tocsin restore` puts an earlier backup in its place"
            )
        versions = await ActivityLog(file).versions()
        return len(versions), sum(versions.values())
    finally:
        await file.close()


def stores(settings: Settings) -> Iterator[Path]:
    """The files that are kept beside the database: all in the data folder but the database itself, and backups."""
    database = settings.database.resolve()
    for path in sorted(settings.data_dir.rglob("*")):
        within = path.relative_to(settings.data_dir).parts
        if within[0].startswith((ASIDE, ".tocsin-")) or path.name.endswith(_HALVES):
            continue
        if path.is_symlink() and _leads_out(path, settings.data_dir):
            continue
        ours = path.resolve().parent == database.parent and path.name.startswith(database.name)
        dated = len(within) == 1 and path.name.startswith(NAME) and path.suffix == ".tar"
        if not ours and not dated and (path.is_symlink() or path.is_file()):
            yield path


def astray(settings: Settings) -> list[Path]:
    """The links in the data folder that no backup can keep: on another machine they would lead to what is somebody else's."""
    return [
        path
        for path in sorted(settings.data_dir.rglob("*"))
        if path.is_symlink() and _leads_out(path, settings.data_dir)
    ]


def _leads_out(link: Path, folder: Path) -> bool:
    to = link.readlink()
    return to.is_absolute() or not Path(os.path.normpath(link.parent / to)).is_relative_to(folder)


def _keep(store: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if store.is_symlink():
        to.symlink_to(store.readlink())
    elif store.name.endswith(("-wal", "-shm", "-journal")) and store.with_name(store.name.rpartition("-")[0]).exists():
        pass  # it is a part of the database beside it, and in that one's copy
    elif _begins(store) == SQLITE:
        copy(store, to)
    else:
        shutil.copy2(store, to)


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SQLITE))


def _private(member: tarfile.TarInfo) -> tarfile.TarInfo:
    # Whose files they were on this machine says nothing on the one where they are wanted.
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    if member.name in (NOTE, DATABASE):
        member.mode = PRIVATE
    return member


def _prove(path: Path, folder: Path) -> None:
    """Reads the backup back. One that cannot be is taken away."""
    folder.mkdir()
    try:
        unpacked(path, folder)
    except DatabaseFailure:
        path.unlink()
        raise DatabaseFailure(f"{path} could not be read back as it was written; is that disk sound?") from None
    finally:
        shutil.rmtree(folder)
