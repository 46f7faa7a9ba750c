"""Threads: one on each item's card, made when the card is, opened again when something is to be said there.

Rule: a thread on a message has the message's id, so making it twice is known at once (160004).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import discord

from core.incident.vocabulary import MessageRef
from core.port import Missing
from transports.discord_chat.places import Places
from transports.discord_chat.refs import address
from transports.discord_chat.requests import Archived, Requests, ThreadExists

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

    async def hang(self, root: MessageRef, name: str) -> None:
        """Have a thread on this message."""
        channel, message = address(root)
        on = self._places.channel(root.channel).get_partial_message(message)
        if self._places.guild.get_thread(message) is None and channel == int(root.channel.id):
            try:
                await self._requests.ask(
                    lambda: on.create_thread(name=name[:NAME_LIMIT] or "…", auto_archive_duration=KEEP)
                )
            except ThreadExists:
                return

    async def within(self, place: int, do: Callable[[], Awaitable[T]], root: MessageRef | None = None) -> T:
        """Do something in a place: an archived thread is opened first, and one that is not there is made."""
        try:
            return await self._requests.ask(do)
        except Archived:
            await self._reopen(place)
        except Missing:
            if root is None:
                raise
            await self.hang(root, "thread")
        return await self._requests.ask(do)

    async def _reopen(self, place: int) -> None:
        thread = await self._places.place(place)
        if isinstance(thread, discord.Thread):
            await self._requests.ask(lambda: thread.edit(archived=False))
