"""Threads: one on each item's card, made when the card is, opened again when something is to be said there.

Rule: a thread on a message has the message's id, so making it twice is known at once (160004).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import discord

from core.incident.vocabulary import MessageRef
from core.port import Missing
from transports.discord_chat.markdown import plain
from transports.discord_chat.permissions import naming
from transports.discord_chat.places import Places
from transports.discord_chat.refs import address
from transports.discord_chat.requests import Archived, Kind, Requests, ThreadExists

T = TypeVar("T")

NAME_LIMIT = 100
"""Characters of a thread's name (resources/channel)."""

KEEP: Final = 10080
"""Minutes without a word after which Discord archives a thread: a week, the longest."""


class Threads:
    """Each raises a `TransportFailure`."""

    def __init__(self, places: Places, requests: Requests) -> None:
        self._places = places
        self._requests = requests
        self._asleep: set[int] = set()

    async def hang(self, root: MessageRef, name: str) -> None:
        """Have a thread on this message."""
        channel, message = address(root)
        if (
            channel == int(root.channel.id)
            and message not in self._asleep
            and not self._places.guild.get_thread(message)
        ):
            await self._make(root, message, name)

    async def within(
        self, place: int, do: Callable[[], Awaitable[T]], root: MessageRef | None = None, kind: Kind | None = None
    ) -> T:
        """Do something in a place: an archived thread is opened first, and one that is not there is made."""
        try:
            return await self._requests.ask(do, kind)
        except Archived:
            await self._reopen(place)
        except Missing:
            if root is None:
                raise
            await self._make(root, place, await self._title(root))
        return await self._requests.ask(do)

    async def _make(self, root: MessageRef, message: int, name: str) -> None:
        channel = self._places.channel(root.channel)
        on = channel.get_partial_message(message)
        try:
            async with naming(channel, "view_channel", "create_public_threads"):
                await self._requests.ask(
                    lambda: on.create_thread(name=name[:NAME_LIMIT].strip() or "…", auto_archive_duration=KEEP)
                )
        except ThreadExists:
            # Nobody tells of an archived one: what is found out once is not asked at each edit of the card.
            self._asleep.add(message)

    async def _title(self, root: MessageRef) -> str:
        """How the thread on a card is called, as far as the card tells."""
        message = self._places.channel(root.channel).get_partial_message(address(root)[1])
        said = await self._requests.ask(message.fetch)
        shown = plain(said.embeds[0].description or "") if said.embeds else said.content
        return shown.partition("\n")[0]

    async def _reopen(self, place: int) -> None:
        thread = await self._places.place(place)
        if isinstance(thread, discord.Thread):
            self._asleep.discard(place)
            await self._requests.ask(lambda: thread.edit(archived=False))
