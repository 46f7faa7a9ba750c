"""The sandbox behind the port: the reference for every other transport, and the one to copy for a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from core.incident.document import Post
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import ChannelPlan, Fatal, Headquarters, Inbox, Missing, Notebook, Said, Temporary, Traits
from transports.sandbox.forms import form
from transports.sandbox.places import NAME, Channel, Kind
from transports.sandbox.server import Batch, Server
from transports.signals import Signal

BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between two attempts to reach a server that is away; the last one stands for all that follow."""

CURSOR = "since"

log = structlog.get_logger(__name__)


class SandboxTransport:
    """One connection of the bot to the sandbox. It keeps nothing: what must outlive it is in the server or the notebook."""

    name = NAME

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clock = server.world.clock
        self.traits = Traits(seeds_choices=True, resend_window=server.resend_window)

    def brief(self, headquarters: Headquarters) -> None:
        self._server.world.form = partial(form, headquarters)

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        since = self._cursor(await notebook.read(CURSOR))
        wait = False
        while True:
            batch = await self._next(since, wait=wait)
            for signal in batch.signals:
                await _give(signal, inbox)
            # After the whole batch: dying before this line repeats signals that the log knows by their source.
            if batch.until != since:
                since = batch.until
                await notebook.write(CURSOR, f"{self._server.world.era}{since}")
            if not wait:
                wait = True
                ready()

    async def _next(self, since: int, *, wait: bool) -> Batch:
        attempts = 0
        while True:
            try:
                return await self._server.sync(since, wait=wait)
            except Temporary as failure:
                log.warning("sandbox.unreachable", reason=str(failure), attempts=attempts + 1)
                await self._clock.sleep(BACKOFF[min(attempts, len(BACKOFF) - 1)])
                attempts += 1

    def _cursor(self, note: str | None) -> int:
        era = self._server.world.era
        # A cursor of another world says nothing about this one: its history is read from the start.
        known = note is not None and note.startswith(era) and note.removeprefix(era).isdecimal()
        place = int(note.removeprefix(era)) if note is not None and known else 0
        return place if place <= len(self._server.world.history) else 0

    async def resolve(self, name: str) -> ChannelRef:
        room = await self._server.request(partial(self._server.world.named, name))
        if room is None:
            raise Missing(f"the sandbox has no channel {name!r}")
        return room.ref

    async def direct(self, account_id: str) -> ChannelRef:
        return await self._server.request(partial(self._server.direct, account_id))

    async def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        return await self._server.request(partial(self._server.open_channel, plan))

    async def invite(self, channel: ChannelRef, account_id: str) -> None:
        await self._server.request(partial(self._server.invite, channel, account_id))

    async def put_out(self, channel: ChannelRef, account_id: str) -> None:
        await self._server.request(partial(self._server.put_out, channel, account_id))

    async def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        await self._server.request(partial(self._server.set_locked, channel, locked))

    async def send(self, channel: ChannelRef, post: Post, key: str) -> MessageRef:
        return await self._server.request(partial(self._server.send, channel, post), key)

    async def edit(self, message: MessageRef, post: Post, key: str) -> None:
        await self._server.request(partial(self._server.edit, message, post), key)

    async def pin(self, message: MessageRef) -> None:
        await self._server.request(partial(self._server.pin, message))

    async def unpin(self, message: MessageRef) -> None:
        await self._server.request(partial(self._server.unpin, message))

    async def react(self, message: MessageRef, emoji: str, key: str) -> None:
        await self._server.request(partial(self._server.react, message, emoji), key)

    async def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        await self._server.request(partial(self._server.clear_reaction, message, emoji, account_id))

    async def marked(
        self, channel: ChannelRef, incident: str, number: int, since: datetime
    ) -> Mapping[str, MessageRef]:
        return await self._server.request(partial(self._server.marked, channel, incident, since))

    async def read(self, message: MessageRef) -> Said:
        found = await self._server.request(partial(self._server.read, message))
        ours = found.author == self._server.world.bot
        return Said(found.ref, found.author, found.text, found.at, found.thread, ours)

    async def standing(self, account_id: str) -> frozenset[str]:
        rooms = await self._server.request(self._triage)
        return frozenset({"triage"} if any(account_id in room.members for room in rooms) else ())

    async def open_to_public(self) -> tuple[str, ...]:
        rooms = await self._server.request(self._triage)
        return tuple(f"#{room.name}" for room in rooms if room.public)

    def _triage(self) -> list[Channel]:
        rooms = self._server.world.channels.values()
        return [room for room in rooms if room.kind is Kind.TRIAGE and not room.gone]


async def _give(signal: Signal, inbox: Inbox) -> None:
    try:
        await inbox(signal)
    except Fatal:
        raise
    except Exception:  # the intake's edge: one act that cannot be handled must not silence all that follow it
        log.exception("sandbox.signal_failed", source=signal.source)
