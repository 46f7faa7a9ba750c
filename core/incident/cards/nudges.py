"""The checklist of the first 15 minutes, and the one card of nudges that a person has."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.card import Card, card
from core.incident.checklist import steps
from core.incident.document import Document, Line, Strong, When, Who, line
from core.incident.help import marked_words
from core.incident.nudges import standing
from core.incident.state import Incident, NudgeCard


def checklist(incident: Incident) -> Iterator[Card]:
    """It ticks itself as the record shows that a step is done."""
    shown = steps(incident)
    if incident.channel is None or not shown:
        return
    rows = [line("☑ " if check.done(incident) else "☐ ", "by ", When(at), f" {check.does}") for _, check, at in shown]
    document = Document(tuple(rows), line(Strong("The first 15 minutes")).spans)
    yield card(incident, incident.channel, "checklist", document, spaced=True)


def nudges(incident: Incident) -> Iterator[Card]:
    """A person's newest card says what still is so of all that they were told; those before it only point on."""
    if incident.channel is None:
        return
    for one in incident.nudges:
        yield card(incident, incident.channel, f"nudge/{one.number}", _document(incident, one), pings=(one.to,))


def _document(incident: Incident, one: NudgeCard) -> Document:
    mine = [other for other in incident.nudges if other.to.is_(one.to)]
    if mine[-1] is not one:
        return Document((line("Nudges to ", Who(one.to), ": continued further down."),))
    commander = incident.commander
    if commander is not None and not one.to.is_(commander):
        return Document((line("Nudges to ", Who(one.to), ": ", Who(commander), " commands now."),))
    # What was named before is not named again; the checklist has what is open.
    rows = list(_rows(incident, one))
    if not rows:
        return Document((line("Nudges to ", Who(one.to), ": all done."),))
    return Document((line(Who(one.to), ":"), *rows))


def _rows(incident: Incident, one: NudgeCard) -> Iterator[Line]:
    for row, told in one.rows:
        if words := standing(incident, row, told):
            yield line(*marked_words(words), bullet=True)
