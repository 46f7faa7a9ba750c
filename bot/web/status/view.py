"""The status page as a view: what is current, how each component stands, and which days and months there are.

Rule: everything here follows from what the public may know and the moment of rendering, so the same input gives the same
bytes. Ids are made of what is public anyway: nobody finds an incident's number by trying.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from core.incident.public import PublicIncident, PublicUpdate
from core.incident.vocabulary import Severity
from core.keys import key

RECENT = timedelta(days=14)
"""How long the front page lists what is over."""

ON_FRONT = 10
"""Updates of a current incident on the front page; the rest is on its own."""


class State(StrEnum):
    """How a component stands, in Statuspage's words."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"


STATES: dict[Severity, State] = {
    Severity.SEV1: State.MAJOR,
    Severity.SEV2: State.PARTIAL,
    Severity.SEV3: State.DEGRADED,
}
"""What a severity means for its component. It stays so while the phase is monitoring: a fix is in, and nobody has said yet
that it holds. A page that turns green too early is the worse mistake."""

WORST_FIRST = (State.MAJOR, State.PARTIAL, State.DEGRADED)


@dataclass(frozen=True)
class Component:
    """A service of the config's catalogue, and how it stands."""

    name: str
    state: State = State.OPERATIONAL


@dataclass(frozen=True)
class House:
    """Whose page it is. `public_url` is where people find it, without a slash at its end; empty where nobody said."""

    name: str = "Status"
    components: tuple[str, ...] = ()
    public_url: str = ""


@dataclass(frozen=True)
class Update:
    """An update with its id on the page."""

    id: str
    said: PublicUpdate

    @property
    def text(self) -> str:
        return shown(self.said.text)

    @property
    def why(self) -> str:
        return shown(self.said.why)


@dataclass(frozen=True)
class Shown:
    """An incident with its id on the page. `component` is empty where the catalogue has no such service."""

    id: str
    known: PublicIncident
    component: str
    updates: tuple[Update, ...]

    @property
    def headline(self) -> str:
        return shown(self.known.headline)

    @property
    def felt(self) -> State:
        """What it meant for its component while users felt it."""
        return STATES[self.known.severity]

    @property
    def state(self) -> State:
        """What it means for its component now."""
        return State.OPERATIONAL if self.over else self.felt

    @property
    def month(self) -> date:
        """The first day of the month in which it began."""
        return _month(self.known.began_at)

    @property
    def over(self) -> bool:
        return not self.known.current

    @property
    def ended_at(self) -> datetime | None:
        """When users were served again, or when the last word was taken back; `None` while it is current."""
        return (self.known.resolved_at or self.known.changed_at) if self.over else None

    @property
    def standing(self) -> tuple[Update, ...]:
        return tuple(update for update in self.updates if update.said.stands)

    @property
    def newest_first(self) -> tuple[Update, ...]:
        return self.updates[::-1]

    @property
    def last(self) -> Update:
        """What stands of it; of a withdrawn one what was said last."""
        return (self.standing or self.updates)[-1]

    @property
    def next_at(self) -> datetime | None:
        """When the next update is due."""
        return self.last.said.promised_at if self.known.current else None


@dataclass(frozen=True)
class Day:
    """A day, by UTC, with what began on it."""

    date: date
    incidents: tuple[Shown, ...]


@dataclass(frozen=True)
class Month:
    """A month, by UTC, with what began in it, and its neighbours that have a page."""

    first: date
    days: tuple[Day, ...]
    before: date | None
    after: date | None


@dataclass(frozen=True)
class View:
    """All of it, the newest first."""

    house: House
    at: datetime
    incidents: tuple[Shown, ...]

    @property
    def name(self) -> str:
        return shown(self.house.name) or "Status"

    @property
    def url(self) -> str:
        return shown(self.house.public_url)

    @cached_property
    def current(self) -> tuple[Shown, ...]:
        return tuple(
            sorted((one for one in self.incidents if not one.over), key=lambda one: WORST_FIRST.index(one.state))
        )

    @cached_property
    def components(self) -> tuple[Component, ...]:
        states: dict[str, State] = {}
        for one in reversed(self.current):
            states[one.component] = one.state  # the worst is first, and so last here
        names = dict.fromkeys(map(shown, self.house.components))
        return tuple(Component(name, states.get(name, State.OPERATIONAL)) for name in names)

    @property
    def state(self) -> State:
        """The worst there is; an incident that names no component counts too."""
        return self.current[0].state if self.current else State.OPERATIONAL

    @cached_property
    def recent(self) -> tuple[Day, ...]:
        """What was over within the last days."""
        since = self.at - RECENT
        return _days(one for one in self.incidents if one.ended_at is not None and one.ended_at >= since)

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """Every month in which something began, and the month of rendering."""
        found: dict[date, list[Shown]] = {_month(self.at): []}
        for one in self.incidents:
            found.setdefault(_month(one.known.began_at), []).append(one)
        firsts = sorted(found, reverse=True)
        return tuple(
            Month(first, _days(found[first]), before, after)
            for first, before, after in zip(firsts, [*firsts[1:], None], [None, *firsts], strict=False)
        )


def view(house: House, incidents: Sequence[PublicIncident], at: datetime) -> View:
    """The page's view."""
    names = set(map(shown, house.components))
    began = _ids([(one.began_at, one.number) for one in incidents], "incident")
    found = []
    for known, own in zip(incidents, began, strict=True):
        ids = _ids([(update.at, update.number) for update in known.updates], "update", own)
        updates = tuple(Update(each, said) for each, said in zip(ids, known.updates, strict=True))
        service = shown(known.service)
        # A service that the catalogue does not have may be a word from inside: the page does not say it.
        found.append(Shown(own, known, service if service in names else "", updates))
    found.sort(key=lambda one: (one.known.began_at, one.known.number), reverse=True)
    return View(house, at, tuple(found))


def _ids(born: Sequence[tuple[datetime, int]], *kind: str) -> list[str]:
    """An id for each, made of the moment that it was first told; those of one moment are told apart by their order."""
    ranks: Counter[datetime] = Counter()
    found: dict[tuple[datetime, int], str] = {}
    for at, number in sorted(born):
        found[at, number] = short(*kind, at.astimezone(UTC).isoformat(), *[str(ranks[at])] * bool(ranks[at]))
        ranks[at] += 1
    return [found[one] for one in born]


def short(*parts: str) -> str:
    """An id in the form that Statuspage has: twelve letters and digits."""
    return key(*parts)[:12]


def shown(text: str) -> str:
    """The text as the page can carry it: what HTML and XML would drop, join or refuse is replaced here, once for all."""
    return text if text.isprintable() else _BARRED.sub("\ufffd", _BLANK.sub(" ", text))


_BLANK = re.compile(r"[\t\n\r]")
_BARRED = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 may not hold (section 2.2)."""


def _days(incidents: Iterable[Shown]) -> tuple[Day, ...]:
    days: dict[date, list[Shown]] = {}
    for one in incidents:
        days.setdefault(one.known.began_at.astimezone(UTC).date(), []).append(one)
    return tuple(Day(day, tuple(found)) for day, found in days.items())


def _month(at: datetime) -> date:
    return at.astimezone(UTC).date().replace(day=1)
