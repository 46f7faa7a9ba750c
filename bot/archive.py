"""A backup as a file: one tar that holds the database, what is kept beside it, and a note of what it is.

Rule: whatever is in the file, unpacking writes below the folder that was named and nowhere else (PEP 706, filter "data").
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.database import DatabaseFailure

DATABASE, NOTE, STORES = "tocsin.db", "backup.json", "data"
"""What stands in a backup: the database, the note, and the folder of what is kept beside it."""

PRIVATE = 0o600


@contextmanager
def written(path: Path) -> Iterator[tarfile.TarFile]:
    """A new tar, there under its name only once it is whole and on the disk. Raises `DatabaseFailure`, and `OSError`."""
    half = path.with_name(f".{path.name}.part")
    half.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield tar
            file.flush()
            os.fsync(file.fileno())
        _name(half, path)
    finally:
        half.unlink(missing_ok=True)
    sync(path.parent)


def _name(half: Path, path: Path) -> None:
    try:
        # A rename would take the place of what came there in the meantime; a second name does not.
        path.hardlink_to(half)
    except FileExistsError:
        raise there_already(path) from None
    except OSError as error:
        # Some file systems have one name for each file (FAT, some network shares).
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if path.exists():
            raise there_already(path) from None
        half.rename(path)


def there_already(path: Path) -> DatabaseFailure:
    return DatabaseFailure(f"{path} is there already, and a backup takes the place of nothing; name another file")


def sync(path: Path) -> None:
    """Puts what a file holds, or a folder's names, on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def digest(path: Path) -> str:
    """What a file's content is known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_of(folder: Path) -> list[Path]:
    """All that a folder and those in it hold, but for the folders themselves and links."""
    return [one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink()]


def unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """Unpacks a backup into an empty folder, and proves every file by its digest; returns the note.

    Raises `DatabaseFailure` for what is no backup or was changed since it was written, and `OSError`.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            tar.extractall(folder, filter="data")
        note = json.loads((folder / NOTE).read_bytes())
        # Whatever the note says, what is looked at is what was unpacked: all of it, and nothing else.
        there = {str(one.relative_to(folder)): one for one in files_of(folder)}
        _same({name: digest(one) for name, one in there.items() if name != NOTE}, note)
    except (tarfile.TarError, ValueError, LookupError, TypeError, EOFError, FileNotFoundError, FileExistsError):
        if not path.exists():
            raise
        raise DatabaseFailure(f"{path} is no backup of `tocsin backup`, or a damaged one; take another") from None
    return dict(note)


def _same(files: dict[str, str], note: Any) -> None:
    """Raises `ValueError` where the files are not those of the note."""
    if files != note["files"] or DATABASE not in files or not isinstance(note["made"], str):
        raise ValueError(NOTE)
