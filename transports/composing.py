"""A base update written in a thread, a field on each line: `impact: some users cannot pay`.

Rule: lines mean what the same fields mean in a typed command; whatever does not begin with a field is talk.
"""

from __future__ import annotations

import re

from core.incident.commands import Draft
from core.incident.forms import Verb
from core.incident.verbs import VERBS

DRAFT: Verb = next(verb for verb in VERBS if verb.command is Draft)

_FIELD = re.compile(
    rf"\s*(?:[-*•]\s+)?(?P<key>{'|'.join(slot.name for slot in DRAFT.fields)})\s*[:=：]\s*(?P<words>.*)", re.IGNORECASE
)

_QUOTES = (('"', '"'), ("“", "”"))


def composed(text: str) -> str | None:
    """The command that the lines mean, in words; `None` when the first is no field. A line without one goes on with the last."""
    fields: list[tuple[str, str]] = []
    for row in text.splitlines():
        found = _FIELD.fullmatch(row)
        if found:
            fields.append((found["key"].lower(), found["words"].strip()))
        elif not fields:
            if row.strip():
                return None
        else:
            key, words = fields[-1]
            fields[-1] = (key, f"{words} {row.strip()}".strip())
    return " ".join([DRAFT.word, *(f"{key}={_quoted(words)}" for key, words in fields)]) if fields else None


def _quoted(words: str) -> str:
    """The words so that no `next=` in them begins a field."""
    pair = next((pair for pair in _QUOTES if not any(quote in words for quote in pair)), None)
    return f"{pair[0]}{words}{pair[1]}" if pair and "=" in words else words
