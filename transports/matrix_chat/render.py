"""A document in Matrix's two forms, plain text and HTML. Rule: this is where text is escaped, once, and nowhere else.

Only tags that the specification lets clients show are used (client-server API, "m.room.message msgtypes").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from urllib.parse import quote

from core.incident.document import (
    Choice,
    Code,
    Document,
    Jump,
    Line,
    Place,
    Plain,
    Span,
    Strong,
    Struck,
    Typed,
    When,
    Who,
    plain,
    utc,
)

PREFIX = "!inc "
"""How a command begins on Matrix (spec, section 6)."""

MATRIX_TO = "https://matrix.to/#/"
"""The address by which any Matrix client opens a person, a room or a message."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text without control characters, and with words that turn the reading direction kept from turning what follows."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    return f"\u2068{text}\u2069" if _DIRECTIONS.search(text) else text


def body(document: Document, choices: Sequence[Choice] = ()) -> str:
    """The plain form, as notifications and terminals show it."""
    offered = " · ".join(f"{choice.emoji} {choice.label} ({PREFIX}{choice.command})" for choice in choices)
    rows = [plain(document, PREFIX), offered]
    return clean("\n".join(row for row in rows if row))


def html(document: Document, transport: str, choices: Sequence[Choice] = ()) -> str:
    """The rich form. `transport` is our own name: only its people and messages can be linked."""
    # A title is strong as it is.
    title = [Plain(span.text) if isinstance(span, Strong) else span for span in document.title]
    rows = [("line", f"<strong>{_spans(title, transport)}</strong>")] if title else []
    rows += [(_shape(line), _label(line) + _spans(line.spans, transport)) for line in document.lines]
    offered = [
        f"{escape(each.emoji)} {_text(each.label)} (<code>{PREFIX}{_text(each.command)}</code>)" for each in choices
    ]
    rows += [("line", " · ".join(offered))] if offered else []
    # Neighbours of one shape share a list or a quotation; these are blocks, so no break goes beside them.
    return "".join(_block(shape, [text for _, text in run]) for shape, run in groupby(rows, key=lambda row: row[0]))


def _shape(line: Line) -> str:
    return "bullet" if line.bullet else "quote" if line.quote else "line"


def _block(shape: str, rows: Sequence[str]) -> str:
    match shape:
        case "bullet":
            return "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"
        case "quote":
            return "<blockquote>" + "<br>".join(rows) + "</blockquote>"
        case _:
            return "<br>".join(rows)


def _label(line: Line) -> str:
    # A row without a word in the label's column goes on below the one before it.
    return f"<strong>{_text(line.label)}</strong>&nbsp; " if line.label.strip() else ""


def _spans(spans: Sequence[Span], transport: str) -> str:
    return "".join(_span(span, transport) for span in spans)


def _text(text: str) -> str:
    return escape(clean(text)).replace("\n", "<br>")


def _span(span: Span, transport: str) -> str:
    match span:
        case Plain(text):
            return _text(text)
        case Strong(text):
            return f"<strong>{_text(text)}</strong>"
        case Typed(text):
            return f"<code>{PREFIX}{_text(text)}</code>"
        case Code(text):
            return f"<code>{_text(text)}</code>"
        case When(at):
            return utc(at)  # Matrix's HTML has no time element
        case Who(person) if person.account.transport == transport:
            return f'<a href="{MATRIX_TO}{quote(person.account.id, safe="@:")}">{_text(person.name)}</a>'
        case Who(person):
            return _text(person.name)
        case Jump(to, text) if to.channel.transport == transport:
            link = f"{MATRIX_TO}{quote(to.channel.id, safe='')}/{quote(to.id, safe='')}"
            return f'<a href="{link}">{_text(text)}</a>'
        case Place(channel, text) if channel.transport == transport:
            return f'<a href="{MATRIX_TO}{quote(channel.id, safe="")}">{_text(text)}</a>'
        case Jump(text=text) | Place(text=text):
            return _text(text)
        case Struck(text):
            return f"<del>{_text(text)}</del>"
