"""The summary at the close: what it was, what fixed it, who did what, and what comes next (spec, section 9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from core.incident.cards.board import ROLE_LABELS
from core.incident.cards.card import Card, card
from core.incident.document import Document, Line, Strong, Struck, When, Who, Words, line
from core.incident.events import Closed, CloseKind
from core.incident.state import Incident, Reopening
from core.incident.timeline import corrected_close
from core.incident.times import spell
from core.incident.vocabulary import Person
from core.incident.workdays import day_words


def document(incident: Incident, closed: Closed) -> Document:
    ended = incident.resolved_at or incident.declared_at
    by: list[Words] = [" by ", Who(incident.closed_by)] if incident.closed_by else []
    title = line(
        Strong(f"Closed: {incident.title}"), f" · {incident.severity.upper()} · inc {incident.number}", *by
    ).spans
    rows = [
        line(
            _lasted(incident.declared_at, ended),
            ", from ",
            When(incident.declared_at),
            " to ",
            When(ended),
            label="Duration",
        )
    ]
    if incident.users_saw:
        rows.append(line(incident.users_saw, label="Impact"))
    corrected = corrected_close(incident)
    rows += [line(Struck(words) if corrected else words, label=label) for label, words in _said(closed)]
    rows += [line(corrected, label="Corrected")] if corrected else []
    rows += _comes_next(incident)
    rows += [*_roles(incident), *_decisions(incident), *_promises(incident), *_thanks(incident)]
    return Document(tuple(rows), title)


def _said(closed: Closed) -> tuple[tuple[str, str], ...]:
    """What the commander said that it was."""
    match closed.how:
        case CloseKind.FALSE_ALARM:
            return (("Cause", f"false alarm: {closed.cause}"),)
        case CloseKind.DUPLICATE:
            return (("Cause", f"a duplicate of incident {closed.of}; people went there"),)
        case CloseKind.DRILL:
            return (("Cause", "the drill's time was over"),)
        case CloseKind.DECLARED:
            return (("Cause", closed.cause), ("Fixed by", closed.fixed), ("Next", closed.next))
        case _:
            assert_never(closed.how)


def _lasted(begun: datetime, ended: datetime) -> str:
    """How long, by the minutes that stand beside it."""
    minutes = ended.replace(second=0, microsecond=0) - begun.replace(second=0, microsecond=0)
    return spell(minutes or ended - begun)


def _comes_next(incident: Incident) -> Iterator[Line]:
    """Who writes the postmortem by when, and what was carried over."""
    duty = incident.postmortem
    # One that was waived, or was of a close that did not last, is nobody's any more.
    if duty is not None and not duty.waived:
        due = f", due {day_words(duty.due)}"
        words: list[Words] = ["out since ", When(duty.published_at)] if duty.published_at else [Who(duty.owner), due]
        yield line(*words, label="Postmortem")
    for one in incident.follow_ups.values():
        if one.item:
            yield line(f"F{one.number} {one.text} · ", Who(one.owner), label="Carried over")


def _roles(incident: Incident) -> Iterator[Line]:
    words: list[Words] = []
    for role, label in ROLE_LABELS.items():
        holder = incident.holder(role)
        if holder is not None:
            words += [" · " if words else "", f"{label} ", Who(holder)]
    if incident.handoffs:
        words += [f" · {incident.handoffs} hand-off{'s' if incident.handoffs > 1 else ''}"]
    yield line(*words, label="Roles")


def _decisions(incident: Incident) -> Iterator[Line]:
    for entry in incident.in_time:
        if entry.kind in ("decision_marked", "path_chosen") and not entry.withdrawn:
            who: list[Words] = [" (", Who(entry.by), ")"] if entry.by else []
            # The label says what it is already.
            said = entry.text.removeprefix("decision: ").removeprefix("path: ")
            yield line(When(entry.at), " ", said, *who, label="Decision")


def _promises(incident: Incident) -> Iterator[Line]:
    kept, broken = incident.promises.kept, incident.promises.broken
    if incident.updates:
        promised = f", {kept} of {kept + broken} on time" if kept + broken else ""
        yield line(f"{len(incident.updates)} published{promised}", label="Updates")


def _thanks(incident: Incident) -> Iterator[Line]:
    people: list[Person] = [person for person in incident.people if _acted(incident, person)]
    words: list[Words] = []
    for person in people:
        words += [", ", Who(person)] if words else [Who(person)]
    yield line(*words, label="Thanks to")


def _acted(incident: Incident, person: Person) -> bool:
    return any(person.is_(entry.by) or person.is_(entry.marked_by) for entry in incident.entries)


def summary(incident: Incident) -> Iterator[Card]:
    """In the incident, in triage, and in every room of every internal audience; each close has its own."""
    shown = [(_reopened(one), one.audiences) for one in incident.reopenings]
    shown += [(document(incident, incident.closing), incident.audiences)] if incident.closing else []
    home = [incident.channel] if incident.channel else []
    for number, (words, audiences) in enumerate(shown, 1):
        rooms = [room for audience in audiences if audience.internal for room in audience.rooms]
        for room in dict.fromkeys([*home, incident.triage, *rooms]):
            yield card(incident, room, "summary" if number == 1 else f"summary/{number}", words)


def _reopened(one: Reopening) -> Document:
    """What stands in the place of a summary that is not true any more."""
    return Document((line("Closed ", When(one.closed_at), ", and reopened ", When(one.at), f": {one.why}"),))
