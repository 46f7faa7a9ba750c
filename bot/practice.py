"""A drill in the sandbox for one person alone: the played cast joins, looks, does what it is given, and is sometimes wrong.

Rule: the cast never commands, and is nobody whom a person has chosen to be. It takes a role only when nobody has taken it by
the line's minute, and what it says unasked is the scenario's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import typer

from bot.asked import replies
from bot.cast import LOOK, PATIENCE, REAL, Stage, Stuck
from bot.colleagues import duties, words
from bot.scenarios import shipped
from core.incident.cards.drills import score_document
from core.incident.document import plain
from core.incident.drill import CastLine, Scenario
from core.incident.state import Incident
from core.incident.vocabulary import MessageRef
from transports.sandbox.places import Happening, Turned
from transports.signals import MessageSent

DECLARES = "Sam"

HEARD = timedelta(seconds=8)
"""After which somebody answers who was spoken to."""

GLANCE = 0.2
"""Real seconds between two looks whether somebody has begun a drill."""

PACE = 1.0
"""A drill's minutes in a real one: people practise at the pace at which they will need it."""


def nobody() -> Collection[str]:
    """The ids of the accounts that people have chosen to be, where there is no page to choose them on."""
    return ()


@dataclass
class Said:
    """What somebody wrote in the drill's channel, and when the cast has read it."""

    by: str
    text: str
    read_at: datetime
    thread: MessageRef | None


class Practice:
    """The cast at a drill, one at a time. `incidents` are those that are awake; `people` the accounts that people are."""

    def __init__(
        self,
        stage: Stage,
        incidents: Callable[[], Iterable[Incident]],
        people: Callable[[], Collection[str]] = nobody,
    ) -> None:
        self._stage = stage
        self._incidents = incidents
        self._people = people
        self._over: set[int] = set()

    async def begin(self, scenario: Scenario) -> Incident:
        """Has the drill declared. Raises `Stuck` when it does not come."""
        self._stage.world.say(self._stage.cast[DECLARES], self._stage.triage, f"/inc drill {scenario.name}")
        with self._stage.clock.still():
            return await _until(self._waiting, "the drill's channel")

    async def whenever(self) -> None:
        """Plays in whatever drill people begin, one after the other, until cancelled."""
        while True:
            if begun := self._waiting():
                await self.play(begun)
            await REAL.sleep(GLANCE)

    async def play(self, begun: Incident) -> Incident:
        """Plays the cast in a drill to its end. Raises `Stuck` when its end does not come."""
        assert begun.drill is not None, "only a drill is practised"
        self._over.add(begun.number)
        scene = Scene(self._stage, shipped().get(begun.drill.name, begun.drill), begun, self._people)
        forget = self._stage.world.subscribe(scene.hear)
        try:
            until = begun.declared_at + begun.drill.length
            while not (now := self._now(begun)).closed and self._stage.clock.now() < until:
                scene.turn(now)
                await self._stage.clock.sleep(1)
        finally:
            forget()
        return await _until(lambda: over if (over := self._now(begun)).closed else None, "the drill's end")

    def _waiting(self) -> Incident | None:
        """A drill that goes on and has not had the cast yet."""
        drills = (one for one in self._incidents() if one.drill is not None and not one.closed)
        return next((one for one in drills if one.channel is not None and one.number not in self._over), None)

    def _now(self, begun: Incident) -> Incident:
        return next((one for one in self._incidents() if one.number == begun.number), begun)


class Scene:
    """One drill as its cast sees it: the lines to come, what was said, and what was found to do since when."""

    def __init__(
        self, stage: Stage, scenario: Scenario, begun: Incident, people: Callable[[], Collection[str]]
    ) -> None:
        self._stage = stage
        self._scenario = scenario
        self._channel = begun.channel
        self._people = people
        # A cast that comes late to a drill begins with its first line.
        self._since = stage.clock.now()
        self._lines = sorted(scenario.cast, key=lambda one: one.minute)
        self._said: list[Said] = []
        self._found: dict[str, datetime] = {}
        self._done: set[str] = set()

    def hear(self, happening: Happening) -> None:
        """Somebody wrote: it is read after a moment. The cast does not answer itself, and commands are Tocsin's."""
        signal = happening.signal
        if not isinstance(signal, MessageSent) or signal.message.channel != self._channel:
            return
        if signal.author.name not in self._played and not signal.text.startswith(("/", "!")):
            self._said.append(Said(signal.author.name, signal.text, signal.at + HEARD, signal.thread))

    def turn(self, now: Incident) -> None:
        """Whatever the cast does at this moment."""
        at, self._channel = self._stage.clock.now(), now.channel
        self._say_lines(now, at)
        self._do_duties(now, at)
        for said in [one for one in self._said if one.read_at <= at]:
            self._said.remove(said)
            for reply in replies(now, said.text, said.by, self._played):
                self._type(now, reply.who, reply.lines, said.thread)

    @property
    def _played(self) -> list[str]:
        """The names of those whom nobody has chosen to be."""
        people = self._people()
        return [name for name, account in self._stage.cast.items() if account.id not in people]

    def _say_lines(self, now: Incident, at: datetime) -> None:
        while self._lines and self._since + timedelta(minutes=self._lines[0].minute) <= at:
            line: CastLine = self._lines.pop(0)
            if (said := words(now, self._scenario, line)) and line.who in self._played:
                self._type(now, line.who, (said,))

    def _do_duties(self, now: Incident, at: datetime) -> None:
        for duty in duties(now, self._scenario, self._played):
            if duty.key not in self._done and at >= self._found.setdefault(duty.key, at) + duty.after:
                self._done.add(duty.key)
                self._type(now, duty.who, duty.lines)

    def _type(self, now: Incident, who: str, lines: Iterable[str], thread: MessageRef | None = None) -> None:
        world, account = self._stage.world, self._stage.cast.get(who)
        if account is None or now.channel is None:
            return
        # Into a private drill they come when they are invited; and a person may have taken the channel away.
        with suppress(Turned):
            for line in lines:
                world.say(account, now.channel, line, thread=thread)


async def _until(look: Callable[[], Incident | None], what: str) -> Incident:
    for _ in range(int(PATIENCE / LOOK)):
        if found := look():
            return found
        await REAL.sleep(LOOK)
    raise Stuck(f"{what} did not come")


def report(incident: Incident) -> None:
    """The score, in words."""
    typer.echo(plain(score_document(incident)))
