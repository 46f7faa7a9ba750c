"""A lane: everything that Tocsin does in one channel, in order, one thing at a time.

    answers, in the order of the acts → people invited, lock → cards made and edited → pins → seeds → emoji taken away

Rule: a lane compares what should be there with what is, does the first difference, and looks again. So a crash, a
retry and a storm of edits need nothing special, and one slow or dead channel delays no other. What fails by itself (a
person who cannot be invited yet, a bug in one card) rests by itself.
"""

from __future__ import annotations

from asyncio import Event
from collections import deque
from collections.abc import Iterator
from functools import partial

import structlog

from core.answers import WORKED, Answer, Removal, Tick
from core.card_keeping import CardKeeping, Step
from core.desk import Desk
from core.history import History
from core.incident.cards import Card
from core.incident.vocabulary import ChannelRef
from core.keys import key
from core.port import Crowded, Forbidden, Permanent, Stale, Temporary, Transport
from core.rests import BACKOFF, Name, Rests, forget
from core.rights import Rights
from core.wanted import OUT, Chore

log = structlog.get_logger(__name__)

LIMITED: Name = ("", "the chat said when")
FAILED: Name = ("", "nobody knows when")
"""Why all that is done in a channel rests: the first cannot be cut short; after the second, an act is worth a try."""


_KINDS: dict[type, str] = {Tick: "react", Removal: "unreact", Card: "send"}
"""The kind of call that an answer makes."""


class Lane:
    """One channel's worker. `touch` tells it that an incident changed; `answer` gives it something to say at once."""

    def __init__(self, desk: Desk, channel: ChannelRef, transport: Transport) -> None:
        self.history = History(desk, channel, transport)
        self._rights = Rights(desk, channel)
        self._rests = Rests(desk.now)
        self._cards = CardKeeping(desk, channel, transport, self.history, self._rights)
        self._desk = desk
        self._channel = channel
        self._transport = transport
        self._answers: deque[tuple[str, int, Answer]] = deque()
        self._removals: deque[tuple[str, int, Answer]] = deque()
        self._streams: dict[str, None] = {}
        self._wake = Event()
        self._bugs: dict[Name, None] = {}

    def touch(self, stream: str) -> None:
        self._streams[stream] = None
        self._wake.set()

    def answer(self, stream: str, version: int, answer: Answer) -> None:
        (self._removals if isinstance(answer, Removal) else self._answers).append((stream, version, answer))
        self._wake.set()

    def busy(self, stream: str = "") -> bool:
        """Whether something is to be done, or may be: about a stream, or at all."""
        waiting = [*self._streams, *(waiting[0] for waiting in (*self._answers, *self._removals))]
        return stream in waiting if stream else bool(waiting)

    def forget(self, stream: str, card: str = "") -> None:
        """Nothing of a stream, or of one card of it, is to be done here any more."""
        for part in (self._cards, self._rests, self._rights, self.history):
            part.forget(stream, card)
        forget(self._bugs, stream, card)

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
        if limited := self._rests.left(LIMITED):
            return limited
        try:
            done = await self._try("", Step("work", self._next))
        except Temporary as failure:
            first = FAILED not in self._rests and LIMITED not in self._rests
            wait = self._rests.begin(FAILED if failure.retry_after is None else LIMITED, failure)
            if first:
                log.info("will try again", channel=str(self._channel), reason=str(failure), seconds=wait)
            return wait
        self._rests.end(FAILED)
        self._rests.end(LIMITED)
        return done

    async def _next(self) -> float | None:
        rests: list[float] = []
        if self._answers:
            if (left := await self._next_answer(self._answers)) == 0:
                return 0.0
            rests.append(left)
        for stream in list(self._streams):
            # The lane is a task of its own: what is logged from here on, also by the transport, is about this incident.
            structlog.contextvars.bind_contextvars(incident=stream)
            waits = await self._try(stream, Step("a look", partial(self._look, stream)))
            if waits == 0:
                return 0.0
            if waits is None:
                self._streams.pop(stream, None)
                self._desk.idle(stream)
            else:
                rests.append(waits)
        # Whoever put an emoji where it may not stand has been told; taking it away waits for all that people read.
        if self._removals:
            rests.append(await self._next_answer(self._removals))
        return min(rests, default=None)

    async def _next_answer(self, answers: deque[tuple[str, int, Answer]]) -> float:
        """Gives the first: 0 when that is done, else the seconds until it may be."""
        stream, version, answer = answers[0]
        structlog.contextvars.bind_contextvars(incident=stream)
        if isinstance(answer, Tick) and self._rights.shut("react"):
            # It would be late, and what people ask for is seen on the cards.
            answers.popleft()
            self._desk.answer_given(stream, version)
            return 0.0
        step = Step(f"answer {version}", partial(self._give, stream, version, answer), _KINDS[type(answer)])
        if (waits := await self._try(stream, step)) and (stream, step.name) not in self._bugs:
            return waits
        # One that cannot be given for a bug counts as given: it must not silence what comes after it.
        self._rests.end((stream, step.name))
        self._bugs.pop((stream, step.name), None)
        answers.popleft()
        self._desk.answer_given(stream, version)
        return 0.0

    async def _try(self, stream: str, step: Step) -> float | None:
        """Does a step, unless it rests. Raises `Temporary` where the failure is not the step's alone."""
        name = (stream, step.name)
        if left := max(self._rests.left(name), self._rests.left(("", step.kind))):
            return left
        forbidden = self._rights.forbidden
        try:
            done = await step.do()
        except Temporary as failure:
            if isinstance(failure, Stale):
                return self._rests.begin(name, failure)
            if isinstance(failure, Crowded):
                return self._rests.begin(("", step.kind), failure)
            if not step.alone:
                raise
            if name not in self._rests:
                log.info("rests", what=step.name, channel=str(self._channel), reason=str(failure))
            return self._rests.begin(name if failure.retry_after is None else ("", step.kind), failure)
        except Exception:  # one of the three loops' edges: a bug in one step must not end the lane, nor stop the others
            if name not in self._bugs:
                self._bugs[name] = None
                log.exception("bug", id=self._desk.bug_id(), what=step.name, channel=str(self._channel))
            return self._rests.rest(name, BACKOFF[-1])
        self._rests.end(name)
        self._bugs.pop(name, None)
        if done == 0 and step.kind:
            self._rights.called(step.kind, forbidden=self._rights.forbidden > forbidden)
        return done

    async def _look(self, stream: str) -> float | None:
        """The next difference of one incident: 0 when something was done, seconds until it may be, `None` for none."""
        self._rights.look_anew()
        await self._desk.recall(stream)
        rests = []
        for step in self._differences(stream):
            waits = self._rights.shut(step.kind) or await self._try(stream, step)
            if waits == 0:
                return 0.0
            if waits is not None:
                rests.append(waits)
        turned_down = self._rights.rest()
        return min([*rests, turned_down] if turned_down is not None else rests, default=None)

    def _differences(self, stream: str) -> Iterator[Step]:
        """What is not as it should be, first things first."""
        for chore in self._desk.wanted.chores(stream, self._channel):
            if self._desk.showing.row(stream, chore.name, self._channel).hash != chore.value:
                yield Step(chore.name, partial(self._chore, chore), chore.name.partition("/")[0], alone=True)
        if self._desk.wanted.at_home(stream, self._channel):
            self._desk.entered(stream)
        yield from self._cards.differences(stream)

    # --- answers ------------------------------------------------------------------------------------------------------

    async def _give(self, stream: str, version: int, answer: Answer) -> float:
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
            self._rights.forbidden += isinstance(failure, Forbidden)
            log.info("an answer could not be given", stream=stream, reason=str(failure))
        return 0.0

    # --- the channel itself -------------------------------------------------------------------------------------------

    async def _chore(self, chore: Chore) -> float | None:
        if self._rights.turned_down(chore.stream, chore.name, chore.value):
            return None
        what, _, who = chore.name.partition("/")
        try:
            if what == "invite" and chore.value == OUT:
                await self._transport.put_out(self._channel, who)
            elif what == "invite":
                await self._transport.invite(self._channel, who)
            else:
                await self._transport.set_locked(self._channel, chore.value == "locked")
        except Permanent as failure:
            self._rights.turn_down(chore.stream, chore.name, chore.value, failure)
            return 0.0
        self._rights.worked(chore.stream, chore.name)
        row = self._desk.showing.row(chore.stream, chore.name, self._channel)
        row.hash = chore.value
        self._desk.showing.save(row)
        return 0.0
