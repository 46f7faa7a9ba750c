"""Discord, through discord.py. Rule: discord is imported in this folder only."""

from __future__ import annotations

from transports.discord_chat.settings import DiscordSettings
from transports.discord_chat.transport import DiscordTransport

__all__ = ["DiscordSettings", "DiscordTransport"]
