"""Alerts as senders tell them, for the tests: bodies of Alertmanager's webhook, and what they are signed with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.config.hooks import Hook
from bot.web.hooks import alertmanager
from bot.web.hooks.batch import Rules
from bot.web.hooks.body import Sent
from core.incident import commands as c
from core.incident.vocabulary import ChannelRef

SECRET = "s" * 40
STARTS = datetime(2026, 5, 2, 10, 0, tzinfo=UTC)
TRIAGE = ChannelRef(transport="sandbox", id="triage")


def alert(
    name: str = "HighErrorRate", *, instance: str = "a", firing: bool = True, at: datetime = STARTS, **labels: str
) -> dict[str, Any]:
    """One alert of a body; its fingerprint is made of its labels, as Alertmanager's is."""
    named = {"alertname": name, "instance": instance, **labels}
    return {
        "status": "firing" if firing else "resolved",
        "labels": named,
        "annotations": {"summary": f"{name} is high", "runbook_url": "https://runbooks.example.org/errors"},
        "startsAt": at.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z" if firing else at.isoformat(),
        "generatorURL": "http://prometheus.example.org/graph?g0.expr=up",
        "fingerprint": f"{name}-{instance}".lower(),
    }


def body(*alerts: Mapping[str, Any], group: str = "HighErrorRate", **more: Any) -> dict[str, Any]:
    """Version 4 of Alertmanager's webhook."""
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{group}"}}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {"alertname": group},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": list(alerts),
    } | more


def hook(**fields: Any) -> Hook:
    return Hook.model_validate({"kind": "alertmanager", "name": "prod", "secret": SECRET, **fields})


def heard(
    found: Mapping[str, Any], *, rules: list[dict[str, Any]] | None = None, services: tuple[str, ...] = ()
) -> c.HearAlerts:
    """A body as the command that it is."""
    import json

    one = hook(rules=rules or [])
    batch = alertmanager.read(Sent({}, json.dumps(found).encode(), STARTS))
    return Rules(one, services, TRIAGE).command(batch)
