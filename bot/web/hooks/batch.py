"""What every kind of hook reads its bodies into, and what becomes of that by the labels: one command for a group of alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from bot.config.hooks import Hook, Rule
from bot.matchers import Matcher, all_fit, matcher
from core.incident import commands as c
from core.incident.vocabulary import ChannelRef

MOST_ALERTS = 1000
"""Alerts of one body."""

MOST_LABELS = 64

Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=20_000)]


def reckonable(moment: datetime) -> datetime:
    """A moment that can be turned into any zone. Raises `ValueError`."""
    if not 1970 <= moment.year < 9000:
        raise ValueError("it is out of range")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(reckonable)]

KEPT_LABELS = 20
"""Labels that go on the record with an episode, the shorter ones."""

NAME, SUMMARY, ADDRESS = 200, 300, 500
"""Characters of what is kept of an alert."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert, as its sender tells it. `news` is this news of it, unique for the hook."""

    news: str
    fingerprint: str
    firing: bool
    starts_at: datetime
    at: datetime
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    again: bool = False
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One group of alerts. `cut`: its sender has more than it told."""

    key: str
    alias: str
    alerts: Sequence[Told]
    cut: bool = False


def news(fingerprint: str, starts_at: datetime, *, firing: bool) -> str:
    """What was heard, whoever told it: a push, its repeat, another peer's, a look."""
    return f"{quote(fingerprint, safe='')}/{stamp(starts_at).isoformat()}/{'firing' if firing else 'cleared'}"


def stamp(moment: datetime) -> datetime:
    """A moment in UTC to the millisecond: a push has nanoseconds, Alertmanager's API cuts them off."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def alias(receiver: str, labels: Mapping[str, str]) -> str:
    """A group by what both a push and a look tell of it."""
    return json.dumps([receiver, dict(sorted(labels.items()))], ensure_ascii=False)


class Rules:
    """The rules of a hook, read once. `services` are the config's, by their names."""

    def __init__(self, hook: Hook, services: Iterable[str], triage: ChannelRef) -> None:
        self._hook = hook
        self._services = {name.casefold(): name for name in services}
        self._triage = _channel(hook.channel) or triage
        self._rules: list[tuple[Rule, list[Matcher]]] = [
            (rule, [matcher(text) for text in rule.match]) for rule in hook.rules
        ]

    def command(self, batch: Batch) -> c.HearAlerts:
        """What was told, as the command that it is."""
        common = _common([one.labels for one in batch.alerts])
        said = _common([one.annotations for one in batch.alerts])
        first = batch.alerts[0]
        title = said.get("summary") or common.get("alertname") or _name(first)
        rule = self._rule(first.labels)
        kept = sorted(common.items(), key=lambda pair: len(pair[1]))[:KEPT_LABELS]
        return c.HearAlerts(
            hook=self._hook.name,
            key=batch.key[:1000],
            alias=batch.alias[:4000],
            title=_cut(title, NAME) or "alert",
            channel=_channel(rule.channel) or self._triage,
            labels={name: value[:NAME] for name, value in sorted(kept)},
            alerts=tuple(self._alert(one) for one in batch.alerts),
        )

    def _alert(self, one: Told) -> c.HeardAlert:
        rule = self._rule(one.labels)
        service = rule.service or one.labels.get("service", "")
        runbook = one.annotations.get("runbook_url") or one.annotations.get("runbook", "")
        return c.HeardAlert(
            source=f"hook/{self._hook.name}/{one.news}",
            fingerprint=one.fingerprint,
            firing=one.firing,
            starts_at=stamp(one.starts_at),
            at=one.at.astimezone(UTC),
            name=_cut(_name(one), NAME) or "alert",
            summary=_cut(one.annotations.get("summary") or one.annotations.get("description", ""), SUMMARY),
            level=_cut(one.labels.get("severity", ""), 40),
            # A service that the house does not know could not be declared with.
            service=self._services.get(service.casefold(), ""),
            severity=rule.level,
            declare=rule.declare is not None,
            runbook=_address(runbook),
            link=_address(one.link),
            again=one.again,
            unseen=one.unseen,
        )

    def _rule(self, labels: Mapping[str, str]) -> Rule:
        return next((rule for rule, matchers in self._rules if all_fit(matchers, labels)), Rule())


def _channel(word: str | None) -> ChannelRef | None:
    transport, _, name = (word or "").partition(":")
    return ChannelRef(transport=transport, id=name.strip()) if name else None


def _name(one: Told) -> str:
    return one.labels.get("alertname") or one.annotations.get("summary") or one.fingerprint


def _common(tables: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What is the same in all of them."""
    first, *others = tables
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _cut(text: str, limit: int) -> str:
    """On one line, no longer than this."""
    line = c.one_line(text[: 4 * limit])
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _address(text: str) -> str:
    """An address that can be shown whole; what is none, or endless, is left out."""
    line = c.one_line(text[: 2 * ADDRESS])
    return line if line.startswith(("https://", "http://")) and len(line) <= ADDRESS and " " not in line else ""
