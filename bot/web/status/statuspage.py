"""The page as JSON, in the shapes of Atlassian Statuspage's public API v2, which many clients read.

Rule: what was withdrawn is not here, as Statuspage has no word for it and a client would take it for what stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from bot.web.status.feed import NEVER
from bot.web.status.html import incident_path
from bot.web.status.view import Component, Shown, State, Update, View, short
from bot.web.status.words import INDICATORS
from core.incident.vocabulary import Phase

NEWEST = 50
"""Incidents in `incidents.json`, as many as Statuspage has."""

DESCRIPTIONS: dict[State, str] = {
    State.OPERATIONAL: "All Systems Operational",
    State.DEGRADED: "Minor Service Outage",
    State.PARTIAL: "Partial System Outage",
    State.MAJOR: "Major Service Outage",
}
"""Statuspage's sentence beside each indicator."""

STATUSES: dict[Phase, str] = {
    Phase.INVESTIGATING: "investigating",
    Phase.IDENTIFIED: "identified",
    Phase.MONITORING: "monitoring",
    Phase.RESOLVED: "resolved",
    Phase.CLOSED: "resolved",
}

Shape = Mapping[str, object]


def answers(view: View) -> Iterator[tuple[str, str]]:
    """Every file by its path."""
    page, incidents = {"page": _page(view)}, [one for one in view.incidents if one.standing]
    status = {"status": {"indicator": INDICATORS[view.state], "description": DESCRIPTIONS[view.state]}}
    components = {"components": list(_components(view))}
    newest = {"incidents": _incidents(view, incidents[:NEWEST])}
    unresolved = {"incidents": _incidents(view, [one for one in incidents if not one.over])}
    planned: Shape = {"scheduled_maintenances": []}
    found: dict[str, Shape] = {
        "summary": {**page, **components, **unresolved, **planned, **status},
        "status": {**page, **status},
        "components": {**page, **components},
        "incidents": {**page, **newest},
        "incidents/unresolved": {**page, **unresolved},
        "scheduled-maintenances": {**page, **planned},
        "scheduled-maintenances/upcoming": {**page, **planned},
        "scheduled-maintenances/active": {**page, **planned},
    }
    for name, shape in found.items():
        yield f"api/v2/{name}.json", json.dumps(shape, ensure_ascii=False, separators=(",", ":")) + "\n"


def _page(view: View) -> Shape:
    # `updated_at` is as of when this is true: a client sees by it whether Tocsin still writes the page.
    return {
        "id": _page_id(view),
        "name": view.name,
        "url": view.url,
        "time_zone": "Etc/UTC",
        "updated_at": _stamp(view.at),
    }


def _page_id(view: View) -> str:
    return short("page", view.url or view.name)


def _components(view: View) -> Iterator[Shape]:
    for position, component in enumerate(view.components, start=1):
        yield _component(view, component, position)


def _component(view: View, component: Component, position: int) -> Shape:
    """The catalogue keeps no dates: a component changed when something about it was last said, and is as old as can be."""
    said = [one.known.changed_at for one in view.incidents if one.component == component.name]
    return {
        "id": short("component", component.name),
        "name": component.name,
        "status": component.state,
        "created_at": _stamp(NEVER),
        "updated_at": _stamp(max(said, default=NEVER)),
        "position": position,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": _page_id(view),
        "group": False,
        "only_show_if_degraded": False,
    }


def _incidents(view: View, incidents: Iterable[Shown]) -> list[Shape]:
    components = {shape["name"]: shape for shape in _components(view)}
    return [_incident(view, one, components) for one in incidents]


def _incident(view: View, one: Shown, components: Mapping[object, Shape]) -> Shape:
    known, link = one.known, incident_path(one)
    watched = next((update.said.at for update in one.standing if update.said.phase is Phase.MONITORING), None)
    return {
        "id": one.id,
        "name": one.headline,
        "status": STATUSES[known.phase],
        "created_at": _stamp(known.began_at),
        "updated_at": _stamp(known.changed_at),
        "monitoring_at": _stamp(watched),
        "resolved_at": _stamp(one.ended_at),
        "impact": INDICATORS[one.felt],
        "shortlink": f"{view.url}/{link}" if view.url else link,
        "started_at": _stamp(known.began_at),
        "page_id": _page_id(view),
        "incident_updates": list(_updates(one))[::-1],
        "components": [components[one.component]] if one.component else [],
    }


def _updates(one: Shown) -> Iterator[Shape]:
    """In order; each says what it made of the component, after what the one before it had."""
    before = State.OPERATIONAL
    for update in one.standing:
        after = State.OPERATIONAL if STATUSES[update.said.phase] == "resolved" else one.felt
        yield _update(one, update, before, after)
        before = after


def _update(one: Shown, update: Update, before: State, after: State) -> Shape:
    code = short("component", one.component)
    affected = {"code": code, "name": one.component, "old_status": before, "new_status": after}
    return {
        "id": update.id,
        "status": STATUSES[update.said.phase],
        "body": update.text,
        "incident_id": one.id,
        "created_at": _stamp(update.said.at),
        "updated_at": _stamp(update.said.changed_at),
        "display_at": _stamp(update.said.at),
        "affected_components": [affected] if one.component else None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _stamp(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
