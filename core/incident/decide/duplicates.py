"""Duplicates: the other incident that an act is about, and who goes there."""

from __future__ import annotations

from core.incident import commands as c
from core.incident.decide.act import Events
from core.incident.decide.asking import wanted_again
from core.incident.events import Ask, Closed, CloseKind, Joined
from core.incident.state import Incident


def other(incident: Incident, command: c.AnyCommand) -> int | None:
    """The number of the incident that this one is said to be a duplicate of, now or on a yes."""
    if isinstance(command, c.Confirm):
        wishes = [again for prompt in incident.open_prompts(Ask.STALE) if (again := wanted_again(prompt))]
        command = next((wish for wish in wishes if isinstance(wish, c.CloseDuplicate)), command)
    return command.of if isinstance(command, c.CloseDuplicate) and command.of != incident.number else None


def closed_as_one(events: Events) -> bool:
    """Whether these events close an incident as a duplicate."""
    return any(isinstance(event, Closed) and event.how is CloseKind.DUPLICATE for event in events)


def moves(incident: Incident, goes_on: Incident) -> Events:
    """A duplicate's people, who join the incident that goes on."""
    moving = [person for person in incident.people if not any(person.is_(known) for known in goes_on.people)]
    return tuple(Joined(who=person) for person in moving)
