"""How the copies of an update fare: which are late or cannot be delivered, and how people call the places they belong in.

Rule: a copy counts for as long as its room is an audience's; what went to a room that is none any more is not missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.incident.parts import Delivery, Mirror, Update
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef

PAGE = ChannelRef(transport="status", id="page")
"""The status page, which has a copy of every update that the public may know."""

REASON_SHOWN = 160
"""Characters of a chat's reason that people read; the log has the whole."""


def key(update: Update) -> str:
    return f"update/{update.number}"


def places(update: Update) -> tuple[ChannelRef, ...]:
    """Where an update stands, besides the incident's own channel."""
    return (*(mirror.room for mirror in update.mirrors), *([PAGE] if update.on_page else []))


def rooms(incident: Incident) -> Iterator[ChannelRef]:
    """The config's names of the rooms that an incident's cards may stand in."""
    for audience in (*incident.audiences, *(one for again in incident.reopenings for one in again.audiences)):
        yield from audience.rooms
    yield from (mirror.room for update in incident.updates for mirror in update.mirrors)


def called_for(incident: Incident, card: str, place: ChannelRef) -> bool:
    """Whether there is such a copy."""
    return any(key(update) == card and place in places(update) for update in incident.updates)


def outstanding(incident: Incident, update: Update | None = None) -> tuple[Delivery, ...]:
    """The copies that are late or cannot be delivered, of one update or of all, and are missed."""
    if not incident.deliveries:
        return ()
    missed = {
        (key(one), place) for one in (update and [update]) or incident.updates for place in _missed(incident, one)
    }
    return tuple(one for one in incident.deliveries if (one.card, one.channel) in missed)


def came(incident: Incident, update: Update) -> tuple[Delivery, ...]:
    """The copies of an update that were late or impossible, and are there now."""
    there = places(update)
    return tuple(one for one in incident.arrived if one.card == key(update) and one.channel in there)


def told_of(incident: Incident, update: Update) -> bool:
    """Whether it was ever said of a copy of this update that it is not there."""
    there = places(update)
    return any(one.card == key(update) and one.channel in there for one in (*incident.deliveries, *incident.arrived))


def how_many(incident: Incident, update: Update) -> tuple[int, int]:
    """How many copies are there, of how many that should be."""
    every = len(_missed(incident, update))
    return every - len(outstanding(incident, update)), every


def place_name(mirrors: Iterable[Mirror], place: ChannelRef) -> str:
    """`leadership (matrix:#leadership:example.org)`: the audience, and its room as the config names it."""
    if place == PAGE:
        return "the status page"
    audience = next((mirror.audience for mirror in mirrors if mirror.room == place), "")
    return f"{audience} ({place})" if audience else str(place)


def fares(update: Update, copy: Delivery) -> str:
    """`leadership (#leadership) is late: the chat is away`."""
    name, reason = place_name(update.mirrors, copy.channel), " ".join(copy.reason.split())
    shown = reason if len(reason) <= REASON_SHOWN else reason[: REASON_SHOWN - 1].rstrip() + "…"
    words = {
        ("late", False): "is late",
        ("late", True): "still shows the old text",
        ("impossible", False): "cannot get it",
        ("impossible", True): "keeps the old text",
    }
    return f"{name} {words[copy.state, copy.stale]}" + (f": {shown}" if shown else "")


def _missed(incident: Incident, update: Update) -> tuple[ChannelRef, ...]:
    """The places of an update that are still somebody's."""
    rooms = {room for audience in incident.audiences for room in audience.rooms} | {PAGE}
    return tuple(place for place in places(update) if place in rooms)
