"""The cards of the house: answers to what was asked outside of any incident, while they may still change; the weekly list;
alerts.

Rule: a letter that is settled, and shown so, is over; and so is one that nobody acted on for `ANSWER_STILL`. What is over
is let go: the house is never closed, and it must not cost more with every slip of the pen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.activity_log import HOUSE
from core.alert_cards import AlertCards
from core.answering import ANSWER_STILL
from core.incident.cards import Card, digest_cards, letters_of
from core.incident.events import DigestPosted, Recorded
from core.incident.letters import Letter, Letters, after


class HouseCards:
    """Kept in memory alone: at start, the young ones are read from the log. `gone` is told of each that is let go."""

    def __init__(self, gone: Callable[[Card], None], alerts: AlertCards) -> None:
        self.version = 0
        self._alerts = alerts
        self._gone = gone
        self._letters: Letters = {}
        self._since: dict[str, datetime] = {}
        self._asked: dict[str, datetime] = {}
        self._cards: dict[str, tuple[Letter, Card]] = {}
        self._lists: tuple[tuple[datetime, DigestPosted], ...] = ()
        self._unanswered: datetime | None = None

    @property
    def cards(self) -> tuple[Card, ...]:
        """The letters, and the weekly list with the one before it, which is folded."""
        newest = self._lists[-1][1] if self._lists else None
        listed = (card for _, one in self._lists for card in digest_cards(HOUSE, one, over=one is not newest))
        return (*self._alerts.cards, *(card for _, card in self._cards.values()), *listed)

    def since(self, now: datetime) -> datetime:
        """Since when the cards may stand that there are, as the chats tell time: this machine's clock may be ahead."""
        unanswered = [self._unanswered] if self._unanswered is not None else []
        lists = (at for at, _ in self._lists)
        return min([now - ANSWER_STILL, self._alerts.since(now), *unanswered, *self._asked.values(), *lists])

    def answer_since(self, moment: datetime | None) -> None:
        """What was asked then may be answered already, by an earlier process."""
        self._unanswered = moment

    def look(self, now: datetime) -> None:
        """The alerts may have changed."""
        self.version += self._alerts.look(now)

    def take_in(self, recorded: Recorded) -> None:
        """The letters after one more record of the house."""
        if isinstance(recorded.event, DigestPosted) and (recorded.at, recorded.event) not in self._lists:
            self._lists = (*self._lists[-1:], (recorded.at, recorded.event))
            self.version += 1
        letters = after(self._letters, recorded)
        if letters is not self._letters:
            self._letters = letters
            if recorded.source is not None and recorded.source in letters:
                self._since[recorded.source], self._asked[recorded.source] = recorded.heard_at, recorded.at
            self._let_go([source for source in letters if recorded.heard_at - self._since[source] >= ANSWER_STILL])
            self._write()

    def stands(self, card: Card) -> None:
        """A card is shown as it is now."""
        if card.key.startswith("alert/"):
            self._alerts.stands(card)
            self.version += 1
            return
        over = [source for source, (letter, known) in self._cards.items() if letter.settled and known is card]
        if over:
            self._let_go(over)
            self._write()

    def _write(self) -> None:
        """Makes the cards of letters that changed; the others keep theirs, so that nobody compares them again."""
        self.version += 1
        known = self._cards
        self._cards = {
            source: known[source] if source in known and known[source][0] is letter else (letter, card)
            for source, letter in self._letters.items()
            for card in letters_of(HOUSE, {source: letter})
        }

    def _let_go(self, sources: list[str]) -> None:
        self._letters = {source: letter for source, letter in self._letters.items() if source not in sources}
        for source in sources:
            self._since.pop(source, None)
            self._asked.pop(source, None)
            if source in self._cards:
                self._gone(self._cards[source][1])
