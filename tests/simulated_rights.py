"""Who may do what, once more: the spec's table (section 3), reckoned from the record alone, for judging what took effect.

Rule: nothing of `core.incident.authority` is used here. Events are judged, not commands: whatever road led there.
"""

from __future__ import annotations

from core.incident.events import (
    BackupNamed,
    Drafted,
    EntryAmended,
    How,
    Recorded,
    RoleTaken,
    RoleVacated,
)
from core.incident.state import Incident
from core.incident.vocabulary import Person, Role

IC, DIAGNOSIS, UPDATES, RECOVERY = Role.IC, Role.DIAGNOSIS, Role.UPDATES, Role.RECOVERY

CALLS: dict[str, tuple[Role, ...]] = {
    "severity_set": (IC,),
    "phase_set": (IC,),
    "closed": (IC,),
    "resolved": (IC, RECOVERY),
    "frozen": (IC, RECOVERY),
    "unfrozen": (IC, RECOVERY),
    "impact_set": (IC, DIAGNOSIS, UPDATES),
    "decision_point_set": (IC, DIAGNOSIS, RECOVERY),
    "decision_point_moved": (IC, DIAGNOSIS, RECOVERY),
    "published": (UPDATES,),
    "corrected": (UPDATES,),
    "update_withdrawn": (UPDATES,),
    "reminders_snoozed": (UPDATES,),
    "objected": tuple(Role),
}
"""What takes a role: the events that nobody else brings about (who decides a path is judged in `simulated_call_laws`)."""

ANYBODY = frozenset({"left", "source_edited", "source_deleted", "heard", "refused", "entry_withdrawn", "item_let_go"})
"""What needs not even a responder: one's own words, one's own coming and going, and being told no."""


def wrong(before: Incident, record: Recorded) -> str:
    """Why this was not theirs to do, on the incident as it was before the act; empty where it was."""
    by, event = record.by, record.event
    if by is None:
        return ""
    roles: tuple[Role, ...] | None = CALLS.get(event.kind)
    match event:
        case RoleTaken(how=How.ASSIGNED) | RoleVacated(how=How.VACATED):
            roles = (IC,)
        case RoleVacated(how=How.RELEASED, who=who):
            return "" if by.is_(who) else f"{by.name} releases the role of {who.name}"
        case BackupNamed(role=role):
            roles = (IC, role)
        case EntryAmended(entry=number):
            if any(one.number == number and (by.is_(one.by) or by.is_(one.marked_by)) for one in before.entries):
                return ""
            roles = (IC, Role.SCRIBE)
        case Drafted() if holds(before, UPDATES):
            roles = (UPDATES,)
        case _:
            pass
    if roles is None or any(by.is_(person) for role in roles for person in callers(before, role)):
        return ""
    return f"{by.name} is none of {', '.join(roles)}, and did {event.kind}"


def holds(incident: Incident, role: Role) -> Person | None:
    holding = incident.roles.get(role)
    return holding.holder if holding else None


def callers(incident: Incident, role: Role) -> list[Person]:
    """Holder and backup; of a call that nobody holds, the commander and theirs."""
    holding = incident.roles.get(role if holds(incident, role) else Role.IC)
    return [person for person in (holding.holder, holding.backup) if person] if holding else []


def of_a_member(incident: Incident, person: Person) -> bool:
    """Whether somebody is one of those who were asked into a private incident, and were not put out."""
    return any(person.is_(one) for one in incident.people) and not any(person.is_(one) for one in incident.put_out)
