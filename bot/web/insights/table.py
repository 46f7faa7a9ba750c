"""The insights as data: a row for each incident, in JSON and in CSV (RFC 4180).

In CSV a text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, "CSV Injection"): one that
begins with `=`, `+`, `-`, `@`, a tab or the end of a line, or their full-width twins. One that begins with apostrophes and
then with such a sign gets one more, so that taking one away gives back what was written. JSON has every text as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.web.insights.chosen import NAMES
from bot.web.insights.view import MEASURES, View
from core.incident.figures import Figures

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the beginning of a formula."""

COLUMNS = (
    *("number", "name", "title", "severity", "service", "phase", "standing", "commander"),
    *("declared_at", "commanded_at", "told_at", "mitigated_at", "resolved_at", "closed_at"),
    *(f"seconds_to_{measure.key}" for measure in MEASURES),
    *("updates", "promises_kept", "promises_broken", "handoffs", "reopened"),
)
"""Times are ISO 8601 in UTC, lengths in seconds; what has not come is `null`, and an empty cell."""


def row(one: Figures) -> dict[str, Any]:
    """An incident by column."""
    moments = (one.declared_at, one.commanded_at, one.told_at, one.mitigated_at, one.resolved_at, one.closed_at)
    values = (
        *(one.number, one.name, one.title, one.severity.value, one.service, one.phase.value, one.standing.value),
        one.commander.name if one.commander else None,
        *map(_moment, moments),
        *(_seconds(measure.of(one)) for measure in MEASURES),
        *(one.updates, one.kept, one.broken, one.handoffs, one.reopened),
    )
    return dict(zip(COLUMNS, values, strict=True))


def as_json(view: View) -> str:
    """What was asked for, what is not in it (not read yet, or not readable), and a row for each incident."""
    filters = {name: getattr(view.chosen, name) or None for name in NAMES}
    rows = [row(one) for one in view.incidents]
    return (
        json.dumps(
            filters | {"pending": view.pending, "left_out": len(view.damaged), "incidents": rows},
            ensure_ascii=False,
            indent=2,
        )
        + "\n"
    )


def as_csv(incidents: Iterable[Figures]) -> str:
    """The columns' names, and a row for each incident."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in incidents:
        writer.writerow([_cell(value) for value in row(one).values()])
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip("'").startswith(FORMULA) else value


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _seconds(length: timedelta | None) -> float | None:
    return length.total_seconds() if length is not None else None
