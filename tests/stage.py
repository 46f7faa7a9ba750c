"""The scenario harness: the whole of Tocsin on the sandbox's chat, with named people and a clock that one pushes.

    await stage.sam.says("Checkout fails after payment")
    await stage.ann.reacts(alarm, "🚨")
    stage.expect_card("board", "Commander Ann")

Rule: after every step the log folds to the live incident, and at the end every message of Tocsin's was expected by the
scenario, none stands twice, no bug was logged and the chain holds. So what a test does not mention cannot slip in.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import structlog
from cast import ROSTERED, hire
from pushed_clock import PushedClock, quiet
from structlog.testing import capture_logs

from bot.wiring import Plan, Tocsin
from core.activity_log import stream_of
from core.database import Row, SqliteFile, open_file
from core.incident.document import Post
from core.incident.evolve import begin, evolve, replay
from core.incident.policy import Audience, Policy, Weekly
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef
from core.port import Transport
from core.proof import prove
from core.roster import Member, Roster
from core.timers import Ticker
from transports.sandbox.faults import Faults
from transports.sandbox.places import Channel, Kind, Message
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World

ALWAYS = frozenset({"board", "notice"})
"""Cards that every incident has; the rest is expected by name."""

NO_NUDGES = {"checklist": (timedelta(),) * 5, "quiet_record": timedelta(), "no_mitigation": timedelta()}
"""The first 15 minutes and the clock's stuck signs turned off: a scenario that is about them asks for them."""


class Watched:
    """A database that knows whether a statement is under way, so that a test can wait for its thread."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._under_way = 0
        self._done = asyncio.Event()
        self._done.set()

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        with self:
            await self._file.write(sql, parameters)

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        with self:
            return await self._file.rows(sql, parameters)

    async def close(self) -> None:
        await self._file.close()

    async def idle(self) -> None:
        await self._done.wait()

    @property
    def busy(self) -> bool:
        return self._under_way > 0

    def __enter__(self) -> None:
        self._under_way += 1
        self._done.clear()

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._done.set()


class ByHand(Ticker):
    """A ticker that nobody winds: the stage looks at the clock itself, each time that it pushes it."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


AFTER = ("postmortem", "course", "debrief", "followups")
"""Cards that a close may call for, which the tests about them look at."""


class Stage:
    """Everything there is, and what the scenario has said to expect of it."""

    def __init__(
        self, folder: Path, policy: Callable[[Roster], Policy] | None = None, *, nudges: bool = False, **plan: Any
    ) -> None:
        self.clock = PushedClock()
        self.world = World(self.clock)
        self.faults = Faults()
        self.server = Server(self.world, Random(1), self.faults)
        self.triage = self.world.create_channel("triage")
        self.support = self.world.create_channel("support", Kind.AUDIENCE)
        self.leadership = self.world.create_channel("leadership", Kind.AUDIENCE)
        cast = hire(self)
        self.ann, self.bob, self.mia, self.jon, self.leah, self.sam, self.kim, self.zoe = cast.values()
        self.roster = Roster([Member(name, {"sandbox": cast[name].account.id}) for name in ROSTERED])
        self.policy = (policy or _policy)(self.roster)
        if not nudges:
            times = self.policy.times.model_copy(update=NO_NUDGES)
            self.policy = self.policy.model_copy(update={"times": times})
        self.chat: Callable[[], SandboxTransport] = lambda: SandboxTransport(self.server)
        self.others: dict[str, Transport] = {}
        self._plan = plan
        self._files = [folder / "tocsin.db"]
        self._folded: dict[str, Incident] = {}
        self.expected: set[tuple[str, str, str]] = set()
        self.ticks: set[str] = set()

    # --- starting, stopping, time -------------------------------------------------------------------------------------

    async def start(self) -> None:
        self.database = Watched(await open_file(self._files[-1]))
        self.tocsin = Tocsin(
            Plan(
                self.database,
                self.clock,
                {"sandbox": self.chat(), **self.others},
                {"sandbox": ["triage"]},
                self.roster,
                self.policy,
                ticker=ByHand,
                **self._plan,
            )
        )
        self._running = asyncio.create_task(self.tocsin.run())
        await self.settle()
        # What was due while nobody looked.
        await self.fast_forward()

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.database.close()

    async def restart(self, *, away: timedelta = timedelta(), forget: bool = False) -> None:
        """A new process on the same database; with `forget`, on one that holds the log and nothing else."""
        await self.stop()
        await self.again(away=away, forget=forget)

    async def again(self, *, away: timedelta = timedelta(), forget: bool = False) -> None:
        """The start after a stop."""
        self.clock.set(self.clock.now() + away)
        if forget:
            self._files.append(self._files[0].with_name(f"again-{len(self._files)}.db"))
            await (await open_file(self._files[-1])).close()
            with sqlite3.connect(self._files[-1]) as only_the_log:
                only_the_log.execute("ATTACH ? AS old", (str(self._files[-2]),))
                only_the_log.execute("INSERT INTO events SELECT * FROM old.events")
            only_the_log.close()
        await self.start()

    async def settle(self) -> None:
        """Until all that can happen has happened; then the log must fold to what is in memory."""
        while True:
            await quiet()
            if not self.database.busy:
                break
            await self.database.idle()
        if self._running.done():
            self._running.result()
        awake = dict(self.tocsin.post.awake())
        # What sleeps is in the log alone.
        for stream in {**awake, **self._folded}:
            folded, live = self._folded.get(stream), awake.get(stream)
            if folded is None or live is None or folded.version < live.version:
                for record in await self.tocsin.log.load(stream, folded.version if folded else 0):
                    folded = begin(record) if folded is None else evolve(folded, record)
                assert folded is not None
                self._folded[stream] = folded
            assert live in (None, folded), f"{stream} in memory is not what its log tells"

    async def fast_forward(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Lets time pass, stopping wherever somebody wakes or something is due."""
        until = self.clock.now() + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        while True:
            await self.tocsin.timers.tick()
            await self.settle()
            due = self.tocsin.timers.next_at
            moments = [self.clock.next_waking, datetime.fromtimestamp(due, UTC) if due else None]
            coming = min((at for at in moments if at is not None and at > self.clock.now()), default=None)
            if coming is None or coming > until:
                break
            self.clock.set(coming)
        if self.clock.now() < until:
            self.clock.set(until)
            await self.fast_forward()

    def at(self, clock: str) -> datetime:
        """A moment of this day, as `10:15`."""
        hour, minute = clock.split(":")
        return self.clock.now().replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def incident(self) -> Incident:
        """The newest incident."""
        known = self._folded | dict(self.tocsin.post.awake())
        return max(known.values(), key=lambda one: one.number)

    @property
    def channel(self) -> ChannelRef:
        """The newest incident's channel."""
        assert self.incident.channel is not None, "the incident has a channel"
        return self.incident.channel

    def of_tocsin(self, channel: ChannelRef) -> list[Message]:
        return [message for message in self.world.said(channel) if message.author == self.world.bot]

    def find(self, key: str, where: ChannelRef | None = None) -> Message:
        """The card of this key of the newest incident, in its channel unless told, else wherever it stands."""
        places = [where] if where else [self.channel, self.triage, *(room.ref for room in self.rooms())]
        for place in places:
            for message in self.of_tocsin(place):
                if message.mark in ((self.incident.name, key), ("house", key)):
                    return message
        raise AssertionError(f"there is no card {key}; there are {[card for *_, card in self.standing()]}")

    def rooms(self) -> list[Channel]:
        return [room for room in self.world.channels.values() if not room.gone]

    def standing(self) -> list[tuple[str, str, str]]:
        """Every message of Tocsin's as (channel, incident, card)."""
        found = []
        for room in self.rooms():
            for message in self.of_tocsin(room.ref):
                assert message.post is not None, "the bot says nothing but cards"
                found.append((room.ref.id, message.post.incident, message.post.card))
        return found

    def post(self, key: str, where: ChannelRef | None = None) -> Post:
        post = self.find(key, where).post
        assert post is not None, "a card is a post"
        return post

    async def kinds(self, number: int = 1, after: int = 0) -> list[str]:
        """The kinds of what is on an incident's record, in order."""
        return [record.event.kind for record in await self.tocsin.log.load(stream_of(number), after)]

    # --- expecting ----------------------------------------------------------------------------------------------------

    def expect_card(self, key: str, *contains: str, where: ChannelRef | None = None, lacks: str = "") -> str:
        """The card is there and says this. Returns its text."""
        message = self.find(key, where)
        assert message.post is not None, "a card is a post"
        self.expected.add((message.ref.channel.id, message.post.incident, key))
        for words in contains:
            assert words in message.text, f"{key} does not say {words!r}:\n{message.text}"
        assert not lacks or lacks not in message.text, f"{key} says {lacks!r}:\n{message.text}"
        return message.text

    def expect_file(self, key: str, name: str, *contains: str, where: ChannelRef | None = None) -> str:
        """The card is there, and with it a file of this name that says this. Returns the file's text."""
        self.expect_card(key, where=where)
        file = self.find(key, where).file
        assert file is not None, f"{key} has no file"
        assert file.name == name
        for words in contains:
            assert words in file.text, f"{name} does not say {words!r}:\n{file.text}"
        return file.text

    def expect_summaries(self, number: int = 1) -> None:
        """The summary of the newest incident's close, wherever it belongs."""
        for room in (self.channel, self.triage, self.support, self.leadership):
            self.expect_card("summary" if number == 1 else f"summary/{number}", "Closed: ", where=room)
        self.expect_what_comes_next()

    def expect_what_comes_next(self) -> None:
        """The cards below a summary, whatever they say."""
        self.expected |= {one for one in self.standing() if one[2].partition("/")[0] in AFTER}

    def expect_updates(self, *numbers: int) -> None:
        """Those updates, in every room, with the same base text."""
        for number in numbers:
            texts = set()
            for room in (self.channel, self.support, self.leadership):
                self.expect_card(f"update/{number}", where=room)
                texts.add(self.post(f"update/{number}", room).text)
            assert len(texts) == 1, f"update {number} does not read the same everywhere: {texts}"

    def expect_letters(self, count: int) -> None:
        """So many letters stand in the incident's channel."""
        letters = [one for one in self.standing() if one[0] == self.channel.id and one[2].startswith("letter/")]
        self.expected |= set(letters)
        assert len(letters) == count, letters

    def expect_everything(self) -> None:
        """For tests that are about the record alone: whatever was said is right."""
        self.expected |= set(self.standing())
        self.ticks |= set(self.world.messages)

    def expect_no_card(self, key: str) -> None:
        assert key not in [card for *_, card in self.standing()]

    def unexpected(self) -> list[str]:
        """What Tocsin said and the scenario did not speak of."""
        found = []
        for channel, incident, card in self.standing():
            if card not in ALWAYS and (channel, incident, card) not in self.expected:
                said = next(one for one in self.world.messages.values() if one.mark == (incident, card))
                found.append(f"{card} in {channel}: {said.text}")
        for message in self.world.messages.values():
            if self.world.bot.id in message.reactions.get("✅", {}) and message.author != self.world.bot:
                found += [] if message.ref.id in self.ticks else [f"✅ on {message.text}"]
        return found

    async def finish(self) -> None:
        """The laws that hold at the end of every scenario."""
        await self.fast_forward(seconds=3)
        assert self.unexpected() == []
        standing = self.standing()
        assert len(standing) == len(set(standing)), f"a card stands twice: {standing}"
        assert await prove(self.database) == []
        for stream, live in self.tocsin.post.awake():
            assert replay(await self.tocsin.log.load(stream)) == live


def _policy(roster: Roster) -> Policy:
    """Ann is on call, Bob is her backup; support and leadership listen."""
    on_call = [person for name in ("Ann", "Bob") if (person := roster.named(name))]
    return Policy(on_call=tuple(on_call), audiences=AUDIENCES, weekly=Weekly(weekday=0, at=time(9)))


def _room(name: str) -> ChannelRef:
    return ChannelRef(transport="sandbox", id=name)


AUDIENCES = (
    Audience(
        name="support", rooms=(_room("support"),), frame="For support: reuse the text as it stands.", internal=True
    ),
    Audience(name="leadership", rooms=(_room("leadership"),), internal=True),
)


@asynccontextmanager
async def open_stage(folder: Path, *, bugs: int = 0, **given: Any) -> AsyncIterator[Stage]:
    """A stage from its start to the laws at its end; `bugs` are planted, and each is logged once."""
    with capture_logs(processors=[structlog.processors.format_exc_info]) as logs:
        stage = Stage(folder, **given)
        await stage.start()
        try:
            yield stage
            await stage.finish()
        finally:
            await stage.stop()
    found = [line.get("exception", line) for line in logs if line["log_level"] == "error"]
    assert len(found) == bugs, found
