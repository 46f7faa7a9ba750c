"""The insights in words: lengths as people read them, counts with their noun, and what the figures say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.web.insights.view import MEASURES, Group, View
from core.incident.figures import Figures, Standing
from core.incident.times import spell

NOT_YET = "–"
"""In the place of a figure that there is not."""

TO = {
    "commander": "to a commander",
    "update": "to the first update",
    "mitigation": "to mitigation",
    "resolve": "until it was resolved",
    "close": "until it was closed",
}
"""A measure's key, as it goes on after a length."""


def length(seconds: float | None) -> str:
    """`4 min 30 s`."""
    return NOT_YET if seconds is None else spell(timedelta(seconds=seconds))


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 incident`, `2 incidents`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def percent(part: int, whole: int) -> str:
    """`75 %`; of nothing there is no share. What is not all is never said to be."""
    if not whole:
        return NOT_YET
    share = part * 100 / whole
    return f"{min(max(round(share), 1), 99) if 0 < part < whole else round(share)} %"


def sentences(view: View) -> Iterator[str]:
    """What the figures say, in whole sentences; nothing where no incident has been closed."""
    whole = view.whole
    n = whole.standings[Standing.CLOSED]
    if not n:
        return
    yield f"{counted(n, 'incident was', 'incidents were')} declared over."
    told = [
        f"{length(spread.median)} {TO[measure.key]}" + (f" (n = {spread.n})" if spread.n != n else "")
        for measure in MEASURES
        if (spread := whole.spreads[measure.key]).n
    ]
    yield f"From the declaration it took, in the median: {', '.join(told)}."
    promises = whole.kept + whole.broken
    if promises:
        yield (
            f"{whole.kept} of {counted(promises, 'promised update')} came on time ({percent(whole.kept, promises)})."
        )
    if whole.handoffs:
        were = "was" if whole.handoffs == 1 else "were"
        yield f"There {were} {counted(whole.handoffs, 'hand-off')}, {whole.handoffs / n:.1f} an incident."
    else:
        yield "Nobody handed a role over."


def apart(group: Group) -> str:
    """What is not in the lengths, in words; nothing where all is."""
    parts = [
        (Standing.OPEN, "is open", "are open"),
        (Standing.FALSE_ALARM, "was a false alarm", "were false alarms"),
        (Standing.DUPLICATE, "was a duplicate", "were duplicates"),
    ]
    told = [f"{group.standings[one]} {single if group.standings[one] == 1 else many}" for one, single, many in parts]
    told = [words for words, (one, *_) in zip(told, parts, strict=True) if group.standings[one]]
    return f"Not counted in these lengths: {', '.join(told)}." if told else ""


def standing(one: Figures) -> str:
    """How an incident counts, beside its phase."""
    return f"open, {one.phase}" if one.standing is Standing.OPEN else one.standing.value


def shown(text: str) -> str:
    """A text on one line that shows what it holds: what has no look, or turns the words after it round, is replaced."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


def day(at: datetime) -> str:
    """`2026-05-02`."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def full(at: datetime) -> str:
    """`2026-05-02 10:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
