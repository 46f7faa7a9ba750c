"""The hash chain of a stream: how a record is linked to the one before it, and where the links do not hold.

Rule: pure; it judges rows as the database gave them, whatever is in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.database import Row

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Damage:
    """A broken link of a chain: the entry where it breaks, and how."""

    stream: str
    version: int
    how: str

    def __str__(self) -> str:
        return f"{self.stream} entry {self.version}: {self.how}"


def chain(prev: str, *said: str | int | None) -> str:
    """The hash of a record: over the hash before it and all that it says (stream, version, source, times, body)."""
    link = json.dumps([prev, *said], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(link.encode("utf-8", "surrogatepass")).hexdigest()


def breaks(stream: str, rows: Sequence[Row]) -> Iterator[Damage]:
    """Every break in a stream, from its rows in order: stream, version, source, at, heard_at, body, prev, hash, kind."""
    prev, expected = GENESIS, 1
    for _, version, source, at, heard_at, body, before, digest, kind in rows:
        if version != expected:
            yield Damage(stream, expected, "is missing")
        if before != prev:
            yield Damage(stream, version, "does not follow the entry before it")
        if chain(before, stream, version, source, at, heard_at, body) != digest:
            yield Damage(stream, version, "was changed after it was written")
        elif _kind(body) != kind:
            # The column is a copy, outside the hash: it is what finds the entry, the body is what was said.
            yield Damage(stream, version, "is filed under another kind than it is of")
        prev, expected = digest, version + 1


def _kind(body: str) -> object:
    try:
        return json.loads(body)["event"]["kind"]
    except (ValueError, LookupError, TypeError):
        return None
