"""What the page says of emoji: the picker's rows and the titles of the reactions that a card offers.

Rule: what an emoji does is said in `REACTIONS` alone; here its words are only cut to the room that there is.
"""

from __future__ import annotations

import re

from transports.reactions import REACTIONS, Reaction, Table, Where

SEEDED = {"board": Where.BOARD}
"""The cards that offer bare reactions, by key, and the place whose emoji those are."""

LIKED = (("👀", "looking"), ("🎉", "well done"))
"""Two that people like; any other emoji can be typed."""


def _short(row: Reaction) -> str:
    """What a row does, up to its first aside."""
    return re.split(r" ?[(;:]", row.does, maxsplit=1)[0]


def _palette() -> tuple[tuple[str, str], ...]:
    does: dict[str, list[str]] = {}
    for row in REACTIONS:
        words = does.setdefault(row.emoji, [])
        if _short(row) not in words:
            words.append(_short(row))
    return (*((emoji, " · ".join(words)) for emoji, words in does.items()), *LIKED)


PALETTE = _palette()
"""(emoji, what it does), in the order of the table: the picker's first rows."""

_TABLE = Table()


def seed_title(card: str, emoji: str) -> tuple[str, str]:
    """What an offered reaction is called on its chip (`recovery`), and what it does in full; empty for one unknown."""
    where = SEEDED.get(card)
    action = _TABLE.action(where, emoji) if where else None
    row = next((row for row in REACTIONS if row.action == action), None)
    return (_short(row).removeprefix("claim "), f"{row.does} (/inc {row.command})") if row else ("", "")
