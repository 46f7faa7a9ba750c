"""What a benchmark hands in: a figure beside its target, and the times it came from."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the most it may be, in `unit`; `detail` says what it was made of."""

    name: str
    value: float
    target: float
    unit: str
    detail: str

    @property
    def met(self) -> bool:
        return self.value <= self.target


@dataclass(slots=True)
class Run:
    """One run of the benchmark: how many samples, a place for files, and what one subject tells the next."""

    samples: int
    home: Path
    known: dict[str, float] = field(default_factory=dict)


Subject = Callable[[Run], Awaitable[list[Figure]]]


def ratio(name: str, ours: Sequence[float], bare: Sequence[float], target: float) -> Figure:
    """Our median over the baseline's, both taken by turns in this run."""
    detail = f"{spread(ours)} over {spread(bare)}, n={len(ours)}"
    return Figure(name, median(ours) / median(bare), target, "×", detail)


def spread(seconds: Sequence[float]) -> str:
    """The median and the 95th percentile, in milliseconds."""
    return f"{median(seconds) * 1000:.2f} ms (p95 {quantiles(seconds, n=20)[-1] * 1000:.2f})"


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds that it took."""
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def table(figures: Sequence[Figure]) -> str:
    """As people read it, and as it stands in the README."""
    rows = [("what", "measured", "target", "", "of what")]
    for one in figures:
        verdict = "met" if one.met else "MISSED"
        rows.append((one.name, f"{one.value:.2f} {one.unit}", f"≤ {one.target:g} {one.unit}", verdict, one.detail))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
