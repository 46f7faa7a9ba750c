"""A person with a client that encrypts: nio's own end-to-end machinery, on a device and a store of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import nio
from nio.store import SqliteStore
from synapse import Synapse, User

PATIENCE = 60.0
"""Seconds after which something that has to be read is not there."""


class SealedPerson:
    """One more device of an account."""

    def __init__(self, server: Synapse, user: User, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        config = nio.AsyncClientConfig(encryption_enabled=True, store=SqliteStore, store_sync_tokens=False)
        self.id = user.id
        self.client = nio.AsyncClient(server.url, user.id, store_path=str(home), config=config)
        self._password = user.password
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        answer = await self.client.login(self._password, device_name="a test's")
        assert isinstance(answer, nio.LoginResponse), answer
        self._task = asyncio.create_task(self.client.sync_forever(timeout=5000, full_state=True))
        await self.client.synced.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()

    @property
    def device(self) -> str:
        return str(self.client.device_id)

    async def join(self, room: str) -> None:
        answer = await self.client.join(room)
        assert isinstance(answer, nio.JoinResponse), answer
        await seen(lambda: room in self.client.rooms, "the room")
        # nio shares keys with those alone whom it has looked up before.
        await self.client.joined_members(room)
        if self.client.should_query_keys:
            await self.client.keys_query()

    async def send(self, room: str, content: dict[str, Any]) -> str:
        await seen(lambda: self.client.rooms[room].encrypted, "that the room is encrypted")
        answer = await self.client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        assert isinstance(answer, nio.RoomSendResponse), answer
        return str(answer.event_id)

    async def say(self, room: str, text: str, **content: Any) -> str:
        return await self.send(room, {"msgtype": "m.text", "body": text, **content})

    async def change(self, room: str, event: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        return await self.say(room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    async def history(self, room: str) -> list[dict[str, Any]]:
        """Every message of a room as this device reads it, the oldest first; what it cannot read stays `m.room.encrypted`."""
        events: list[dict[str, Any]] = []
        start: str | None = ""
        while start is not None:
            page = await self.client.room_messages(room, start or None, limit=500)
            assert isinstance(page, nio.RoomMessagesResponse), page
            events += [event.source for event in page.chunk]
            start = page.end
        return [event for event in events[::-1] if event["type"] in ("m.room.message", "m.room.encrypted")]

    async def texts(self, room: str, sender: str = "") -> list[str]:
        """What a room's messages say now, edits in place of what they replace; "?" for what this device cannot read."""
        shown: dict[str, str] = {}
        for event in await self.history(room):
            if sender and event["sender"] != sender:
                continue
            content = event["content"]
            relation = content.get("m.relates_to", {})
            if relation.get("rel_type") == "m.replace":
                if relation["event_id"] in shown and shown[relation["event_id"]] != "?":
                    shown[relation["event_id"]] = content.get("m.new_content", {}).get("body", "?")
            else:
                shown[event["event_id"]] = content.get("body", "?" if content else "")
        return [*shown.values()]

    async def reads(self, room: str, words: str, sender: str = "") -> None:
        """Wait until some message of a room has these words."""
        await comes(lambda: self._has(room, words, sender), words)

    async def _has(self, room: str, words: str, sender: str) -> bool:
        return any(words in text for text in await self.texts(room, sender))


async def seen(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"nobody saw {what}"
        await asyncio.sleep(0.02)


async def comes(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for what has to be asked of the server."""
    end = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < end, f"nobody saw {what}"
        await asyncio.sleep(0.1)
