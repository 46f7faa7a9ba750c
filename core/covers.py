"""Covers: who takes whose pages for a while, as the house's record has them.

Rule: a cover ends by its time, whether or not its end is on the record yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.incident.decide.covering import LONGEST
from core.incident.events import CoverBegun, CoverEnded, Recorded
from core.incident.on_call import Cover


class Covers:
    """Those that stand; `version` counts their changes."""

    def __init__(self) -> None:
        self.standing: tuple[Cover, ...] = ()
        self.version = 0

    @staticmethod
    def oldest(now: datetime) -> datetime:
        """Since when a cover may have begun that still holds."""
        return now - LONGEST

    def take_in(self, records: Iterable[Recorded]) -> None:
        """The covers after these records of the house."""
        for recorded in records:
            event = recorded.event
            if isinstance(event, CoverBegun | CoverEnded):
                self.standing = tuple(one for one in self.standing if not one.who.is_(event.who))
                if isinstance(event, CoverBegun):
                    new = Cover(who=event.who, by=event.by, since=event.since, until=event.until)
                    self.standing = (*self.standing, new)
                self.version += 1
