"""Every message that should exist, computed from the incident: `CARDS`, a row for each kind.

Rule: nothing is sent as a side effect of a rule. What is not a card here is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.incident.audience import Eyes, Sight, audience, open_to_all
from core.incident.cards.after import courses, debrief, follow_ups, postmortems
from core.incident.cards.board import board, notice
from core.incident.cards.card import Card
from core.incident.cards.delivery import delivery_cards
from core.incident.cards.digest import digest_cards
from core.incident.cards.drills import drills, marked
from core.incident.cards.items import item_cards
from core.incident.cards.letters import SETTLED, elsewhere, letters, letters_of, told
from core.incident.cards.nudges import checklist, nudges
from core.incident.cards.paging import told as newcomers
from core.incident.cards.people import covers
from core.incident.cards.prompts import prompts
from core.incident.cards.roles import handovers
from core.incident.cards.runbooks import runbooks
from core.incident.cards.summary import summary
from core.incident.cards.thresholds import thresholds
from core.incident.cards.updates import copies, drafts
from core.incident.state import Incident

__all__ = ["CARDS", "SETTLED", "Card", "cards", "digest_cards", "letters_of", "marked", "seen", "told"]

CARDS: dict[str, Callable[[Incident], Iterator[Card]]] = {
    "board": board,
    "notice": notice,
    "drill": drills,
    "item": item_cards,
    "draft": drafts,
    "update": copies,
    "delivery": delivery_cards,
    "prompt": prompts,
    "newcomer": newcomers,
    "thresholds": thresholds,
    "checklist": checklist,
    "nudge": nudges,
    "role": handovers,
    "cover": covers,
    "runbook": runbooks,
    "letter": letters,
    "summary": summary,
    "follow-ups": follow_ups,
    "postmortem": postmortems,
    "course": courses,
    "debrief": debrief,
}


def cards(incident: Incident) -> tuple[Card, ...]:
    """Every card of the incident, each channel's in the order in which they first appear there."""
    every = tuple(card for row in CARDS.values() for card in row(incident))
    if not open_to_all(incident):
        every = tuple(shown for card in every if (shown := seen(incident, card)) is not None)
    return every if incident.drill is None else tuple(marked(incident, card) for card in every)


def seen(incident: Incident, card: Card) -> Card | None:
    """The card as whoever reads its channel may see it; `None` where they may not."""
    if audience(incident, Eyes(channel=card.channel)) is Sight.WHOLE:
        return card
    if card.post.text is not None:
        # A copy of an update: what its owner published, in the frame of the audience.
        return card
    if card.key.startswith("newcomer/"):
        # That somebody is called into it, and where to: no word of what it is.
        return card
    # Who acted on it from elsewhere, and was turned down, is told so; why is told inside.
    return elsewhere(card) if card.key.startswith("letter/") else None
