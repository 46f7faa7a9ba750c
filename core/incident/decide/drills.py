"""A drill begins as a declaration, its injects come one after the other, and its time ends (spec, section 11).

Rule: late injects come in the order in which they were due, `GAP` apart, so that nobody finds a pile after an outage.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.incident import refusals
from core.incident.commands import Declare, Drill, SayInject
from core.incident.course import Track
from core.incident.decide.act import Events
from core.incident.drill import Scenario, titled
from core.incident.events import Injected, Told
from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, ItemStatus, Path

GAP = timedelta(seconds=15)
"""Between one inject and the next, at the least: time to read."""


def listed(known: Mapping[str, Scenario]) -> Events:
    """The drills that there are, for who named none."""
    rows = [f"`drill {one.name}{' private' if one.private else ''}` {one.title}" for one in known.values()]
    return (Told(what="drills", topic="\n".join(rows)),)


def wanted(known: Mapping[str, Scenario], command: Drill) -> Declare:
    """The declaration that a drill is. Raises `Refusal`."""
    name = command.scenario.casefold().strip()
    scenario = known.get(name)
    if scenario is None:
        raise refusals.no_such_drill(command.scenario, list(known))
    if scenario.private and not command.private:
        raise refusals.drill_in_private(scenario.name)
    return Declare(
        title=titled(scenario),
        severity=scenario.severity,
        private=command.private,
        typed=command.typed,
        aside=command.aside,
        # The sandbox's cast is none of the record's business.
        scenario=scenario.model_copy(update={"cast": (), "clues": ()}),
    )


def done_at(incident: Incident, path: Path) -> datetime | None:
    """When a path of this kind was done last."""
    paths = incident.items_of(ItemKind.RECOVERY)
    done = {item.key for item in paths if item.path is path and item.status is ItemStatus.DONE}
    ends = [one.until for one in incident.course if one.track is Track.ITEM and one.key in done]
    return max((at for at in ends if at is not None), default=None)


def next_inject(incident: Incident) -> tuple[datetime, int] | None:
    """When the next inject is due, and its number."""
    if incident.drill is None or incident.closed:
        return None
    said = {one.number for one in incident.injected}
    waiting: list[tuple[datetime, int]] = []
    for number, one in enumerate(incident.drill.injects, 1):
        begun = done_at(incident, one.after) if one.after else incident.declared_at
        moot = one.unless is not None and done_at(incident, one.unless) is not None
        if begun is not None and not moot and number not in said:
            waiting.append((begun + timedelta(minutes=one.minute), number))
    if not waiting:
        return None
    at, number = min(waiting)
    return (max(at, incident.injected[-1].at + GAP) if incident.injected else at), number


def say(incident: Incident, command: SayInject) -> Events:
    due = next_inject(incident)
    if incident.drill is None or due is None or due[1] != command.number:
        return ()
    one = incident.drill.injects[command.number - 1]
    return (Injected(number=command.number, says=one.says, words=one.words),)
