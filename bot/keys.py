"""Keys that the bot makes for itself: made once, kept in `data_dir/keys`, and read by nobody else.

Rule: a key outlives the process, so that what it signed is good after a restart; losing it costs the links that are out.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

LENGTH = 32
"""Bytes; as many as SHA-256 gives (RFC 2104, section 3)."""


def key(folder: Path, name: str) -> bytes:
    """The key of this name, made when there is none. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.key"
    try:
        found = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_bytes()
        if len(kept) == LENGTH:
            return kept
        # A process that died while it wrote left a part: nothing was signed with it.
        path.unlink()
        return key(folder, name)
    with os.fdopen(found, "wb") as file:
        made = secrets.token_bytes(LENGTH)
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made
