"""The bot's side of the sandbox's server: its requests over a line that may fail, and what it is told of people's acts.

Rule: a request takes effect at one instant between two waits, so losing it, losing its answer and dying on the way are
three different things; an effect whose key was seen within `resend_window` is not done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, cast

from core.incident.document import Post, plain
from core.incident.vocabulary import ChannelRef, MessageRef
from core.port import ChannelPlan, Missing, Permanent, Temporary
from transports.sandbox.faults import Faults, Trouble, happens
from transports.sandbox.places import Attached, Channel, Happening, Kind, Message, Turned, Version
from transports.sandbox.world import FILE_LIMIT, TEXT_LIMIT, World
from transports.signals import Signal

T = TypeVar("T")

DAY = timedelta(hours=24)

RECENT = 50
"""How many signals back a delivery may be repeated."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the bot missed: the signals in the order they arrive, and the cursor that stands behind them all."""

    signals: tuple[Signal, ...]
    until: int


@dataclass(eq=False, slots=True)
class Server:
    """What outlives the bot. `rng` decides the faults; the world's clock does all the waiting."""

    world: World
    rng: Random
    faults: Faults = field(default_factory=Faults)
    resend_window: timedelta = DAY
    _answered: dict[str, tuple[datetime, object]] = field(default_factory=dict)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.subscribe(self._wake)

    # The line

    async def request(self, effect: Callable[[], T], key: str | None = None) -> T:
        """Carry one request there and its answer back. Raises what the effect raises, and `Temporary` on a fault."""
        await self._travel()
        trouble = self.faults.trouble(self.rng)
        self._reach()
        if trouble is Trouble.RATE_LIMIT:
            raise Temporary("the sandbox limits the rate", self.faults.retry_after)
        if trouble is Trouble.LOST_REQUEST:
            raise Temporary("the request was lost")
        answer = self._once(effect, key)
        await self._travel()
        self._reach()
        if trouble is Trouble.LOST_REPLY:
            raise Temporary("the answer was lost")
        return answer

    async def sync(self, since: int, *, wait: bool) -> Batch:
        """What happened after the cursor; with `wait`, once there is something for the bot. Raises `Temporary`."""
        seen = since
        while wait and not any(happening.signal for happening in self.world.history[seen:]):
            self._reach()
            seen = len(self.world.history)
            news = asyncio.get_running_loop().create_future()
            self._waiting.append(news)
            await news
        await self._travel()
        self._reach()
        until = len(self.world.history)
        missed = [happening for happening in self.world.history[since:until] if happening.signal]
        if happens(self.faults.reorder, self.rng):
            missed = self._reordered(missed)
        return Batch(tuple(self._repeated([signal for one in missed if (signal := one.signal)], until)), until)

    def _reach(self) -> None:
        if self.faults.outage:
            raise Temporary("the sandbox cannot be reached")

    async def _travel(self) -> None:
        # Also when there is no delay: an answer is never there in the same instant as the question.
        await self.world.clock.sleep(self.faults.wait(self.rng))

    def _once(self, effect: Callable[[], T], key: str | None) -> T:
        if key is None:
            return effect()
        now = self.world.clock.now()
        # Oldest first, so those to be forgotten are at the front.
        while self._answered:
            oldest = next(iter(self._answered))
            if now - self._answered[oldest][0] <= self.resend_window:
                break
            del self._answered[oldest]
        if key in self._answered:
            return cast(T, self._answered[key][1])
        answer = effect()
        self._answered[key] = (now, answer)
        return answer

    def _wake(self, happening: Happening) -> None:
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            # Whoever waited may have died with its loop; the server lives on.
            if not news.done() and not news.get_loop().is_closed():
                news.set_result(None)

    def _reordered(self, missed: list[Happening]) -> list[Happening]:
        lanes: dict[str, list[Happening]] = {}
        for happening in missed:
            lanes.setdefault(_channel_of(happening), []).append(happening)
        # Draw a lane for each place: any interleaving may come out, and every lane keeps its order.
        places = [lane for lane, held in lanes.items() for _ in held]
        self.rng.shuffle(places)
        return [lanes[lane].pop(0) for lane in places]

    def _repeated(self, signals: list[Signal], until: int) -> list[Signal]:
        arriving: list[Signal] = []
        recent = [happening.signal for happening in self.world.history[max(0, until - RECENT) : until]]
        heard = [signal for signal in recent if signal]
        for signal in signals:
            arriving.append(signal)
            if happens(self.faults.repeat, self.rng):
                # One from before, or this one again; never one that is still to come in its channel.
                earlier = [old for old in heard if old not in signals] + arriving
                arriving.append(self.rng.choice(earlier))
        return arriving

    # The bot's requests, each one effect

    def open_channel(self, plan: ChannelPlan) -> ChannelRef:
        """The channel that bears the plan's mark, made if there is none."""
        for room in self.world.channels.values():
            if room.incident == plan.incident and not room.gone:
                return room.ref
        ref = ChannelRef(transport=self.world.bot.transport, id=f"{self.world.era}c{len(self.world.history) + 1}")
        room = Channel(
            ref,
            plan.name,
            Kind.INCIDENT,
            self.world.clock.now(),
            topic=plan.topic,
            incident=plan.incident,
            beside="" if plan.private else plan.beside.id,
        )
        self.world.channels[ref.id] = room
        self.world.record(room)
        return ref

    def direct(self, account_id: str) -> ChannelRef:
        if account_id not in self.world.people:
            raise Permanent(f"nobody in the sandbox has the id {account_id!r}")
        return self.world.direct(self.world.people[account_id])

    def set_locked(self, channel: ChannelRef, locked: bool) -> None:
        room = self._room(channel)
        if room.locked != locked:
            room.locked = locked
            self.world.record(room)

    def invite(self, channel: ChannelRef, account_id: str) -> None:
        room = self._room(channel)
        if account_id not in self.world.people:
            raise Permanent(f"nobody in the sandbox has the id {account_id!r}")
        if account_id not in room.members:
            room.members.append(account_id)
            room.invited.append(account_id)
            self.world.record(room)

    def put_out(self, channel: ChannelRef, account_id: str) -> None:
        room = self._room(channel)
        if account_id in room.members:
            room.members.remove(account_id)
            room.invited = [one for one in room.invited if one != account_id]
            self.world.record(room)

    def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        room, text, at = self._room(channel), _fitting(post), self.world.clock.now()
        if room.kind is Kind.DIRECT and self.faults.closed & {*room.members}:
            raise Permanent("they take no direct messages")
        try:
            thread = self.world.root(post.thread) if post.thread else None
        except Turned as gone:
            raise Missing(str(gone)) from gone
        file = _attached(post)
        ref = MessageRef(channel=room.ref, id=f"{self.world.era}m{len(self.world.history) + 1}")
        version = Version(at, text, post)
        message = Message(ref, self.world.bot, at, [version], thread=thread, reply_to=post.reply_to, file=file)
        self.world.keep(message)
        if happens(self.faults.deletion, self.rng):
            self._lose_one(room)
        return ref

    def edit(self, message: MessageRef, post: Post) -> None:
        card, text = self._own(message), _fitting(post)
        if card.post != post:
            card.versions.append(Version(self.world.clock.now(), text, post))
            self.world.record(card)

    def pin(self, message: MessageRef) -> None:
        pinned, room = self._message(message), self._room(message.channel)
        if pinned.ref.id not in room.pins:
            room.pins.append(pinned.ref.id)
            self.world.record(room)

    def unpin(self, message: MessageRef) -> None:
        room = self._room(message.channel)
        if message.id in room.pins:
            room.pins.remove(message.id)
            self.world.record(room)

    def react(self, message: MessageRef, emoji: str) -> None:
        turns = self._message(message).reactions.setdefault(emoji, {})
        if self.world.bot.id not in turns:
            turns[self.world.bot.id] = ""
            self.world.record(self._message(message))

    def clear_reaction(self, message: MessageRef, emoji: str, account_id: str) -> None:
        if self.world.take(self._message(message), emoji, account_id) is not None:
            self.world.record(self._message(message))

    def marked(self, channel: ChannelRef, incident: str, since: datetime) -> dict[str, MessageRef]:
        own = (message for message in self.world.said(self._room(channel).ref) if message.author == self.world.bot)
        cards = (message for message in own if message.mark and message.mark[0] == incident and message.at >= since)
        return {message.post.card: message.ref for message in cards if message.post}

    def read(self, message: MessageRef) -> Message:
        return self._message(message)

    def _room(self, channel: ChannelRef) -> Channel:
        try:
            return self.world.room(channel)
        except Turned as gone:
            raise Missing(f"{channel}: {gone}") from gone

    def _message(self, message: MessageRef) -> Message:
        try:
            return self.world.look(message)
        except Turned as gone:
            raise Missing(f"{message}: {gone}") from gone

    def _own(self, message: MessageRef) -> Message:
        found = self._message(message)
        if found.author != self.world.bot:
            raise Permanent("the bot can edit its own messages only")
        return found

    def _lose_one(self, room: Channel) -> None:
        cards = [message for message in self.world.said(room.ref) if message.author == self.world.bot]
        people = [self.world.people[account_id] for account_id in room.members]
        if people:
            self.world.delete(people[0], self.rng.choice(cards).ref)


def _fitting(post: Post) -> str:
    text = plain(post.document)
    if len(text) > TEXT_LIMIT:
        raise Permanent(f"a message is {TEXT_LIMIT} characters at most; {post.card} has {len(text)}")
    return text


def _attached(post: Post) -> Attached | None:
    if post.file is None:
        return None
    data = post.file.data()
    if len(data) > FILE_LIMIT:
        raise Permanent(f"a file is {FILE_LIMIT:,} bytes at most; {post.file.name} has {len(data):,}")
    return Attached(post.file.name, post.file.media_type, data)


def _channel_of(happening: Happening) -> str:
    match happening.subject:
        case Message(ref=message):
            return message.channel.id
        case Channel(ref=channel):
            return channel.id
        case person:
            return person.id
