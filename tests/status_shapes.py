"""Statuspage's public API v2 as JSON schemas, after its documentation and what its pages answer; nothing more is allowed."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

ID: Shape = {"type": "string", "pattern": "^[a-z0-9]{12}$"}
TIME: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TIME_OR_NOT: Shape = {"anyOf": [TIME, {"type": "null"}]}
STRING: Shape = {"type": "string"}
STRING_OR_NOT: Shape = {"type": ["string", "null"]}
FLAG: Shape = {"type": "boolean"}
NOTHING: Shape = {"type": "null"}


def shape(**fields: Shape) -> Shape:
    """Exactly these fields."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def many(item: Shape) -> Shape:
    return {"type": "array", "items": item}


def one_of(*words: str) -> Shape:
    return {"enum": list(words)}


STATES = one_of("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
IMPACTS = one_of("none", "minor", "major", "critical")
STATUSES = one_of("investigating", "identified", "monitoring", "resolved", "postmortem")

PAGE = shape(id=ID, name=STRING, url=STRING, time_zone=STRING, updated_at=TIME)

COMPONENT = shape(
    id=ID,
    name=STRING,
    status=STATES,
    created_at=TIME,
    updated_at=TIME,
    position={"type": "integer", "minimum": 1},
    description=STRING_OR_NOT,
    showcase=FLAG,
    start_date=STRING_OR_NOT,
    group_id=NOTHING,
    page_id=ID,
    group=FLAG,
    only_show_if_degraded=FLAG,
)

AFFECTED = shape(code=ID, name=STRING, old_status=STATES, new_status=STATES)

UPDATE = shape(
    id=ID,
    status=STATUSES,
    body=STRING,
    incident_id=ID,
    created_at=TIME,
    updated_at=TIME,
    display_at=TIME,
    affected_components={"anyOf": [many(AFFECTED), NOTHING]},
    deliver_notifications=FLAG,
    custom_tweet=NOTHING,
    tweet_id=NOTHING,
)

INCIDENT = shape(
    id=ID,
    name=STRING,
    status=STATUSES,
    created_at=TIME,
    updated_at=TIME,
    monitoring_at=TIME_OR_NOT,
    resolved_at=TIME_OR_NOT,
    impact=IMPACTS,
    shortlink=STRING,
    started_at=TIME,
    page_id=ID,
    incident_updates={**many(UPDATE), "minItems": 1},
    components=many(COMPONENT),
)

STATUS = shape(indicator=IMPACTS, description=STRING)
PLANNED: Shape = {"type": "array", "maxItems": 0}

ANSWERS: dict[str, Shape] = {
    "summary": shape(
        page=PAGE, components=many(COMPONENT), incidents=many(INCIDENT), scheduled_maintenances=PLANNED, status=STATUS
    ),
    "status": shape(page=PAGE, status=STATUS),
    "components": shape(page=PAGE, components=many(COMPONENT)),
    "incidents": shape(page=PAGE, incidents=many(INCIDENT)),
    "incidents/unresolved": shape(page=PAGE, incidents=many(INCIDENT)),
    "scheduled-maintenances": shape(page=PAGE, scheduled_maintenances=PLANNED),
    "scheduled-maintenances/upcoming": shape(page=PAGE, scheduled_maintenances=PLANNED),
    "scheduled-maintenances/active": shape(page=PAGE, scheduled_maintenances=PLANNED),
}
"""Every answer by its path below `api/v2/`."""
