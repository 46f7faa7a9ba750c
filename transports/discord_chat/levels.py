"""Reactions as acts with names: Discord has none for them, so each turn on or off is counted.

Rule: a reaction goes on at 1, off at 2, on again at 3; what the record knows of it is the count. So an act that is told
twice, or only seen to have happened, has the same name each time.
"""

from __future__ import annotations

from core.port import Notebook
from transports.discord_chat.refs import NAME


class Levels:
    """What the record knows of who put what on which message."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    async def turned_on(self, message: int, user: int, emoji: str) -> str | None:
        """The name of putting it there; `None` when it is known to be there already."""
        count = (await self.known(message)).get((user, emoji), 0)
        return None if count % 2 else _name(message, user, emoji, count + 1)

    async def turned_off(self, message: int, user: int, emoji: str) -> tuple[str, str] | None:
        """The names of putting it there, and of taking it back; `None` when it is not known to be there."""
        count = (await self.known(message)).get((user, emoji), 0)
        return (_name(message, user, emoji, count), _name(message, user, emoji, count + 1)) if count % 2 else None

    async def known(self, message: int) -> dict[tuple[int, str], int]:
        """The count of each person's each reaction on a message: an odd one is there."""
        counts: dict[tuple[int, str], int] = {}
        prefix = f"{NAME}:{message}/"
        for source in await self._notebook.heard(prefix):
            match source.removeprefix(prefix).split("/"):
                case [user, emoji, count] if user.isdecimal() and count.isdecimal():
                    key = (int(user), emoji)
                    counts[key] = max(counts.get(key, 0), int(count))
                case _:
                    # Something else came of the message: who wrote it was there, it was edited, it is gone.
                    pass
        return counts


def _name(message: int, user: int, emoji: str, count: int) -> str:
    return f"{NAME}:{message}/{user}/{emoji}/{count}"
