"""What a room lets us do: the power level that each act takes, the one we have, and whether the room was left for another.

Rule: what the server refuses is said by what is lacking, in words that whoever runs the room can act on.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from transports.matrix_chat.requests import ask

Content = Mapping[str, Any]

ACTS: dict[str, str] = {
    "m.room.message": "to send messages",
    "m.room.encrypted": "to send messages",
    "m.reaction": "to put reactions",
    "m.room.pinned_events": "to pin messages",
    "m.room.power_levels": "to make the room read-only after the close",
    "invite": "to invite people",
    "kick": "to put people out",
}
"""What we do in rooms, by the type of event or the level of its own that it takes, and what it is for."""

SAYING = ("m.room.message", "m.reaction")
"""What is done in every room that the config means."""

LEVELS = ("m.room.power_levels", "m.room.tombstone")
"""The state that says it."""

STATE = ("m.room.pinned_events", "m.room.power_levels")

OWN = {"invite": 0, "kick": 50}
"""Levels with a name of their own, and what they are where nothing is set (client-server API, m.room.power_levels)."""

FOUNDED = 12
"""From this room version on, whoever made the room stands above all levels (MSC4289)."""


class Powers:
    """One room's, from its state. `who` is our account."""

    def __init__(self, state: list[dict[str, Any]], who: str) -> None:
        self._create = _event(state, "m.room.create")
        levels = _event(state, "m.room.power_levels")
        self._set, self._levels = bool(levels), _dict(levels, "content")
        self._who = who
        tombstone = _event(state, "m.room.tombstone")
        self.left_for = str(_dict(tombstone, "content").get("replacement_room") or "") if tombstone else None

    def lacking(self, where: str, *acts: str) -> str:
        """What we would need for the first of these acts that we may not do; nothing where we may do them all.

        `where` is what people call the room.
        """
        own = self._own()
        short = [act for act in acts if own < self._takes(act)]
        if short and self.left_for is not None:
            return upgraded(where, self.left_for)
        return f"power level {self._takes(short[0])} in {where} {ACTS[short[0]]}; it has {own:.0f}" if short else ""

    def _own(self) -> float:
        content = _dict(self._create, "content")
        founders = [self._create.get("sender"), *_list(content, "additional_creators")]
        version = str(content.get("room_version", "1"))
        if self._who in founders and version.isdecimal() and int(version) >= FOUNDED:
            return inf
        if not self._set:
            return 100 if self._who == self._create.get("sender") else 0
        mine = _dict(self._levels, "users").get(self._who)
        return _number(mine, _number(self._levels.get("users_default"), 0))

    def _takes(self, act: str) -> int:
        if act in OWN:
            return _number(self._levels.get(act), OWN[act])
        usual = ("state_default", 50 if self._set else 0) if act in STATE else ("events_default", 0)
        return _number(_dict(self._levels, "events").get(act), _number(self._levels.get(usual[0]), usual[1]))


async def powers_in(client: Any, room: str, who: str) -> Powers:
    """Ours in a room that we are in. Raises a `TransportFailure`."""
    return Powers([dict(event) for event in (await ask(client.room_get_state(room))).events], who)


def upgraded(where: str, replacement: str) -> str:
    """What is lacking where people went on in another room, and what to do about it."""
    there = f" {replacement}" if replacement else ""
    return (
        f"the room{there} in which {where} goes on since it was upgraded; invite Tocsin there, name that room in the config "
        "(an alias that moved with it does), and restart Tocsin"
    )


def _event(state: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((event for event in state if event.get("type") == kind and event.get("state_key") == ""), {})


def _number(value: object, otherwise: int) -> int:
    # Old rooms have levels as text, and anybody with the power may have written nonsense.
    return int(value) if isinstance(value, int | float | str) and str(value).strip("-").isdecimal() else otherwise


def _dict(content: Content, key: str) -> Content:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _list(content: Content, key: str) -> list[Any]:
    value = content.get(key)
    return value if isinstance(value, list) else []
