"""Buttons under a card: each does what the emoji on it does, for whoever presses it, after a restart too.

Rule: a button holds nothing but its emoji. What that means on this card, and whether this person may, is looked up when it
is pressed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord

from core.incident.document import Post

PREFIX = "tocsin:"

Pressed = Callable[[discord.Interaction[Any], str], Awaitable[None]]
"""Told who pressed a button, and its emoji."""


def buttons(post: Post) -> discord.ui.View | None:
    """A card's choices; `None` where there are none."""
    if not post.choices:
        return None
    view = discord.ui.View(timeout=None)
    for choice in post.choices:
        view.add_item(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=choice.label[:80],
                emoji=choice.emoji,
                custom_id=f"{PREFIX}{choice.emoji}",
            )
        )
    view.stop()
    return view


def is_ours(interaction: discord.Interaction[Any]) -> bool:
    """Whether what was pressed is such a button, and not one of some other version."""
    data: Mapping[str, Any] = {**(interaction.data or {})}
    return str(data.get("custom_id", "")).startswith(PREFIX)


def pressable(pressed: Pressed) -> type[discord.ui.DynamicItem[discord.ui.Button[Any]]]:
    """All buttons that ever were, for discord.py: by their names, whichever process made them."""

    class Button(discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"{PREFIX}(?P<emoji>.+)"):
        def __init__(self, button: discord.ui.Button[Any], emoji: str) -> None:
            super().__init__(button)
            self._means = emoji

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
        ) -> Button:
            assert isinstance(item, discord.ui.Button), "the template is that of buttons"
            return cls(item, match["emoji"])

        async def callback(self, interaction: discord.Interaction[Any]) -> None:
            await pressed(interaction, self._means)

    return Button
