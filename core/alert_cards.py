"""The cards of the house's alerts: one for each episode, made anew when it changed, let go once it is shown to be over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.activity_log import HOUSE
from core.alarms import Alarms
from core.answering import ANSWER_STILL
from core.incident.alerts import Group
from core.incident.cards import Card
from core.incident.cards.alerts import alert_card


class AlertCards:
    """`emoji` is what declares. `gone` is told of each card that is let go."""

    def __init__(self, alarms: Alarms, emoji: Callable[[], str], gone: Callable[[Card], None]) -> None:
        self._alarms = alarms
        self._emoji = emoji
        self._gone = gone
        self._cards: dict[int, tuple[Group, Card]] = {}

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(card for _, card in self._cards.values())

    def since(self, now: datetime) -> datetime:
        """Since when the cards may stand that there are."""
        return min([now, *(group.begun_at for group, _ in self._cards.values())])

    def look(self, now: datetime) -> bool:
        """Whether any card has changed since the last look."""
        changed = False
        for number, group in list(self._alarms.groups.items()):
            known = self._cards.get(number)
            if known is None or known[0] is not group:
                changed = True
                self._cards[number] = (group, alert_card(HOUSE, group, self._emoji()))
            if group.over_at is not None and now - group.over_at >= ANSWER_STILL:
                self._let_go(number)
                changed = True
        return changed

    def stands(self, card: Card) -> None:
        """An episode's card is shown as it is now."""
        over = [
            number
            for number, (group, known) in self._cards.items()
            if known.post == card.post and group.over_at is not None
        ]
        for number in over:
            self._let_go(number, card)

    def _let_go(self, number: int, shown: Card | None = None) -> None:
        _, card = self._cards.pop(number)
        self._alarms.let_go(number)
        self._gone(shown or card)
