"""A role that changed hands."""

from __future__ import annotations

from dataclasses import replace

from core.incident.events import Ask, How, Recorded, RoleTaken
from core.incident.evolve.grown import with_, with_person
from core.incident.state import Holding, Incident, Passed
from core.incident.vocabulary import Role


def take_role(incident: Incident, event: RoleTaken, recorded: Recorded) -> Incident:
    role, who, how = event.role, event.who, event.how
    before = incident.holding(role)
    # A backup who takes the role leaves its own place empty; any other backup stays.
    backup = None if before.backup is not None and before.backup.is_(who) else before.backup
    passed = before.holder is not None and not before.holder.is_(who)
    aloud = how in (How.ASSIGNED, How.TOOK_OVER, How.AMONG)
    told = Passed(len(incident.passed) + 1, role, who, how, before.holder, recorded.by, event.others)
    after = replace(
        incident,
        roles=with_(incident.roles, role, Holding(who, backup, recorded.at)),
        passed=(*incident.passed, told) if aloud else incident.passed,
        people=with_person(incident.people, who),
        handoffs=incident.handoffs + (passed and how in (How.HANDED_OFF, How.TOOK_OVER)),
    )
    if role is Role.IC:
        after = replace(after, commanded_at=after.commanded_at or recorded.at, vacant_since=None)
    return after


def vacate(incident: Incident, role: Role, recorded: Recorded) -> Incident:
    roles = with_(incident.roles, role, Holding())
    after = replace(incident, roles=roles)
    if role is not Role.IC:
        return after
    return replace(after, vacant_since=recorded.at, vacant_after=incident.next_number(Ask.COMMANDER) - 1)
