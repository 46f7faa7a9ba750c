"""Who is in it: somebody was brought in, left, or was put out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.incident.events import Joined, PutOut
from core.incident.evolve.grown import with_, with_person
from core.incident.state import Incident
from core.incident.vocabulary import Person


def joined(incident: Incident, event: Joined) -> Incident:
    who = event.who
    after = replace(incident, people=with_person(incident.people, who))
    if not event.invited:
        return after
    return replace(
        after,
        invited=with_(incident.invited, who.key, incident.invited.get(who.key, 0) + 1),
        trusted=incident.trusted | {who.key} if event.trusted else incident.trusted,
        put_out=tuple(person for person in incident.put_out if not person.is_(who)),
        left={key: at for key, at in incident.left.items() if key != who.key},
    )


def left(incident: Incident, who: Person, at: datetime) -> Incident:
    """Whoever left is nobody's backup; their roles and items are other events."""
    roles = {
        role: replace(holding, backup=None) if who.is_(holding.backup) else holding
        for role, holding in incident.roles.items()
    }
    present = tuple(person for person in incident.present if not person.is_(who))
    return replace(incident, roles=roles, present=present, left={**incident.left, who.key: at})


def put_out(incident: Incident, event: PutOut, at: datetime) -> Incident:
    """A member no more; their roles and items are other events, as with one who leaves."""
    after = left(incident, event.who, at)
    return replace(
        after,
        people=tuple(person for person in after.people if not person.is_(event.who)),
        trusted=after.trusted - {event.who.key},
        put_out=(*after.put_out, event.who),
    )
