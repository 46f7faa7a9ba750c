"""Running the bot: from a config file to a process that ends within two seconds when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import structlog
import typer
from aiohttp import web

from bot import logs
from bot.chats import transports, triage
from bot.config import (
    ConfigError,
    Settings,
    calendar_people,
    has_page,
    idle,
    load,
    policy,
    public_url,
    responders,
    roster,
    rotations,
    secrets,
    zone,
)
from bot.hooks import hooks
from bot.keys import key
from bot.lock import Held, hold
from bot.metrics import measure
from bot.oncall.rota import Rota
from bot.private import enclose, exposed
from bot.pulse import Pulse, notify
from bot.restore import refuse_half
from bot.runbooks.folder import Bookcase
from bot.scenarios import Unplayable, scenarios
from bot.web.answers.links import Links
from bot.web.answers.pages import Answers
from bot.web.insights import pages as insights
from bot.web.insights.chosen import Refused
from bot.web.internal import internal, registry
from bot.web.manners import manners
from bot.web.outside import outside
from bot.web.serve import Unavailable, serve
from bot.web.status.page import House, files
from bot.wiring import Page, Plan, Tocsin, nowhere
from core.clock import SystemClock
from core.database import Database, DatabaseFailure, explain, open_file
from core.errands import Errands
from core.examining import examine, names, told
from core.incident.drill import Scenario
from core.pagers import Pagers
from core.port import Clock, Fatal
from core.reserve import hold_room
from core.roster import Roster

log = structlog.get_logger(__name__)


@contextmanager
def explained(fail: Callable[..., typer.Exit]) -> Iterator[None]:
    """Turns what goes wrong for a reason into its lines."""
    try:
        yield
    except ConfigError as error:
        raise fail(*error.lines) from None
    except (DatabaseFailure, Held, Fatal, Unavailable, Refused) as error:
        raise fail(str(error)) from None
    except sqlite3.Error as error:
        raise fail(explain(error, Path("of the config"))) from None
    except OSError as error:
        raise fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from None


def quiet() -> None:
    """Logs of warnings only, for commands that print their own words. What is secret is learned when it is read."""
    logs.set_up(sys.stderr, ())
    logging.getLogger().setLevel(logging.WARNING)


async def start(path: Path, *, verbose: bool, despite_damage: bool = False) -> int:
    """Runs until SIGTERM or SIGINT (status 0), or until something is wrong (raises).

    On a damaged log it runs only `despite_damage`: then what cannot be read of it stays so, and is told wherever it is asked.
    """
    settings = load(path)
    logs.set_up(sys.stderr, secrets(settings), verbose=verbose)
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        stack.enter_context(hold(settings.database, clock.now()))
        refuse_half(settings.database)
        enclose(settings)
        database = await open_file(settings.database)
        stack.push_async_callback(database.close)
        await hold_room(database)
        damaged = await _damage(database, settings.database, despite=despite_damage)
        for line in (*exposed(path, settings), *idle(settings)):
            log.warning(line)
        people = roster(settings)
        chats = await stack.enter_async_context(transports(settings, clock))
        links = _links(settings, clock)
        rota = Rota(
            rotations(settings, people, clock.now().year), calendar_people(settings, people), calendars(settings), clock
        )
        books = Bookcase(settings.runbooks.folder, clock)
        await asyncio.gather(rota.begin(), books.look())
        plan = Plan(
            database,
            clock,
            chats,
            triage(settings),
            people,
            policy(settings, people, clock.now().year),
            settings.reactions,
            responders(settings, people),
            zone(settings),
            page=_page(settings) if has_page(settings) else None,
            postmortems=settings.data_dir / "postmortems",
            insights=True,
            pagers=_pagers(settings, people),
            answers=links.address if links is not None else nowhere,
            rota=rota.stretches,
            shelf=books.shelf,
            scenarios=_scenarios(settings),
        )
        tocsin = Tocsin(plan)
        numbers = registry()
        measure(numbers, tocsin)
        await stack.enter_async_context(
            serve(
                internal(_Health(tocsin, damaged), numbers, _insights(tocsin, settings)),
                "127.0.0.1",
                settings.web.internal_port,
            )
        )
        pages = None
        if plan.page is not None and tocsin.page is not None:
            pages = outside(plan.page.folder, tocsin.page.files)
        if links is not None:
            pages = pages if pages is not None else web.Application(middlewares=[manners])
            Answers(links, tocsin.post).add(pages)
        if settings.hooks:
            pages = pages if pages is not None else web.Application(middlewares=[manners])
            (await stack.enter_async_context(hooks(settings, tocsin, clock))).add(pages)
        if pages is not None:
            await stack.enter_async_context(serve(pages, settings.web.host, settings.web.port))
        await stack.enter_async_context(_beside(rota.run(), books.run()))
        await _until_told(tocsin, Pulse(numbers).beat(clock))
    return 0


def _links(settings: Settings, clock: Clock) -> Links | None:
    """Where people answer a call, if anybody is called and the bot is reached from outside. Raises `OSError`."""
    url = public_url(settings)
    called = any(person.notify for person in settings.people)
    return Links(key(settings.data_dir / "keys", "answers"), url, clock) if called and url else None


def _pagers(settings: Settings, people: Roster) -> Pagers:
    """Where people are called. Raises `Fatal` with the line that names the address that cannot be used."""
    if not any(person.notify for person in settings.people):
        return lambda _: ()
    from bot.pagers import pagers

    return pagers(settings, people)


@asynccontextmanager
async def _beside(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work that goes on for as long as the bot runs."""
    errands = Errands()
    for work in works:
        errands.begin(work)
    try:
        yield
    finally:
        await errands.end()


def calendars(settings: Settings) -> Path:
    """Where fetched calendars are kept."""
    return settings.data_dir / "calendars"


async def _damage(database: Database, path: Path, *, despite: bool) -> list[str]:
    """What is damaged, in words. Raises `DatabaseFailure` for any of it, unless the bot shall run in spite of it."""
    called = await names(database)
    damaged = [told(damage, called) for damage in await examine(database)]
    if damaged and not despite:
        more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        raise DatabaseFailure(
            f"the record in {path} is damaged ({damaged[0]}{more}; `tocsin verify` lists all); put a backup in its place "
            "with `tocsin restore`, or run on without what is lost with `tocsin run --despite-damage`"
        )
    for line in damaged:
        log.error("the record is damaged", what=line)
    return damaged


def _scenarios(settings: Settings) -> Mapping[str, Scenario]:
    """The drills. Raises `Fatal` with the line that names the file that is none."""
    try:
        return scenarios(settings.drills.folder, settings.drills.length)
    except Unplayable as error:
        raise Fatal(str(error)) from None


def _page(settings: Settings) -> Page:
    house = House(settings.web.name, tuple(service.name for service in settings.services), public_url(settings))
    return Page(settings.data_dir / "status", partial(files, house))


def _insights(tocsin: Tocsin, settings: Settings) -> Callable[[web.Application], None]:
    assert tocsin.insights is not None, "the plan asks for them"
    services = [service.name for service in settings.services]
    return partial(insights.add, counted=tocsin.insights, incident=tocsin.post.incident, services=services)


class _Health:
    def __init__(self, tocsin: Tocsin, damaged: Sequence[str]) -> None:
        self._tocsin = tocsin
        self._damaged = [f"the record is damaged: {line}" for line in damaged]

    def ready(self) -> Sequence[str]:
        return [*self._damaged, *self._tocsin.unready()]


async def _until_told(tocsin: Tocsin, pulse: Coroutine[None, None, None]) -> None:
    """Runs the bot until a signal asks it to end; what it has acknowledged is on the record already."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    running, ending = asyncio.create_task(tocsin.run()), asyncio.create_task(asked.wait())
    announcing, beating = asyncio.create_task(_announce(tocsin)), asyncio.create_task(pulse)
    # Not only once the chats are connected: a chat that is away for long is no reason to be started anew.
    notify("READY=1\nSTATUS=connecting")
    try:
        await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        log.info("ending")
    finally:
        notify("STOPPING=1")
        for task in (running, ending, announcing, beating):
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                await asyncio.gather(running, ending, announcing, beating, return_exceptions=True)


async def _announce(tocsin: Tocsin) -> None:
    await tocsin.ticking.wait()
    log.info("ready")
    notify("STATUS=ready")
