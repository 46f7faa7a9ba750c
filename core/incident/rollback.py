"""Rolling back first: when the latest change and a threshold that is met make it the rule (spec, section 8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from core.incident.state import Change, Incident, Item
from core.incident.vocabulary import ItemKind, ItemStatus, Path

SUSPECT = timedelta(hours=1)
"""A change so shortly before the start is the first suspect (spec, section 8: "inside an hour before the start")."""


def suspect(incident: Incident, change: Change | None) -> bool:
    """Whether a change came inside an hour before it began."""
    return change is not None and incident.begun_at - SUSPECT <= change.at <= incident.begun_at


def first(incident: Incident, change: Change | None, met: Collection[int], leaving: Item | None = None) -> bool:
    """Whether rolling back first would be the rule with this latest change and these thresholds met.

    A rollback that was begun needs no rule, unless it is to be left for another path (`leaving`), and one that did not
    help is no way any more.
    """
    tried = any(
        item.path is Path.ROLLBACK and item.status is not ItemStatus.STOPPED
        for item in incident.items_of(ItemKind.RECOVERY)
        if item is not leaving
    )
    return bool(met) and suspect(incident, change) and not tried


def departs(incident: Incident, path: Path, leaving: Item | None) -> bool:
    """Whether choosing this path departs from the rule, which takes a sentence; a pause only puts it off."""
    return path in (Path.FIX, Path.DIG) and first(incident, incident.change, incident.met, leaving)
