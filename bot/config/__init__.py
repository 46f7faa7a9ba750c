"""`config.toml` and the environment, read into settings: `load` answers with all that is wrong at once, or with them."""

from bot.config.house import calendar_people, has_page, policy, public_url, responders, roster, rotations, zone
from bot.config.idle import idle
from bot.config.reading import ConfigError, load, secrets
from bot.config.settings import Settings

__all__ = [
    "ConfigError",
    "Settings",
    "calendar_people",
    "has_page",
    "idle",
    "load",
    "policy",
    "public_url",
    "responders",
    "roster",
    "rotations",
    "secrets",
    "zone",
]
