"""The course of an incident as spans of time: its phases, who held which role, who was on which item, the freeze.

Rule: spans follow from the states before and after an event, so whatever changed them is in here without a word of its
own. A span that goes on has no end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.incident.vocabulary import Person


class Track(StrEnum):
    """What a span is about."""

    PHASE = "phase"
    ROLE = "role"
    ITEM = "item"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Span:
    """`key` is the phase, the role or the item's key; `who` held it, nobody while an item was free."""

    track: Track
    key: str
    who: Person | None
    since: datetime
    until: datetime | None = None


Course = tuple[Span, ...]

Place = tuple[Track, str]
"""What a span is about."""


def by_place(course: Course) -> Mapping[Place, list[Span]]:
    """The spans of each track and key, in the order in which they began."""
    found: dict[Place, list[Span]] = {}
    for one in course:
        found.setdefault((one.track, one.key), []).append(one)
    return found
