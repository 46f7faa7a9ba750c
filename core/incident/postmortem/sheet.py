"""The sheet that the course is drawn on: rows one under another on one time axis, in colours that everybody can tell apart.

Rule: no colour says anything alone: each bar has its words, and each kind its own hatching or shape (Okabe and Ito's
palette, light enough for dark words in print).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.incident.course import Span, Track
from core.incident.postmortem.naming import Naming
from core.incident.postmortem.scale import LEFT, RIGHT, Label, Scale, placed
from core.incident.postmortem.svg import clipped, figure, tag, width
from core.incident.state import Incident

INK, DIM, LINE, PAPER = "#1b1b1b", "#595959", "#d9d9d9", "#ffffff"

TEXT, SMALL = 11.0, 10.0
ROW, BAR = 24.0, 16.0
MARGIN = 16.0

BLUE, ORANGE, GREEN, PURPLE, RED = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00"


@dataclass(slots=True)
class Sheet:
    """What was drawn so far, and how far down it goes."""

    incident: Incident
    naming: Naming
    scale: Scale
    end: datetime
    places: Mapping[tuple[Track, str], list[Span]]
    y: float = 0.0
    parts: list[str] = field(default_factory=list)

    def add(self, *parts: str) -> None:
        self.parts += parts

    def words(self, text: str, x: float, y: float, *, size: float = TEXT, anchor: str = "start", **more: str) -> None:
        """Words with a light edge, so that they can be read across a line or a hatching."""
        self.add(
            tag(
                "text", text=text, x=x, y=y, font_size=size, text_anchor=anchor, stroke=PAPER, stroke_width=3.0,
                stroke_linejoin="round", paint_order="stroke", **more,
            )
        )  # fmt: skip

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = DIM, **more: str | float) -> None:
        self.add(tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **more))

    def bar(self, since: datetime, until: datetime, y: float, fill: str, hint: str, **more: str | float) -> None:
        """A stretch of time; a moment is still seen."""
        left, right = self.scale.x(since), self.scale.x(until)
        title = tag("title", text=hint)
        self.add(
            tag(
                "rect", title, x=left, y=y, width=max(right - left, 2.0), height=BAR, fill=fill, stroke=INK,
                stroke_width=0.8, **more,
            )
        )  # fmt: skip

    def heading(self, text: str) -> None:
        """What the rows below are about."""
        self.y += 10
        self.line(MARGIN, self.y, RIGHT, self.y, LINE)
        self.y += 16
        self.words(text, MARGIN, self.y, font_weight="bold")
        self.y += 6

    def label(self, text: str, y: float) -> None:
        """A row's name."""
        self.words(clipped(text, TEXT, LEFT - MARGIN - 18), MARGIN + 12, y + BAR - 4)

    def below(self, labels: Sequence[Label], levels: int) -> None:
        """Words that do not fit into what they belong to, each on a thread; those without room are counted."""
        found, lines, left_out = placed(labels, SMALL, levels)
        top = self.y - ROW + BAR + 2
        for one in found:
            y = top + 11 + one.level * 13
            self.line(one.label.x, top, one.label.x, y - 8, DIM, stroke_width=0.6)
        for one in found:
            self.words(one.label.text, one.left, top + 11 + one.level * 13, size=SMALL)
        self.y += lines * 13
        if left_out:
            self.words(f"and {left_out} more", LEFT, self.y + 4, size=SMALL, fill=DIM)
            self.y += 14

    def fits(self, text: str, since: datetime, until: datetime) -> bool:
        return width(text, TEXT) + 8 <= self.scale.x(until) - self.scale.x(since)

    def inside(self, text: str, since: datetime, until: datetime, y: float) -> None:
        middle = (self.scale.x(since) + self.scale.x(until)) / 2
        self.words(text, middle, y + BAR - 4, anchor="middle")


def hatching(name: str, colour: str, paint: str, *, turn: int = 0) -> str:
    """A pattern of lines or dots over a light ground."""
    ground = tag("rect", width=6, height=6, fill=colour, fill_opacity="0.28")
    marks = {
        "none": "",
        "lines": tag("line", x1=0, y1=0, x2=0, y2=6, stroke=colour, stroke_width=2),
        "dots": tag("circle", cx=3, cy=3, r=1.1, fill=colour),
        "grid": tag("path", d="M0 0H6M0 0V6", stroke=colour, stroke_width=1.6, fill="none"),
    }[paint]
    return tag(
        "pattern", ground, marks, id=name, width=6, height=6, patternUnits="userSpaceOnUse",
        patternTransform=f"rotate({figure(turn)})",
    )  # fmt: skip
