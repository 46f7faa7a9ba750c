"""The picture of an incident's course: phases, roles, items, updates and decisions on one axis of UTC, as SVG.

Rule: a picture in itself: no script, nothing from elsewhere, words for who cannot see it; the same record gives the same
bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from core.incident.course import by_place
from core.incident.delays import end_of
from core.incident.postmortem.naming import Naming
from core.incident.postmortem.scale import LEFT, RIGHT, scale_of
from core.incident.postmortem.seal import OPEN, sealed
from core.incident.postmortem.sheet import (
    BAR,
    BLUE,
    DIM,
    GREEN,
    INK,
    LINE,
    MARGIN,
    ORANGE,
    PAPER,
    PURPLE,
    RED,
    SMALL,
    Sheet,
    hatching,
)
from core.incident.postmortem.svg import clipped, figure, plain, tag, width
from core.incident.postmortem.tracks import decisions, items, phases, roles, updates
from core.incident.state import Incident
from core.incident.times import spell

WIDTH = 900
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', 'DejaVu Sans', sans-serif"

PATTERNS = (
    hatching("hypothesis", BLUE, "lines", turn=45),
    hatching("action", GREEN, "dots"),
    hatching("recovery", ORANGE, "grid", turn=45),
    hatching("freeze", PURPLE, "lines", turn=90),
)

TRACKS: tuple[Callable[[Sheet], None], ...] = (phases, roles, items, updates, decisions)


def picture(incident: Incident) -> str:
    """The course as SVG, with its seal."""
    end = max(end_of(incident), incident.declared_at)
    sheet = Sheet(
        incident, Naming(incident), scale_of(incident.declared_at, end), end, by_place(incident.course), y=84.0
    )
    for track in TRACKS:
        track(sheet)
    bottom = sheet.y + 4
    sheet.y = bottom
    _legend(sheet)
    height = figure(round(sheet.y + 12))
    title, said = _title(sheet), _said(incident, end)
    note = "Drawn by Tocsin from the record, and drawn again when that changes, unless somebody edits this file."
    head = (
        'xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc"',
        f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" fill="{INK}" font-family="{plain(FONT)}"',
    )
    rows = [
        f"<svg {' '.join(head)}>",
        f"<!-- {note} digest: {OPEN} -->",
        tag("title", text=title, id="title"),
        tag("desc", text=_described(incident, said), id="desc"),
        tag("defs", *PATTERNS),
        tag("rect", width=WIDTH, height=height, fill=PAPER),
        *_axis(sheet, bottom),
        tag("text", text=clipped(title, 15, WIDTH - 2 * MARGIN), x=MARGIN, y=26, font_size=15, font_weight="bold"),
        tag("text", text=said, x=MARGIN, y=44, font_size=11.5, fill=DIM),
        *sheet.parts,
        "</svg>",
    ]
    return sealed("\n".join(rows) + "\n")


def _title(sheet: Sheet) -> str:
    incident = sheet.incident
    title = sheet.naming.text(incident.title, incident.declared_at)
    return f"Incident {incident.number} · {incident.severity.upper()} · {title}"


def _said(incident: Incident, end: datetime) -> str:
    words = f"{_moment(incident.declared_at)} to {_moment(end)} UTC"
    if not incident.closed:
        return f"{words}, and still open"
    served = incident.resolved_at
    return f"{words}; users were served again after {spell(served - incident.declared_at)}" if served else words


def _moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y %H:%M}"


def _described(incident: Incident, said: str) -> str:
    return (
        f"{said}. Tracks on one time axis: the phases; the five roles and who held them; {len(incident.items)} items "
        f"and how they ended; {len(incident.updates)} updates, {incident.promises.kept} promises kept and "
        f"{incident.promises.broken} broken; the decisions. The postmortem says the same in words."
    )


def _axis(sheet: Sheet, bottom: float) -> list[str]:
    parts = [tag("text", text="UTC", x=MARGIN + 12, y=64, font_size=SMALL, fill=DIM)]
    for at, words, day in sheet.scale.marks():
        x = sheet.scale.x(at)
        parts.append(tag("line", x1=x, y1=82, x2=x, y2=bottom, stroke=LINE, stroke_width=1))
        parts.append(tag("text", text=words or day, x=x, y=64, font_size=SMALL, text_anchor="middle"))
        if day and words:
            parts.append(tag("text", text=day, x=x, y=77, font_size=SMALL, text_anchor="middle", fill=DIM))
    return [*parts, tag("line", x1=LEFT, y1=82, x2=RIGHT, y2=82, stroke=DIM)]


def _legend(sheet: Sheet) -> None:
    """What each bar and each mark stands for."""
    sheet.line(MARGIN, sheet.y, RIGHT, sheet.y, LINE)
    sheet.y += 12
    left = MARGIN + 12
    for name, drawn in MARKS:
        long = 30 + width(name, SMALL) + 14
        if left + long > RIGHT:
            left, sheet.y = MARGIN + 12, sheet.y + 20
        sheet.add(tag("g", drawn, transform=f"translate({figure(left)} {figure(sheet.y)})"))
        sheet.words(name, left + 30, sheet.y + 11, size=SMALL)
        left += long
    sheet.y += BAR


def _box(fill: str, dash: str = "none") -> str:
    return tag("rect", width=24, height=14, fill=fill, stroke=INK, stroke_width=0.8, stroke_dasharray=dash)


MARKS: tuple[tuple[str, str], ...] = (
    ("role held", _box("#e3edf4")),
    (
        "handed over",
        tag("line", x1=12, y1=0, x2=12, y2=14, stroke=INK, stroke_width=1.6)
        + tag("polygon", points="8,2 17,7 8,12", fill=INK),
    ),
    ("hypothesis", _box("url(#hypothesis)")),
    ("action", _box("url(#action)")),
    ("recovery action", _box("url(#recovery)")),
    ("nobody on it", _box(PAPER, "3 2")),
    ("changes frozen", _box("url(#freeze)")),
    ("update published", tag("circle", cx=12, cy=7, r=7, fill=BLUE, stroke=INK)),
    ("next one promised", tag("polygon", points="12,1 18,7 12,13 6,7", fill=PAPER, stroke=INK, stroke_width=1.2)),
    ("late", tag("line", x1=0, y1=7, x2=24, y2=7, stroke=RED, stroke_width=5)),
    ("decision", tag("polygon", points="12,0 18,12 6,12", fill=ORANGE, stroke=INK)),
)
