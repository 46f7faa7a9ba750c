"""The crowd's plays: the whole bot under random people and random faults, each judged by the same laws.

    uv run poe simulate --seed 7 --only act0,act3,death1     a seed, or what is left of it, again

Rule: a play follows from its `CrowdPlan` alone. `Broken` says which law broke, and the line that plays it again.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import simulated_process
import simulation
from crowd import Crowd
from crowd_calls import Calls, Exchange, with_calls
from crowd_laws import CrowdLaws
from crowd_plan import CrowdPlan, Moment
from crowd_secrets import Secrets
from prometheus_client import CollectorRegistry
from simulated_laws import made_of
from simulated_loop import Deadlock, SimulatedClock, SimulatedLoop
from simulated_process import Life, memory
from simulation import QUIET, Broken, Death, Simulation, heard

import core.wanted
from bot.lock import Held, hold
from bot.metrics import measure
from core import activity_log
from core.incident.policy import Audience, Policy, Service, Times
from core.port import Fatal
from core.roster import Member, Roster
from transports.sandbox.faults import Faults
from transports.sandbox.server import Server
from transports.sandbox.world import World

STEPS = 200_000
"""More than any play needs."""

REST = 60.0
"""Seconds between two looks of the ticker for which it was not woken; shorter where the clock jumps, which wakes nobody."""

CALM = ("lost_request", "lost_reply", "rate_limit", "delay", "repeat", "reorder", "outage")


class SetClock(SimulatedClock):
    """The bot's own clock: somebody may set it, while the chat's goes on."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__(loop)
        self.ahead = timedelta()

    def now(self) -> Any:
        return super().now() + self.ahead


@dataclass(slots=True)
class Tally:
    """What a play was. `seconds` are the clock's."""

    plays: int = 0
    acts: int = 0
    records: int = 0
    deaths: int = 0
    processes: int = 0
    refused: int = 0
    overtaken: int = 0
    steps: int = 0
    seconds: float = 0.0
    trace: str = ""

    def add(self, other: Tally) -> None:
        for name in ("plays", "acts", "records", "deaths", "processes", "refused", "overtaken", "steps", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class CrowdSimulation(Simulation):
    """One play of a crowd's plan."""

    line = "uv run poe simulate"
    clock: SetClock
    laws: CrowdLaws

    def __init__(self, plan: CrowdPlan) -> None:
        self.crowd_plan = plan
        self.plan = simulation.Plan(f"seed {plan.seed}", plan.seed, window=plan.window, again=plan.again)
        self.rng = Random(plan.seed)
        self.loop = SimulatedLoop(Random(plan.seed + 1) if plan.shuffled else None)
        self.loop.limit = STEPS
        self.clock = SetClock(self.loop)
        self.connection = memory(simulation._schema())
        self.world = World(SimulatedClock(self.loop))
        self.crowd = Crowd(self.world, self.loop)
        self.faults = Faults()
        self.server = Server(self.world, self.rng, self.faults, plan.window)
        self.laws = CrowdLaws(self.connection, self.world, lambda: self.bot, lambda: self.loop.steps)
        self.secrets, self.calls = Secrets(self.crowd), Calls(self.crowd)
        self.laws.begin(self.crowd, self.secrets)
        self.laws.bot_now = self.clock.now
        self.exchange = Exchange(plan.seed, self.clock, self.laws.rings, self.laws.secrets.called)
        self.laws.pages.exchange = self.exchange if plan.calls else None
        self.laws.jumps = bool(plan.jumps)
        away = sum(one.pause for one in (*plan.deaths, *plan.jumps) if one.pause > 0)
        # While nobody is there nothing grows older; but a clock may be set, and a process may write a word and die at once.
        self.laws.aged = away > 3000 and (bool(plan.jumps) or len(plan.deaths) > 1)
        self.life = Life(0, dead=True)
        self.bot = None
        self.busy = plan.busy
        self.tally = Tally(plays=1)
        self._calm = False
        # The real lock, in a folder of its own; there only where a second process is to be started.
        self._folder = TemporaryDirectory() if plan.seconds else None
        self._database = Path(self._folder.name if self._folder else "") / "tocsin.db"
        self._locks = ExitStack()
        self._zombies: list[Life] = []
        self._policy()

    def _policy(self) -> None:
        crowd = self.crowd
        self.roster = Roster([Member(one.name, {one.transport: one.id}) for one in crowd.people])
        ann, leah, bob = (self.roster.person(one) for one in (crowd.ann, crowd.leah, crowd.bob))
        self.policy = Policy(
            times=Times(lock_after_close=timedelta(minutes=3), watch=timedelta(minutes=3)),
            audiences=(
                Audience(name="support", rooms=(crowd.support,), internal=True),
                Audience(name="leadership", rooms=(crowd.leadership,), internal=True, frame="For your information"),
                Audience(name="customers", rooms=(crowd.partners,)),
            ),
            services=(
                Service(name="payments", rollback_owner=leah, backup=bob, thresholds=("errors stay above 20 %",)),
            ),
            on_call=(ann, leah),
        )
        if self.crowd_plan.calls:
            self.policy = with_calls(self.policy, self.roster)

    # --- the process --------------------------------------------------------------------------------------------------

    def _ended(self, task: asyncio.Task[None], life: Life) -> None:
        error = None if task.cancelled() else task.exception()
        if self._zombies and isinstance(error, Fatal) and not life.over:
            self.tally.overtaken += 1
            life.dead = True
            if life is self.life:
                # Whoever is overtaken ends, the newcomer too; what watches over it starts it again.
                self.bot = None
                self._locks.close()
                self.loop.call_later(5.0, self.start)
            return
        super()._ended(task, life)

    def die(self, death: Death) -> None:
        if not self.life.dead:
            self.tally.deaths += 1
            # The kernel lets go of it with the process.
            self._locks.close()
            # What was under way is there or lost before another process is up.
            super().die(replace(death, pause=death.pause + 2 * self.faults.delay))

    def start(self) -> None:
        if self.crowd_plan.seconds:
            self._locks.enter_context(hold(self._database, self.clock.now()))
        super().start()
        if self.crowd_plan.secrets and self.bot is not None:
            self.laws.metrics = CollectorRegistry()
            measure(self.laws.metrics, self.bot)

    def _beside(self, life: Life) -> dict[str, Any]:
        if not self.crowd_plan.calls:
            return {}
        return {"pagers": self.exchange.pagers(life), "answers": self.exchange.answer_at}

    def _second(self) -> None:
        """Another process is started beside this one: the lock turns it away, and it does nothing at all."""
        if self.life.dead:
            return
        try:
            with hold(self._database, self.clock.now()):
                self.laws.break_("one process per database", "a second one was let in")
        except Held:
            self.tally.refused += 1

    def _overtake(self, moment: Moment) -> None:
        """The process is held up for longer than its lock holds, another takes its place, and then it goes on."""
        if self.life.dead or self._zombies:
            return
        # However it was lost: a file system without locks, a file put back from a backup beside a running process.
        self._locks.close()
        old = self.life
        self._zombies.append(old)
        self.laws.beside = True
        old.hold()
        self.start()
        self.loop.call_later(moment.pause, old.go_on)

    # --- the play -----------------------------------------------------------------------------------------------------

    def play_crowd(self) -> Tally:
        """Raises `Broken`."""
        asyncio.set_event_loop(self.loop)
        rest = 2.0 if self.crowd_plan.jumps else REST
        made = patch.object(core.wanted, "cards", made_of)
        with heard(self.laws.bug, self.laws.secrets.logged), patch.object(simulated_process, "REST", rest), made:
            try:
                self.loop.run_until_complete(self._play_crowd())
            except (Deadlock, TimeoutError) as error:
                self.laws.break_("everything goes on in the end", str(error) or type(error).__name__)
                raise self._broken() from None
            finally:
                self.life.over = True
                for one in self._zombies:
                    one.over = True
                self.laws.over = True
                self.loop.end()
                asyncio.set_event_loop(None)
                self.connection.close()
                self._locks.close()
                if self._folder is not None:
                    self._folder.cleanup()
        return self.tally

    def _later(self, moment: Moment, do: Any, *of: Any) -> None:
        """At a moment, and so many steps on."""

        def go() -> None:
            if not self._calm:
                do(*of)

        def arm() -> None:
            if moment.steps:
                self.loop.on_step[self.loop.steps + moment.steps] = go
            else:
                go()

        self.loop.call_later(moment.at, arm)

    def _deal(self) -> None:
        plan = self.crowd_plan
        for name, chance in plan.faults:
            setattr(self.faults, name, chance)
        self.faults.retry_after = plan.retry_after
        for one in plan.outages:
            self._later(one, setattr, self.faults, "outage", True)
            self.loop.call_later(one.at + one.pause, setattr, self.faults, "outage", False)
        for one in plan.deaths:
            self._later(one, self.die, Death(0, one.pause, one.cut, one.wipe))
        for one in plan.jumps:
            self._later(one, self._jump, one.pause)
        for one in plan.deletions:
            dice = Random(f"{plan.seed} {one.part}")
            self._later(one, self.crowd.takes_a_card_away, dice, self.laws.heard)
        for one in plan.channels:
            self._later(one, self.crowd.takes_a_channel_away, Random(f"{plan.seed} {one.part}"))
        for one in plan.seconds:
            self._later(one, self._second)
        for one in plan.zombies:
            self._later(one, self._overtake, one)
        for one in plan.secrets:
            self._later(one, self.secrets.act, Random(f"{plan.seed} {one.part}"))
        for one in plan.calls:
            self._later(one, self.calls.act, Random(f"{plan.seed} {one.part}"))

    def _jump(self, seconds: float) -> None:
        self.clock.ahead += timedelta(seconds=seconds)

    async def _play_crowd(self) -> None:
        plan = self.crowd_plan
        self.start()
        self._deal()
        for part, at in plan.acts:
            await asyncio.sleep(max(0.0, at - self.loop.time()))
            self.crowd.act(Random(f"{plan.seed} {part}"))
        if plan.length > self.loop.time():
            await asyncio.sleep(plan.length - self.loop.time())
        await asyncio.sleep(30.0)
        await self._quiet()
        if self._zombies:
            # What two processes showed side by side nobody vouches for; what they wrote, everybody.
            for one in self._zombies:
                one.dead = True
            self.die(Death(0, 1.0))
            await self._quiet()
            self.laws.settle(self.life.number, shown=False)
        else:
            self.laws.settle(self.life.number)
            if not self.laws.broken:
                await self._anew()
        if self.laws.broken:
            raise self._broken()
        tally = self.tally
        tally.acts, tally.records = self.crowd.acts, len(self.laws._records)
        tally.processes, tally.steps, tally.seconds = self.life.number, self.loop.steps, self.loop.time()
        tally.trace = self._trace()

    async def _quiet(self) -> None:
        """Faults stop; goes on until all is still."""
        self._calm = True
        calm = Faults()
        for name in CALM:
            setattr(self.faults, name, getattr(calm, name))
        self.busy = 0.0
        await asyncio.sleep(QUIET)
        for _ in range(20):
            if self.bot is not None:
                break
            await asyncio.sleep(QUIET)
        before = None
        for _ in range(200):
            now = (len(self.world.history), self.laws._seen)
            if now == before:
                break
            before = now
            # Longer than the rest between two calls to one address.
            await asyncio.sleep(60.0 if self.crowd_plan.calls else 20.0)
        for trouble in self.loop.troubles:
            self.laws.break_("no task fails unseen", trouble)

    async def _anew(self) -> None:
        """A process that begins when all is done has nothing to say."""
        before, seen = len(self.world.history), self.laws._seen
        with patch.object(activity_log, "LATEST", 0):
            self._locks.close()
            Simulation.die(self, Death(0, 1.0))
            await asyncio.sleep(30.0)
        # What falls due meanwhile is no trouble: it would have been said anyhow.
        if self.laws._seen == seen:
            said = [str(one.subject)[:300] for one in self.world.history[before:]]
            if said:
                self.laws.break_("a start with nothing to do does nothing", "\n".join(said))
        await self._quiet()
        self.laws.settle(self.life.number)


def play_crowd(plan: CrowdPlan) -> Tally:
    """Plays it. Raises `Broken`."""
    return CrowdSimulation(plan).play_crowd()


def law_of(error: Broken) -> str:
    """The first law that a play broke."""
    return next(line[2:].partition(":")[0] for line in str(error).splitlines() if line.startswith("- "))
