"""The weekly list as a card in each triage channel: what was declared there, and is not done yet."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.board import clipped
from core.incident.cards.card import Card
from core.incident.document import Document, Line, Post, Strong, Typed, Who, line
from core.incident.events import DigestPosted
from core.incident.vocabulary import ChannelRef
from core.incident.workdays import day_words

SHOWN = 15
"""Follow-ups that one list names; those that are due first. A chat cuts off a longer list, and with it what to type."""

LATE = 10
"""Postmortems that one list names; those that are late the longest."""


def digest_cards(house: str, digest: DigestPosted, *, over: bool) -> Iterator[Card]:
    """One for each triage channel; folded to a line once it is `over`, since there is a newer one."""
    triages = [*(row.triage for row in digest.follow_ups), *(row.triage for row in digest.postmortems)]
    folded = Document((line(f"What was open on {day_words(digest.week)}."),))
    for triage in dict.fromkeys(triages):
        document = folded if over else _document(digest, triage)
        yield Card(triage, Post(document, house, f"digest/{digest.week.isoformat()}"))


def _document(digest: DigestPosted, triage: ChannelRef) -> Document:
    ours = [row for row in digest.follow_ups if row.triage == triage]
    owed = [row for row in digest.postmortems if row.triage == triage]
    rows: list[Line] = []
    for one in ours[:SHOWN]:
        late = "was due" if one.due < digest.week else "due"
        rows.append(
            line(
                f"{one.ref} · {one.priority} · {clipped(one.text)} · ",
                Who(one.owner),
                f" · {late} {day_words(one.due)}",
                bullet=True,
            )
        )
    if len(ours) > SHOWN:
        rows.append(line(f"and {len(ours) - SHOWN} more, due later"))
    if ours:
        first = ours[0].ref
        rows.append(
            line(
                "Done, or not this week: ",
                Typed(f"followup-done {first}"),
                ", ",
                Typed(f"followup-move {first} due=DATE"),
            )
        )
    rows += [
        line(
            f"postmortem of inc {one.incident} {clipped(one.title)} · ",
            Who(one.owner),
            f" · was due {day_words(one.due)}",
            bullet=True,
        )
        for one in owed[:LATE]
    ]
    if len(owed) > LATE:
        rows.append(line(f"and {len(owed) - LATE} more of which a postmortem is late"))
    if owed:
        rows.append(line("When it is out: ", Typed(f"postmortem published {owed[0].incident} LINK")))
    return Document(tuple(rows), line(Strong("Still open"), f" · {day_words(digest.week)}").spans)
