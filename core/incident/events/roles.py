"""Roles that changed hands."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import Person, Role


class How(StrEnum):
    """How a role came into somebody's hands, or out of them."""

    DECLARED = "declared while on call"
    PRIVATELY = "declared it in private"
    CLAIMED = "claimed"
    AMONG = "claimed while Tocsin was away"
    ASSIGNED = "assigned"
    HANDED_OFF = "handed off"
    TOOK_OVER = "took over"
    CATALOGUE = "from the service catalogue"
    LEFT = "left the channel"
    RELEASED = "released"
    VACATED = "vacated"


class RoleTaken(Happened):
    kind: Literal["role_taken"] = "role_taken"
    role: Role
    who: Person
    how: How
    before: Person | None = None
    others: tuple[Person, ...] = ()


class RoleVacated(Happened):
    kind: Literal["role_vacated"] = "role_vacated"
    role: Role
    who: Person
    how: How


class BackupNamed(Happened):
    kind: Literal["backup_named"] = "backup_named"
    role: Role
    who: Person
