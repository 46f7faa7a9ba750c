"""One connection of the bot, from signing in to being cancelled: what is told goes to the ears, and READY is caught up with.

Rule: while the bot catches up, what is told waits; so an act that was missed comes before those that follow it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any

import discord
import structlog

from core.port import Clock, Fatal, Headquarters, Inbox, Notebook, TransportFailure
from transports.discord_chat.answers import Answers
from transports.discord_chat.catch_up import CatchUp, Look
from transports.discord_chat.client import Client, hears_words, point
from transports.discord_chat.ears import Ears
from transports.discord_chat.hearing import Hearing
from transports.discord_chat.interactions import Interactions
from transports.discord_chat.levels import Levels
from transports.discord_chat.permissions import RIGHTS, lacking
from transports.discord_chat.places import Places
from transports.discord_chat.requests import Requests, understood
from transports.discord_chat.seen import Seen
from transports.discord_chat.settings import DiscordSettings
from transports.discord_chat.syncing import sync
from transports.discord_chat.words import Targets
from transports.signals import Signal

log = structlog.get_logger(__name__)

LONGEST_BACKOFF = 60.0
"""Seconds between two sign-ins: a thousand a day are allowed, and beyond that Discord takes the token away (gateway)."""


class Session:
    """`client` is there from the first READY on."""

    def __init__(
        self,
        settings: DiscordSettings,
        places: Places,
        requests: Requests,
        answers: Answers,
        headquarters: Headquarters,
        *,
        targets: Targets,
        clock: Clock,
        chance: Random,
    ) -> None:
        self._settings = settings
        self._places = places
        self._requests = requests
        self._answers = answers
        self._headquarters = headquarters
        self._targets = targets
        self._clock = clock
        self._chance = chance
        self._lacks = ""
        self._hidden: list[str] = []
        self.client: discord.Client | None = None

    async def run(self, inbox: Inbox, notebook: Notebook, ready: Callable[[], None]) -> None:
        """Stays connected until cancelled. Raises `Fatal`."""
        point(self._settings)
        self._inbox, self._levels, self._seen = inbox, Levels(notebook), Seen(notebook, self._clock)
        self._announce = ready
        await self._seen.load()
        self._ears = Ears(self._clock)
        self._used = Interactions(
            self._places,
            self._requests,
            self._answers,
            self._headquarters,
            targets=self._targets,
            clock=self._clock,
            tell=lambda place, work: self._ears.tell(self._belongs(place), work),
            give=inbox,
        )
        self._notebook = notebook
        self._giving: set[asyncio.Task[None]] = set()
        saving = asyncio.create_task(self._seen.keep())
        failures = 0
        try:
            while True:
                try:
                    await self._connected()
                    failures = 0
                except TransportFailure as trouble:
                    if isinstance(trouble, Fatal):
                        raise
                    log.warning("could not connect; trying again", error=str(trouble))
                failures += 1
                wait = min(LONGEST_BACKOFF, 0.5 * 2.0 ** min(failures, 10))
                await self._clock.sleep(wait * self._chance.uniform(0.5, 1.0))
        finally:
            for task in (saving, *self._giving):
                task.cancel()
            await self._ears.end()
            await asyncio.gather(saving, *self._giving, return_exceptions=True)
            await self._seen.save()

    async def _connected(self) -> None:
        """One client, for as long as it can reconnect by itself. Raises a `TransportFailure`."""
        token = self._settings.token
        hears = await self._requests.ask(lambda: hears_words(token, self._requests))
        client = Client(self._settings, self._requests, self._told, self._used, words=hears)
        self._coming = client
        self._catching_up: asyncio.Task[None] | None = None
        connecting: asyncio.Task[None] | None = None
        syncing: asyncio.Task[None] | None = None
        try:
            await self._requests.ask(lambda: client.login(token.get_secret_value()))
            connecting = asyncio.create_task(client.connect())
            syncing = asyncio.create_task(sync(client.tree, self._requests, self._notebook, self._clock))
            await asyncio.wait((connecting, self._ears.failed), return_when=asyncio.FIRST_COMPLETED)
            if self._ears.failed.done():
                self._ears.failed.result()
            with understood():
                await connecting
        finally:
            self.client = None
            self._ears.close()
            for task in (connecting, syncing, self._catching_up):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            await self._used.end()
            await client.close()

    # --- being told ---------------------------------------------------------------------------------------------------

    def _told(self, event: str, what: Any) -> None:
        ours = int(self._settings.guild)
        if event == "rights":
            self._look_at_rights()
            return
        if event in ("session", "guild"):
            # Each new session names the bot's guilds and then tells of each; of one that the bot is not in it never tells.
            if what.id == ours if event == "guild" else self._coming.get_guild(ours) is None:
                self._ready()
            elif event == "session":
                # The guild is told of in a moment; what is done in it meanwhile must not overtake what was missed.
                self._deafen()
            return
        at = _place(what)
        if at is None or at[0] != ours:
            return
        self._ears.tell(self._belongs(at[1]), lambda: self._hear(event, what))

    def _belongs(self, place: int) -> int:
        """The channel of a place: what is done in a channel and in its threads is handled in one order."""
        known = self._coming.get_channel(place)
        return known.parent_id if isinstance(known, discord.Thread) else place

    def _look_at_rights(self) -> None:
        """Says which of its rights the bot lacks in the server, when that has changed."""
        guild = self._coming.get_guild(int(self._settings.guild))
        lacks = lacking(guild, *RIGHTS) if guild is not None and guild.me is not None else ""
        if lacks != self._lacks:
            self._lacks = lacks
            log.warning(
                "rights are lacking in the server; `tocsin doctor` tells more" if lacks else "no right is lacking",
                lacks=lacks,
            )
        there = guild is not None and not guild.unavailable and self.client is not None
        hidden = self._places.hidden_triage() if there else []
        if hidden != self._hidden:
            self._hidden = hidden
            log.warning("a triage channel may not be seen" if hidden else "all triage channels are seen", hidden=hidden)

    def _deafen(self) -> None:
        self._ears.close()
        if self._catching_up is not None:
            self._catching_up.cancel()

    def _ready(self) -> None:
        self._deafen()
        self.client = self._coming
        self._look_at_rights()
        self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        assert self._coming.user is not None, "known from signing in on"
        own = self._coming.user.id
        self._hearing = Hearing(self._places, self._levels, self._clock, own)
        work = CatchUp(
            self._places,
            self._hearing,
            self._levels,
            self._requests,
            self._seen,
            self._clock,
            self._headquarters,
            self._give_whole,
            own,
        )
        left = await self._round(work.run)
        if self._ears.failed.done():
            return
        self._ears.open()
        self._announce()
        while left:
            left = await self._round(partial(work.run, left))

    async def _round(self, work: Callable[[], Awaitable[list[Look]]]) -> list[Look]:
        """What could not be read yet."""
        try:
            return await work()
        except Fatal as failure:
            if not self._ears.failed.done():
                self._ears.failed.set_exception(failure)
        except TransportFailure as failure:
            log.warning("there is nothing to catch up with", reason=str(failure))
        except Exception:  # a loop's edge, design law 7: what cannot be caught up with must not keep the bot deaf
            log.exception("catching up failed")
        return []

    async def _hear(self, event: str, what: Any) -> None:
        match event:
            case "message":
                if self._hearing.spoken(what):
                    await self._give(self._hearing.sent(what))
                    self._seen.note(self._belongs(what.channel.id), what.id)
            case "edit":
                if what.edited_at is not None and self._hearing.spoken(what):
                    await self._give(self._hearing.edited(what, what.edited_at))
            case "delete":
                for message in what.message_ids:
                    await self._give(await self._hearing.deleted(what.channel_id, message))
            case "react":
                if put := await self._hearing.put(what):
                    await self._give(put)
            case "unreact":
                if taken := await self._hearing.taken(what):
                    await self._give(taken)
            case "gone" | "thread gone":
                thread = isinstance(what, discord.RawThreadDeleteEvent)
                lost = self._hearing.unhung(what.parent_id, what.thread_id) if thread else self._hearing.lost(what.id)
                await self._give(lost)

    async def _give_whole(self, signal: Signal) -> None:
        """Also when another session breaks the catching up off: half an act would be on the record and nowhere else."""
        giving = asyncio.create_task(self._give(signal))
        self._giving.add(giving)
        giving.add_done_callback(self._giving.discard)
        await asyncio.shield(giving)

    async def _give(self, signal: Signal) -> None:
        try:
            await self._inbox(signal)
        except Fatal:
            raise
        except Exception:  # a loop's edge, design law 7: one act's bug must not silence the rest
            log.exception("a signal was not handled", signal=type(signal).__name__)


def _place(what: Any) -> tuple[int, int] | None:
    """The guild and the channel or thread of what is told."""
    match what:
        case discord.Message():
            return (what.guild.id, what.channel.id) if what.guild else None
        case discord.abc.GuildChannel():
            return what.guild.id, what.id
        case discord.RawThreadDeleteEvent():
            return what.guild_id, what.parent_id
        case _:
            return (what.guild_id, what.channel_id) if what.guild_id else None
