"""People out: covering."""

from __future__ import annotations

from datetime import timedelta

from core.incident.refusals.refusal import Refusal
from core.incident.times import spell


def covered_too_long(longest: timedelta) -> Refusal:
    return Refusal(
        "cover-too-long",
        f"A cover lasts {spell(longest)} at most.",
        "For longer, write an override into the rotation: `overrides = [{who, from, to}]`.",
    )


def covered_in_private() -> Refusal:
    """It would bring in whoever takes the pages, or leave one of both untold."""
    return Refusal(
        "cover-in-private", "Pages are taken and given where all may read it.", "Type it in triage: `cover @who 2h`."
    )
