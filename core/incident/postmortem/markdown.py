"""The file: front matter, then the sections in the blameless form (spec, section 9)."""

from __future__ import annotations

from collections.abc import Callable

from core.incident.postmortem import front, learned, told, weighed
from core.incident.postmortem.seal import sealed
from core.incident.postmortem.telling import Rows, Telling, telling_of
from core.incident.state import Incident
from core.incident.workdays import day_words

Section = Callable[[Telling], Rows]

WHOLE: tuple[tuple[str, Section], ...] = (
    ("Summary", told.summary),
    ("Impact", told.impact),
    ("Course", lambda telling: told.course(telling, f"{telling.incident.name}.svg")),
    ("Timeline (UTC)", told.timeline),
    ("Hypotheses considered", weighed.hypotheses),
    ("Other actions", weighed.actions),
    ("Decisions and recovery actions", weighed.decisions),
    ("What delayed us", weighed.delayed),
    ("Updates as published", told.updates),
    ("Roles and hand-offs", told.roles),
    ("Root cause and contributing factors", learned.causes),
    ("What went well", learned.went_well),
    ("What went badly", learned.went_badly),
    ("Where we were lucky", learned.lucky),
    ("Action items", learned.follow_ups),
    ("Debrief", learned.debrief),
)
"""A section without a line is left out."""

SHORT = ("Summary", "Course", "Timeline (UTC)", "Updates as published", "Roles and hand-offs", "Action items")
"""Of what turned out to be none: a false alarm, a duplicate."""


def markdown(incident: Incident) -> str:
    """The postmortem in CommonMark, with its seal."""
    telling = telling_of(incident)
    rows = front.lines(incident, telling.naming)
    rows += ["", f"# Postmortem: {telling.typed(incident.title, incident.declared_at)}", "", *_state(telling)]
    sections = WHOLE
    if not telling.whole:
        sections = tuple(one for one in WHOLE if one[0] in SHORT)
        sections = (*sections[:1], ("What raised it", learned.false_alarm), *sections[1:])
    for title, section in sections:
        if told_rows := section(telling):
            rows += ["", f"## {title}", "", *told_rows]
    return sealed("\n".join(rows) + "\n")


def _state(telling: Telling) -> Rows:
    incident, duty = telling.incident, telling.incident.postmortem
    rows: Rows = []
    if not incident.closed:
        rows.append(f"**This incident is still open.** What stands here is as of {telling.when(telling.end)} UTC.")
    elif duty is not None and duty.published_at is not None:
        where = f": {telling.typed(duty.where)}" if duty.where else "."
        rows.append(f"Published {telling.when(duty.published_at)} UTC{where}")
    elif duty is not None and duty.waived:
        rows.append(f"There will be none: {telling.typed(duty.waived)}")
    elif duty is not None:
        rows.append(f"Written by {telling.who(duty.owner, telling.end)}, due {day_words(duty.due)}.")
    blameless = "It is about what happened and what to change, not about whose fault it was."
    return [*rows, "", blameless] if rows else [blameless]
