"""What the page can say of emoji, as whoever serves it tells: a chat itself knows no meaning of any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Offered:
    """A reaction that a card offers: what it is called on its chip, and what it does in full."""

    label: str
    does: str


@dataclass(frozen=True, slots=True)
class Palette:
    """`picker` is emoji → what it does, shown first in the picker; `offered` is card key → emoji → title."""

    picker: Mapping[str, str] = field(default_factory=dict)
    offered: Mapping[str, Mapping[str, Offered]] = field(default_factory=dict)

    def view(self) -> dict[str, Any]:
        """As JSON, beside the first message to a page."""
        return {
            "palette": [{"emoji": emoji, "label": label} for emoji, label in self.picker.items()],
            "offered": {
                card: {emoji: {"label": one.label, "does": one.does} for emoji, one in titles.items()}
                for card, titles in self.offered.items()
            },
        }
