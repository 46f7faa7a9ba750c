"""What an incident's record came to, as far as every version of Tocsin must find it there: what people said and decided."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]


def facts(incident: Any) -> Facts:
    """The facts as plain JSON; of names that the first version had, since it was asked for them too."""
    return {
        "number": incident.number,
        "name": incident.name,
        "title": incident.title,
        "severity": str(incident.severity),
        "phase": str(incident.phase),
        "declared": [incident.declared_at.isoformat(), incident.declared_by.name],
        "resolved": _moment(incident.resolved_at),
        "closed": _moment(incident.closed_at),
        "impact": incident.impact,
        "fixed": incident.fixed,
        "roles": {str(role): _name(holding.holder) for role, holding in incident.roles.items()},
        "items": {key: [str(item.status), _name(item.holder), item.text] for key, item in incident.items.items()},
        "updates": [[update.number, update.text] for update in incident.updates],
        "closing": [incident.closing.cause, incident.closing.fixed, incident.closing.next],
        "records": incident.version,
    }


def _name(person: Any) -> str | None:
    return None if person is None else str(person.name)


def _moment(at: Any) -> str | None:
    return None if at is None else str(at.isoformat())
