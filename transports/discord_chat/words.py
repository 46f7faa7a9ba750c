"""What people wrote, as it is read: Discord writes mentions as numbers.

Rule: a command keeps its mentions of people as they came, since a number is one person and a name may be two.
"""

from __future__ import annotations

import re

import discord

from core.incident.vocabulary import MessageRef
from transports.prefix import prefix

_MARKUP = re.compile(r"<(@[!&]?|#)(\d{1,20})>|<a?(:\w{2,32}:)\d{1,20}>")


def words(message: discord.Message) -> str:
    """The text of a message."""
    people = {person.id: f"@{person.display_name}" for person in message.mentions}
    roles = {role.id: f"@{role.name}" for role in message.role_mentions}
    typed = prefix(message.content) is not None

    def read(found: re.Match[str]) -> str:
        kind, number, emoji = found.groups()
        if emoji:
            return str(emoji)
        if kind == "#":
            channel = message.guild.get_channel_or_thread(int(number)) if message.guild else None
            return f"#{channel.name}" if channel else found[0]
        if kind == "@&":
            return roles.get(int(number), found[0])
        return found[0] if typed else people.get(int(number), found[0])

    return _MARKUP.sub(read, message.content)


REMEMBERED = 100
"""Messages whose words are kept for those who used a menu on them."""


class Targets:
    """The words that came with a menu: Discord gives them to a bot that may not read the message (message-content intent)."""

    def __init__(self) -> None:
        self._words: dict[MessageRef, str] = {}

    def note(self, message: MessageRef, text: str) -> None:
        self._words.pop(message, None)
        self._words[message] = text
        if len(self._words) > REMEMBERED:
            del self._words[next(iter(self._words))]

    def words(self, message: MessageRef) -> str:
        """Empty for a message on which no menu was used lately."""
        return self._words.get(message, "")
