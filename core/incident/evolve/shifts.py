"""Covers, as they were said in an incident."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from core.incident.events import CoverBegun
from core.incident.evolve.grown import with_person
from core.incident.state import Covering, Incident
from core.incident.vocabulary import Person


def covered(incident: Incident, event: CoverBegun, by: Person) -> Incident:
    """Of one person there is one cover: a new one takes the place of the one before. Nobody comes into a private incident by it."""
    covers = tuple(replace(one, over=True) if one.who.is_(event.who) else one for one in incident.covers)
    both = () if incident.private else (event.by, event.who)
    people = reduce(with_person, both, incident.people)
    return replace(incident, covers=(*covers, Covering(event.who, event.by, event.until, by)), people=people)
