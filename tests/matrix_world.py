"""A triage room on a real Synapse, with people and bots in it."""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack
from random import Random
from typing import Any

from matrix_person import Person
from pydantic import SecretStr
from running import Notes, Running
from synapse import Synapse

from core.clock import SystemClock
from core.incident.document import Document, Post, Words, line
from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan
from transports.matrix_chat import MatrixSettings, MatrixTransport


class World:
    """Ann made the triage room; the bot is invited and not started yet."""

    def __init__(self, server: Synapse, stack: AsyncExitStack) -> None:
        self.server = server
        self.notes = Notes()
        self._stack = stack

    async def open(self) -> World:
        self.account = self.server.register("tocsin")
        self.ann = await self.stranger("ann")
        self.triage = await self.ann.create(name="Triage", invite=[self.account.id])
        self.bot = self.take(self.process())
        return self

    async def stranger(self, name: str) -> Person:
        return await self._stack.enter_async_context(Person(self.server, self.server.register(name)))

    async def person(self, name: str) -> Person:
        """Somebody in the triage room."""
        person = await self.stranger(name)
        await self.ann.invite(self.triage, person.id)
        await person.join(self.triage)
        return person

    async def as_bot(self) -> Person:
        """The bot's own account on the server, without the transport."""
        return await self._stack.enter_async_context(Person(self.server, self.account))

    def process(self, notes: Notes | None = None, **settings: Any) -> Running:
        """One more process of the bot, on the world's notebook unless told, with these settings in place of the usual."""
        given: dict[str, Any] = {
            "homeserver": self.server.url,
            "user_id": self.account.id,
            "password": SecretStr(self.account.password),
            "triage": (self.triage,),
        }
        transport = MatrixTransport(MatrixSettings(**(given | settings)), SystemClock(), Random(1))
        return self.take(Running(transport, notes or self.notes))

    def take(self, bot: Running) -> Running:
        """See to it that a bot is stopped in the end."""
        self._stack.push_async_callback(bot.stop)
        return bot

    def at(self, room: str) -> ChannelRef:
        return ChannelRef(transport="matrix", id=room)

    def unique(self, name: str) -> str:
        """A name that no other test on this server uses: aliases are the server's, which tests share."""
        return f"{name}-{self.account.id[1:].partition(':')[0]}"

    def plan(self, incident: str) -> ChannelPlan:
        return ChannelPlan(name=incident, incident=incident, topic=f"{incident} · no page", beside=self.at(self.triage))


def key(name: str) -> str:
    """A send's key: 24 characters, another for every name."""
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()


def post(*words: Words, card: str = "board", incident: str = "inc-a", **more: Any) -> Post:
    """A card of one line."""
    return Post(document=Document(lines=(line(*words),)), incident=incident, card=card, number=1, **more)
