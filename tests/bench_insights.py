"""`/insights` over 1,000 incidents beside a bare aiohttp handler that reads as many rows and dumps them as JSON."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import ClientSession, web
from bench_figures import Figure, Run, ratio, timed
from bench_log import fill
from insights_samples import history
from pushed_clock import PushedClock

from bot.web.insights import pages
from bot.web.manners import manners
from bot.web.serve import serve
from core.activity_log import ActivityLog, stream_of
from core.command_post import CommandPost
from core.database import Database, open_file
from core.figures_kept import FIGURES, FiguresKept
from core.incident.events import Recorded
from core.incident.policy import Policy
from core.views import Views

INCIDENTS = 1_000

ASKED = {"/insights": 10.0, "/insights.json": 6.0, "/insights.csv": 6.0}
"""Each address, and how many times the bare handler it may take."""


_INSERT = (
    "INSERT INTO figures SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), "
    "json_extract(value, '$[3]') FROM json_each(?)"
)


class CountedLog(ActivityLog):
    """A log that counts the streams that were read."""

    streams_read = 0

    async def load(self, stream: str, after: int = 0) -> list[Recorded]:
        self.streams_read += 1
        return await super().load(stream, after)


async def insights(run: Run) -> list[Figure]:
    folder = run.home / "insights"
    folder.mkdir()
    await fill(folder / "tocsin.db", INCIDENTS)
    async with AsyncExitStack() as stack:
        database = await open_file(folder / "tocsin.db")
        stack.push_async_callback(database.close)
        log = CountedLog(database)
        post = CommandPost(log, PushedClock(), Policy)
        # As a process that was here before has left the table: years of all kinds, not one story a thousand times.
        versions = await log.versions()
        rows = [
            [stream_of(one.number), versions[stream_of(one.number)], FIGURES.form, one.model_dump_json()]
            for one in history(INCIDENTS - 1)
        ]
        await database.write(_INSERT, (json.dumps(rows),))
        views = Views(log, database, FIGURES)
        counted = FiguresKept(post, views, post.clock)
        reading = await timed(views.read)
        counted.pending = 0
        app = web.Application(middlewares=[manners])
        pages.add(app, counted, post.incident)
        app.router.add_get("/bare", partial(_bare, database))
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        client = await stack.enter_async_context(ClientSession(f"http://127.0.0.1:{port}"))
        times: dict[str, list[float]] = {path: [] for path in ("/bare", *ASKED)}
        for _ in range(run.samples + 1):
            for path, found in times.items():
                found.append(await timed(partial(_got, client, path)))
        figures = [
            ratio(f"{path} over {INCIDENTS:,} incidents", times[path][1:], times["/bare"][1:], most)
            for path, most in ASKED.items()
        ]
        detail = f"of {len(counted.all()):,} incidents; their rows were read in {reading * 1000:.0f} ms at the start"
        return [*figures, Figure("streams read for it", log.streams_read, 0, "", detail)]


async def _bare(database: Database, _request: web.Request) -> web.Response:
    rows = await database.rows("SELECT view FROM figures")
    return web.Response(text=json.dumps([json.loads(row[0]) for row in rows]), content_type="application/json")


async def _got(client: ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        await answer.read()
        assert answer.status == 200, path
