"""Alerts of monitoring: what was heard of them, in the house; and what an incident is told of the one it came from.

Rule: an episode is a group of alerts from its first firing until all is quiet. Its number is the place of its first record
on the house's record, and names its message for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.incident.events.happened import Happened
from core.incident.vocabulary import ChannelRef, Severity, Value


class Alarm(Value):
    """What an incident that an alert declared knows of it. `group` is the same for every episode of a group."""

    number: int
    hook: str
    group: str
    title: str
    runbook: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


class AlertsBegun(Happened):
    """An episode. `key` is the sender's name for the group, `labels` what all its alerts had in common at the time.

    `alias` names the same group where the sender's own name is not known, as in what was pulled. `channel` is a name of the
    config's.
    """

    kind: Literal["alerts_begun"] = "alerts_begun"
    number: int
    hook: str
    key: str
    alias: str
    title: str
    channel: ChannelRef
    labels: dict[str, str] = Field(default_factory=dict)


class AlertFired(Happened):
    """An alert fires. `severity` and `service` are what the house's rules make of it; `level` is what its sender calls it.

    `declare`: the rules want an incident at once. `again`: it was taken for cleared, and is not.
    """

    kind: Literal["alert_fired"] = "alert_fired"
    number: int
    hook: str
    fingerprint: str
    starts_at: datetime
    name: str
    summary: str = ""
    level: str = ""
    service: str = ""
    severity: Severity | None = None
    declare: bool = False
    runbook: str = ""
    link: str = ""
    again: bool = False


class AlertCleared(Happened):
    """It fires no more. `unseen`: nobody said so, but its sender knows it no longer. `number` is 0 where nobody heard it fire."""

    kind: Literal["alert_cleared"] = "alert_cleared"
    number: int
    hook: str
    fingerprint: str
    starts_at: datetime
    name: str
    unseen: bool = False


class AlertsLinked(Happened):
    """The rules wanted an incident, and this one is there already."""

    kind: Literal["alerts_linked"] = "alerts_linked"
    number: int
    incident: int


class AlertsOver(Happened):
    """The end of an episode: what fires next is another one, with a message of its own."""

    kind: Literal["alerts_over"] = "alerts_over"
    number: int
    why: Literal["quiet", "stale", "closed"]


class AlertNoted(Happened):
    """What an incident is told of the alerts that it came from: they fire, or they have cleared."""

    kind: Literal["alert_noted"] = "alert_noted"
    number: int
    title: str
    firing: bool
    count: int
    since: datetime
