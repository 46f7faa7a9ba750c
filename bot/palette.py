"""What the sandbox's page says of emoji: the picker's rows, and the titles of the reactions that the board offers.

Rule: what an emoji does is said in `REACTIONS` alone; here its words are only cut to the room that there is.
"""

from __future__ import annotations

import re

from transports.reactions import REACTIONS, Reaction, Where
from transports.sandbox.palette import Offered, Palette

LIKED = {"👀": "looking", "🎉": "well done"}
"""Two that people like; any other emoji can be typed."""


def palette() -> Palette:
    """The emoji in the order of the table, each with all that it does in one place or another."""
    does: dict[str, list[str]] = {}
    for row in REACTIONS:
        words = does.setdefault(row.emoji, [])
        if _short(row) not in words:
            words.append(_short(row))
    picker = {emoji: " · ".join(words) for emoji, words in does.items()} | LIKED
    board = {
        row.emoji: Offered(_short(row).removeprefix("claim "), f"{row.does} (/inc {row.command})")
        for row in REACTIONS
        if row.where is Where.BOARD
    }
    return Palette(picker, {"board": board})


def _short(row: Reaction) -> str:
    """What a row does, up to its first aside."""
    return re.split(r" ?[(;:]", row.does, maxsplit=1)[0]
