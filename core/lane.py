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
class _TurnedDown:
    """What the chat would not do: `value` as it was wanted, until when it is not asked again, the right that it takes."""

    value: str
    until: datetime
    right: str


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
        self._said: dict[tuple[str, str], str] = {}
        self._trouble: _Trouble | None = None
        self._refused: dict[tuple[str, str], _TurnedDown] = {}
        self._ask_again: list[datetime] = []
        self._late: set[tuple[str, str]] = set()
        self._adopted: dict[str, dict[str, MessageRef]] = {}
        self._digests: dict[tuple[str, str], tuple[Card, str]] = {}

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
            structlog.contextvars.bind_contextvars(incident=stream)
            await self._give(stream, version, answer)
            self._answers.popleft()
            self._displays.answer_given(stream, version)
            return 0.0
        rest: float | None = None
        for stream in list(self._streams):
            # The lane is a task of its own: what is logged from here on, also by the transport, is about this incident.
            structlog.contextvars.bind_contextvars(incident=stream)
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
        self._ask_again.clear()
        await self._displays.recall(stream)
        try:
            for chore in self._displays.chores(stream, self._channel):
                if await self._chore(chore):
                    return 0.0
        except Temporary:
            self._displays.entered(stream)
            raise
        if self._displays.at_home(stream, self._channel):
            self._displays.entered(stream)
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
        # Nobody tells that a right is there again: it is tried.
        again = [(at - self._displays.now()).total_seconds() for at in self._ask_again]
        return min(again if rest is None else [rest, *again], default=None)

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
                    if await self._sent_before(stream, answer.key) is None:
                        await self._transport.send(answer.channel, answer.post, name)
                    self._first_tried.pop((stream, answer.key), None)
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
        self._worked(chore.stream, chore.name)
        row.hash = chore.value
        self._displays.save(row)
        return True

    # --- cards --------------------------------------------------------------------------------------------------------

    async def _card(self, stream: str, card: Card) -> float | None:
        row, wanted = self._displays.showing.row(stream, card.key, self._channel), self._digest(stream, card)
        if row.hash == wanted or self._turned_down(stream, card.key, wanted):
            return None
        message = row.message
        try:
            if message is None:
                return await self._send(stream, card, row, wanted)
            return await self._edit(stream, card, row, message, wanted)
        except Missing as failure:
            self._gone(stream, card, row, message, failure)
        except Permanent as failure:
            self._turn_down(stream, card.key, wanted, failure)
            self._displays.undeliverable(stream, card, failure)
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
        mark = await self._sent_before(stream, card.key, row.generation)
        row.message = mark or await self._transport.send(
            card.channel, card.post, key(stream, card.key, str(self._channel), str(row.generation))
        )
        # An adopted message, or one that an earlier try made, may read differently; the next look edits it.
        row.hash = "" if mark or said != wanted else wanted
        self._delivered(stream, card, row)
        if row.generation == 1 and self._displays.deleted(row.message):
            self._displays.make_again(row)
        return 0.0

    async def _sent_before(self, stream: str, name: str, generation: int = 1) -> MessageRef | None:
        """The message of a card that was sent already, by the chat's history.

        Within the chat's own memory of keys a repeat is harmless; past it, after a start, and for a card that was
        deleted once, its history tells.
        """
        now = self._displays.now()
        first = self._first_tried.setdefault((stream, name), now)
        old = now - first > self._transport.traits.resend_window * 0.8
        return (await self._marks(stream, again=old or generation > 1)).get(name)

    async def learn(self) -> None:
        """Finds the cards that may stand in the channel though their rows do not say so. Raises `TransportFailure`."""
        for stream in self._displays.streams():
            fresh = self._displays.left_behind(stream) and stream not in self._adopted
            blank = [
                row
                for card in self._displays.cards(stream, self._channel)
                if (row := self._displays.showing.row(stream, card.key, self._channel)).message is None
                and (fresh or (stream, card.key) in self._first_tried)
            ]
            marks = await self._marks(stream, again=True) if blank else {}
            for row in blank:
                if row.card in marks and row.message is None:
                    row.message = marks[row.card]
                    self._displays.save(row)

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
        # Somebody may have deleted it in between; then it is to be made again.
        if row.message == message:
            row.hash = wanted
            self._delivered(stream, card, row)
        return 0.0

    def _delivered(self, stream: str, card: Card, row: Shown) -> None:
        self._displays.save(row)
        self._first_tried.pop((stream, card.key), None)
        self._said.pop((stream, card.key), None)
        self._late.discard((stream, card.key))
        self._worked(stream, card.key)
        self._displays.delivered(stream, card)

    async def _marks(self, stream: str, *, again: bool = False) -> dict[str, MessageRef]:
        """Our own cards in the channel's history: read once for each incident that an earlier process left behind."""
        if again or (stream not in self._adopted and self._displays.left_behind(stream)):
            found = await self._transport.marked(self._channel, *self._displays.mark(stream))
            self._adopted[stream] = dict(found)
        return self._adopted.get(stream, {})

    def _gone(self, stream: str, card: Card, row: Shown, message: MessageRef | None, failure: Missing) -> None:
        """A card that somebody deleted is made again, once; a channel that is gone is told."""
        if message is None:
            self._turn_down(stream, card.key, self._digest(stream, card), failure)
            self._displays.channel_gone(stream, self._channel)
            self._displays.undeliverable(stream, card, failure)
        elif row.message == message:
            # Otherwise the chat has told of the deletion meanwhile, and the card is about to be made again.
            self._displays.make_again(row)

    def _maybe_late(self, stream: str, card: Card, failure: Temporary) -> None:
        name = (stream, card.key)
        first = self._first_tried.setdefault(name, self._displays.now())
        if name not in self._late and self._displays.now() - first >= LATE:
            self._late.add(name)
            self._displays.late(stream, card, failure)

    async def _pin(self, stream: str, card: Card) -> bool:
        row = self._displays.showing.row(stream, card.key, self._channel)
        message, name = row.message, f"pin {card.key}"
        if message is None or row.pinned or self._turned_down(stream, name, "pinned"):
            return False
        try:
            await self._transport.pin(message)
        except Permanent as failure:
            self._turn_down(stream, name, "pinned", failure)
            return True
        self._worked(stream, name)
        row.pinned = row.message == message
        self._displays.save(row)
        return True

    async def _seed(self, stream: str, card: Card) -> bool:
        row = self._displays.showing.row(stream, card.key, self._channel)
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
                self._displays.save(row)
            return True
        return False

    def _seeds(self, card: Card) -> Iterator[str]:
        yield from card.post.seeds
        if self._transport.traits.seeds_choices:
            yield from (choice.emoji for choice in card.post.choices)

    # --- rights that are lacking --------------------------------------------------------------------------------------

    def _turned_down(self, stream: str, name: str, value: str) -> bool:
        refused = self._refused.get((stream, name))
        if refused is None or refused.value != value or refused.until <= self._displays.now():
            return False
        self._ask_again.append(refused.until)
        return True

    def _turn_down(self, stream: str, name: str, value: str, failure: Permanent) -> None:
        right = str(failure) if isinstance(failure, Forbidden) else ""
        self._refused[stream, name] = _TurnedDown(value, self._displays.now() + FORBIDDEN_AGAIN, right)
        if right:
            self._displays.right_missing(stream, right)
        log.warning("turned down", stream=stream, what=name, channel=str(self._channel), reason=str(failure))

    def _worked(self, stream: str, name: str) -> None:
        """What was refused before is done: the right that it takes is there, unless something else still lacks it."""
        refused = self._refused.pop((stream, name), None)
        if refused is not None and refused.right and refused.right not in [one.right for one in self._refused.values()]:
            self._displays.right_given(stream, refused.right)
