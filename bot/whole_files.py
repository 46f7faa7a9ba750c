"""Files that are replaced whole: whoever reads one finds the old one or the new one, whenever the process is killed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

NEW = ".tocsin-new"
"""How the name of a file ends while it is written."""


def replace(path: Path, content: bytes, *, mode: int = 0o600, still: Callable[[], bool] = lambda: True) -> bool:
    """Puts a file in the place of another, if that is `still` wanted once the new one is written. Raises `OSError`.

    `mode` is who may read it, whatever the process's umask.
    """
    new = path.with_name(path.name + NEW)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            # Else a power cut could leave the new name on an empty file.
            os.fsync(file.fileno())
        wanted = still()
        if wanted:
            new.replace(path)
        else:
            new.unlink()
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    return wanted


def clear_halves(root: Path) -> None:
    """Takes away what a process that was killed has left half written."""
    for half in root.rglob(f"*{NEW}"):
        half.unlink(missing_ok=True)
