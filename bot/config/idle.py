"""Settings that the contract has, that are accepted and checked, and upon which nothing acts: in this version, or as it is set.

Rule: whoever sets one to something else than what it is anyway is told so, when the bot starts and by the doctor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.config.house import has_page, public_url
from bot.config.settings import Audience, Settings
from core.incident.policy import RESPONSES

IDLE = ("severities.*.means",)
"""By dotted path; `*` stands for any name. A version that acts upon one takes it out."""

PAGE = ("severities.*.status_page", "web.name")
"""What is about the status page alone."""

SERVED = ("web.host", "web.port", "web.public_url")
"""What is about whatever is served: the page, hooks, and the links at which people answer a call."""


def idle(settings: Settings) -> list[str]:
    """One line for each such setting that somebody may be relying on."""
    found = [f"{key} does nothing in this version yet" for key in _set(settings, IDLE)]
    if not has_page(settings):
        links = public_url(settings) and any(person.notify for person in settings.people)
        page = PAGE if settings.hooks or links else (*PAGE, *SERVED)
        found += [f"{key} does nothing while no audience has status_page = true" for key in _set(settings, page)]
    return found


def _set(settings: Settings, patterns: Iterable[str]) -> list[str]:
    written, usual = settings.model_dump(), _usual(settings)
    return [key for pattern in patterns for key in _differing(written, usual, pattern.split("."))]


def _usual(settings: Settings) -> dict[str, Any]:
    """What the settings are when nothing is written."""
    bare = Settings()
    return bare.model_dump() | {
        "audiences": {name: Audience().model_dump() for name in settings.audiences},
        "severities": {severity.value: response.model_dump() for severity, response in RESPONSES.items()},
    }


def _differing(written: Any, usual: Any, parts: list[str], above: str = "") -> Iterator[str]:
    if not parts:
        if written not in (None, usual):
            yield above.removeprefix(".")
        return
    for name in written if parts[0] == "*" else parts[:1]:
        if isinstance(written, Mapping) and name in written:
            yield from _differing(written[name], usual[name], parts[1:], f"{above}.{name}")
