"""The cards of one channel: each is made, edited, pinned and seeded until it stands as its incident says.

Rule: a step compares again when it is done, since anything may have happened in between: a newer act, a deletion.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from core.desk import Desk
from core.history import History
from core.incident.cards import Card
from core.incident.document import Document, Jump, line
from core.incident.vocabulary import ChannelRef, MessageRef
from core.keys import digest, key
from core.port import Deleted, Forbidden, Missing, Permanent, Stale, Temporary, Transport
from core.reports import called
from core.rests import Name, Pause, forget
from core.rights import Rights
from core.shown import Shown

log = structlog.get_logger(__name__)

SPACING = timedelta(seconds=2)
"""Between two edits of a card that changes often (design, law 4)."""

MOVED = "moved"
"""The fingerprint of a message whose card goes on in another."""


@dataclass(frozen=True, slots=True)
class Step:
    """One difference. `do` returns 0 when something was done, the seconds until it may be, `None` when nothing is to do.

    `kind` is the kind of call that it makes, for chats that limit each by itself. A step that stands `alone` may fail
    for now, and the next ones go on.
    """

    name: str
    do: Callable[[], Awaitable[float | None]]
    kind: str = ""
    alone: bool = False


class CardKeeping:
    """Makes the differences between a channel's cards and what it shows into steps."""

    def __init__(self, desk: Desk, channel: ChannelRef, transport: Transport, history: History, rights: Rights) -> None:
        self._desk = desk
        self._channel = channel
        self._transport = transport
        self._history = history
        self._rights = rights
        self._edited: dict[Name, Pause] = {}
        self._said: dict[Name, str] = {}
        self._digests: dict[Name, tuple[Card, str]] = {}

    def differences(self, stream: str) -> Iterator[Step]:
        """What is not as it should be, in the order in which people need it."""
        row = partial(self._desk.showing.row, stream, channel=self._channel)
        cards = self._desk.cards(stream, self._channel)
        for card in cards:
            wanted = self._digest(stream, card)
            if row(card.key).hash != wanted:
                kind = "edit" if row(card.key).message is not None else "send" if card.post.file is None else "file"
                # Where a chat keeps files is often another machine: while that is away, the other cards go on.
                yield Step(card.key, partial(self._card, stream, card, wanted), kind, alone=kind == "file")
        for card in cards:
            if card.pinned and not row(card.key).pinned:
                yield Step(f"pin {card.key}", partial(self._pin, stream, card), "pin")
        for card in cards:
            for old in self._desk.showing.moved(row(card.key)) if card.pinned else ():
                if old.message is not None and old.hash != MOVED and row(card.key).message is not None:
                    yield Step(f"retire {old.card}", partial(self._retire, card, old, old.message), "edit")
        for card in cards:
            # Seeds come last: a person who waits for a card does not wait for its reactions.
            if not set(self._seeds(card)) <= set(row(card.key).seeds):
                yield Step(f"seeds {card.key}", partial(self._seed, stream, card), "react")

    def forget(self, stream: str, card: str) -> None:
        """As `core.rests.forget`."""
        for notes in (self._edited, self._said, self._digests):
            forget(notes, stream, card)

    async def _card(self, stream: str, card: Card, wanted: str) -> float | None:
        if self._rights.turned_down(stream, card.key, wanted):
            return None
        row = self._desk.showing.row(stream, card.key, self._channel)
        message = row.message
        try:
            if message is None:
                return await self._send(stream, card, row, wanted)
            return await self._edit(stream, card, row, message, wanted)
        except Missing as failure:
            self._gone(stream, card, row, message, failure)
        except Deleted as failure:
            self._again(stream, card, row, failure)
        except Permanent as failure:
            self._rights.turn_down(stream, card.key, wanted, failure)
            self._desk.undeliverable(stream, card, failure)
        except Stale:
            if not card.pinned or message is None:
                raise
            self._move(row, message)
        except Temporary as failure:
            self._desk.copies.failed(stream, card, failure)
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
        mark = await self._history.sent_before(stream, card.key, row.generation)
        row.message = mark or await self._transport.send(
            card.channel, card.post, key(stream, card.key, str(self._channel), str(row.generation))
        )
        # An adopted message, or one that an earlier try made, may read differently; the next look edits it.
        row.hash = "" if mark or said != wanted else wanted
        self._delivered(stream, card, row)
        if row.generation == 1 and self._desk.undone.deleted(row.message):
            self._desk.make_again(row)
        return 0.0

    async def _edit(self, stream: str, card: Card, row: Shown, message: MessageRef, wanted: str) -> float:
        last = self._edited.get((stream, card.key))
        if last is not None and (left := last.left(self._desk.now())):
            return left
        version = self._desk.wanted.version(stream)
        # Until the chat has answered, nobody knows what stands there: a card that reads again as before is edited too.
        if row.hash:
            row.hash = ""
            self._desk.showing.save(row)
            # Durable before it is asked for: the next process must not take what it was for what it is.
            await self._desk.written()
        await self._transport.edit(
            message, card.post, key(stream, card.key, str(self._channel), str(row.generation), str(version), wanted)
        )
        if card.spaced:
            self._edited[stream, card.key] = Pause(self._desk.now(), SPACING.total_seconds())
        # Somebody may have deleted it in between; then it is to be made again.
        if row.message == message:
            row.hash = wanted
            self._delivered(stream, card, row)
        return 0.0

    def _move(self, row: Shown, message: MessageRef) -> None:
        """A card that is looked at all the time goes on in a message that the chat lets us edit."""
        self._desk.showing.save(Shown(row.stream, f"{row.card}/{row.generation}", row.channel, message=message))
        self._desk.make_again(row)

    async def _retire(self, card: Card, old: Shown, message: MessageRef) -> float:
        """The old message says where the card is now, and is pinned no longer."""
        now = self._desk.showing.row(old.stream, card.key, self._channel).message
        where = Jump(now, "in a newer message") if now is not None else "in a newer message"
        post = replace(card.post, document=Document((line("This goes on ", where, "."),)), card=old.card, seeds=())
        try:
            await self._transport.edit(message, post, key(old.stream, old.card, str(message), MOVED))
            await self._transport.unpin(message)
        except Permanent as failure:
            log.info("an old card could not be retired", card=old.card, reason=str(failure))
        old.hash = MOVED
        self._desk.showing.save(old)
        return 0.0

    def _delivered(self, stream: str, card: Card, row: Shown) -> None:
        self._desk.showing.save(row)
        self._history.settle(stream, card.key)
        self._said.pop((stream, card.key), None)
        self._rights.worked(stream, card.key)
        self._desk.delivered(stream, card)

    def _gone(self, stream: str, card: Card, row: Shown, message: MessageRef | None, failure: Missing) -> None:
        """A card that somebody deleted is made again, once; a channel that is gone is told."""
        if message is None:
            self._rights.turn_down(stream, card.key, self._digest(stream, card), failure)
            self._desk.reports.channel_gone(stream, self._channel)
            self._desk.undeliverable(stream, card, failure)
        elif row.message == message:
            # Otherwise the chat has told of the deletion meanwhile, and the card is about to be made again.
            self._again(stream, card, row, failure)

    def _again(self, stream: str, card: Card, row: Shown, failure: Permanent) -> None:
        """Somebody deleted it: it comes back, once, and that is said."""
        if row.generation > 1 + len(self._desk.showing.moved(row)):
            twice = Deleted("somebody deleted it, twice")
            self._rights.turn_down(stream, card.key, self._digest(stream, card), twice)
            self._desk.undeliverable(stream, card, twice)
        else:
            self._desk.make_again(row)
            self._desk.reports.remade(stream, called(card.key))

    async def _pin(self, stream: str, card: Card) -> float | None:
        row = self._desk.showing.row(stream, card.key, self._channel)
        message, name = row.message, f"pin {card.key}"
        # What was refused of one message says nothing of the next.
        if message is None or self._rights.turned_down(stream, name, message.id):
            return None
        try:
            await self._transport.pin(message)
        except Permanent as failure:
            self._rights.turn_down(stream, name, message.id, failure)
            return 0.0
        self._rights.worked(stream, name)
        row.pinned = row.message == message
        self._desk.showing.save(row)
        return 0.0

    async def _seed(self, stream: str, card: Card) -> float | None:
        row = self._desk.showing.row(stream, card.key, self._channel)
        message, emoji = row.message, next(emoji for emoji in self._seeds(card) if emoji not in row.seeds)
        name = f"seeds {card.key}"
        if message is None or self._rights.turned_down(stream, name, message.id):
            return None
        try:
            await self._transport.react(message, emoji, key(stream, card.key, str(message), "seed", emoji))
        except Forbidden as failure:
            self._rights.turn_down(stream, name, message.id, failure)
            return 0.0
        except Permanent as failure:
            log.info("a seed could not be set", stream=stream, card=card.key, reason=str(failure))
        self._rights.worked(stream, name)
        if row.message == message:
            row.seeds.append(emoji)
            self._desk.showing.save(row)
        return 0.0

    def _seeds(self, card: Card) -> Iterator[str]:
        yield from card.post.seeds
        if self._transport.traits.seeds_choices:
            yield from (choice.emoji for choice in card.post.choices)
