"""A lane: everything that Tocsin does in one channel, in order, one thing at a time.

    answers, in the order of the acts → people invited, topic, lock → cards made and edited → pins → seeds

Rule: a lane compares what should be there with what is, does the first difference, and looks again. So a crash, a
retry and a storm of edits need nothing special, and one slow or dead channel delays no other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from core.answers import WORKED, Answer, Removal, Tick
from core.desk import Chore, Desk
from core.history import History
from core.incident.cards import Card
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import digest, key
from core.port import Missing, Permanent, Temporary, Transport
from core.rights import Rights
from core.shown import Shown

log = structlog.get_logger(__name__)

SPACING = timedelta(seconds=2)
"""Between two edits of a card that changes often (design, law 4)."""

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each further try after a passing failure."""

SOONEST = 0.05
"""Seconds, at least, before a further try."""

LATE = timedelta(seconds=60)
"""A copy that could not be delivered for so long is shown as late."""


class Lane:
    """One channel's worker. `touch` tells it that an incident changed; `answer` gives it something to say at once."""

    def __init__(self, desk: Desk, channel: ChannelRef, transport: Transport) -> None:
        self.history = History(desk, channel, transport)
        self._rights = Rights(desk, channel)
        self._desk = desk
        self._channel = channel
        self._transport = transport
        self._answers: deque[tuple[str, int, Answer]] = deque()
        self._streams: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._edited: dict[tuple[str, str], datetime] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._tries = 0
        self._put_off: dict[Chore, datetime] = {}
        self._late: set[tuple[str, str]] = set()
        self._digests: dict[tuple[str, str], tuple[Card, str]] = {}

    def touch(self, stream: str) -> None:
        self._streams[stream] = None
        self._wake.set()

    def answer(self, stream: str, version: int, answer: Answer) -> None:
        self._answers.append((stream, version, answer))
        self._wake.set()

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            self._wake.clear()
            wait = await self._work()
            if wait is None:
                await self._wake.wait()
            elif wait > 0:
                await self._desk.wait(self._wake, wait)

    async def _work(self) -> float | None:
        """Does the next thing. Returns how long to rest, in seconds: `None` for until something changes."""
        try:
            done = await self._next()
        except Temporary as failure:
            return self._rest(failure)
        except Exception:  # one of the three loops' edges: a bug in one card must not end the lane
            log.exception("bug", id=self._desk.bug_id(), channel=str(self._channel))
            return BACKOFF[-1]
        self._tries = 0
        return done

    def _rest(self, failure: Temporary) -> float:
        wait = failure.retry_after if failure.retry_after is not None else BACKOFF[min(self._tries, len(BACKOFF) - 1)]
        self._tries += 1
        if self._tries == 1:
            log.info("will try again", channel=str(self._channel), reason=str(failure), seconds=wait)
        return max(wait, SOONEST)

    async def _next(self) -> float | None:
        if self._answers:
            stream, version, answer = self._answers[0]
            structlog.contextvars.bind_contextvars(incident=stream)
            await self._give(stream, version, answer)
            self._answers.popleft()
            self._desk.answer_given(stream, version)
            return 0.0
        rest: float | None = None
        for stream in list(self._streams):
            # The lane is a task of its own: what is logged from here on, also by the transport, is about this incident.
            structlog.contextvars.bind_contextvars(incident=stream)
            try:
                waits = await self._stream(stream)
            except Temporary:
                raise
            except Exception:  # a loop's edge: a bug in one incident's card must not silence the others in this channel
                log.exception("bug", id=self._desk.bug_id(), channel=str(self._channel))
                waits = BACKOFF[-1]
            if waits == 0:
                return 0.0
            if waits is None:
                self._streams.pop(stream, None)
            else:
                rest = waits if rest is None else min(rest, waits)
        return rest

    async def _stream(self, stream: str) -> float | None:
        """The next difference of one incident: 0 when something was done, seconds until it may be, `None` for none."""
        self._rights.look_anew()
        await self._desk.recall(stream)
        rest = await self._chores(stream)
        if rest == 0:
            return 0.0
        if self._desk.at_home(stream, self._channel):
            self._desk.entered(stream)
        cards = self._desk.cards(stream, self._channel)
        for card in cards:
            waits = await self._card(stream, card)
            if waits == 0:
                return 0.0
            if waits is not None:
                rest = waits if rest is None else min(rest, waits)
        for card in cards:
            if card.pinned and await self._pin(stream, card):
                return 0.0
        for card in cards:
            # Seeds come last: a person who waits for a card does not wait for its reactions.
            if await self._seed(stream, card):
                return 0.0
        return min((wait for wait in (rest, self._rights.rest()) if wait is not None), default=None)

    async def _chores(self, stream: str) -> float | None:
        """The channel's own business, as `_stream`. One person who cannot be invited yet keeps nothing from the others."""
        rest: float | None = None
        for chore in self._desk.chores(stream, self._channel):
            wait = (self._put_off.get(chore, self._desk.now()) - self._desk.now()).total_seconds()
            if wait <= 0:
                try:
                    if await self._chore(chore):
                        return 0.0
                    continue
                except Temporary as failure:
                    self._desk.entered(stream)
                    wait = self._rest(failure)
                    self._put_off[chore] = self._desk.now() + timedelta(seconds=wait)
            rest = wait if rest is None else min(rest, wait)
        return rest

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _give(self, stream: str, version: int, answer: Answer) -> None:
        name = key(stream, "answer", str(version))
        try:
            match answer:
                case Tick(message):
                    await self._transport.react(message, WORKED, name)
                case Removal(message, emoji, account_id):
                    await self._transport.clear_reaction(message, emoji, account_id)
                case Card():
                    if await self.history.sent_before(stream, answer.key) is None:
                        await self._transport.send(answer.channel, answer.post, name)
                    self.history.settle(stream, answer.key)
        except Permanent as failure:
            log.info("an answer could not be given", stream=stream, reason=str(failure))

    # --- the channel itself -------------------------------------------------------------------------------------------

    async def _chore(self, chore: Chore) -> bool:
        row = self._desk.showing.row(chore.stream, chore.name, self._channel)
        if row.hash == chore.value or self._rights.turned_down(chore.stream, chore.name, chore.value):
            return False
        what, _, who = chore.name.partition("/")
        try:
            match what:
                case "invite":
                    await self._transport.invite(self._channel, who)
                case "topic":
                    await self._transport.set_topic(self._channel, chore.value)
                case _:
                    await self._transport.set_locked(self._channel, chore.value == "locked")
        except Permanent as failure:
            self._rights.turn_down(chore.stream, chore.name, chore.value, failure)
            return True
        self._rights.worked(chore.stream, chore.name)
        row.hash = chore.value
        self._desk.save(row)
        return True

    # --- cards --------------------------------------------------------------------------------------------------------

    async def _card(self, stream: str, card: Card) -> float | None:
        row, wanted = self._desk.showing.row(stream, card.key, self._channel), self._digest(stream, card)
        if row.hash == wanted or self._rights.turned_down(stream, card.key, wanted):
            return None
        message = row.message
        try:
            if message is None:
                return await self._send(stream, card, row, wanted)
            return await self._edit(stream, card, row, message, wanted)
        except Missing as failure:
            self._gone(stream, card, row, message, failure)
        except Permanent as failure:
            self._rights.turn_down(stream, card.key, wanted, failure)
            self._desk.reports.undeliverable(stream, card, failure)
        except Temporary as failure:
            self._maybe_late(stream, card, failure)
            raise
        return 0.0

    def _digest(self, stream: str, card: Card) -> str:
        """The card's fingerprint, made once for as long as the card stays the same: a lane looks often."""
        known = self._digests.get((stream, card.key))
        if known is None or not (known[0] is card or known[0] == card):
            known = self._digests[stream, card.key] = (card, digest(card.post))
        return known[1]

    async def _send(self, stream: str, card: Card, row: Shown, wanted: str) -> float:
        said = self._said.setdefault((stream, card.key), wanted)
        mark = await self.history.sent_before(stream, card.key, row.generation)
        row.message = mark or await self._transport.send(
            card.channel, card.post, key(stream, card.key, str(self._channel), str(row.generation))
        )
        # An adopted message, or one that an earlier try made, may read differently; the next look edits it.
        row.hash = "" if mark or said != wanted else wanted
        self._delivered(stream, card, row)
        if row.generation == 1 and self._desk.deleted(row.message):
            self._desk.make_again(row)
        return 0.0

    async def _edit(self, stream: str, card: Card, row: Shown, message: MessageRef, wanted: str) -> float:
        now = self._desk.now()
        last = self._edited.get((stream, card.key))
        if card.spaced and last is not None and timedelta() <= now - last < SPACING:
            return (SPACING - (now - last)).total_seconds()
        version = self._desk.version(stream)
        await self._transport.edit(
            message, card.post, key(stream, card.key, str(self._channel), str(row.generation), str(version), wanted)
        )
        self._edited[stream, card.key] = self._desk.now()
        # Somebody may have deleted it in between; then it is to be made again.
        if row.message == message:
            row.hash = wanted
            self._delivered(stream, card, row)
        return 0.0

    def _delivered(self, stream: str, card: Card, row: Shown) -> None:
        self._desk.save(row)
        self.history.settle(stream, card.key)
        self._said.pop((stream, card.key), None)
        self._late.discard((stream, card.key))
        self._rights.worked(stream, card.key)
        self._desk.delivered(stream, card)

    def _gone(self, stream: str, card: Card, row: Shown, message: MessageRef | None, failure: Missing) -> None:
        """A card that somebody deleted is made again, once; a channel that is gone is told."""
        if message is None:
            self._rights.turn_down(stream, card.key, self._digest(stream, card), failure)
            self._desk.reports.channel_gone(stream, self._channel)
            self._desk.reports.undeliverable(stream, card, failure)
        elif row.message == message:
            # Otherwise the chat has told of the deletion meanwhile, and the card is about to be made again.
            self._desk.make_again(row)

    def _maybe_late(self, stream: str, card: Card, failure: Temporary) -> None:
        name = (stream, card.key)
        first = self.history.tried_since(stream, card.key)
        if name not in self._late and self._desk.now() - first >= LATE:
            self._late.add(name)
            self._desk.reports.late(stream, card, failure)

    async def _pin(self, stream: str, card: Card) -> bool:
        row = self._desk.showing.row(stream, card.key, self._channel)
        message, name = row.message, f"pin {card.key}"
        if message is None or row.pinned or self._rights.turned_down(stream, name, "pinned"):
            return False
        try:
            await self._transport.pin(message)
        except Permanent as failure:
            self._rights.turn_down(stream, name, "pinned", failure)
            return True
        self._rights.worked(stream, name)
        row.pinned = row.message == message
        self._desk.save(row)
        return True

    async def _seed(self, stream: str, card: Card) -> bool:
        row = self._desk.showing.row(stream, card.key, self._channel)
        message = row.message
        if message is None:
            return False
        for emoji in self._seeds(card):
            if emoji in row.seeds:
                continue
            try:
                await self._transport.react(message, emoji, key(stream, card.key, str(message), "seed", emoji))
            except Permanent as failure:
                log.info("a seed could not be set", stream=stream, card=card.key, reason=str(failure))
            if row.message == message:
                row.seeds.append(emoji)
                self._desk.save(row)
            return True
        return False

    def _seeds(self, card: Card) -> Iterator[str]:
        yield from card.post.seeds
        if self._transport.traits.seeds_choices:
            yield from (choice.emoji for choice in card.post.choices)
