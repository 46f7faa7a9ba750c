"""An episode of alerts as one message: how many fire, the first few by name, and the way to declare.

Rule: it is edited and never posted anew while the episode lasts; addresses stand as they were sent, as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.incident.alerts import Alert, Group
from core.incident.cards.board import clipped, joined
from core.incident.cards.card import Card
from core.incident.document import Document, Line, Post, Strong, Typed, When, Words, line

SHOWN = 5
"""Alerts that one message names; the rest is a count."""


def alert_card(house: str, group: Group, declare: str) -> Card:
    """`declare` is the emoji that declares."""
    seeds = (declare,) if group.over_at is None else ()
    document = Document(tuple(_rows(group, declare)), line(*_head(group)).spans)
    return Card(group.channel, Post(document, house, f"alert/{group.number}", seeds=seeds), spaced=True)


def _head(group: Group) -> Iterator[Words]:
    firing = len(group.firing) + group.beyond
    counts = [f"{firing} firing"] if firing else []
    counts += [f"{group.cleared} cleared"] if group.cleared else []
    yield Strong("Alert" if firing else "Cleared")
    yield " · "
    yield Strong(clipped(group.title, 160))
    yield f" · {', '.join(counts) or 'nothing fires'}"


def _rows(group: Group, declare: str) -> Iterator[Line]:
    firing = group.firing
    shown = firing or tuple(group.alerts.values())
    for one in shown[:SHOWN]:
        yield line(*_alert(one), bullet=True)
    more = max(len(shown) - SHOWN, 0) + group.beyond
    if more:
        yield line(f"and {more} more")
    services = list(dict.fromkeys([group.service, *(one.service for one in firing)]))
    facts: list[Sequence[Words]] = [[word] for word in services if word]
    if group.severity is not None:
        facts.append([group.severity.upper()])
    facts.append([f"from {group.hook}, since ", When(group.begun_at)])
    yield line(*joined(facts))
    if group.runbook:
        yield line(group.runbook, label="Runbook")
    if link := next((one.link for one in shown if one.link), ""):
        yield line(link, label="Source")
    yield from _what_next(group, declare)


def _alert(one: Alert) -> Iterator[Words]:
    yield clipped(one.name)
    if one.level:
        yield f" ({one.level})"
    if one.summary and one.summary != one.name:
        yield f": {clipped(one.summary, 160)}"
    if one.times > 1:
        yield f" · for the {_th(one.times)} time"


def _th(count: int) -> str:
    ending = "th" if 10 <= count % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"


def _what_next(group: Group, declare: str) -> Iterator[Line]:
    if group.incident:
        name = f", {group.incident_name}" if group.incident_name else ""
        yield line(f"Incident {group.incident}{name}")
    if group.over_at is not None:
        yield line("Over, what fires next is told anew. Last news ", When(group.news_at))
    elif not group.incident:
        yield line(f"{declare} declares an incident from it. Or: ", Typed(f"declare {clipped(group.title)}"))
