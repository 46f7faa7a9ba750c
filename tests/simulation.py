"""The simulation: the whole bot on virtual time and real SQLite, dying and coming back while people play the checkout story.

    uv run python tests/simulation.py --seed 7                a seed's faults, deaths and orders, again
    uv run python tests/simulation.py --crash 412 --pause 20  one death after a step, again

Rule: a play follows from its `Plan` alone. `Broken` says which law broke, and the line that plays it again.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, cast
from unittest.mock import patch

import structlog
from simulated_laws import Laws, made_of
from simulated_loop import Deadlock, SimulatedClock, SimulatedLoop
from simulated_process import Life, Line, MortalClock, MortalDatabase, SimulatedTicker, memory
from simulated_story import SERVICE, THRESHOLDS, Story

import bot.wiring
import core.wanted
from bot.wiring import Tocsin
from core import activity_log
from core.incident.policy import Audience, Policy, Service, Times
from core.roster import Member, Roster
from transports.sandbox.faults import Faults, happens
from transports.sandbox.server import DAY, Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World

# What was imported stays: no collection in a play need look through it, which is a sixth of a play's time.
gc.freeze()

STEPS = 3_000_000
"""More than any play needs."""

QUIET = 400.0
"""Seconds in which everything settles once the faults have stopped: longer than every backoff."""


@dataclass(frozen=True, slots=True)
class Death:
    """After this many steps, for so many seconds. `cut`: what was under way is lost; `wipe`: every table but the log is."""

    step: int
    pause: float = 20.0
    cut: bool = False
    wipe: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One play; a `brief` one ends with the close. `outages` are (from, to) in seconds of the story, `deletions` moments at which somebody deletes a card."""

    name: str = "undisturbed"
    seed: int = 0
    deaths: tuple[Death, ...] = ()
    faults: Mapping[str, float] = field(default_factory=dict)
    busy: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()
    deletions: tuple[float, ...] = ()
    window: timedelta = DAY
    shuffled: bool = False
    brief: bool = False
    again: str = ""


def crash(
    step: int,
    pause: float = 20.0,
    *,
    cut: bool = False,
    wipe: bool = False,
    window: timedelta = DAY,
    brief: bool = False,
) -> Plan:
    """One death after a step."""
    words = [f"--crash {step} --pause {pause:g}", "--cut" * cut, "--wipe" * wipe, "--brief" * brief]
    words += [f"--window {window.total_seconds():g}"] if window != DAY else []
    again = " ".join(word for word in words if word)
    deaths = (Death(step, pause, cut, wipe),)
    return Plan(f"death after step {step}", deaths=deaths, window=window, brief=brief, again=again)


def seeded(seed: int) -> Plan:
    """Everything that a seed stands for: rates, outages, deaths, how long the chat remembers keys, the order of callbacks."""
    rng = Random(seed)
    faults = {
        "lost_request": rng.choice((0.0, 0.05, 0.15)),
        "lost_reply": rng.choice((0.0, 0.05, 0.15)),
        "rate_limit": rng.choice((0.0, 0.0, 0.1)),
        "retry_after": rng.choice((1.0, 5.0, 20.0)),
        "delay": rng.choice((0.0, 0.2, 2.0)),
        "repeat": rng.choice((0.0, 0.1, 0.3)),
        "reorder": rng.choice((0.0, 0.5)),
    }
    outages = tuple(
        (start, start + rng.choice((2.0, 30.0, 200.0, 900.0)))
        for start in (rng.uniform(0, 1200) for _ in range(rng.choice((0, 0, 1, 2))))
    )
    # A card that is deleted and whose row is lost is known by nobody: the two do not come together.
    wiping = rng.random() < 0.4
    deaths = tuple(
        Death(step, rng.choice((3.0, 5.0, 20.0, 90.0, 700.0)), rng.random() < 0.5, wiping and rng.random() < 0.5)
        for step in sorted(rng.randrange(1, 6000) for _ in range(rng.choice((0, 1, 2, 4, 8))))
    )
    return Plan(
        f"seed {seed}",
        seed,
        deaths,
        faults,
        busy=rng.choice((0.0, 0.0, 0.05)),
        outages=outages,
        deletions=tuple(rng.uniform(75, 1200) for _ in range(0 if wiping else rng.choice((0, 3, 8)))),
        window=rng.choice((DAY, DAY, timedelta(seconds=30))),
        shuffled=rng.random() < 0.3,
        again=f"--seed {seed}",
    )


class Broken(AssertionError):
    """A law did not hold; the message says which, and how to see it again."""


@dataclass(slots=True)
class Played:
    """What came of a play. `when`: after which steps each kind of event was on the record."""

    steps: int
    story_steps: int
    processes: int
    trace: str
    outcome: dict[str, object]
    when: Mapping[str, Sequence[int]] = field(repr=False)


class Simulation:
    """One play of a plan."""

    line = "uv run python tests/simulation.py"

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rng = Random(plan.seed)
        self.loop = SimulatedLoop(Random(plan.seed + 1) if plan.shuffled else None)
        self.loop.limit = STEPS
        self.clock = SimulatedClock(self.loop)
        self.connection = memory(_schema())
        self.world = World(self.clock)
        self.story = Story(self.world)
        self.faults = Faults()
        self.server = Server(self.world, self.rng, self.faults, plan.window)
        self.laws = Laws(self.connection, self.world, lambda: self.bot, lambda: self.loop.steps)
        self.life = Life(0, dead=True)
        self.bot: Tocsin | None = None
        self.busy = plan.busy
        self._policy()

    def _policy(self) -> None:
        story = self.story
        people = (story.ann, story.mia, story.jon, story.leah, story.bob, story.sam)
        self.roster = Roster([Member(one.name, {one.transport: one.id}) for one in people])
        ann, leah, bob = (self.roster.person(one) for one in (story.ann, story.leah, story.bob))
        self.policy = Policy(
            # Who objects saw the choice late when the bot was away, and objects all the same.
            times=Times(lock_after_close=timedelta(minutes=30), objection=timedelta(hours=6)),
            audiences=(
                Audience(name="support", rooms=(story.support,), internal=True),
                Audience(name="leadership", rooms=(story.leadership,), internal=True, frame="For your information"),
            ),
            services=(Service(name=SERVICE, rollback_owner=leah, backup=bob, thresholds=THRESHOLDS),),
            on_call=(ann, leah),
        )

    # --- the process --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process on the same database and the same server."""
        life = self.life = Life(self.life.number + 1)
        clock = MortalClock(self.clock, life)
        database = MortalDatabase(self.connection, life, self._is_busy, self.laws.committed)
        line = cast("Server", Line(self.server, life, self.laws.landed))
        self.bot = Tocsin(
            bot.wiring.Plan(
                database,
                clock,
                {"sandbox": SandboxTransport(line)},
                {"sandbox": ["triage"]},
                self.roster,
                self.policy,
                ticker=lambda timers: cast("Any", SimulatedTicker(timers, clock)),
                **self._beside(life),
            )
        )
        self.loop.create_task(self.bot.run()).add_done_callback(lambda task: self._ended(task, life))

    def _beside(self, life: Life) -> dict[str, Any]:
        """What else a process is given."""
        return {}

    def _ended(self, task: asyncio.Task[None], life: Life) -> None:
        if not life.over:
            how = "was cancelled" if task.cancelled() else repr(task.exception())
            self.laws.break_("the process ends only when it is told to", f"process {life.number} {how}")

    def die(self, death: Death) -> None:
        if not self.life.dead:
            self.life.dead, self.life.cut = True, death.cut
            self.bot = None
            if death.wipe:
                self._wiped()
            self.loop.call_later(death.pause, self.start)

    def _wiped(self) -> None:
        """Every table but the log is lost."""
        for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if name != "events":
                self.connection.execute(f"DELETE FROM {name}")

    def _delete_a_card(self) -> None:
        """Somebody takes a card away. Tocsin brings it back once, so nobody does it twice; and what is unheard stays."""
        room = self.story.room
        lost = {one.mark for one in self.world.messages.values() if one.deleted}
        said = self.world.said(room.ref) if room and not room.locked else []
        cards = [one for one in said if one.post and not one.post.card.startswith("answer/") and one.mark not in lost]
        cards = [one for one in cards if self.laws.heard(one)]
        if cards:
            self.world.delete(self.story.ann, self.rng.choice(cards).ref)

    def _is_busy(self) -> bool:
        return happens(self.busy, self.rng)

    # --- the play -----------------------------------------------------------------------------------------------------

    def play(self) -> Played:
        """Raises `Broken`."""
        for death in self.plan.deaths:
            self.loop.on_step[death.step] = lambda death=death: self.die(death)  # type: ignore[misc]
        asyncio.set_event_loop(self.loop)
        with heard(self.laws.bug), patch.object(core.wanted, "cards", made_of):
            try:
                return self.loop.run_until_complete(self._play())
            except (Deadlock, TimeoutError) as error:
                self.laws.break_(
                    "everything goes on in the end", f"{str(error) or type(error).__name__}\n{self._scene()}"
                )
                raise self._broken() from None
            finally:
                self.life.over = True
                self.laws.over = True
                self.loop.end()
                asyncio.set_event_loop(None)
                self.connection.close()

    async def _play(self) -> Played:
        self.start()
        for name, chance in self.plan.faults.items():
            setattr(self.faults, name, chance)
        for begin, end in self.plan.outages:
            self.loop.call_later(begin, setattr, self.faults, "outage", True)
            self.loop.call_later(end, setattr, self.faults, "outage", False)
        for moment in self.plan.deletions:
            self.loop.call_later(moment, self._delete_a_card)
        async with asyncio.timeout(6 * 3600):
            await self.story.play()
        steps = self.loop.steps
        self.loop.on_step.clear()
        await self._settled()
        if self.plan.brief:
            return self._played(steps)
        # Everybody has gone home, and the bot is started anew: it has nothing to say, and still knows the incident.
        before = len(self.world.history)
        await self._again()
        quiet = [str(one.subject) for one in self.world.history[before:]]
        if quiet:
            self.laws.break_("a start with nothing to do does nothing", "\n".join(quiet))
        async with asyncio.timeout(3600):
            await self.story.encore()
        await self._settled()
        # What is to be decided is due in the next process, and everybody keeps silent.
        await self._again()
        async with asyncio.timeout(3600):
            await self.story.silence()
        await self._settled()
        async with asyncio.timeout(3600):
            await self.story.finale()
        await self._settled()
        return self._played(steps)

    def _played(self, steps: int) -> Played:
        if self.laws.broken:
            raise self._broken()
        return Played(self.loop.steps, steps, self.life.number, self._trace(), self.laws.outcome(), self.laws.when)

    async def _again(self) -> None:
        # So much else has happened since that the incident is not among what was written last.
        with patch.object(activity_log, "LATEST", 0):
            self.die(Death(0, 20.0))
            await asyncio.sleep(20.0 + QUIET)

    async def _settled(self) -> None:
        """Faults stop; when all has settled the laws hold."""
        calm = Faults()
        for name in ("lost_request", "lost_reply", "rate_limit", "delay", "repeat", "reorder", "outage"):
            setattr(self.faults, name, getattr(calm, name))
        self.busy = 0.0
        await asyncio.sleep(QUIET)
        if self.bot is None:
            await asyncio.sleep(max(death.pause for death in self.plan.deaths) + QUIET)
        self.laws.settled(self.story)
        for trouble in self.loop.troubles:
            self.laws.break_("no task fails unseen", trouble)
        if self.laws.broken:
            raise self._broken()

    def _trace(self) -> str:
        rows = self.connection.execute(
            "SELECT stream, version, source, at, heard_at, hash FROM events ORDER BY position"
        )
        happened = [(one.number, one.at.isoformat(), str(one.signal)) for one in self.world.history]
        whole = repr((rows.fetchall(), happened, self.loop.steps))
        return hashlib.blake2b(whole.encode(), digest_size=12).hexdigest()

    def _scene(self) -> str:
        room = self.story.room
        said = self.world.said(room.ref) if room else []
        return "\n".join(f"{one.at:%H:%M:%S} {one.author.name}: {one.text[:100]!r}" for one in said[-12:])

    def _broken(self) -> Broken:
        laws = "\n".join(f"- {law}: {how}" for law, how in self.laws.broken[:12])
        return Broken(
            f"{self.plan.name}: after {self.loop.steps} steps, at {self.clock.now():%d %H:%M:%S}, "
            f"in process {self.life.number}\n{laws}\nplay it again: {self.line} {self.plan.again}"
        )


@contextmanager
def heard(bug: Callable[[str], None], line: Callable[[Mapping[str, object]], None] | None = None) -> Iterator[None]:
    """Every line that the bot logs as an error is a broken law; nothing is printed. `line` is told of every other, too."""

    def listen(_: Any, method: str, event: Any) -> Any:
        if line is not None:
            line(event)
        if method in ("error", "critical", "exception"):
            bug(f"{event.get('event')} {event.get('exc_info')!r}" + _trace_of(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[listen])
    try:
        yield
    finally:
        structlog.configure(**before)


def _trace_of(event: Mapping[str, Any]) -> str:
    failed = event.get("exc_info")
    error = failed if isinstance(failed, BaseException) else sys.exc_info()[1]
    return "\n" + "".join(traceback.format_exception(error)[-6:]) if error else ""


@cache
def _schema() -> bytes:
    with closing(memory()) as connection:
        return connection.serialize()


@cache
def undisturbed(brief: bool = False) -> Played:
    """The story as it goes when nothing goes wrong."""
    return Simulation(Plan(brief=brief)).play()


def play(plan: Plan) -> Played:
    """Plays it and compares the end with that of the undisturbed story. Raises `Broken`."""
    played, calm = Simulation(plan).play(), undisturbed(plan.brief)
    for what, was in calm.outcome.items():
        if played.outcome[what] != was:
            raise Broken(
                f"{plan.name}: the story ends the same\n- {what}:\n  calm {was}\n  here {played.outcome[what]}\n"
                f"play it again: uv run python tests/simulation.py {plan.again}"
            )
    return played


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    parser.add_argument("--crash", type=int)
    parser.add_argument("--pause", type=float, default=20.0)
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--wipe", action="store_true")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--window", type=float)
    asked = parser.parse_args()
    window = timedelta(seconds=asked.window) if asked.window else DAY
    if asked.seed is not None:
        plan = seeded(asked.seed)
    elif asked.crash is not None:
        plan = crash(asked.crash, asked.pause, cut=asked.cut, wipe=asked.wipe, window=window, brief=asked.brief)
    else:
        plan = Plan(brief=asked.brief)
    print(plan)
    print(play(plan))


if __name__ == "__main__":
    main()
