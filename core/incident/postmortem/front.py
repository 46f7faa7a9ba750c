"""The front matter of a postmortem: its figures, for programs that read many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.incident.figures import figures
from core.incident.postmortem.escaping import flat, yaml
from core.incident.postmortem.naming import Naming
from core.incident.postmortem.seal import OPEN
from core.incident.state import Incident

Facts = dict[str, str | int | None]

NOTE = (
    "Written by Tocsin from the record, and written again when that changes, until somebody edits this file:",
    "from then on it is theirs, and the record as it stands goes beside it as {name}.record.md.",
)


def facts(incident: Incident, names: Naming | None = None) -> Facts:
    """The figures by name: times in UTC, lengths in seconds from the declaration."""
    naming = names or Naming(incident)
    known, duty = figures(incident), incident.postmortem
    end = incident.closed_at or incident.changed_at or incident.declared_at
    return {
        "incident": incident.name,
        "number": incident.number,
        "title": naming.text(incident.title, incident.declared_at),
        "severity": incident.severity.value,
        "service": incident.service or None,
        "phase": incident.phase.value,
        "closed_as": known.how.value if known.how else None,
        "declared_at": _moment(known.declared_at),
        "commanded_at": _moment(known.commanded_at),
        "first_update_at": _moment(known.told_at),
        "mitigated_at": _moment(known.mitigated_at),
        "resolved_at": _moment(known.resolved_at),
        "closed_at": _moment(known.closed_at),
        "seconds_to_commander": _seconds(known.to_commander),
        "seconds_to_first_update": _seconds(known.to_update),
        "seconds_to_mitigation": _seconds(known.to_mitigation),
        "seconds_to_resolve": _seconds(known.to_resolve),
        "seconds_to_close": _seconds(known.to_close),
        "promises_kept": known.kept,
        "promises_broken": known.broken,
        "updates": known.updates,
        "handoffs": known.handoffs,
        "reopened": known.reopened,
        "owner": naming.person(duty.owner, end) if duty else None,
        "due": duty.due.isoformat() if duty else None,
        "status": status(incident),
    }


def status(incident: Incident) -> str:
    """Where its postmortem stands, in a word or two."""
    duty = incident.postmortem
    if not incident.closed:
        return "open"
    if duty is None:
        return "not asked for"
    return "published" if duty.published_at else "waived" if duty.waived else "due"


BARE = frozenset({"severity", "phase", "due", "declared_at", "commanded_at", "first_update_at"}) | {
    "mitigated_at",
    "resolved_at",
    "closed_at",
}
"""What is one of our words, a day or a moment: YAML knows it without quotes."""


def lines(incident: Incident, naming: Naming) -> list[str]:
    """The front matter, with room for the seal."""
    rows = [f"# {row.format(name=flat(incident.name))}" for row in NOTE]
    rows.append(f"digest: {OPEN}")
    for key, value in facts(incident, naming).items():
        rows.append(f"{key}: {value if key in BARE and value else yaml(value)}")
    return ["---", *rows, "---"]


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _seconds(length: timedelta | None) -> int | None:
    return round(length.total_seconds()) if length is not None else None
