"""Keys and fingerprints: the same effect always has the same key, so that a chat can tell a repeat."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from core.incident.document import Post


def key(*parts: str) -> str:
    """24 characters of `[a-z2-7]` that name an effect: short enough for Discord's nonce (25), fit for Matrix's txn id."""
    name = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=15)
    return base64.b32encode(name.digest()).decode().lower()


def bug_id(now: datetime) -> str:
    """A short name for a bug, to tell people and to find it in the log."""
    return key("bug", now.isoformat())[:8]


def digest(post: Post) -> str:
    """A fingerprint of what a reader sees: whom a message called is not part of it, since an edit calls nobody."""
    seen = (post.document, post.text, post.choices)
    return hashlib.blake2b(repr(seen).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
