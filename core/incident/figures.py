"""The figures of one incident: how long it took until somebody commanded, users were told, served again, and it was over.

Rule: a moment that has not come is `None`, and so is every length that would end there; nothing is guessed. All lengths
begin at the declaration (Google, SRE workbook, "Incident Response"; the field's "time to …"), and end where the last
course of it does: what was served again and came back was not served yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from core.incident.audience import open_to_all
from core.incident.course import Track
from core.incident.events import CloseKind
from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, ItemStatus, Person, Phase, Role, Severity, Value

FORM = 2
"""Of what is kept of it (`core.views`): raised whenever a field comes or goes, or says something else than before."""


class Standing(StrEnum):
    """What an incident counts as: each as exactly one of these."""

    OPEN = "open"
    CLOSED = "closed"
    FALSE_ALARM = "false alarm"
    DUPLICATE = "duplicate"
    DRILL = "drill"


class Figures(Value):
    """What is counted over many incidents. `how` is how it was closed, nothing while it is open."""

    number: int
    name: str
    title: str
    severity: Severity
    service: str
    phase: Phase
    how: CloseKind | None
    declared_at: datetime
    commanded_at: datetime | None
    told_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    updates: int
    kept: int
    broken: int
    handoffs: int
    reopened: int
    commander: Person | None
    drill: bool = False

    @property
    def standing(self) -> Standing:
        return STANDINGS[self.how] if self.how is not None else Standing.OPEN

    @property
    def counts(self) -> bool:
        """Whether it is one to count lengths over: declared over, and neither a false alarm nor a duplicate."""
        return self.standing is Standing.CLOSED

    def until(self, moment: datetime | None, *before: timedelta | None) -> timedelta | None:
        """How long after the declaration.

        A clock that was set back makes nothing take less than no time, nor than what comes before it.
        """
        if moment is None:
            return None
        return max(moment - self.declared_at, timedelta(), *(one for one in before if one is not None))

    @property
    def to_commander(self) -> timedelta | None:
        return self.until(self.commanded_at)

    @property
    def to_update(self) -> timedelta | None:
        return self.until(self.told_at)

    @property
    def to_mitigation(self) -> timedelta | None:
        return self.until(self.mitigated_at)

    @property
    def to_resolve(self) -> timedelta | None:
        return self.until(self.resolved_at, self.to_mitigation)

    @property
    def to_close(self) -> timedelta | None:
        return self.until(self.closed_at, self.to_commander, self.to_resolve)


STANDINGS: dict[CloseKind, Standing] = {
    CloseKind.DECLARED: Standing.CLOSED,
    CloseKind.FALSE_ALARM: Standing.FALSE_ALARM,
    CloseKind.DUPLICATE: Standing.DUPLICATE,
    CloseKind.DRILL: Standing.DRILL,
}


def kept_apart(one: Figures) -> bool:
    """Whether an incident stands in no insight: the one place where that is said.

    A drill is in no figure, list or file of the insights (spec, section 11).
    """
    return one.drill


def figures(incident: Incident) -> Figures:
    """The figures of an incident as it now stands; of a private one without a word, and without its people."""
    commands = [one.since for one in incident.course if (one.track, one.key) == (Track.ROLE, Role.IC.value)]
    return Figures(
        number=incident.number,
        name=incident.name,
        title=incident.title if open_to_all(incident) else incident.name,
        severity=incident.severity,
        service=incident.service if open_to_all(incident) else "",
        phase=incident.phase,
        how=incident.closing.how if incident.closing else None,
        declared_at=incident.declared_at,
        commanded_at=min(commands, default=None),
        told_at=incident.updates[0].at if incident.updates else None,
        mitigated_at=_mitigated_at(incident),
        resolved_at=incident.resolved_at,
        closed_at=incident.closed_at,
        updates=len(incident.updates),
        kept=incident.promises.kept,
        broken=incident.promises.broken,
        handoffs=incident.handoffs,
        reopened=len(incident.reopenings),
        commander=incident.commander if open_to_all(incident) else None,
        drill=incident.drill is not None,
    )


def _mitigated_at(incident: Incident) -> datetime | None:
    """When the first recovery action that helped was done, and it did not come back since; else when users were served.

    While they are not, nobody knows yet whether it helped.
    """
    if incident.resolved_at is None:
        return None
    helped = {item.key for item in incident.items_of(ItemKind.RECOVERY) if item.status is ItemStatus.DONE}
    # The last span of an item ends when the item does; those before it, when it went from hand to hand.
    ends = {one.key: one.until for one in incident.course if one.track is Track.ITEM and one.key in helped}
    held = [at for at in ends.values() if at is not None and incident.begun_at <= at <= incident.resolved_at]
    return min(held, default=incident.resolved_at)
