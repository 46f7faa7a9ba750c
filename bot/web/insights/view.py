"""The insights as numbers: what is counted over which incidents, by month, by severity and by service.

Rules: every incident is counted once, as open, closed, a false alarm or a duplicate. Lengths, promises and hand-offs are
counted over those that were declared over and nothing else. A month is that of the declaration, in UTC.

The median of an even count is the mean of the two in the middle. The middle half is from the first to the third quartile,
both found by linear interpolation between the nearest two of the sorted lengths (R's type 7, the default of R, NumPy and
spreadsheets' QUARTILE.INC): the quantile `p` of `n` lengths stands at place `1 + p (n - 1)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from math import floor
from operator import attrgetter

from bot.web.insights.chosen import Chosen, month_of
from core.incident.figures import Figures, Standing
from core.incident.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Measure:
    """A length that is counted: its key, its name, what it tells, and the figure it is."""

    key: str
    name: str
    tells: str
    of: Callable[[Figures], timedelta | None]


MEASURES = (
    Measure(
        "commander", "Time to commander", "from the declaration until somebody commanded", attrgetter("to_commander")
    ),
    Measure("update", "Time to first update", "until users were first told", attrgetter("to_update")),
    Measure(
        "mitigation",
        "Time to mitigation",
        "until the recovery action that helped was done, or else until users were served again",
        attrgetter("to_mitigation"),
    ),
    Measure("resolve", "Time to resolve", "until users were served again", attrgetter("to_resolve")),
    Measure("close", "Time to close", "until the commander said that it was over", attrgetter("to_close")),
)
"""In the order in which they come to pass."""


@dataclass(frozen=True)
class Spread:
    """Lengths in seconds, sorted: their median, their middle half, and all of them."""

    lengths: tuple[float, ...]

    @property
    def n(self) -> int:
        return len(self.lengths)

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def middle(self) -> tuple[float, float]:
        return self.quantile(0.25), self.quantile(0.75)

    def quantile(self, p: float) -> float:
        """Of at least one length."""
        place = p * (self.n - 1)
        below = floor(place)
        low, high = self.lengths[below], self.lengths[min(below + 1, self.n - 1)]
        return low + (high - low) * (place - below)


Lengths = Mapping[int, tuple[float | None, ...]]
"""By an incident's number, in seconds and in the order of `MEASURES`."""


@dataclass(frozen=True)
class Group:
    """Incidents that have something in common, `name` in words."""

    key: str
    name: str
    incidents: tuple[Figures, ...]
    lengths: Lengths

    @cached_property
    def counted(self) -> tuple[Figures, ...]:
        """Those that were declared over: lengths, promises and hand-offs are theirs."""
        return tuple(one for one in self.incidents if one.counts)

    @cached_property
    def standings(self) -> Counter[Standing]:
        return Counter(one.standing for one in self.incidents)

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        """By the measure's key, of those incidents that have come to that."""
        found = {}
        for index, measure in enumerate(MEASURES):
            lengths = (self.lengths[one.number][index] for one in self.counted)
            found[measure.key] = Spread(tuple(sorted(length for length in lengths if length is not None)))
        return found

    @property
    def kept(self) -> int:
        return sum(one.kept for one in self.counted)

    @property
    def broken(self) -> int:
        return sum(one.broken for one in self.counted)

    @property
    def handoffs(self) -> int:
        return sum(one.handoffs for one in self.counted)

    @property
    def reopened(self) -> int:
        return sum(one.reopened for one in self.counted)


NO_SERVICE = "no service named"


@dataclass(frozen=True)
class View:
    """All that the page and the terminal show. `pending` incidents are still being read; `damaged` says why some are not there."""

    chosen: Chosen
    incidents: tuple[Figures, ...]
    services: tuple[str, ...] = ()
    pending: int | None = 0
    damaged: tuple[str, ...] = ()

    @cached_property
    def whole(self) -> Group:
        return self._group("", "all", self.incidents)

    def _group(self, key: str, name: str, incidents: Sequence[Figures]) -> Group:
        return Group(key, name, tuple(incidents), self._lengths)

    @cached_property
    def _lengths(self) -> Lengths:
        return {one.number: tuple(map(_seconds, (row.of(one) for row in MEASURES))) for one in self.incidents}

    @cached_property
    def open(self) -> tuple[Figures, ...]:
        return tuple(one for one in self.incidents if one.standing is Standing.OPEN)

    @cached_property
    def months(self) -> tuple[Group, ...]:
        """Every month from the first to the last that has an incident, also those without: a gap is no trend."""
        found = _grouped(self.incidents, lambda one: month_of(one.declared_at))
        return tuple(self._group(month, month, found.get(month, ())) for month in _from_to(sorted(found)))

    @cached_property
    def severities(self) -> tuple[Group, ...]:
        """Every severity, the worst first."""
        found = _grouped(self.incidents, lambda one: one.severity.value)
        return tuple(self._group(one.value, one.upper(), found.get(one.value, ())) for one in Severity)

    @cached_property
    def by_service(self) -> tuple[Group, ...]:
        """Every service that was hit, the most often hit first."""
        found = _grouped(self.incidents, attrgetter("service"))
        order = sorted(found, key=lambda name: (-len(found[name]), name))
        return tuple(self._group(name, name or NO_SERVICE, found[name]) for name in order)


def _seconds(length: timedelta | None) -> float | None:
    return length.total_seconds() if length is not None else None


def _grouped(incidents: Sequence[Figures], key: Callable[[Figures], str]) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {}
    for one in incidents:
        found.setdefault(key(one), []).append(one)
    return found


def _from_to(months: Sequence[str]) -> list[str]:
    if not months:
        return []
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (months[0], months[-1]))
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]
