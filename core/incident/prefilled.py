"""What a form is filled with before a person sees it: the words that the record already has for each slot.

Rule: nobody fills in a form only to be turned down; where the bare command is refused, there is no form.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from core.incident import commands as c
from core.incident.decide import Act, decide
from core.incident.decide.closing import drafted_cause, drafted_fix, drafted_next
from core.incident.refusals import Refusal
from core.incident.state import Incident
from core.incident.times import duration, spell


def prefilled(incident: Incident, command: c.AnyCommand, act: Act) -> Mapping[str, str] | None:
    """The words by slot; `None` where this person is better told why they get none. `command` is the bare one."""
    try:
        decide(incident, command, act)
    except Refusal as refusal:
        # What a close lacks is what its form asks for.
        if refusal.rule != "close-needs":
            return None
    match command:
        case c.CorrectUpdate():
            return _wording(incident, draft=False)
        case c.Draft():
            return _wording(incident, draft=True)
        case c.Close() if not incident.closed:
            return {"cause": drafted_cause(incident), "fixed": drafted_fix(incident), "next": drafted_next(incident)}
        case _:
            return None


def _wording(incident: Incident, *, draft: bool) -> Mapping[str, str]:
    """As it was said last: in the draft in hand, else in the last update."""
    last = incident.last_update.wording if incident.last_update else None
    if draft and incident.draft is not None:
        last = incident.draft.wording
    every = timedelta(seconds=last.every) if last and last.every is not None else None
    if every is None and draft:
        every = incident.every
    known = (
        {"impact": last.impact, "affected": last.affected, "working": last.working, "next": last.next} if last else {}
    )
    return known | {"every": _spelled(every) if every else ""}


def _spelled(length: timedelta) -> str:
    """A length as people write it, where it reads back the same."""
    words = spell(length)
    return words if duration(words) == length else f"{length.total_seconds():.0f}s"
