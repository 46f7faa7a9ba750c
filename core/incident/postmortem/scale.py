"""The time axis: where a moment stands, which moments are marked, and how labels are kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.incident.postmortem.svg import width

LEFT, RIGHT, EDGE = 200.0, 866.0, 892.0
"""Where the axis begins and ends, and where the last label must."""

STEPS = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2419200)
"""Seconds between two marks."""

MOST = 9
"""Marks, at most."""

DAY = 86400


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis of UTC from a moment to a later one."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return LEFT + (RIGHT - LEFT) * min(max(share, 0.0), 1.0)

    @property
    def step(self) -> int:
        length = (self.end - self.start).total_seconds()
        fitting = (step for step in STEPS if length / step <= MOST)
        # What lasts longer than anybody plans for is marked in so many equal parts.
        return next(fitting, int(length // MOST // DAY + 1) * DAY)

    def marks(self) -> Iterator[tuple[datetime, str, str]]:
        """Each marked moment with its time, and its day where that is another than the mark's before."""
        step, day = self.step, None
        at = -(-int(self.start.timestamp()) // step) * step
        while at <= self.end.timestamp():
            moment = datetime.fromtimestamp(at, UTC)
            words = f"{moment:%H:%M:%S}" if step < 60 else "" if step >= DAY else f"{moment:%H:%M}"
            yield moment, words, "" if moment.date() == day else f"{moment.day} {moment:%b %Y}"
            day = moment.date()
            at += step


def scale_of(start: datetime, end: datetime) -> Scale:
    """The axis from a moment to another; one that took no time has a minute's."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    return Scale(start, end if end - start >= timedelta(seconds=20) else start + timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Label:
    """Words that belong to a place on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A label in its place: `level` lines below what it belongs to, beginning at `left`."""

    label: Label
    left: float
    level: int


GAP = 8.0


def placed(labels: Sequence[Label], size: float, levels: int) -> tuple[list[Placed], int, int]:
    """The labels, so that none lies on another; how many lines that takes; and how many had no room.

    From the last to the first, so that the thread from a label to its place crosses none that comes after it.
    """
    free: list[float] = []
    found: list[Placed] = []
    for label in sorted(labels, key=lambda one: one.x, reverse=True):
        long = width(label.text, size)
        left = max(min(label.x, EDGE - long), 0.0)
        level = next((index for index, begun in enumerate(free) if left + long + GAP <= begun), len(free))
        if level >= levels:
            continue
        # Its thread runs through the lines above.
        free = [min(begun, label.x - GAP / 2) for begun in free[:level]] + [left, *free[level + 1 :]]
        found.append(Placed(label, left, level))
    return found[::-1], len(free), len(labels) - len(found)
