"""The thresholds' card: who rolls this service back, when, and when not, as the catalogue has it (spec, section 8)."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.card import Card, card, choice
from core.incident.document import Document, Line, Strong, Who, Words, line
from core.incident.state import Incident


def thresholds(incident: Incident) -> Iterator[Card]:
    service = incident.catalogue
    if incident.channel is None or service is None:
        return
    if not (service.rollback_owner or service.thresholds or service.unsafe_if):
        return
    rows: list[Line] = []
    if service.rollback_owner:
        backup: list[Words] = [" (backup ", Who(service.backup), ")"] if service.backup else []
        rows.append(line(Who(service.rollback_owner), *backup, label="Decides"))
    for number, sentence in enumerate(service.thresholds, 1):
        by = incident.met.get(number)
        met: list[Words] = [" ", Strong("met"), " (", Who(by), ")"] if by else []
        rows.append(line(f"{number}  {sentence}", *met, label="Roll back if" if number == 1 else " "))
    if service.unsafe_if:
        rows.append(line(service.unsafe_if, label="Unsafe if"))
    choices = tuple(
        choice(incident, f"met_{number}", f"{number} is met", f"met {number}")
        for number in range(1, len(service.thresholds) + 1)
    )
    title = line(Strong(f"Rolling back {service.name}")).spans
    yield card(
        incident,
        incident.channel,
        "thresholds",
        Document(tuple(rows), title),
        choices=() if incident.closed else choices,
    )
