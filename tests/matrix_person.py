"""A person on Matrix: what somebody with an ordinary client can do and see, straight over the client-server API."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import quote

import aiohttp
from synapse import Synapse, User

Event = dict[str, Any]


class Refused(Exception):
    """The homeserver said no: `code` is its errcode."""

    def __init__(self, status: int, answer: Any) -> None:
        super().__init__(f"{status} {answer}")
        self.code = answer.get("errcode", "") if isinstance(answer, dict) else ""


class Person:
    """One signed-in account."""

    def __init__(self, server: Synapse, user: User) -> None:
        self.user = user
        self._url = f"{server.url}/_matrix/client/v3"
        self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {user.token}"})
        self._sent = 0

    @property
    def id(self) -> str:
        return self.user.id

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        request = self._session.request(method, self._url + path, json=body, params=query)
        async with request as response:
            answer = await response.json()
            if response.status >= 400:
                raise Refused(response.status, answer)
            return answer

    async def create(self, alias: str = "", **settings: Any) -> str:
        body = {"preset": "private_chat", **settings} | ({"room_alias_name": alias} if alias else {})
        return str((await self.call("POST", "/createRoom", body))["room_id"])

    async def join(self, room: str) -> None:
        await self.call("POST", f"/join/{quote(room)}", {})

    async def leave(self, room: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/leave", {})

    async def invite(self, room: str, who: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/invite", {"user_id": who})

    async def kick(self, room: str, who: str) -> None:
        await self.call("POST", f"/rooms/{quote(room)}/kick", {"user_id": who})

    async def send(self, room: str, kind: str, content: Event) -> str:
        self._sent += 1
        path = f"/rooms/{quote(room)}/send/{kind}/p{self._sent}"
        return str((await self.call("PUT", path, content))["event_id"])

    async def say(self, room: str, text: str, **content: Any) -> str:
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text, **content})

    async def change(self, room: str, event: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event}
        return await self.say(room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    async def react(self, room: str, event: str, key: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.send(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event: str) -> str:
        self._sent += 1
        path = f"/rooms/{quote(room)}/redact/{quote(event)}/p{self._sent}"
        return str((await self.call("PUT", path, {}))["event_id"])

    async def put_state(self, room: str, kind: str, content: Event, key: str = "") -> None:
        await self.call("PUT", f"/rooms/{quote(room)}/state/{kind}/{quote(key)}", content)

    async def state(self, room: str, kind: str, key: str = "") -> Event:
        return dict(await self.call("GET", f"/rooms/{quote(room)}/state/{kind}/{quote(key)}"))

    async def whole_state(self, room: str) -> list[Event]:
        return list(await self.call("GET", f"/rooms/{quote(room)}/state"))

    async def resolve(self, alias: str) -> str:
        return str((await self.call("GET", f"/directory/room/{quote(alias)}"))["room_id"])

    async def event(self, room: str, event: str) -> Event:
        return dict(await self.call("GET", f"/rooms/{quote(room)}/event/{quote(event)}"))

    async def download(self, url: str) -> tuple[bytes, str]:
        """A file by its `mxc://` address, and what it is said to be."""
        address = self._url.removesuffix("v3") + "v1/media/download/" + url.removeprefix("mxc://")
        async with self._session.get(address) as response:
            if response.status >= 400:
                raise Refused(response.status, await response.text())
            return await response.read(), response.headers["Content-Type"]

    async def history(self, room: str) -> list[Event]:
        """Every event of a room, the oldest first."""
        events: list[Event] = []
        query = {"dir": "b", "limit": "500"}
        while True:
            page = await self.call("GET", f"/rooms/{quote(room)}/messages", **query)
            events += page["chunk"]
            if "end" not in page:
                return events[::-1]
            query["from"] = page["end"]

    async def messages(self, room: str) -> list[Event]:
        """The messages that stand in a room, edits and deleted ones left out, the oldest first."""
        return [
            event
            for event in await self.history(room)
            if event["type"] == "m.room.message"
            and event["content"]
            and event["content"].get("m.relates_to", {}).get("rel_type") != "m.replace"
        ]

    async def reactions(self, room: str, event: str) -> list[tuple[str, str]]:
        """Who put what on a message, as (sender, key)."""
        return [
            (each["sender"], each["content"]["m.relates_to"]["key"])
            for each in await self.history(room)
            if each["type"] == "m.reaction" and each["content"].get("m.relates_to", {}).get("event_id") == event
        ]

    async def unread(self, room: str) -> tuple[int, int]:
        """How often a room has notified this person, and how often it called them by name or with everyone."""
        answer = await self.call("GET", "/sync", timeout="0")
        counts = answer["rooms"]["join"][room]["unread_notifications"]
        return counts["notification_count"], counts["highlight_count"]
