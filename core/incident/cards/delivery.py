"""Said once in the incident's channel: an update that is not everywhere, one card for all its copies, true until it is."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident import deliveries
from core.incident.cards.card import Card, card
from core.incident.document import Document, Strong, When, Who, Words, line
from core.incident.state import Incident, Update
from core.incident.vocabulary import Role


def delivery_cards(incident: Incident) -> Iterator[Card]:
    """The update owner is called once for a trouble, not again for each update that meets it too."""
    if incident.channel is None:
        return
    before = incident.closed
    for update in incident.updates:
        if deliveries.told_of(incident, update):
            lacking = bool(deliveries.outstanding(incident, update))
            owner = incident.deciders(Role.UPDATES)[:1] if lacking and not before else ()
            document = _document(incident, update)
            yield card(incident, incident.channel, f"delivery/{update.number}", document, pings=owner)
            before = before or lacking


def _document(incident: Incident, update: Update) -> Document:
    late, came = deliveries.outstanding(incident, update), deliveries.came(incident, update)
    after_all: list[list[Words]] = [
        [deliveries.place_name(update.mirrors, one.channel), ": delivered after all at ", When(one.at)] for one in came
    ]
    if not late:
        if not came:
            return Document((line(f"Update {update.number}: the rooms that lack it are no audience's any more."),))
        words = [word for one in after_all for word in (" · ", *one)][1:]
        return Document((line(Strong(f"Update {update.number}"), " is everywhere. ", *words),))
    rows = [line(deliveries.fares(update, one), bullet=True) for one in late]
    rows += [line(*one, bullet=True) for one in after_all]
    if not incident.closed:
        owner = incident.deciders(Role.UPDATES)[:1]
        who: list[Words] = [" ", Who(owner[0]), ","] if owner else []
        tell = " tell them yourself if it cannot wait." if owner else " Tell them yourselves if it cannot wait."
        rows.append(line("Tocsin keeps trying.", *who, tell))
    return Document(tuple(rows), line(Strong(f"Update {update.number}"), " is not everywhere").spans)
