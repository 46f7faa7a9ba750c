"""A command as it is typed on Discord: `claim ic` is `/incident role claim ic` there.

Names are those of the slash commands: grouped as Discord lists them, and without spaces (`/incident close-false-alarm`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.incident.forms import Group, Kind, Verb
from core.incident.verbs import SPELLINGS, fold

PREFIX = "/incident "
"""How a command begins on Discord (spec, section 6)."""

_ITEM = re.compile(r"#?[a-z]-?[0-9]+|ITEM|H", re.IGNORECASE)


def slash(words: str) -> str:
    """The words of a command, as `Typed` has them, with Discord's prefix, group and name."""
    parts = words.split(" ")
    # A verb may be two words (`close false-alarm`) and stand behind its group (`role claim`).
    for begin in (1, 0):
        group = parts[0].casefold() if begin else ""
        for end in (begin + 2, begin + 1):
            if name := _name(parts[begin:end], parts[end:], group):
                return " ".join([f"{PREFIX}{name}", *parts[end:]])
    return f"{PREFIX}{words}"


def _name(words: Sequence[str], rest: Sequence[str], group: str) -> str:
    """The group and name of the slash command that these words spell, empty when there is none (in this group)."""
    word = fold(" ".join(words))
    rows = [verb for verb in SPELLINGS.get(word, ()) if group in ("", verb.group)]
    return _path(_meant(rows, rest).group, _meant(rows, rest).word, group) if rows else ""


def _path(there: Group, word: str, group: str) -> str:
    if group not in ("", there):
        return ""
    name = word.replace(" ", "-")
    return name if there is Group.DIRECT else f"{there} {name}"


def _meant(rows: Sequence[Verb], rest: Sequence[str]) -> Verb:
    """`release H2` lets an item go, `release scribe` a role."""
    item = bool(rest and _ITEM.fullmatch(rest[0]))
    fitting = (verb for verb in rows if item == any(slot.kind is Kind.ITEM for slot in verb.arguments))
    return next(fitting, rows[0])
