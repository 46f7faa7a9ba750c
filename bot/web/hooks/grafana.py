"""Grafana's webhook contact point, signed with an HMAC (Grafana, "Configure webhook notifications").

Its notifier does not try again after a failure. Without a timestamp header what is signed is the body alone: then a repeat
of a captured body is a repeat like any other, and does nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from pydantic import BaseModel, Field

from bot.config.hooks import Hook
from bot.web.hooks.alertmanager import Alert, Labels, told
from bot.web.hooks.batch import MOST_ALERTS, Batch, Name, alias
from bot.web.hooks.body import Sent, parsed

SIGNATURE = "X-Grafana-Alerting-Signature"

WINDOW = 300
"""Seconds that a signed time may be off."""


class Body(BaseModel):
    groupKey: Annotated[str, Field(min_length=1, max_length=20_000)]  # noqa: N815 (the sender's own name)
    receiver: Name = ""
    orgId: int = 0  # noqa: N815
    groupLabels: Labels = Field(default_factory=dict)  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815
    alerts: Annotated[list[Alert], Field(min_length=1, max_length=MOST_ALERTS)]


def why_not(hook: Hook, sent: Sent) -> str:
    """Why this is not the sender's; nothing when it is."""
    time = sent.headers.get(hook.timestamp_header, "") if hook.timestamp_header else ""
    signed = time.encode("utf-8", "surrogateescape") + b":" + sent.body if hook.timestamp_header else sent.body
    given = sent.headers.get(SIGNATURE, "").strip().encode("utf-8", "surrogateescape")
    same = [
        hmac.compare_digest(given, hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode())
        for secret in hook.secrets
    ]
    if not any(same):
        return "the signature is wrong"
    if hook.timestamp_header:
        # What was signed is a number of seconds, or the sender is none of ours.
        if not (time.isascii() and time.isdigit() and len(time) <= 12):
            return "the timestamp is no number"
        if abs(sent.at.timestamp() - int(time)) > WINDOW:
            return "the timestamp is too old or too new; are both clocks right?"
    return ""


def read(sent: Sent) -> Batch:
    """Raises `Wrong`."""
    found = parsed(sent.body, Body)
    # One contact point may serve several organisations, whose groups are called alike.
    key = f"{found.orgId}/{found.receiver}/{found.groupKey}"
    return Batch(
        key,
        alias(f"{found.orgId}/{found.receiver}", found.groupLabels),
        [told(one) for one in found.alerts],
        cut=found.truncatedAlerts > 0,
    )
