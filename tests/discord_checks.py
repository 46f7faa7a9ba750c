"""Discord's own OpenAPI description as a second opinion on what discord.py asks and the fake answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discord_rest import Call


class Checks:
    def __init__(self, violations: list[str]) -> None:
        self.violations = violations

    def exchange(self, call: Call) -> None:
        pass
