"""Buttons under a card: each does what the emoji on it does, for whoever presses it, after a restart too.

Rule: a button holds nothing but its emoji. What that means on this card, and whether this person may, is looked up when it
is pressed.
"""

from __future__ import annotations

import discord

from core.incident.document import Post

PREFIX = "tocsin:"


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
