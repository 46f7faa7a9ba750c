"""What should be shown where: the cards and chores of every awake incident and of the house, by channel.

Rule: all of it is computed from what the incidents are, once for each version, and for the chats that are connected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from core.activity_log import HOUSE
from core.house_cards import HouseCards
from core.incident.cards import SETTLED, Card, cards
from core.incident.document import Post
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, Person
from core.keys import digest
from core.rooms import Rooms
from core.shown import Showing

_SETTLED = digest(Post(SETTLED, "", ""))


IN, OUT = "in", "out"
"""What a membership should be."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something about the channel itself that should be so, as a row beside the cards."""

    stream: str
    name: str
    value: str


class Wanted:
    """The incidents as they are now. `connected` are the chats that are there."""

    def __init__(self, showing: Showing, house: HouseCards, rooms: Rooms) -> None:
        self.incidents: dict[str, Incident] = {}
        self.connected: set[str] = set()
        self._showing = showing
        self._house = house
        self._rooms = rooms
        self._cards: dict[str, tuple[int, Mapping[ChannelRef, list[Card]]]] = {}

    def connect(self, transport: str) -> None:
        """A chat is there."""
        self.connected.add(transport)
        self._cards.clear()

    def rooms_changed(self) -> None:
        """What the config's names for rooms mean is known better now."""
        self._cards.clear()

    def look_again(self, stream: str) -> None:
        """Something of it that stood is gone."""
        self._cards.pop(stream, None)

    def forget(self, stream: str) -> None:
        self.incidents.pop(stream, None)
        self._cards.pop(stream, None)

    def streams(self) -> list[str]:
        return [*self.incidents, HOUSE]

    def version(self, stream: str) -> int:
        return self.incidents[stream].version if stream in self.incidents else self._house.version

    def mark(self, stream: str, now: datetime) -> tuple[str, int, datetime]:
        """What a stream's cards bear as their mark, name and number, and since when they may stand in a channel."""
        incident = self.incidents.get(stream)
        return (
            (incident.name, incident.number, incident.declared_at) if incident else (HOUSE, 0, self._house.since(now))
        )

    def at_home(self, stream: str, channel: ChannelRef) -> bool:
        """Whether this is the incident's own channel."""
        return stream in self.incidents and self.incidents[stream].channel == channel

    def places(self, stream: str) -> list[ChannelRef]:
        """Every channel where something of a stream should be."""
        places = list(self._by_channel(stream))
        here = self.incidents[stream].channel if stream in self.incidents else None
        if here is not None and here not in places and here.transport in self.connected:
            places.append(here)
        return places

    def cards(self, stream: str, channel: ChannelRef) -> list[Card]:
        return self._by_channel(stream).get(channel, [])

    def chores(self, stream: str, channel: ChannelRef) -> list[Chore]:
        """Who should be in the incident's channel, and whether people may write there."""
        incident = self.incidents.get(stream)
        if incident is None or incident.channel != channel:
            return []
        wanted = [
            Chore(stream, f"invite/{account.id}", value)
            for who, value in _memberships(incident)
            if (account := who.on(channel.transport)) is not None
        ]
        lock = self._showing.row(stream, "lock", channel).hash
        if incident.locked or lock:
            wanted.append(Chore(stream, "lock", "locked" if incident.locked else "open"))
        return wanted

    def _by_channel(self, stream: str) -> Mapping[ChannelRef, list[Card]]:
        version, known = self.version(stream), self._cards.get(stream)
        if known is None or known[0] != version:
            found: dict[ChannelRef, list[Card]] = {}
            taken: set[tuple[ChannelRef, str]] = set()
            for card in self._all(stream):
                channel = self._rooms.channel(card.channel)
                if channel is None or channel.transport not in self.connected:
                    continue
                # Two names may mean one channel: the first has it, as with two audiences that share a name.
                if (channel, card.key) not in taken and not self._settled(stream, card, channel):
                    taken.add((channel, card.key))
                    shown = card if channel == card.channel else replace(card, channel=channel, room=card.channel)
                    found.setdefault(channel, []).append(shown)
            known = self._cards[stream] = (version, found)
        return known[1]

    def _settled(self, stream: str, card: Card, channel: ChannelRef) -> bool:
        """Whether it is a letter that is over, and shown so: most are, and no lane need look at them again."""
        return card.post.document is SETTLED and self._showing.row(stream, card.key, channel).hash == _SETTLED

    def _all(self, stream: str) -> tuple[Card, ...]:
        if stream == HOUSE:
            return self._house.cards
        return cards(self.incidents[stream]) if stream in self.incidents else ()


def _memberships(incident: Incident) -> Iterator[tuple[Person, str]]:
    """Who should be in the channel, and who out of it. Who is asked in by name once more is brought in once more."""
    for person in incident.people:
        times = incident.invited.get(person.key, 0)
        yield person, f"in/{times}" if times else IN
    for person in incident.put_out:
        yield person, OUT
