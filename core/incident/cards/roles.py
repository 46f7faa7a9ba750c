"""A role that changed hands by somebody else's doing, said aloud once to the two whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.card import Card, card
from core.incident.document import Document, Strong, Who, Words, line
from core.incident.events import How
from core.incident.state import Incident, Passed


def _words(passed: Passed) -> tuple[Words, ...]:
    if passed.how is How.AMONG:
        names = [word for person in passed.others for word in (", ", Who(person))][1:]
        why = "; on call goes first, then who declared, then the older account."
        return (Who(passed.who), " is ", Strong(passed.role.title), f" now: {passed.how}, as did ", *names, why)
    before: list[Words] = [" from ", Who(passed.before)] if passed.before else []
    by: list[Words] = [" by ", Who(passed.by)] if passed.how is How.ASSIGNED and passed.by else []
    return (Who(passed.who), " is ", Strong(passed.role.title), f" now: {passed.how}", *before, *by, ".")


def handovers(incident: Incident) -> Iterator[Card]:
    """It calls whoever did not do it themselves."""
    if incident.channel is None:
        return
    for passed in incident.passed:
        concerned = [person for person in (passed.who, passed.before, *passed.others) if person is not None]
        pings = tuple(person for person in concerned if not person.is_(passed.by))
        yield card(incident, incident.channel, f"role/{passed.number}", Document((line(*_words(passed)),)), pings=pings)
