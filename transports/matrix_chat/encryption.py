"""Encrypted rooms where `encrypted` is off, in which we are deaf. Rule: nobody finds that out by being ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from transports.matrix_chat.requests import state_of

log = structlog.get_logger(__name__)

DEAF = "the room is encrypted, and without `encrypted = true` in the config Tocsin reads nothing that is said there"

WAY_OUT = (
    "encryption cannot be turned off again: make another room without it (in Element, it is a switch while the room is "
    "made) and put that one in the config"
)
WAY_OUT_OF_OURS = (
    "the homeserver turns encryption on in new rooms; its admin sets encryption_enabled_by_default_for_room_type to off. "
    "Until it is made anew, what is led there is led by reactions"
)


async def encrypted(client: Any, room: str) -> bool:
    """Whether a room that we are in is encrypted. Raises a `TransportFailure`."""
    return bool(await state_of(client, room, "m.room.encryption"))


class Encryption:
    """Says in the log that a room is encrypted, once, and that something was said in it, once."""

    def __init__(self, user_id: str, *, reads: bool = False) -> None:
        self._user_id = user_id
        self._reads = reads
        self._said: set[tuple[str, str]] = set()

    def note(self, room: str, name: str, event: Mapping[str, Any]) -> None:
        """Take in an event of a room, which people know by a name."""
        match event.get("type"):
            case "m.room.encryption" if event.get("state_key") == "":
                self.found(room, name, ours=event.get("sender") == self._user_id)
            case "m.room.encrypted":
                self._say(room, name, "something was said that cannot be read", WAY_OUT)

    def found(self, room: str, name: str, *, ours: bool = False) -> None:
        """A room is encrypted; `ours` is one that we made."""
        self._say(room, name, DEAF, WAY_OUT_OF_OURS if ours else WAY_OUT)

    def _say(self, room: str, name: str, what: str, mend: str) -> None:
        if not self._reads and (room, what) not in self._said:
            self._said.add((room, what))
            log.warning(what, room=name, mend=mend)
