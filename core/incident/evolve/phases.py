"""Users are served again, or they are not any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.incident.state import Incident, Postmortem, Reopening
from core.incident.vocabulary import Phase


def well_again(incident: Incident, at: datetime) -> Incident:
    """Users are served since the first that said so."""
    if incident.resolved_at is not None:
        return incident
    return replace(incident, resolved_at=at, resolved_after=len(incident.updates))


def reopening(incident: Incident, at: datetime, why: str) -> Reopening:
    """The close that did not last, as far as it stands somewhere."""
    asked = incident.postmortem is not None or incident.lesson is not None
    return Reopening(incident.closed_at or at, at, why, incident.audiences, asked, incident.lesson)


def _over(duty: Postmortem | None) -> Postmortem | None:
    """Nobody writes the postmortem of a close that did not last; what was published stays out."""
    return replace(duty, waived="it was reopened") if duty is not None and duty.owed else duty


def open_again(incident: Incident, at: datetime) -> Incident:
    return replace(
        incident,
        phase=Phase.INVESTIGATING,
        begun_at=at,
        begun_after=len(incident.updates),
        resolved_at=None,
        fixed="",
        closed_at=None,
        closed_by=None,
        closing=None,
        locked=False,
        # What was seen and watched was so the last time.
        met={},
        signal=None,
        postmortem=_over(incident.postmortem),
        lesson=None,
    )
