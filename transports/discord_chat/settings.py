"""What Discord needs to be told: the bot's token, its guild and its channels (spec, section 13)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """One bot in one guild. Channels are ids, or names with or without `#`.

    `category` is where incidents' channels are made, `archive` where they go when they are read-only. `api_url` and
    `gateway_url` are for proxies. `ready_timeout`, in seconds, is how long the guild may take to be told at start.
    """

    token: SecretStr
    guild: str
    triage: tuple[str, ...] = ()
    category: str | None = None
    archive: str | None = None
    api_url: str = API
    gateway_url: str = GATEWAY
    ready_timeout: float = 2.0
