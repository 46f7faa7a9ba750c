"""The composition root: the only place that sees everything, and the order in which it starts and stops.

Rule: a chat's signals are handled as soon as its own channels are known; the clock's only once every chat has told what
was missed, so that a deadline never overtakes the act that met it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TypeVar

from bot.chats import A_RESPONDER, OPEN
from bot.postmortems import Postmortems
from bot.scenarios import shipped
from bot.web.hooks.door import NotReady
from bot.web.status.folder import Folder
from bot.web.status.keeping import Render, StatusPage
from core.activity_log import HOUSE, ActivityLog
from core.command_post import CommandPost, Order
from core.covers import Covers
from core.database import Database, Guarded
from core.displays import Displays
from core.duty import Duty, Rota
from core.figures_kept import FIGURES, FiguresKept
from core.incident import commands as c
from core.incident.digest import WEEK
from core.incident.drill import Scenario
from core.incident.policy import Policy
from core.incident.runbook import Shelf
from core.incident.vocabulary import ChannelRef, Person
from core.notebook import TableNotebook
from core.pagers import Answers, Pager, Pagers, PeopleOut
from core.port import Briefed, Clock, Fatal, Permanent, Temporary, Transport, Troubled
from core.public_views import PUBLIC
from core.roster import Roster
from core.shown import Showing
from core.timers import Ticker, Timers
from core.unwritten import Unwritten
from core.views import Views
from transports.headquarters import Headquarters
from transports.intake import Intake
from transports.reacted import Reacted
from transports.reactions import Table
from transports.reception import Reception
from transports.signals import Signal

T = TypeVar("T")

CATCH_UP = 30.0
"""Seconds that the clock waits for a chat that cannot be reached at start."""

AGAIN = 1.0
"""Seconds between two tries to find a chat's channels."""


@dataclass(frozen=True)
class Page:
    """The status page: the folder of its files, and what makes them."""

    folder: Path
    render: Render


def _nobody(_: Person) -> Sequence[Pager]:
    return ()


def nowhere(*_: object) -> str:
    return ""


@dataclass
class Plan:
    """What to wire: the chats, each with its triage channels by name, the house rules, the status page if there is one, and
    whether anybody may ask for the insights. `postmortems` is the folder in which they are kept; `pagers` are the addresses
    at which people are called outside of the chats, and `answers` where they answer there; `rota` is who is on call around
    a moment, where that changes, and `shelf` the runbooks that there are now.
    at which people are called outside of the chats, and `answers` where they answer there; `scenarios` are the drills by name.
    """

    database: Database
    clock: Clock
    transports: Mapping[str, Transport]
    triage: Mapping[str, Sequence[str]]
    roster: Roster = field(default_factory=Roster)
    policy: Policy = field(default_factory=Policy)
    reactions: Mapping[str, str] = field(default_factory=dict)
    responders: frozenset[str] | None = None
    zone: tzinfo = UTC
    ticker: Callable[[Timers], Ticker] = Ticker
    page: Page | None = None
    postmortems: Path | None = None
    insights: bool = False
    pagers: Pagers = _nobody
    answers: Answers = nowhere
    rota: Rota | None = None
    shelf: Callable[[], Shelf] = Shelf
    scenarios: Mapping[str, Scenario] = field(default_factory=shipped)


class Tocsin:
    """The whole bot, wired. `run` until cancelled or until an account is refused."""

    def __init__(self, plan: Plan) -> None:
        table = Table(plan.reactions)
        policy = plan.policy.model_copy(update={"emoji": {name: table.emoji(name) for name in plan.policy.emoji}})
        self._plan = plan
        self._database = Guarded(plan.database)
        self.log = ActivityLog(self._database)
        covers = Covers()
        duty = Duty(policy, plan.rota, covers, plan.clock)
        self.post = CommandPost(self.log, plan.clock, duty.policy, covers, plan.shelf, scenarios=plan.scenarios)
        self.displays = Displays(plan.transports, self.post, Showing(self._database), plan.clock)
        self.timers = Timers(self.post, plan.clock)
        self.reception = Reception(
            self.post,
            self.displays,
            plan.transports,
            plan.roster,
            plan.clock,
            responders=plan.responders if plan.responders is not None else frozenset({"triage"}),
        )
        self.intake = Intake(self.reception, Reacted(self.reception, table), plan.zone)
        headquarters = Headquarters(self.post, self.displays.showing, table, plan.roster)
        for transport in plan.transports.values():
            if isinstance(transport, Briefed):
                transport.brief(headquarters)
        self.post.listeners += [self.displays.show, self.timers.watch]
        self.page = self._page(plan.page) if plan.page else None
        self.postmortems = Postmortems(plan.postmortems, plan.clock) if plan.postmortems else None
        if self.postmortems is not None:
            self.post.listeners.append(self.postmortems.show)
        self.insights = self._insights() if plan.insights else None
        self.out = PeopleOut(self.post, plan.clock, self.displays.reports, plan.pagers, plan.answers)
        self.post.listeners.append(self.out.show)
        self.post.sleepers += [self.timers.forget, self.out.let_go]
        self._named: dict[ChannelRef, ChannelRef] = {}
        self.post.places = self._named.get
        self._ready = {name: asyncio.Event() for name in plan.transports}
        self._found: dict[str, asyncio.Task[None]] = {}
        self._ticker: Ticker | None = None
        self.ticking = asyncio.Event()
        self.hearing = asyncio.Event()
        # What goes on beside all this once alerts can be heard, and does not end; and what is woken when a chat is there.
        self.wakes: list[Callable[[], None]] = []
        self.works: list[Callable[[], Coroutine[None, None, None]]] = []

    def _page(self, page: Page) -> StatusPage:
        views = Views(self.log, self._database, PUBLIC)
        kept = StatusPage(views, Folder(page.folder), page.render, self._plan.clock, self.displays.reports)
        self.post.listeners.append(kept.show)
        return kept

    def _insights(self) -> FiguresKept:
        kept = FiguresKept(self.post, Views(self.log, self._database, FIGURES), self._plan.clock)
        self.post.listeners.append(kept.watch)
        return kept

    def unready(self) -> list[str]:
        """What is not there yet, in words; nothing when all is."""
        waiting = [f"{name} is not connected" for name, event in self._ready.items() if not event.is_set()]
        chats = self._plan.transports.items()
        waiting += [
            f"{name}: {chat.trouble()}" for name, chat in chats if isinstance(chat, Troubled) and chat.trouble()
        ]
        waiting = waiting or ([] if self.ticking.is_set() else ["the clock has not started"])
        trouble = self._database.trouble
        return [f"nothing can be recorded: {trouble}", *waiting] if trouble else waiting

    def _rooms(self) -> list[ChannelRef]:
        """Where people act now: triage, and the channels of what goes on, of the chats that are there."""
        open_now = [incident.channel for _, incident in self.post.awake() if incident.channel and not incident.locked]
        return [
            room for room in dict.fromkeys((*self.reception.triage, *open_now)) if self._ready[room.transport].is_set()
        ]

    async def hear(self, command: c.HearAlerts) -> None:
        """Alerts: on the record when this returns. Raises `NotReady`, and what the database raises."""
        if not self.hearing.is_set():
            raise NotReady
        await self.post.handle(Order(command, HOUSE, None, self._plan.clock.now()))

    async def run(self) -> None:
        """Starts everything and stays.

        Raises `Fatal` with one line: an account is refused, a setting is unsafe, the database is damaged.
        """
        await self.post.wake()
        await self.displays.start()
        for stream, incident in self.post.awake():
            self.timers.watch(stream, incident)
        # Of the weeks that this process was not there for, the last is listed still.
        self.timers.watch_alerts()
        self.timers.watch_house(self._plan.clock.now() - WEEK)
        await self._hand_audiences_in()
        self.hearing.set()
        tasks = [asyncio.create_task(self._connect(name)) for name in self._plan.transports]
        tasks += [asyncio.create_task(self._tick()), asyncio.create_task(self._database.failed())]
        tasks += [asyncio.create_task(work()) for work in self.works]
        unwritten = Unwritten(self._database, self._plan.clock, self._plan.transports, self._rooms)
        tasks.append(asyncio.create_task(unwritten.run()))
        if self.page is not None:
            for stream, incident in self.post.awake():
                self.page.show(stream, incident, ())
            tasks.append(asyncio.create_task(self.page.run()))
        if self.postmortems is not None:
            for stream, incident in self.post.awake():
                self.postmortems.show(stream, incident, ())
            tasks.append(asyncio.create_task(self.postmortems.run()))
        tasks.append(asyncio.create_task(self._call()))
        if self.insights is not None:
            tasks.append(asyncio.create_task(self._count(self.insights)))
        try:
            # The first to end ends all: none of them ends unless something is wrong.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.hearing.clear()
            for task in (*tasks, *self._found.values()):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._ticker is not None:
                self._ticker.stop()
            await self.displays.stop()
            await self.out.stop()

    async def _call(self) -> None:
        # Who answered while nobody heard it is not called once more.
        await self.ticking.wait()
        for stream, incident in self.post.awake():
            self.out.show(stream, incident, ())
        await asyncio.Event().wait()

    async def _count(self, insights: FiguresKept) -> None:
        # What is long over waits until the bot is at work.
        await self.ticking.wait()
        await insights.run()

    async def _hand_audiences_in(self) -> None:
        """What goes on is told of the audiences that the config has by now."""
        for stream, incident in self.post.awake():
            await self.displays.reports.audiences(stream, incident, self.post.policy().audiences)

    async def _connect(self, name: str) -> None:
        transport = self._plan.transports[name]
        notebook = TableNotebook(self._database, name, self._plan.clock)

        async def inbox(signal: Signal) -> None:
            await self._channels(name)
            await self.intake.take(signal)

        def ready() -> None:
            self._found_task(name)
            self._ready[name].set()
            for wake in self.wakes:
                wake()

        await transport.run(inbox, notebook, ready)

    def _found_task(self, name: str) -> asyncio.Task[None]:
        if name not in self._found:
            self._found[name] = asyncio.create_task(self._find_channels(name))
        return self._found[name]

    async def _channels(self, name: str) -> None:
        await asyncio.shield(self._found_task(name))

    async def _find_channels(self, name: str) -> None:
        """Turns the config's names into channels. Raises `Fatal` for a triage channel that is not to be had."""
        transport = self._plan.transports[name]
        words = self._plan.triage.get(name, ())
        triage = [await self._resolve(transport, word) for word in words]
        self._named |= {ChannelRef(transport=name, id=word): ref for word, ref in zip(words, triage, strict=True)}
        self.timers.watch_alerts()
        if self._plan.responders is None:
            await self._refuse_open_triage(transport)
        self.reception.triage |= set(triage)
        self.displays.connected(name)

    async def _resolve(self, transport: Transport, word: str) -> ChannelRef:
        try:
            return await self._patiently(lambda: transport.resolve(word))
        except Permanent as failure:
            raise Fatal(f"{transport.name}: the triage channel {word} cannot be used: {failure}") from failure

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks a chat until it can answer."""
        while True:
            try:
                return await ask()
            except Temporary as failure:
                await self._plan.clock.sleep(failure.retry_after or AGAIN)

    async def _refuse_open_triage(self, transport: Transport) -> None:
        """Whoever is in triage is a responder, so triage must not be open to everyone (spec, section 12)."""
        public = await self._patiently(transport.open_to_public)
        if public:
            raise Fatal(
                f"{transport.name}: the triage channel {public[0]} is {OPEN} in the config, for example "
                f'[groups] responders = ["{A_RESPONDER[transport.name]}"]'
            )

    async def _tick(self) -> None:
        waiting = [asyncio.create_task(self._caught_up(name)) for name in self._plan.transports]
        try:
            done, late = await asyncio.wait(waiting, timeout=CATCH_UP)
            for task in done:
                task.result()
            self._ticker = self._plan.ticker(self.timers)
            self._ticker.start()
            self.ticking.set()
            await asyncio.gather(*late)
            await asyncio.Event().wait()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _caught_up(self, name: str) -> None:
        await self._ready[name].wait()
        await self._channels(name)
