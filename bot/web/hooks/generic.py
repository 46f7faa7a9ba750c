"""A hook for everything else: one alert in a small body, signed as Standard Webhooks has it (standardwebhooks.com).

Its `webhook-id` names the news for ever, so a repeat does nothing, also long after the five minutes of its signature.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import BaseModel, Field, StringConstraints
from standardwebhooks import Webhook, WebhookVerificationError

from bot.config.hooks import Hook
from bot.web.hooks.batch import MOST_LABELS, Batch, Moment, Name, Text, Told
from bot.web.hooks.body import Sent, Wrong, parsed

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Body(BaseModel):
    """`key` is the alert (its title, when left out), `group` the message it stands in (its service, or its title)."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    status: Literal["firing", "resolved"] = "firing"
    key: Word = ""
    group: Word = ""
    summary: Text = ""
    severity: Word = ""
    service: Word = ""
    runbook: Text = ""
    link: Text = ""
    starts_at: Moment | None = None
    labels: Annotated[dict[Name, Text], Field(max_length=MOST_LABELS)] = Field(default_factory=dict)


def why_not(hook: Hook, sent: Sent) -> str:
    """Why this is not the sender's; nothing when it is."""
    reason = ""
    for secret in hook.secrets:
        try:
            Webhook(secret).verify(sent.body, dict(sent.headers), json_parse=False)
        except WebhookVerificationError as error:
            reason = reason or str(error).lower()
        except (ValueError, TypeError):
            # A signature that is not two parts, or no base64; a body that is no text.
            reason = reason or "the signature cannot be read"
        else:
            return ""
    return reason or "there is no secret"


def read(sent: Sent) -> Batch:
    """Raises `Wrong`."""
    found, name = parsed(sent.body, Body), sent.headers["webhook-id"]
    if len(name) > 200:
        raise Wrong("webhook-id: it should have at most 200 characters")
    then = datetime.fromtimestamp(float(sent.headers["webhook-timestamp"]), UTC)
    extra = {"alertname": found.title, "severity": found.severity, "service": found.service}
    words = {"summary": found.summary, "runbook_url": found.runbook}
    group = found.group or found.service or found.title
    alert = Told(
        news=f"id/{quote(name, safe='')}",
        fingerprint=found.key or found.title,
        firing=found.status == "firing",
        starts_at=found.starts_at or then,
        at=found.starts_at or then,
        labels={**found.labels, **{key: value for key, value in extra.items() if value}},
        annotations={key: value for key, value in words.items() if value},
        link=found.link,
    )
    return Batch(group, group, [alert])
