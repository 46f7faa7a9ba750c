"""Catching up: what people did while nobody told the bot, read from the channels as they stand now.

Rule: Discord tells a bot that was away nothing of what it missed, and after a lost session neither. So on every READY the
channels that matter are read: what was said since, which reactions are on and off, which of our own messages are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import discord
import structlog

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.port import Clock, Fatal, Headquarters, Inbox, Missing, Permanent, Temporary
from transports.discord_chat.hearing import Hearing
from transports.discord_chat.levels import Levels
from transports.discord_chat.places import Place, Places
from transports.discord_chat.refs import NAME, address, answered, channel_ref
from transports.discord_chat.requests import Requests
from transports.discord_chat.seen import Seen

log = structlog.get_logger(__name__)

OVERLAP = 100
"""Messages before the last one heard in triage that are looked at again: people react to them."""

LONGEST = 2000
"""Messages of one channel that are read; an incident of more has its oldest reactions unread."""

FRESH = timedelta(minutes=10)
"""In a channel never heard before only what is younger counts: a lost database must not replay last year."""

AGAIN = 2.0
"""Seconds before a channel that could not be read is tried again."""

TRIES = 5
"""Looks at a channel on end; after those the others go on, and it is looked at beside them."""

Look = tuple[ChannelRef, bool]
"""A channel to read, and whether it is an incident's."""


class Alone:
    """A chat that nobody briefed: there is triage, and nothing else to catch up with."""

    def means(self, emoji: str) -> bool:
        return True

    def channels(self, transport: str) -> tuple[ChannelRef, ...]:
        return ()

    def ranked(self, channel: ChannelRef, accounts: Sequence[Account]) -> list[Account]:
        return sorted(accounts, key=lambda each: int(each.id))

    def cards(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return ()

    def pinned(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return ()

    def emoji(self, action: str) -> str:
        return ""

    def form(self, channel: ChannelRef, verb: str, by: Account) -> None:
        return None

    def suggest(self, channel: ChannelRef, verb: str, slot: str, typed: str) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass
class CatchUp:
    """One reading of everything."""

    places: Places
    hearing: Hearing
    levels: Levels
    requests: Requests
    seen: Seen
    clock: Clock
    headquarters: Headquarters
    inbox: Inbox
    own: int

    async def run(self, looks: Sequence[Look] | None = None) -> list[Look]:
        """Reads these, or all that matter; returns those that cannot be read yet. Raises nothing but `Fatal`."""
        if looks is None:
            triage = [(channel_ref(one.id), False) for one in self.places.triage()]
            looks = [*triage, *((channel, True) for channel in self.headquarters.channels(NAME))]
        read = await asyncio.gather(*(self._patiently(channel, live=live) for channel, live in looks))
        return [look for look, done in zip(looks, read, strict=True) if not done]

    async def _patiently(self, channel: ChannelRef, *, live: bool) -> bool:
        """False for a channel that may be read later; one that never can be is named in the log and let be."""
        for _ in range(TRIES):
            try:
                await self._channel(channel, live=live)
            except Temporary as failure:
                log.warning("a channel cannot be caught up with yet", channel=channel.id, reason=str(failure))
                await self.clock.sleep(failure.retry_after or AGAIN)
            except Permanent as failure:
                log.warning("a channel cannot be caught up with", channel=channel.id, reason=str(failure))
                break
            except Fatal:
                raise
            except Exception:  # a loop's edge, design law 7: a bug over one channel must not leave the others half read
                log.exception("catching up with a channel failed", channel=channel.id)
                break
            else:
                break
        else:
            # What is told from now on must not be taken for all that was said.
            self.seen.hold(int(channel.id))
            return False
        self.seen.release(int(channel.id))
        return True

    async def _channel(self, channel: ChannelRef, *, live: bool) -> None:
        # What should stand there is asked before the look: what is sent during it is no longer missing.
        wanted = self.headquarters.cards(channel)
        try:
            place = self.places.channel(channel)
        except Missing:
            return await self.inbox(self.hearing.lost(int(channel.id))) if live else None
        until = self.seen.until(place.id)
        # In an incident's channel all that stands there was done under the bot's eyes.
        begun = 0 if live else self.seen.begin(place.id, discord.utils.time_snowflake(self.clock.now() - FRESH))
        messages = await self._history(place, None if live else until or begun)
        for thread in await self._threads(place, live=live):
            messages += await self._history(thread, None if live else until or begun)
        for message in sorted(messages, key=lambda each: each.id):
            await self._message(message, until, begun)
            self.seen.note(place.id, message.id, read=True)
        await self._gone(wanted, {message.id for message in messages}, whole=live and len(messages) < LONGEST)
        if live:
            await self._pins(place, wanted)
        return None

    async def _history(self, place: Place, until: int | None) -> list[discord.Message]:
        """The newest messages of a place, to some before the last one heard; all of them when there is none."""
        found: list[discord.Message] = []
        before: discord.Object | None = None
        while len(found) < LONGEST:
            page = await self.requests.ask(partial(_page, place, before))
            found += page
            if len(page) < OVERLAP or (until is not None and page[-1].id <= until):
                break
            before = discord.Object(page[-1].id)
        return found

    async def _threads(self, place: discord.TextChannel, *, live: bool) -> Iterable[discord.Thread]:
        archived = await self.requests.ask(lambda: _archived(place)) if live else []
        return [*place.threads, *archived]

    async def _message(self, message: discord.Message, until: int | None, begun: int) -> None:
        if self.hearing.spoken(message):
            young = self.clock.now() - FRESH
            since = until or discord.utils.time_snowflake(young)
            if message.id > since:
                await self.inbox(self.hearing.sent(message))
            # Also for what is new here: an earlier process may have heard it, and not have said up to where it did.
            if message.edited_at is not None and (message.id > begun or message.edited_at > young):
                await self.inbox(self.hearing.edited(message, message.edited_at))
        if (message.reactions and message.id > begun) or await self.levels.known(message.id):
            await self._reactions(message)

    async def _reactions(self, message: discord.Message) -> None:
        """By set difference with what the record knows."""
        ref, _ = self.places.reading(message)
        there: set[tuple[int, str]] = set()
        known = await self.levels.known(message.id)
        # One that the config has dropped since is not taken back by that.
        counted = {emoji for (_, emoji), count in known.items() if count % 2}
        for reaction in message.reactions:
            emoji = str(reaction.emoji)
            means = self.headquarters.means(emoji)
            if not (means or emoji in counted) or reaction.count <= reaction.me:
                continue
            users = await self.requests.ask(partial(_users, reaction))
            people = [self.places.account(user) for user in users if not user.bot]
            there |= {(int(person.id), emoji) for person in people}
            if means:
                await self._put(ref, message.id, emoji, self.headquarters.ranked(ref.channel, people))
        for (user_id, emoji), count in (await self.levels.known(message.id)).items():
            if count % 2 and (user_id, emoji) not in there:
                by = self.places.known(user_id)
                if taken := await self.hearing.unreacted(message.id, by, emoji):
                    await self.inbox(taken)

    async def _put(self, ref: MessageRef, message: int, emoji: str, people: Sequence[Account]) -> None:
        """Reactions that nobody told of, whose order nobody knows."""
        told = [await self.hearing.reacted(ref, message, person, emoji) for person in people]
        new = [put for put in told if put is not None]
        for at, put in enumerate(new):
            others = tuple(each.by for each in new[at + 1 :])
            await self.inbox(replace(put, others=others))

    async def _gone(self, wanted: Iterable[MessageRef], there: set[int], *, whole: bool) -> None:
        """Our own cards that no longer stand where they should."""
        for ref in wanted:
            if answered(ref) is None:
                place, message = address(ref)
                if whole and message not in there and place == int(ref.channel.id):
                    await self.inbox(self.hearing.missing(ref, message))

    async def _pins(self, place: discord.TextChannel, wanted: Iterable[MessageRef]) -> None:
        pinned = {each.id for each in await self.requests.ask(lambda: _pinned(place))}
        for ref in self.headquarters.pinned(channel_ref(place.id)):
            if ref in wanted and address(ref)[1] not in pinned:
                await self.inbox(self.hearing.unpinned(ref))


async def _page(place: Place, before: discord.Object | None) -> list[discord.Message]:
    return [each async for each in place.history(limit=OVERLAP, before=before)]


async def _archived(place: discord.TextChannel) -> list[discord.Thread]:
    return [each async for each in place.archived_threads(limit=100)]


async def _users(reaction: discord.Reaction) -> list[discord.User | discord.Member]:
    return [each async for each in reaction.users()]


async def _pinned(place: discord.TextChannel) -> list[discord.Message]:
    return [each async for each in place.pins()]
