"""Whether we can read what we ourselves wrote in encrypted rooms: one's own echo tells before anybody is ignored."""

from __future__ import annotations

from typing import Any

from core.port import TransportFailure
from transports.matrix_chat.keys import Keys, Unreadable
from transports.matrix_chat.requests import ask

LOOKED_AT = 20
"""Rooms, the latest that we wrote in."""

DEAF_TO_SELF = (
    "what this bot itself wrote in an encrypted room cannot be read by it; put back newer keys from the backup, or "
    "move its key file away, and Tocsin signs in as a new device"
)


async def unread(client: Any, keys: Keys) -> tuple[str, str] | None:
    """A room in which our last words cannot be read, and why; `None` where all is well."""
    ours = {"senders": [keys.user_id], "types": ["m.room.encrypted"]}
    for room in keys.written_in(LOOKED_AT):
        try:
            page = await ask(client.room_messages(room, None, limit=10, message_filter=ours))
        except TransportFailure:
            continue  # a room that we are no longer in
        for event in (each.source for each in page.chunk):
            if event.get("content", {}).get("device_id") == keys.device_id:
                try:
                    keys.open(room, event)
                except Unreadable as error:
                    return room, str(error)
                break
    return None
