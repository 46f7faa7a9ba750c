"""Whether newcomers were told in private: who could not be is named in the incident's channel, and in its record.

Rule: nobody waits for them, and the page's card says there what they were to read.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from core.incident.cards import Card
from core.incident.commands import NotePageTried
from core.incident.newcomers import IN_PRIVATE, newcomers, unreached
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person
from core.port import Permanent
from core.reports import Reports
from core.rooms import Rooms

CARD = "newcomer/"
"""How the key of a card begins that is for one newcomer."""


class DirectWords:
    """Reports on the cards that stand where somebody and the bot are alone. `incident` looks an incident up."""

    def __init__(
        self, reports: Reports, rooms: Rooms, chats: Container[str], incident: Callable[[str], Incident | None]
    ) -> None:
        self._reports = reports
        self._rooms = rooms
        self._chats = chats
        self._incident = incident

    def show(self, stream: str, incident: Incident) -> None:
        """An incident is as it is now: whoever is in no chat of the bot's cannot be told at all."""
        for prompt, person, place in newcomers(incident):
            if place.transport not in self._chats and not _known(incident, prompt, person):
                self._report(stream, prompt, person, f"Tocsin is not on {place.transport}")

    def delivered(self, stream: str, card: Card) -> None:
        """A card is there; that is news where it could not be sent before."""
        incident = self._incident(stream)
        for prompt, person in self._of(incident, card):
            if incident is not None and _known(incident, prompt, person):
                self._report(stream, prompt, person, "")

    def undeliverable(self, stream: str, card: Card, failure: Permanent) -> None:
        """The chat will not have a card."""
        for prompt, person in self._of(self._incident(stream), card):
            self._report(stream, prompt, person, str(failure))

    def looked(self, stream: str) -> None:
        """Places were found, or found not to be had."""
        incident = self._incident(stream)
        for prompt, person, place in newcomers(incident) if incident is not None else ():
            if (why := self._rooms.missing(place)) is not None:
                self._report(stream, prompt, person, why)

    def _of(self, incident: Incident | None, card: Card) -> list[tuple[Prompt, Person]]:
        if incident is None or not card.key.startswith(CARD):
            return []
        number = int(card.key.removeprefix(CARD))
        return [
            (prompt, person)
            for prompt, person, place in newcomers(incident)
            if prompt.asked.number == number and place == card.place
        ]

    def _report(self, stream: str, prompt: Prompt, person: Person, why: str) -> None:
        tried = NotePageTried(prompt=prompt.key, to=person, via=IN_PRIVATE, sent=not why, why=why)
        source = f"{prompt.key}/{person.key}/{IN_PRIVATE}/{why or 'sent'}"
        self._reports.tell(stream, tried, source)


def _known(incident: Incident, prompt: Prompt, person: Person) -> bool:
    """Whether it is on the record that they could not be told."""
    return any(one.to.is_(person) for one in unreached(incident, prompt))
