"""The base update: its text from its fields, the same for every audience, word for word (spec, section 7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.incident.document import utc
from core.incident.events import Wording
from core.incident.state import Incident
from core.incident.vocabulary import Phase

UNCHANGED = "Impact is unchanged."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def text(wording: Wording, at: datetime, promised_at: datetime | None, *, unchanged: bool = False) -> str:
    """The text as every audience reads it.

    `[10:05 UTC] Some users cannot pay. Sign-in works. We are testing a rollback. Next update 10:20 UTC.`
    """
    fields = (wording.impact, wording.affected, wording.working, wording.next)
    said = [UNCHANGED] if unchanged else []
    said += [_sentence(field) for field in fields if field]
    if promised_at is not None:
        said.append(f"Next update {utc(promised_at)}.")
    return f"[{utc(at)}] {' '.join(said)}"


def promise(incident: Incident, wording: Wording, at: datetime) -> datetime | None:
    """When the next update comes, on the minute that people read; `None` where none is promised.

    A resolved incident promises only what its update owner says; a severity without a cadence likewise.
    """
    every = timedelta(seconds=wording.every) if wording.every is not None else None
    if every is None and incident.phase not in (Phase.RESOLVED, Phase.CLOSED):
        every = incident.response.update_every
    if not every:
        return None
    exact = at + every
    whole = exact.replace(second=0, microsecond=0)
    return whole if whole > at else exact
