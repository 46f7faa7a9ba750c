"""A timeline on paper: as text, Markdown, CSV and JSON, each safe for what will read it.

Rule: people's words are data. A terminal acts on none of them, nor does a Markdown reader or a spreadsheet.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from itertools import groupby
from typing import Any

from bot.harmless import harmless, harmless_json
from core.incident.cards.letters import entry_line, entry_notes, timeline_title
from core.incident.document import Document, plain
from core.incident.postmortem.escaping import words
from core.incident.state import Entry, Incident
from core.incident.workdays import day_words

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection")."""

COLUMNS = (
    *("incident", "number", "at", "put_at", "by", "marked_by", "kind", "item", "text", "note"),
    *("withdrawn", "hidden", "message"),
)
WORDED = frozenset({"incident", "by", "marked_by", "text", "note", "message"})
"""The columns that hold what people or their chats wrote."""

Shown = Sequence[tuple[Incident, Sequence[Entry]]]
"""The incidents that are asked for, and of each the entries that are."""


def as_text(shown: Shown) -> str:
    """As the chat shows it, a line each."""
    return "\n".join(f"{_text(incident, entries)}\n" for incident, entries in shown)


def _text(incident: Incident, entries: Sequence[Entry]) -> str:
    # Line by line: what stands in one of ours is theirs.
    rows = [Document((entry_line(entry),)) for entry in entries]
    title = Document(title=timeline_title(incident))
    left_out = (f"{words}." for words in _left_out(incident, entries))
    return "\n".join([*(harmless(plain(row)) for row in (title, *rows)), *left_out])


def _left_out(incident: Incident, entries: Sequence[Entry]) -> Iterable[str]:
    hidden = sum(entry.hidden for entry in incident.entries)
    if hidden and not any(entry.hidden for entry in entries):
        yield f"{hidden} hidden from the postmortem: `--hidden` shows {'it' if hidden == 1 else 'them'}"


def as_markdown(shown: Shown) -> str:
    """In CommonMark: a heading for the incident and for each day, a line for each entry."""
    return "\n".join("\n".join(_markdown(incident, entries)) + "\n" for incident, entries in shown)


def _markdown(incident: Incident, entries: Sequence[Entry]) -> Iterable[str]:
    state = f"Incident {incident.number}, {incident.severity.upper()}, {incident.phase}. Times are UTC."
    yield from (f"# Timeline of {_marked(incident.title)}", "", state)
    for day, those in groupby(entries, key=lambda entry: entry.at.date()):
        yield from ("", f"## {day_words(day)}", "")
        for entry in those:
            who = f"{entry.by.name}: " if entry.by else ""
            notes = entry_notes(entry)
            tail = f" ({', '.join(notes)})" if notes else ""
            yield f"- {entry.at:%H:%M} T{entry.number} {_marked(f'{who}{entry.text}{tail}')}"
    for left_out in _left_out(incident, entries):
        yield from ("", f"{left_out}.")


def _marked(text: str) -> str:
    return words(harmless(text))


def as_csv(shown: Shown) -> str:
    """RFC 4180, every cell in quotes so that none begins another, in whatever country's spreadsheet."""
    page = StringIO(newline="")
    writer = csv.writer(page, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for incident, entries in shown:
        for entry in entries:
            data = {"incident": incident.name, **entry_data(entry)}
            writer.writerow([_cell(name, data[name]) for name in COLUMNS])
    return page.getvalue()


def _cell(column: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() if column in WORDED:
            return defused(harmless(value))
        case _:
            return str(value)


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_json(shown: Shown, *, alone: bool) -> str:
    """One object for one incident, a list for all."""
    data = [incident_data(incident, entries) for incident, entries in shown]
    page = json.dumps(data[0] if alone else data, ensure_ascii=False, indent=2)
    return harmless_json(page) + "\n"


def incident_data(incident: Incident, entries: Iterable[Entry]) -> dict[str, Any]:
    return {
        "incident": incident.name,
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity,
        "phase": incident.phase,
        "declared_at": incident.declared_at.isoformat(),
        "resolved_at": incident.resolved_at and incident.resolved_at.isoformat(),
        "closed_at": incident.closed_at and incident.closed_at.isoformat(),
        "roles": {role: holding.holder.name for role, holding in incident.roles.items() if holding.holder},
        "entries": [entry_data(entry) for entry in entries],
    }


def entry_data(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "put_at": (entry.put_at or entry.at).isoformat(),
        "by": entry.by.name if entry.by else None,
        "marked_by": entry.marked_by.name if entry.marked_by else None,
        "kind": entry.kind,
        "item": entry.item or None,
        "text": entry.text,
        "note": entry.note or None,
        "withdrawn": entry.withdrawn,
        "hidden": entry.hidden,
        "message": str(entry.message) if entry.message else None,
    }


FORMATS: dict[str, Callable[..., str]] = {"text": as_text, "markdown": as_markdown, "csv": as_csv, "json": as_json}
