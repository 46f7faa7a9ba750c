"""One incident as it is told in a postmortem: times, people and typed words, each ready to stand in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.incident.course import Span, Track, by_place
from core.incident.delays import end_of
from core.incident.events import CloseKind
from core.incident.postmortem.escaping import words
from core.incident.postmortem.naming import Naming
from core.incident.state import Incident
from core.incident.vocabulary import Person

Rows = list[str]
"""Lines of Markdown."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What every section needs."""

    incident: Incident
    naming: Naming
    places: Mapping[tuple[Track, str], list[Span]]

    @property
    def end(self) -> datetime:
        return end_of(self.incident)

    @property
    def whole(self) -> bool:
        """Whether there is more to tell than that it was none: a false alarm and a duplicate are told in short."""
        closing = self.incident.closing
        return closing is None or closing.how is CloseKind.DECLARED

    def when(self, at: datetime) -> str:
        """A moment in UTC, with its day where that is not the day of the declaration."""
        at = at.astimezone(UTC)
        day = "" if at.date() == self.incident.declared_at.astimezone(UTC).date() else f"{at.day} {at:%b} "
        return f"{day}{at:%H:%M}"

    def who(self, person: Person, at: datetime) -> str:
        return words(self.naming.person(person, at))

    def typed(self, text: str, at: datetime | None = None, *, before: bool = False) -> str:
        return words(self.naming.text(text, at or self.end, before=before))

    def spans(self, track: Track, key: str) -> list[Span]:
        return self.places.get((track, key), [])

    def held(self, track: Track, key: str) -> list[tuple[Span, Person]]:
        """The spans in which it was in somebody's hands, and whose."""
        return [(one, one.who) for one in self.spans(track, key) if one.who is not None]


def telling_of(incident: Incident) -> Telling:
    return Telling(incident, Naming(incident), by_place(incident.course))


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Rows:
    """A table; its cells are Markdown already."""
    return [_row(head), _row(("---",) * len(head)), *(_row(row) for row in rows)]


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def asked(question: str) -> Rows:
    """A question that the record cannot answer, and room for what people say to it."""
    return [f"*{question}*"]
