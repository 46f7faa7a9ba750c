"""The insights over HTTP: a page of them all, a page for each incident, and the same as JSON and CSV.

Rules: they say what incidents say, so no other page in the reader's browser reaches them (`bot.web.nearby`). A page reads
rows that are kept; one incident's page reads that one's stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.web.insights import html
from bot.web.insights.chosen import Refused, chosen
from bot.web.insights.table import as_csv, as_json
from bot.web.insights.view import View
from core.activity_log import Unreadable, stream_of
from core.incident.figures import Figures
from core.incident.state import Incident


class Counted(Protocol):
    """What has been counted so far."""

    pending: int | None

    @property
    def damaged(self) -> Sequence[str]: ...

    def all(self) -> tuple[Figures, ...]: ...


def add(
    app: web.Application,
    counted: Counted,
    incident: Callable[[str], Awaitable[Incident | None]],
    services: Sequence[str] = (),
) -> None:
    """Adds the pages. `incident` reads the one of a stream, `services` are those of the config."""

    def seen(request: web.Request) -> View:
        everything = counted.all()
        known = sorted({*services, *(one.service for one in everything)} - {""})
        wanted = chosen([*request.query.items()], known)
        return View(wanted, wanted.of(everything), tuple(known), counted.pending, tuple(counted.damaged))

    # In threads: a long history takes a moment, and nobody in the chat waits for it.
    async def index(request: web.Request) -> web.Response:
        return _page(await asyncio.to_thread(html.index, seen(request)))

    async def data(request: web.Request) -> web.Response:
        text = await asyncio.to_thread(as_json, seen(request))
        return web.Response(text=text, content_type="application/json", charset="utf-8")

    async def sheet(request: web.Request) -> web.Response:
        headers = {
            "Content-Type": "text/csv; charset=utf-8; header=present",
            "Content-Disposition": 'attachment; filename="insights.csv"',
        }
        text = await asyncio.to_thread(as_csv, seen(request).incidents)
        return web.Response(body=text.encode(), headers=headers)

    async def one(request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        found = await incident(stream_of(number))
        return _page(html.missing(number), 404) if found is None else _page(html.one(found))

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=html.linked("style.css"), content_type="text/css", charset="utf-8")

    async def icon(_request: web.Request) -> web.Response:
        return web.Response(text=html.linked("icon.svg"), content_type="image/svg+xml", charset="utf-8")

    pages: tuple[tuple[str, Handler], ...] = (
        ("/insights", index),
        ("/insights.json", data),
        ("/insights.csv", sheet),
        ("/insights/style.css", style),
        ("/insights/icon.svg", icon),
        ("/insights/{number:[1-9][0-9]{0,9}}", one),
    )
    for path, page in pages:
        app.router.add_get(path, _guarded(page), allow_head=False)


def _guarded(page: Handler) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await page(request)
        except Refused as refused:
            return web.Response(status=400, text=f"{refused}\n")
        except Unreadable as damage:
            return web.Response(status=500, text=f"{damage}\n")

    return answer


def _page(text: str, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": html.CONTENT_SECURITY_POLICY}
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=headers)
