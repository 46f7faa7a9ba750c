"""Another chat beside the sandbox, in memory: audiences' rooms that may be away, hang, or refuse.

Rule: it says what a chat says, no more; a room that nobody made is `Missing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import ChannelPlan, Inbox, Missing, Notebook, Permanent, Said, Temporary, Traits


class Elsewhere:
    """A chat of rooms by name. `there`: it can be reached at all. `hanging`: rooms where a call never comes back."""

    def __init__(self, *rooms: str, name: str = "matrix") -> None:
        self.name = name
        self.traits = Traits(seeds_choices=False, resend_window=timedelta(hours=1))
        self.there = asyncio.Event()
        self.there.set()
        self.hanging: set[str] = set()
        self.refusing: dict[str, Exception] = {}
        self.rooms: dict[str, dict[str, Post]] = {name: {} for name in rooms}
        self.names: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self._made: dict[str, MessageRef] = {}

    def room(self, name: str) -> ChannelRef:
        """The room as the config names it."""
        return ChannelRef(transport=self.name, id=name)

    def texts(self, name: str) -> dict[str, str | None]:
        """What stands in a room: the base text of each card."""
        return {post.card: post.text for post in self.rooms[name].values()}

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        await self.there.wait()
        ready()
        await asyncio.Event().wait()

    async def resolve(self, name: str) -> ChannelRef:
        if name not in self.rooms | self.names:
            raise Missing(f"there is no room {name}")
        return ChannelRef(transport=self.name, id=self.names.get(name, name))

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        await self._call("send", channel)
        if key not in self._made:
            self._made[key] = MessageRef(channel=channel, id=f"e{len(self._made)}")
            self.rooms[channel.id][self._made[key].id] = post
        return self._made[key]

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        await self._call("edit", message.channel)
        if message.id not in self.rooms[message.channel.id]:
            raise Missing("that message is gone")
        self.rooms[message.channel.id][message.id] = post

    async def _call(self, what: str, channel: ChannelRef) -> None:
        self.calls.append((what, channel.id))
        if not self.there.is_set():
            raise Temporary("the chat is away")
        if channel.id in self.hanging:
            await asyncio.Event().wait()
        if channel.id in self.refusing:
            raise self.refusing[channel.id]
        if channel.id not in self.rooms:
            raise Missing(f"not in {channel.id}")

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        await self._call("marked", channel)
        return {post.card: MessageRef(channel=channel, id=name) for name, post in self.rooms[channel.id].items()}

    async def standing(self, account_id: str) -> frozenset[str]:
        return frozenset()

    async def open_to_public(self) -> tuple[str, ...]:
        return ()

    # What audiences' rooms are never asked.

    async def direct(self, account_id: str) -> ChannelRef:
        raise Permanent("nobody is alone with the bot here")

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        raise Permanent("no incident is declared here")

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        raise Permanent("nobody is invited here")

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        raise AssertionError("nobody is put out of here")

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        raise Permanent("nothing is locked here")

    async def pin(self, message: MessageRef) -> None:
        raise Permanent("nothing is pinned here")

    async def unpin(self, message: MessageRef) -> None:
        raise Permanent("nothing is pinned here")

    async def react(self, message: MessageRef, emoji: str, key: str) -> None:
        raise Permanent("there are no reactions here")

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        raise Permanent("there are no reactions here")

    async def read(self, message: MessageRef) -> Said:
        raise Missing("nobody says anything here")
