"""The baseline: a matrix-nio bot as its documentation writes them, which answers, edits and keeps nothing.

`python bench_raw_bot.py HOMESERVER USER TOKEN DEVICE`: ✅ on every command, "!board" sends the message that every reaction
edits, "!make" makes a room and invites whoever asked, "!fan" says an update in every other room at once. Prints "ready"
after its first sync.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import nio

UPDATE = "[10:05 UTC] Some users cannot pay. We are testing a rollback. Next update 10:20 UTC."


class RawBot:
    def __init__(self, homeserver: str, user: str, token: str, device: str) -> None:
        self.client = nio.AsyncClient(homeserver, user)
        self.client.restore_login(user, device, token)
        self.boards: dict[str, str] = {}
        self.edits = 0
        self.ready = False

    async def run(self) -> None:
        self.client.add_event_callback(self.heard, nio.RoomMessageText)
        self.client.add_event_callback(self.reacted, nio.ReactionEvent)
        self.client.add_response_callback(self.synced, nio.SyncResponse)
        await self.client.sync_forever(timeout=30_000)

    async def synced(self, _: Any) -> None:
        if not self.ready:
            # What was said before is not answered.
            self.ready = True
            print("ready", flush=True)

    async def heard(self, room: Any, event: Any) -> None:
        if event.sender == self.client.user_id or not self.ready or not event.body.startswith("!"):
            return
        match event.body:
            case "!board":
                words = {"msgtype": "m.text", "body": "the board"}
                sent = await self.client.room_send(room.room_id, "m.room.message", words)
                self.boards[room.room_id] = sent.event_id
            case "!make":
                made = await self.client.room_create(name=event.body)
                await self.client.room_invite(made.room_id, event.sender)
            case "!fan":
                others = [one for one in self.client.rooms if one != room.room_id]
                words = {"msgtype": "m.text", "body": UPDATE}
                await asyncio.gather(*(self.client.room_send(one, "m.room.message", words) for one in others))
            case _:
                relation = {"rel_type": "m.annotation", "event_id": event.event_id, "key": "✅"}
                await self.client.room_send(room.room_id, "m.reaction", {"m.relates_to": relation})

    async def reacted(self, room: Any, event: Any) -> None:
        board = self.boards.get(room.room_id)
        if event.sender == self.client.user_id or board is None:
            return
        self.edits += 1
        new = {"msgtype": "m.text", "body": f"the board, {self.edits}"}
        relation = {"rel_type": "m.replace", "event_id": board}
        words = {"msgtype": "m.text", "body": f"* {new['body']}", "m.new_content": new, "m.relates_to": relation}
        await self.client.room_send(room.room_id, "m.room.message", words)


if __name__ == "__main__":
    asyncio.run(RawBot(*sys.argv[1:5]).run())
