"""Alerts of monitoring: what a hook or a look at Alertmanager brings, and what becomes due of it. No person gives these."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from core.incident.commands.wish import Command
from core.incident.vocabulary import ChannelRef, Severity, Value


class HeardAlert(Value):
    """One alert as it was heard, with what the house's rules make of it. `source` names this news of it for ever.

    `starts_at` orders the news of one alert, `at` is when this happened.
    """

    source: str
    fingerprint: str
    firing: bool
    starts_at: datetime
    at: datetime
    name: str
    summary: str = ""
    level: str = ""
    service: str = ""
    severity: Severity | None = None
    declare: bool = False
    runbook: str = ""
    link: str = ""
    again: bool = False
    unseen: bool = False


class HearAlerts(Command):
    """Alerts of one group, by its sender's name for it (`key`) or, where that is not known, by its `alias`."""

    hook: str
    key: str
    alias: str
    title: str
    channel: ChannelRef
    labels: dict[str, str] = Field(default_factory=dict)
    alerts: tuple[HeardAlert, ...]


class DeclareAlert(Command):
    """The rules want an incident of this episode, at once."""

    alert: int


class EndAlerts(Command):
    """All has been quiet, or nothing has been heard, for long enough."""

    alert: int
    why: Literal["quiet", "stale"]


class NoteAlert(Command):
    """An incident is told how the alerts stand that it came from."""

    alert: int
    title: str
    firing: bool
    count: int
    since: datetime
