"""Running the bot: from a config file to a process that ends within two seconds when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
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
    has_page,
    idle,
    load,
    policy,
    public_url,
    responders,
    roster,
    secrets,
    zone,
)
from bot.lock import Held, hold
from bot.metrics import measure
from bot.scenarios import Unplayable, scenarios
from bot.web.insights import pages as insights
from bot.web.insights.chosen import Refused
from bot.web.internal import internal, registry
from bot.web.outside import outside
from bot.web.serve import Unavailable, serve
from bot.web.status.page import House, files
from bot.wiring import Page, Plan, Tocsin
from core.clock import SystemClock
from core.database import DatabaseFailure, explain, open_file
from core.incident.drill import Scenario
from core.pagers import Pagers
from core.port import Fatal
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
    """Logs of warnings only, for commands that print their own words."""
    logs.set_up(sys.stderr, ())
    logging.getLogger().setLevel(logging.WARNING)


async def start(path: Path, *, verbose: bool) -> int:
    """Runs until SIGTERM or SIGINT (status 0), or until something is wrong (raises)."""
    settings = load(path)
    logs.set_up(sys.stderr, secrets(settings), verbose=verbose)
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        stack.enter_context(hold(settings.database, clock.now()))
        database = await open_file(settings.database)
        stack.push_async_callback(database.close)
        for line in idle(settings):
            log.warning(line)
        people = roster(settings)
        chats = await stack.enter_async_context(transports(settings, clock))
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
            scenarios=_scenarios(settings),
        )
        tocsin = Tocsin(plan)
        numbers = registry()
        measure(numbers, tocsin)
        await stack.enter_async_context(
            serve(
                internal(_Health(tocsin), numbers, _insights(tocsin, settings)), "127.0.0.1", settings.web.internal_port
            )
        )
        if plan.page is not None and tocsin.page is not None:
            pages = outside(plan.page.folder, tocsin.page.files)
            await stack.enter_async_context(serve(pages, settings.web.host, settings.web.port))
        await _until_told(tocsin)
    return 0


def _pagers(settings: Settings, people: Roster) -> Pagers:
    """Where people are called. Raises `Fatal` with the line that names the address that cannot be used."""
    if not any(person.notify for person in settings.people):
        return lambda _: ()
    from bot.pagers import pagers

    return pagers(settings, people)


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
    def __init__(self, tocsin: Tocsin) -> None:
        self._tocsin = tocsin

    def ready(self) -> Sequence[str]:
        return self._tocsin.unready()


async def _until_told(tocsin: Tocsin) -> None:
    """Runs the bot until a signal asks it to end; what it has acknowledged is on the record already."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    running, ending = asyncio.create_task(tocsin.run()), asyncio.create_task(asked.wait())
    announcing = asyncio.create_task(_announce(tocsin))
    try:
        await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        log.info("ending")
    finally:
        for task in (running, ending, announcing):
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                await asyncio.gather(running, ending, announcing, return_exceptions=True)


async def _announce(tocsin: Tocsin) -> None:
    await tocsin.ticking.wait()
    log.info("ready")
