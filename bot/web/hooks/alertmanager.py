"""Alertmanager's webhook, version 4, with a bearer token (Prometheus, "Alerting configuration: webhook_config").

It comes at least once: again at each repeat interval, from each peer, and after each answer of 5xx, but after no 4xx.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from bot.config.hooks import Hook
from bot.web.hooks.batch import MOST_ALERTS, MOST_LABELS, Batch, Moment, Name, Text, Told, alias, news
from bot.web.hooks.body import Sent, parsed

Labels = Annotated[dict[Name, Text], Field(max_length=MOST_LABELS)]


class Alert(BaseModel):
    """`endsAt` is in the year 1 while it fires."""

    status: Literal["firing", "resolved"]
    labels: Labels
    annotations: Labels = Field(default_factory=dict)
    startsAt: Moment  # noqa: N815 (the sender's own name, as those below)
    endsAt: AwareDatetime | None = None  # noqa: N815
    generatorURL: Text = ""  # noqa: N815
    fingerprint: Annotated[str, Field(min_length=1, max_length=128)]


class Body(BaseModel):
    version: Literal["4"]
    groupKey: Annotated[str, Field(min_length=1, max_length=20_000)]  # noqa: N815
    receiver: Name = ""
    groupLabels: Labels = Field(default_factory=dict)  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815
    alerts: Annotated[list[Alert], Field(min_length=1, max_length=MOST_ALERTS)]


def why_not(hook: Hook, sent: Sent) -> str:
    """Why this is not the sender's; nothing when it is."""
    scheme, _, token = sent.headers.get("Authorization", "").partition(" ")
    given = token.strip().encode("utf-8", "surrogateescape")
    same = [hmac.compare_digest(given, secret.encode()) for secret in hook.secrets]
    return "" if any(same) and scheme.casefold() == "bearer" else "the token is wrong"


def read(sent: Sent) -> Batch:
    """Raises `Wrong`."""
    found = parsed(sent.body, Body)
    return Batch(
        found.groupKey,
        alias(found.receiver, found.groupLabels),
        [told(one) for one in found.alerts],
        cut=found.truncatedAlerts > 0,
    )


def told(one: Alert) -> Told:
    firing = one.status == "firing"
    ends = one.endsAt if one.endsAt and 1970 <= one.endsAt.year < 9000 else None
    at = ends if not firing and ends and ends >= one.startsAt else one.startsAt
    return Told(
        news=news(one.fingerprint, one.startsAt, firing=firing),
        fingerprint=one.fingerprint,
        firing=firing,
        starts_at=one.startsAt,
        at=at,
        labels=one.labels,
        annotations=one.annotations,
        link=one.generatorURL,
    )
