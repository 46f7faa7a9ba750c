"""Alerts as the house's record has them: episodes, folded from it.

Rule: of the news of one alert the latest start counts, and of one start that it cleared; so news may come twice, late and
in any order. What is over is let go by whoever keeps it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.incident.events import (
    Alarm,
    AlertCleared,
    AlertFired,
    AlertsBegun,
    AlertsLinked,
    AlertsOver,
    Declared,
    Recorded,
)
from core.incident.vocabulary import HOOK, Account, ChannelRef, Person, Severity

FORGET = timedelta(hours=1)
"""So long a cleared alert is remembered by itself, while others of its group fire; after that it is a count."""

MOST = 2000
"""Alerts of one episode that are told apart; what is beyond them is counted alone."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert by its latest news. `times` counts how often it began to fire."""

    fingerprint: str
    name: str
    starts_at: datetime
    firing: bool
    heard_at: datetime
    summary: str = ""
    level: str = ""
    service: str = ""
    runbook: str = ""
    link: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """An episode. `declare_at`: since when the rules want an incident; `incident` is the one that it has, 0 for none.

    `quiet_since` is `None` while anything fires; `stirred_at` is when it last began to fire after a silence; `forgotten`
    counts cleared alerts that are no longer told apart, `beyond` those that never were.
    """

    number: int
    hook: str
    key: str
    alias: str
    title: str
    channel: ChannelRef
    begun_at: datetime
    news_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    forgotten: int = 0
    beyond: int = 0
    severity: Severity | None = None
    service: str = ""
    runbook: str = ""
    declare_at: datetime | None = None
    incident: int = 0
    incident_name: str = ""
    quiet_since: datetime | None = None
    stirred_at: datetime | None = None
    over_at: datetime | None = None

    @property
    def firing(self) -> tuple[Alert, ...]:
        """What fires, in the order in which it was first heard of."""
        return tuple(one for one in self.alerts.values() if one.firing)

    @property
    def cleared(self) -> int:
        return self.forgotten + sum(not one.firing for one in self.alerts.values())

    @property
    def alarm(self) -> Alarm:
        """What an incident of it knows."""
        return Alarm(
            number=self.number,
            hook=self.hook,
            group=group_id(self),
            title=self.title,
            runbook=self.runbook,
            labels=dict(self.labels),
        )


def group_id(group: Group) -> str:
    """A short name for a group, the same for every episode of it."""
    words = "\x1f".join((group.hook, group.key or group.alias))
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def sender(hook: str) -> Person:
    """Who a hook's alerts are said by: nobody who could be asked, invited or called."""
    account = Account(transport=HOOK, id=hook, name=hook)
    return Person(key=f"{HOOK}:{hook}", name=f"{hook} (alert)", initials="AL", account=account)


def begin(recorded: Recorded) -> Group:
    """The episode that an `AlertsBegun` begins."""
    event = recorded.event
    assert isinstance(event, AlertsBegun), "nothing else begins one"
    return Group(
        number=event.number,
        hook=event.hook,
        key=event.key,
        alias=event.alias,
        title=event.title,
        channel=event.channel,
        labels=event.labels,
        begun_at=recorded.heard_at,
        news_at=recorded.heard_at,
        quiet_since=recorded.heard_at,
    )


def after(group: Group, recorded: Recorded) -> Group:
    """The episode after one more record of the house that is about it."""
    event, at = recorded.event, recorded.heard_at
    match event:
        case AlertFired():
            return _fired(replace(group, news_at=at), event, at)
        case AlertCleared():
            return _cleared(replace(group, news_at=at), event, at)
        case AlertsLinked():
            return replace(group, incident=event.incident)
        case Declared():
            return replace(group, incident=event.number, incident_name=event.name)
        case AlertsOver():
            return replace(group, over_at=at)
        case _:
            return group


def is_news(known: Alert | None, starts_at: datetime, *, firing: bool, again: bool = False) -> bool:
    """Whether this says more of an alert than is known of it."""
    if known is None or starts_at > known.starts_at:
        return True
    return starts_at == known.starts_at and known.firing != firing and (again or not firing)


def _fired(group: Group, event: AlertFired, at: datetime) -> Group:
    known = group.alerts.get(event.fingerprint)
    if not is_news(known, event.starts_at, firing=True, again=event.again):
        return group
    group = replace(
        _room_for(group, event.fingerprint, at),
        declare_at=group.declare_at or (at if event.declare else None),
        severity=min((one for one in (group.severity, event.severity) if one is not None), default=None),
        service=group.service or event.service,
        runbook=group.runbook or event.runbook,
    )
    if known is None and len(group.alerts) >= MOST:
        return replace(group, beyond=group.beyond + 1)
    alert = Alert(
        event.fingerprint,
        event.name,
        event.starts_at,
        True,
        at,
        event.summary,
        event.level,
        event.service,
        event.runbook,
        event.link,
        # Another peer of the same sender may date one firing a moment later.
        times=1 if known is None else known.times + (not known.firing),
    )
    stirred = at if group.quiet_since is not None and group.alerts else group.stirred_at
    alerts = {**group.alerts, event.fingerprint: alert}
    return replace(group, alerts=alerts, quiet_since=None, stirred_at=stirred)


def _cleared(group: Group, event: AlertCleared, at: datetime) -> Group:
    known = group.alerts.get(event.fingerprint)
    if not is_news(known, event.starts_at, firing=False):
        return group
    group = _room_for(group, event.fingerprint, at)
    if known is None and len(group.alerts) >= MOST:
        return group
    alert = (
        replace(known, starts_at=event.starts_at, firing=False, heard_at=at)
        if known
        else Alert(event.fingerprint, event.name, event.starts_at, False, at)
    )
    alerts = {**group.alerts, event.fingerprint: alert}
    quiet = None if any(one.firing for one in alerts.values()) else group.quiet_since or at
    return replace(group, alerts=alerts, quiet_since=quiet)


def _room_for(group: Group, fingerprint: str, at: datetime) -> Group:
    """The episode without the alerts that cleared long ago, all but the one that this is about."""
    old = [
        key
        for key, one in group.alerts.items()
        if not one.firing and at - one.heard_at >= FORGET and key != fingerprint
    ]
    if not old:
        return group
    alerts = {key: one for key, one in group.alerts.items() if key not in old}
    return replace(group, alerts=alerts, forgotten=group.forgotten + len(old))


def about(recorded: Recorded) -> int:
    """The number of the episode that a record of the house is about; 0 for none."""
    match recorded.event:
        case AlertsBegun() | AlertFired() | AlertCleared() | AlertsLinked() | AlertsOver():
            return recorded.event.number
        case Declared(alarm=Alarm(number=number)):
            return number
        case _:
            return 0
