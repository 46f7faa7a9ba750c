"""The tables, as numbered migrations beside this file: `001_log.sql` and on; each is applied once, in order."""

from __future__ import annotations

from importlib import resources


def migrations() -> list[tuple[int, str]]:
    """Every migration as (number, SQL), in order."""
    found = [file for file in resources.files(__package__).iterdir() if file.name.endswith(".sql")]
    return sorted((int(file.name[:3]), file.read_text(encoding="utf-8")) for file in found)
