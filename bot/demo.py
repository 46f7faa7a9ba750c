"""The checkout outage, played by its cast in the sandbox while you watch and take part.

A play begins in a fresh house at 10:02, with its clock held until somebody is there to see it. `--headless` plays it
without a browser and judges how it ended.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

import typer

from bot.cast import LOOK, PATIENCE, REAL, SPARE, Cast, Stage, Stuck
from bot.lock import hold
from bot.palette import palette
from bot.practice import PACE as DRILL_PACE
from bot.practice import Practice, report
from bot.scenarios import shipped
from bot.story import BEGIN, SERVICES, SHOP
from bot.web.outside import outside
from bot.web.serve import Unavailable
from bot.web.serve import serve as serve_pages
from bot.web.status.page import House, files
from bot.wiring import Page, Plan, Tocsin
from core.clock import ScaledClock
from core.database import open_file
from core.incident.cards.letters import timeline_document
from core.incident.cards.summary import document as summary_document
from core.incident.document import plain
from core.incident.drill import Scenario
from core.incident.state import Incident
from core.incident.vocabulary import ItemStatus, Phase
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport

if TYPE_CHECKING:
    from transports.sandbox.page import Site

PACE = 5.0
"""Story minutes in a real one: the fifteen minutes take three."""

STREAM = "inc-1"
"""The one incident of a fresh house."""


def verdict(incident: Incident | None) -> list[str]:
    """What did not end as it should; nothing when it did."""
    if incident is None:
        return ["no incident was declared"]
    wrong = []
    if incident.phase is not Phase.CLOSED:
        wrong.append(f"the incident is {incident.phase}, not closed")
    if incident.deliveries:
        wrong += [f"{late.card} is {late.state} in {late.channel}" for late in incident.deliveries]
    endings = {key: item.status for key, item in incident.items.items()}
    story = {
        "H1": ItemStatus.RULED_OUT,
        "H2": ItemStatus.CONFIRMED,
        "R1": ItemStatus.DID_NOT_HELP,
        "R2": ItemStatus.DONE,
    }
    wrong += [
        f"{key} is {endings.get(key, 'not there')}, not {status}"
        for key, status in story.items()
        if endings.get(key) != status
    ]
    if len(incident.updates) < 3:
        wrong.append(f"{len(incident.updates)} updates went out, not 3")
    return wrong


def set_aside(database: Path, now: datetime) -> Path | None:
    """Moves an earlier play's database to a dated name, since a play begins in a fresh house; the new path, if any."""
    if not database.exists():
        return None
    aside = database
    while aside.exists():
        aside = database.with_name(f"{database.stem}-{now:%Y-%m-%d-%H%M%S}{database.suffix}")
        now += timedelta(seconds=1)
    # The database last: without it nothing may be left that a new one would take for its own.
    for part in ("-wal", "-shm", ""):
        old = database.with_name(database.name + part)
        if old.exists():
            old.rename(aside.with_name(aside.name + part))
    return aside


async def play(*, headless: bool, speed: float | None, port: int, data: Path, drill: str = "") -> int:
    """Plays the demo, or a drill of this name; the exit status is 0 only when a headless play closed as it should."""
    scenario = _scenario(drill) if drill else None
    clock = ScaledClock(BEGIN, speed or (DRILL_PACE if scenario and not headless else PACE))
    stage = Stage.build(clock)
    async with AsyncExitStack() as stack:
        with clock.still():
            site = None if headless else await stack.enter_async_context(_page(stage, port))
            stack.enter_context(hold(data / "demo.db", REAL.now()))
            if aside := set_aside(data / "demo.db", REAL.now()):
                typer.echo(f"The earlier play is kept in {aside}; this one begins anew.", err=True)
            database = await open_file(data / "demo.db")
            stack.push_async_callback(database.close)
            roster = stage.roster()
            chat = {"sandbox": SandboxTransport(Server(stage.world, SystemRandom()))}
            page = Page(data / "status", partial(files, House(SHOP, SERVICES)))
            plan = Plan(
                database,
                clock,
                chat,
                {"sandbox": ["triage"]},
                roster,
                stage.policy(roster),
                page=page,
                postmortems=data / "postmortems",
            )
            tocsin = Tocsin(plan)
            running = asyncio.create_task(tocsin.run())
            stack.push_async_callback(_end, running)
            await _first(running, tocsin.ticking.wait())
            if site is not None and tocsin.page is not None:
                pages = outside(page.folder, tocsin.page.files)
                public = await stack.enter_async_context(serve_pages(pages, "127.0.0.1", 0))
                _greet(site, f"http://127.0.0.1:{public}/", scenario)
                await _first(running, _when_watched(site))

        def incident() -> Incident | None:
            return dict(tocsin.post.awake()).get(STREAM)

        practice = Practice(
            stage,
            lambda: [one for _, one in tocsin.post.awake()],
            lambda: [one for one, tabs in site.here.items() if tabs] if site else (),
        )
        if scenario is not None:
            return await _practised(practice, scenario, running, stays=site is not None)
        if site is not None:
            await _in_the_browser(Cast(stage, incident, SPARE), practice, running)
            return 0
        cast = Cast(stage, incident)
        try:
            await _first(running, cast.play())
        except Stuck as stuck:
            typer.echo(f"tocsin: {stuck}", err=True)
            return 1
        await _settled(stage, tocsin)
        return _report(incident(), cast.left_out)


def _scenario(name: str) -> Scenario:
    """The drill of this name. Raises `Unavailable` with the line that lists those that can be played here."""
    known = {one.name: one for one in shipped().values() if not one.private}
    if name not in known:
        raise Unavailable(f"there is no drill {name!r} for one person alone; there are {', '.join(known)}")
    return known[name]


async def _practised(practice: Practice, scenario: Scenario, running: asyncio.Task[None], *, stays: bool) -> int:
    async def whole() -> Incident:
        return await practice.play(await practice.begin(scenario))

    task = asyncio.create_task(whole())
    try:
        await _first(running, task)
    except Stuck as stuck:
        typer.echo(f"tocsin: {stuck}", err=True)
        return 1
    report(task.result())
    if stays:
        typer.echo(
            "The drill is over; the chat stays open for you: `/inc drill` in triage begins another. Ctrl-C ends it."
        )
        await _first(running, practice.whenever())
    return 0


async def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _first(running: asyncio.Task[None], work: Awaitable[object]) -> None:
    """Waits for the work, and ends with the bot if that ends first."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait((running, task), return_when=asyncio.FIRST_COMPLETED)
    if task not in done:
        task.cancel()
    for one in done:
        one.result()


async def _settled(stage: Stage, tocsin: Tocsin) -> None:
    """Waits until the summary stands everywhere and the postmortem is kept, or nothing more is coming."""
    rooms = [room.ref for room in stage.world.channels.values()]
    for _ in range(int(PATIENCE / LOOK / 4)):
        kept = tocsin.postmortems is None or tocsin.postmortems.idle
        if kept and all(stage.find(room, "summary") for room in rooms):
            break
        await REAL.sleep(LOOK)


def _report(incident: Incident | None, left_out: list[str]) -> int:
    if incident is not None:
        typer.echo(plain(timeline_document(incident, limit=len(incident.entries))))
        if incident.closing is not None:
            typer.echo("\n" + plain(summary_document(incident, incident.closing)))
    wrong = verdict(incident) + [f"left out: {words}" for words in left_out]
    for words in wrong:
        typer.echo(f"not as it should be: {words}", err=True)
    return 1 if wrong else 0


@asynccontextmanager
async def _page(stage: Stage, port: int) -> AsyncIterator[Site]:
    # Imported here: a headless play serves no page.
    from transports.sandbox.page import serve

    try:
        site = await serve(stage.world, "127.0.0.1", port, secrets.token_urlsafe(16), palette())
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Unavailable(f"port {port} is taken, perhaps by another demo; `--port 0` takes a free one") from None
    try:
        yield site
    finally:
        await site.close()


def _greet(site: Site, page: str, scenario: Scenario | None) -> None:
    """Where to go comes first: the eye takes the first address. Of a drill the status page knows nothing."""
    if scenario is not None:
        minutes = round(scenario.length.total_seconds() / 60)
        typer.echo(f"Open {site.url} and the drill {scenario.name} begins. It lasts {minutes} minutes.")
        typer.echo(
            "Choose who you are and take command with 🧭 on the board. The others are played: give them calls and items,"
        )
        typer.echo("or speak to them by name (`Leah, roll back`). Ctrl-C ends it.")
        return
    typer.echo(f"Open {site.url} and the checkout outage begins.")
    typer.echo("Choose who you are, claim what nobody holds, grab an item, react to anything. Ctrl-C ends it.")
    typer.echo(f"What customers see, once Jon publishes: {page}")


async def _when_watched(site: Site) -> None:
    await site.watched.wait()
    await REAL.sleep(1)


async def _in_the_browser(cast: Cast, practice: Practice, running: asyncio.Task[None]) -> None:
    await _first(running, cast.play())
    typer.echo("The story is over; the chat stays open for you. `/inc drill` in triage begins a drill. Ctrl-C ends it.")
    await _first(running, practice.whenever())
