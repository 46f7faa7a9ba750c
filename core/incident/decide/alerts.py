"""Alerts: which episode what was heard belongs to, what a hook's declaration comes to, and what an incident is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from core.incident.alerts import Group
from core.incident.commands import EndAlerts, HearAlerts, HeardAlert, NoteAlert
from core.incident.decide.act import Events
from core.incident.events import AlertCleared, AlertFired, AlertNoted, AlertsBegun, AlertsOver, Event
from core.incident.state import Incident


def hear(
    command: HearAlerts,
    fresh: Sequence[HeardAlert],
    *,
    known: Collection[str],
    group: Group | None,
    stands_in: Callable[[str], int],
    version: int,
) -> list[tuple[HeardAlert | None, Event]]:
    """The events of what is new, each with the news that it is of; the first will be number `version` of the house.

    `group` is the open episode of that group, if there is one; `stands_in` gives the open one that an alert is in already,
    by its fingerprint, or 0. What clears without having been heard to fire begins nothing, and nor does what is heard to
    fire after that (`known` are the sources on the record).
    """
    events: list[tuple[HeardAlert | None, Event]] = []
    number = group.number if group is not None else 0
    for one in fresh:
        here = stands_in(one.fingerprint) or number
        if not here and one.firing and not any(source in known for source in sources(one)):
            here = number = version + len(events)
            events.append((None, _begun(command, number)))
        events.append((one, _said(command.hook, here, one)))
    return events


def sources(one: HeardAlert) -> tuple[str, ...]:
    """Its own source, and for a firing the one of its clearing."""
    name = one.source.removesuffix("/firing")
    return (one.source, f"{name}/cleared") if one.firing and name != one.source else (one.source,)


def _begun(command: HearAlerts, number: int) -> AlertsBegun:
    return AlertsBegun(
        number=number,
        hook=command.hook,
        key=command.key,
        alias=command.alias,
        title=command.title,
        channel=command.channel,
        labels=command.labels,
    )


def _said(hook: str, number: int, one: HeardAlert) -> Event:
    if not one.firing:
        return AlertCleared(
            number=number,
            hook=hook,
            fingerprint=one.fingerprint,
            starts_at=one.starts_at,
            name=one.name,
            unseen=one.unseen,
        )
    fields = one.model_dump(exclude={"source", "firing", "at", "unseen"})
    return AlertFired.model_validate({"number": number, "hook": hook, **fields})


def wanted(group: Group) -> bool:
    """Whether the rules still want an incident of it."""
    return group.over_at is None and group.declare_at is not None and not group.incident


def end(group: Group | None, command: EndAlerts) -> Events:
    """An episode is over, unless something was heard since."""
    if group is None or group.over_at is not None or (command.why == "quiet" and group.quiet_since is None):
        return ()
    return (AlertsOver(number=group.number, why=command.why),)


def note(incident: Incident, command: NoteAlert) -> Events:
    """How its alerts stand; never more than a line on the record, since no alert ends an incident."""
    known = incident.alerts.get(command.alert)
    if incident.closed or (known.firing if known else True) == command.firing:
        return ()
    fields = command.model_dump(exclude={"alert"})
    return (AlertNoted.model_validate({"number": command.alert, **fields}),)
