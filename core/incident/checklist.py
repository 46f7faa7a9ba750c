"""The first 15 minutes: `CHECKLIST`, a row for every step, with what on the record shows that it is done.

Source: spec, section 8, which has it from PagerDuty's "During an incident" and the seeds' fifteen-minute clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.incident.state import Incident
from core.incident.vocabulary import THREE_CALLS, Phase


@dataclass(frozen=True, slots=True)
class Check:
    """`does` is what is to be done, `way` how to show it, `done` whether the record shows it; `alone` whether it counts
    for somebody who is alone.
    """

    does: str
    way: Callable[[Incident], str]
    done: Callable[[Incident], bool]
    alone: bool = True


def _verified(incident: Incident) -> bool:
    return bool(incident.impact or incident.updates) or _on_record(incident, "noted")


def _frozen(incident: Incident) -> bool:
    return incident.frozen is not None or _on_record(incident, "frozen")


def _note_kept(incident: Incident) -> bool:
    claimed = all(incident.holder(role) is not None for role in THREE_CALLS)
    return bool(incident.users_see) and (incident.alone or claimed)


def _note_lacks(incident: Incident) -> str:
    calls = [
        str(role) for role in (*incident.roles, *THREE_CALLS) if role in THREE_CALLS and incident.holder(role) is None
    ]
    lacking = [] if incident.users_see else ["`impact TEXT`"]
    if not incident.alone:
        lacking += [f"`claim {role}`" for role in sorted(set(calls))]
    return ", ".join(lacking)


def _one_check_each(incident: Incident) -> bool:
    # What is only watched, or over, leaves nobody anything to check.
    return incident.checked or incident.phase in (Phase.MONITORING, Phase.RESOLVED, Phase.CLOSED)


def _idle(incident: Incident) -> str:
    names = ", ".join(person.name for person in incident.idle)
    free = ", ".join(item.key for item in incident.free)
    take = f"`grab {incident.free[0].key}`" if free else "`hypothesis TEXT` adds one"
    return (
        f"{names} {'have' if len(incident.idle) > 1 else 'has'} none: {take}" if names else "`hypothesis TEXT` adds one"
    )


def _told_and_timed(incident: Incident) -> bool:
    return bool(incident.updates) and _timed(incident)


def _timed(incident: Incident) -> bool:
    return incident.alone or bool(incident.points) or incident.path is not None


def _untold(incident: Incident) -> str:
    lacking = [] if incident.updates else ["`update impact=… next=…`"]
    return ", ".join([*lacking, *([] if _timed(incident) else ["`decide-by 15m CONDITION`"])])


def _on_record(incident: Incident, kind: str) -> bool:
    return any(entry.kind == kind and not entry.withdrawn for entry in incident.entries)


CHECKLIST: tuple[Check, ...] = (
    Check(
        "verify the alert and one user-facing symptom", lambda _: "`impact TEXT`, or 📌 on what somebody saw", _verified
    ),
    Check("freeze risky changes", lambda _: "`freeze`", _frozen),
    Check("keep the note: impact written, calls claimed", _note_lacks, _note_kept),
    Check("each person has one check", _idle, _one_check_each, alone=False),
    Check("first update out, the next decision time set", _untold, _told_and_timed),
)
"""In order; their times are `times.checklist`, counted from the declaration."""


def steps(incident: Incident) -> tuple[tuple[int, Check, datetime], ...]:
    """The steps that are for these people, with their numbers and times; a length of zero turns one off."""
    rows = zip(CHECKLIST, incident.policy.times.checklist, strict=False)
    return tuple(
        (number, check, incident.declared_at + length)
        for number, (check, length) in enumerate(rows)
        if length and (check.alone or not incident.alone)
    )
