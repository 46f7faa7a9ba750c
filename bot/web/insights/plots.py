"""The plots, as SVG written by hand: each group's lengths with their median, on an axis that begins at zero.

Rules: few lengths are all shown, many as the box of their middle half with whiskers to the shortest and the longest; shape,
hatching and labels tell all that colour does. Nothing is drawn for a month without an incident, and no line leads through it. What is beyond the axis is marked, never moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Literal, NewType
from unicodedata import east_asian_width

from bot.web.insights.view import Group, Measure, Spread
from bot.web.insights.words import NOT_YET, counted, length
from bot.web.insights.words import shown as shown_text

FEW = 8
"""Lengths up to which each is shown."""

MOST_MONTHS, MOST_ROWS = 36, 12
"""What a plot has room for; the table under it has all."""

STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200),
    *(day * 86400 for day in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)),
)
"""Seconds between two ticks, as a clock and a calendar have them."""

LEFT, HEIGHT, TOP = 86, 180, 14
ROW, NAME, LONG = 34, 180, 330
RIGHT = 170
"""In the SVG's own units, which are pixels where there is room."""


Element = NewType("Element", str)
"""SVG in which every text and every attribute is escaped; made by `_tag` alone."""


@dataclass(frozen=True)
class Plot:
    """A plot and what must be said beside it."""

    svg: Element
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Axis:
    """From zero to `top` in steps; what is longer is marked at its end."""

    top: float
    step: float

    @property
    def ticks(self) -> list[float]:
        return [self.step * at for at in range(round(self.top / self.step) + 1)]

    def place(self, value: float, extent: float) -> float:
        return min(value / self.top, 1.0) * extent


def axis(spreads: Iterable[Spread]) -> Axis:
    """An axis for all of these: to the longest, unless a few that took much longer would press the others flat."""
    every = Spread(tuple(sorted(length for spread in spreads for length in spread.lengths)))
    longest, upper = (every.lengths[-1], every.middle[1]) if every.n else (0, 0)
    wanted = upper * 3 if 0 < upper * 4 < longest else longest
    step = next((step for step in STEPS if wanted <= step * 5), STEPS[-1])
    return Axis(max(ceil(wanted / step), 1) * step, step)


def by_month(measure: Measure, months: Sequence[Group]) -> Plot:
    """Time goes from left to right, a column for each month."""
    shown = months[-MOST_MONTHS:]
    spreads = [group.spreads[measure.key] for group in shown]
    scale, wide = axis(spreads), _wide(shown)
    parts = [*_grid(scale, wide * len(shown))]
    for at, spread in enumerate(spreads[1:], 1):
        if all(one.n and one.median <= scale.top for one in (spread, spreads[at - 1])):
            ends = [(LEFT + (at - 1) * wide + wide / 2, spreads[at - 1]), (LEFT + at * wide + wide / 2, spread)]
            (x1, one), (x2, two) = ends
            parts.append(_line("trend", x1, _y(scale, one.median), x2, _y(scale, two.median)))
    for at, (group, spread) in enumerate(zip(shown, spreads, strict=True)):
        x = LEFT + at * wide + wide / 2
        marks = [*_marks(spread, scale, "up", (x, TOP + HEIGHT), extent=HEIGHT, thick=min(wide * 0.6, 30))]
        parts += [_group(group, spread, marks)]
    parts += _months(shown, wide)
    parts += _under("n", [str(spread.n) if spread.n else NOT_YET for spread in spreads], wide, 3)
    if wide >= 44:
        parts += _under("median", [length(spread.median) if spread.n else NOT_YET for spread in spreads], wide, 4)
    size = (LEFT + wide * len(shown) + 8, TOP + HEIGHT + 78)
    words = f"{measure.name} by month, {_n(shown, measure)}"
    return Plot(_svg(f"{measure.key}-month", size, words, parts), _notes(months, shown, spreads, scale, "▲"))


def by_name(measure: Measure, groups: Sequence[Group], what: str) -> Plot:
    """Time goes from left to right, a row for each group."""
    some = [group for group in groups if group.spreads[measure.key].n]
    shown = some[:MOST_ROWS]
    spreads = [group.spreads[measure.key] for group in shown]
    scale, bottom = axis(spreads), TOP + ROW * len(shown)
    parts = []
    for tick in scale.ticks:
        x = NAME + scale.place(tick, LONG)
        parts += [_line("grid", x, TOP, x, bottom), _text(length(tick), x, bottom + 18, "middle")]
    for at, (group, spread) in enumerate(zip(shown, spreads, strict=True)):
        y = TOP + at * ROW + ROW / 2
        parts.append(_text(_short(shown_text(group.name)), NAME - 10, y + 4, "end", "name"))
        parts.append(_group(group, spread, [*_marks(spread, scale, "right", (NAME, y), extent=LONG, thick=18)]))
        parts.append(_text(f"n = {spread.n} · {length(spread.median)}", NAME + LONG + 14, y + 4))
    size = (NAME + LONG + RIGHT, bottom + 28)
    words = f"{measure.name} by {what}, {_n(shown, measure)}"
    return Plot(_svg(f"{measure.key}-{what}", size, words, parts), _notes(some, shown, spreads, scale, "▶"))


@dataclass(frozen=True)
class Part:
    """What is stacked in a bar: its name, how it is drawn, and how much of it each group has."""

    name: str
    look: str
    counts: tuple[int, ...]


def counts(key: str, name: str, months: Sequence[Group], parts: Sequence[Part]) -> Plot:
    """Counts by month, stacked, with their numbers under them."""
    shown = months[-MOST_MONTHS:]
    stacks = [Part(part.name, part.look, part.counts[-MOST_MONTHS:]) for part in parts]
    most = max((sum(column) for column in zip(*(part.counts for part in stacks), strict=True)), default=0)
    step = next(step * 10**power for power in range(12) for step in (1, 2, 5) if most <= step * 10**power * 5)
    scale, wide = Axis(max(ceil(most / step), 1) * step, step), _wide(shown)
    drawn = [*_grid(scale, wide * len(shown), words=lambda tick: f"{tick:,.0f}")]
    for at, group in enumerate(shown):
        below, marks = 0.0, []
        for part in stacks:
            high = scale.place(part.counts[at], HEIGHT)
            x, y = LEFT + at * wide + wide * 0.25, TOP + HEIGHT - below - high
            if high:
                marks.append(_tag("rect", part.look, x=x, y=y, width=wide * 0.5, height=high))
            below += high
        drawn.append(_tag("g", "group", *marks, data_key=group.key))
    drawn += _months(shown, wide)
    for at, part in enumerate(stacks):
        y = TOP + HEIGHT + 20 + 16 * (at + 2)
        drawn += [_tag("rect", part.look, x=8, y=y - 9, width=10, height=10)] if len(stacks) > 1 else []
        texts = [f"{one:,}" if group.counted else NOT_YET for one, group in zip(part.counts, shown, strict=True)]
        drawn += _under(part.name, texts, wide, at + 3)
    total = sum(len(group.counted) for group in shown)
    size = (LEFT + wide * len(shown) + 8, TOP + HEIGHT + 40 + 16 * (len(stacks) + 1))
    svg = _svg(key, size, f"{name} by month, {counted(total, 'incident')}", drawn)
    return Plot(svg, _left_out(months, shown))


# --- what plots are made of -------------------------------------------------------------------------------------------


def _marks(
    spread: Spread, scale: Axis, way: Literal["up", "right"], begin: tuple[float, float], *, extent: float, thick: float
) -> Iterator[Element]:
    """A group's lengths, upwards from where they begin or to the right of it."""
    if not spread.n:
        return
    x, y = begin

    def at(value: float, side: float = 0) -> tuple[float, float]:
        far = scale.place(value, extent)
        return (x + side, y - far) if way == "up" else (x + far, y + side)

    half = thick / 2
    if spread.n > FEW:
        low, high = spread.middle
        (x1, y1), (x2, y2) = at(low, -half), at(high, half)
        yield _line("whisker", *at(spread.lengths[0]), *at(low))
        yield _line("whisker", *at(high), *at(spread.lengths[-1]))
        yield _line("whisker", *at(spread.lengths[0], -half / 2), *at(spread.lengths[0], half / 2))
        if spread.lengths[-1] <= scale.top:
            yield _line("whisker", *at(spread.lengths[-1], -half / 2), *at(spread.lengths[-1], half / 2))
        box = {"x": min(x1, x2), "y": min(y1, y2), "width": abs(x2 - x1), "height": abs(y2 - y1)}
        yield _tag("rect", "box", **box)
    else:
        for value in spread.lengths:
            cx, cy = at(value)
            if value <= scale.top:
                yield _tag("circle", "point", cx=cx, cy=cy, r=3.5)
    if spread.lengths[-1] > scale.top:
        tip, one, two = at(scale.top), at(scale.top, -6), at(scale.top, 6)
        back = (0, 9) if way == "up" else (-9, 0)
        corners = [tip, *((px + back[0], py + back[1]) for px, py in (one, two))]
        yield _tag("path", "beyond", d=f"M{'L'.join(f'{_trim(px)} {_trim(py)}' for px, py in corners)}Z")
    if spread.median <= scale.top:
        yield _line("median", *at(spread.median, -half), *at(spread.median, half))


def _group(group: Group, spread: Spread, marks: Sequence[Element]) -> Element:
    told = {"data_median": spread.median} if spread.n else {}
    return _tag("g", "group", *marks, data_key=shown_text(group.key), data_n=spread.n, **told)


def _grid(scale: Axis, across: float, words: Callable[[float], str] = length) -> Iterator[Element]:
    for tick in scale.ticks:
        y = _y(scale, tick)
        yield _line("grid", LEFT, y, LEFT + across, y)
        yield _text(words(tick), LEFT - 10, y + 4, "end")


def _y(scale: Axis, value: float) -> float:
    return TOP + HEIGHT - scale.place(value, HEIGHT)


def _months(shown: Sequence[Group], wide: float) -> Iterator[Element]:
    for at, group in enumerate(shown):
        year, month = group.key.split("-")
        x = LEFT + at * wide + wide / 2
        yield _text(SHORT_MONTHS[int(month) - 1], x, TOP + HEIGHT + 18, "middle")
        if at == 0 or month == "01":
            yield _text(year, x, TOP + HEIGHT + 32, "middle")


def _under(name: str, texts: Sequence[str], wide: float, line: int) -> Iterator[Element]:
    y = TOP + HEIGHT + 4 + 16 * line
    yield _text(name, LEFT - 10, y, "end", "name")
    for at, words in enumerate(texts):
        yield _text(words, LEFT + at * wide + wide / 2, y, "middle", "value")


def _wide(shown: Sequence[Group]) -> float:
    return max(28, min(76, 660 // max(len(shown), 1)))


def _n(shown: Sequence[Group], measure: Measure) -> str:
    return f"n = {sum(group.spreads[measure.key].n for group in shown)}"


def _notes(
    groups: Sequence[Group], shown: Sequence[Group], spreads: Sequence[Spread], scale: Axis, mark: str
) -> tuple[str, ...]:
    longest = max((spread.lengths[-1] for spread in spreads if spread.n), default=0)
    beyond = (
        (f"{mark} marks what took longer than the axis shows, up to {length(longest)}.",) if longest > scale.top else ()
    )
    return (*beyond, *_left_out(groups, shown))


def _left_out(groups: Sequence[Group], shown: Sequence[Group]) -> tuple[str, ...]:
    more = len(groups) - len(shown)
    return (f"{more} more in the table.",) if more else ()


def _svg(key: str, size: tuple[float, float], words: str, parts: Iterable[Element]) -> Element:
    width, height = map(_trim, size)
    name, told = f"{key}-title", f"{key}-desc"
    return _tag(
        "svg",
        "plot",
        _tag("title", "", _escaped(words), id=name),
        _tag("desc", "", _escaped("The table under it has every figure."), id=told),
        *parts,
        role="img",
        aria_labelledby=name,
        aria_describedby=told,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _text(words: str, x: float, y: float, anchor: str = "start", look: str = "tick") -> Element:
    return _tag("text", look, _escaped(words), x=x, y=y, text_anchor=anchor)


def _line(look: str, x1: float, y1: float, x2: float, y2: float) -> Element:
    return _tag("line", look, x1=x1, y1=y1, x2=x2, y2=y2)


def _tag(name: str, look: str, *inside: Element, **attributes: object) -> Element:
    """An element; every attribute is escaped here, and what is inside is markup already."""
    given = {"class": look, **attributes} if look else attributes
    told = "".join(
        f' {key.replace("_", "-")}="{escape(_trim(value) if isinstance(value, float) else str(value))}"'
        for key, value in given.items()
    )
    return Element(f"<{name}{told}>{''.join(inside)}</{name}>")


def _escaped(words: str) -> Element:
    return Element(escape(words))


def _trim(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _short(name: str) -> str:
    """As much of a name as there is room for, in the widest of the fonts that a reader may have."""
    room = NAME - 20 - _broad("…")
    kept = next((at for at in range(1, len(name) + 1) if sum(map(_broad, name[:at])) > room), len(name) + 1)
    return name if kept > len(name) else f"{name[: kept - 1]}…"


def _broad(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 15.0
    if letter in "mwMWQO@%…—":
        return 12.5
    return 8.0 if letter.islower() or letter in " '.,:;-/()" or letter.isdigit() else 10.5


SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
