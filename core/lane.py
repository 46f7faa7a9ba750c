"""A lane: everything that Tocsin does in one channel, in order, one thing at a time.

    answers, in the order of the acts → people invited, topic, lock → cards made and edited → pins → seeds

Rule: a lane compares what should be there with what is, does the first difference, and looks again. So a crash, a
retry and a storm of edits need nothing special, and one slow or dead channel delays no other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from core.answers import WORKED, Answer, Removal, Tick
from core.incident.cards import Card
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import digest, key
from core.port import Forbidden, Missing, Permanent, Temporary, Transport
from core.shown import Shown

if TYPE_CHECKING:
    from core.displays import Displays

log = structlog.get_logger(__name__)

SPACING = timedelta(seconds=2)
"""Between two edits of a card that changes often (design, law 4)."""

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each further try after a passing failure."""

LATE = timedelta(seconds=60)
"""A copy that could not be delivered for so long is shown as late."""

FORBIDDEN_AGAIN = timedelta(minutes=5)
"""How long a right that is lacking is not asked for again."""


@dataclass(slots=True)
class _Trouble:
    since: datetime
    tries: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chore:
    """Something about the channel itself that should be so, as a row beside the cards."""

    stream: str
    name: str
    value: str


class Lane:
    """One channel's worker. `touch` tells it that an incident changed; `answer` gives it something to say at once."""

    def __init__(self, displays: Displays, channel: ChannelRef, transport: Transport) -> None:
        self._displays = displays
        self._channel = channel
        self._transport = transport
        self._answers: deque[tuple[str, int, Answer]] = deque()
        self._streams: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._edited: dict[tuple[str, str], datetime] = {}
        self._first_tried: dict[tuple[str, str], datetime] = {}
        self._trouble: _Trouble | None = None
        self._refused: dict[tuple[str, str, str], datetime] = {}
        self._late: set[tuple[str, str]] = set()
        self._adopted: dict[str, dict[str, MessageRef]] = {}

    def touch(self, stream: str) -> None:
        self._streams[stream] = None
        self._wake.set()

    def answer(self, stream: str, version: int, answer: Answer) -> None:
        self._answers.append((stream, version, answer))
        self._wake.set()

    @property
    def idle(self) -> bool:
        return not self._answers and not self._streams

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            self._wake.clear()
            wait = await self._work()
            if wait is None:
                await self._wake.wait()
            elif wait > 0:
                await self._displays.wait(self._wake, wait)

    async def _work(self) -> float | None:
        """Does the next thing. Returns how long to rest, in seconds: `None` for until something changes."""
        try:
            done = await self._next()
        except Temporary as failure:
            return self._rest(failure)
        except Exception:  # one of the three loops' edges: a bug in one card must not end the lane
            log.exception("bug", id=self._displays.bug_id(), channel=str(self._channel))
            return BACKOFF[-1]
        self._trouble = None
        return done

    def _rest(self, failure: Temporary) -> float:
        now = self._displays.now()
        trouble = self._trouble = self._trouble or _Trouble(now)
        wait = failure.retry_after if failure.retry_after is not None else BACKOFF[min(trouble.tries, len(BACKOFF) - 1)]
        trouble.tries += 1
        if trouble.tries == 1:
            log.info("will try again", channel=str(self._channel), reason=str(failure), seconds=wait)
        return max(wait, 0.05)

    async def _next(self) -> float | None:
        if self._answers:
            stream, version, answer = self._answers[0]
            await self._give(stream, version, answer)
            self._answers.popleft()
            self._displays.answer_given(stream, version)
            return 0.0
        rest: float | None = None
        for stream in list(self._streams):
            waits = await self._stream(stream)
            if waits == 0:
                return 0.0
            if waits is None:
                self._streams.pop(stream, None)
            else:
                rest = waits if rest is None else min(rest, waits)
        return rest

    async def _stream(self, stream: str) -> float | None:
        """The next difference of one incident: 0 when something was done, seconds until it may be, `None` for none."""
        await self._displays.recall(stream)
        for chore in self._displays.chores(stream, self._channel):
            if await self._chore(chore):
                return 0.0
        cards, rest = self._displays.cards(stream, self._channel), None
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
                    if answer.key not in await self._marks(stream):
                        await self._transport.send(answer.channel, answer.post, name)
        except Permanent as failure:
            log.info("an answer could not be given", stream=stream, reason=str(failure))

    # --- the channel itself -------------------------------------------------------------------------------------------

    async def _chore(self, chore: Chore) -> bool:
        row = self._displays.showing.row(chore.stream, chore.name, self._channel)
        if row.hash == chore.value or self._turned_down(chore.stream, chore.name, chore.value):
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
            self._turn_down(chore.stream, chore.name, chore.value, failure)
            return True
        row.hash = chore.value
        self._displays.showing.save(row)
        return True

    # --- cards --------------------------------------------------------------------------------------------------------

    async def _card(self, stream: str, card: Card) -> float | None:
        row, wanted = self._displays.showing.row(stream, card.key, self._channel), digest(card.post)
        if row.hash == wanted or self._turned_down(stream, card.key, wanted):
            return None
        try:
            if row.message is None:
                return await self._send(stream, card, row, wanted)
            return await self._edit(stream, card, row, row.message, wanted)
        except Missing as failure:
            self._gone(stream, card, row, failure)
        except Permanent as failure:
            self._turn_down(stream, card.key, wanted, failure)
            self._displays.undeliverable(stream, card, failure)
        except Temporary as failure:
            self._maybe_late(stream, card, failure)
            raise
        return 0.0

    async def _send(self, stream: str, card: Card, row: Shown, wanted: str) -> float:
        name, now = (stream, card.key), self._displays.now()
        first = self._first_tried.setdefault(name, now)
        # Within the chat's own memory of keys a repeat is harmless; past it, and after a start, its history tells.
        old = now - first > self._transport.traits.resend_window * 0.8
        mark = (await self._marks(stream, again=old)).get(card.key) if row.generation == 1 else None
        row.message = mark or await self._transport.send(
            card.channel, card.post, key(stream, card.key, str(self._channel), str(row.generation))
        )
        # An adopted message may read differently; the next look edits it.
        row.hash = "" if mark else wanted
        self._delivered(stream, card, row)
        return 0.0

    async def _edit(self, stream: str, card: Card, row: Shown, message: MessageRef, wanted: str) -> float:
        now = self._displays.now()
        last = self._edited.get((stream, card.key))
        if card.spaced and last is not None and now - last < SPACING:
            return (SPACING - (now - last)).total_seconds()
        version = self._displays.version(stream)
        await self._transport.edit(
            message, card.post, key(stream, card.key, str(self._channel), str(row.generation), str(version), wanted)
        )
        self._edited[stream, card.key] = self._displays.now()
        row.hash = wanted
        self._delivered(stream, card, row)
        return 0.0

    def _delivered(self, stream: str, card: Card, row: Shown) -> None:
        self._displays.showing.save(row)
        self._first_tried.pop((stream, card.key), None)
        if (stream, card.key) in self._late:
            self._late.discard((stream, card.key))
            self._displays.delivered(stream, card)
        self._displays.dirty.set()

    async def _marks(self, stream: str, *, again: bool = False) -> dict[str, MessageRef]:
        """Our own cards in the channel's history: read once for each incident that an earlier process left behind."""
        if again or (stream not in self._adopted and self._displays.left_behind(stream)):
            found = await self._transport.marked(self._channel, *self._displays.mark(stream))
            self._adopted[stream] = dict(found)
        return self._adopted.get(stream, {})

    def _gone(self, stream: str, card: Card, row: Shown, failure: Missing) -> None:
        """A card that somebody deleted is made again, once; a channel that is gone is told."""
        if row.message is None:
            self._turn_down(stream, card.key, digest(card.post), failure)
            self._displays.channel_gone(stream, self._channel)
            self._displays.undeliverable(stream, card, failure)
            return
        self._displays.make_again(row)

    def _maybe_late(self, stream: str, card: Card, failure: Temporary) -> None:
        name = (stream, card.key)
        first = self._first_tried.setdefault(name, self._displays.now())
        if name not in self._late and self._displays.now() - first >= LATE:
            self._late.add(name)
            self._displays.late(stream, card, failure)

    async def _pin(self, stream: str, card: Card) -> bool:
        row = self._displays.showing.row(stream, card.key, self._channel)
        if row.message is None or row.pinned or self._turned_down(stream, card.key, "pin"):
            return False
        try:
            await self._transport.pin(row.message)
        except Permanent as failure:
            self._turn_down(stream, card.key, "pin", failure)
            return True
        row.pinned = True
        self._displays.showing.save(row)
        return True

    async def _seed(self, stream: str, card: Card) -> bool:
        row = self._displays.showing.row(stream, card.key, self._channel)
        if row.message is None:
            return False
        for emoji in self._seeds(card):
            if emoji in row.seeds:
                continue
            try:
                await self._transport.react(row.message, emoji, key(stream, card.key, str(row.message), "seed", emoji))
            except Permanent as failure:
                log.info("a seed could not be set", stream=stream, card=card.key, reason=str(failure))
            row.seeds.append(emoji)
            self._displays.showing.save(row)
            return True
        return False

    def _seeds(self, card: Card) -> Iterator[str]:
        yield from card.post.seeds
        if self._transport.traits.seeds_choices:
            yield from (choice.emoji for choice in card.post.choices)

    # --- rights that are lacking --------------------------------------------------------------------------------------

    def _turned_down(self, stream: str, name: str, value: str) -> bool:
        until = self._refused.get((stream, name, value))
        return until is not None and self._displays.now() < until

    def _turn_down(self, stream: str, name: str, value: str, failure: Permanent) -> None:
        self._refused[stream, name, value] = self._displays.now() + FORBIDDEN_AGAIN
        if isinstance(failure, Forbidden):
            self._displays.right_missing(stream, str(failure))
        log.warning("turned down", stream=stream, what=name, channel=str(self._channel), reason=str(failure))
