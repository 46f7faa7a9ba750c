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
