"""How a command begins in a chat's text: `!inc` and `/inc`, as people and their keyboards write it; alone with Tocsin, with its verb."""

from __future__ import annotations

import re

from core.incident.verbs import SPELLINGS, fold

_PREFIX = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[!/！／](?:incident|inc)(?!\S)", re.IGNORECASE)


def prefix(text: str) -> str | None:
    """The words after `!inc` or `/inc`; `None` for what is no command (`!incredible`)."""
    found = _PREFIX.match(text)
    return text[found.end() :].strip() if found else None


def begins(text: str) -> bool:
    """Whether a text begins with the word of a command, as `help` does."""
    first, *_ = text.split(maxsplit=1) or [""]
    return fold(first) in SPELLINGS
