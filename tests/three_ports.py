"""Every port that Tocsin listens on, as it is in earnest, and a client that sends bytes as they stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from sandbox_stage import Stage

from bot.palette import palette
from bot.web.insights import pages
from bot.web.internal import internal, registry
from bot.web.outside import outside
from bot.web.serve import serve
from bot.web.status.folder import Folder
from core.incident.figures import Figures
from core.incident.state import Incident
from transports.sandbox.page import create_app
from transports.sandbox.world import World

TOKEN = "a-token-of-this-start"
FILES = {"index.html": b"<p>one", "feed.atom": b"<feed/>", "api/v2/summary.json": b"{}", "style.css": b"a{}"}


class Nothing:
    """A bot without an incident."""

    pending: int | None = 0
    damaged: tuple[str, ...] = ()

    def all(self) -> tuple[Figures, ...]:
        return ()

    def ready(self) -> list[str]:
        return []

    async def incident(self, _stream: str) -> Incident | None:
        return None


@dataclass(frozen=True)
class Port:
    """One that listens: its number and what it serves."""

    number: int
    app: web.Application
    world: World | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.number}"


@asynccontextmanager
async def three_ports(home: Path) -> AsyncIterator[dict[str, Port]]:
    """The status page, the inside pages and the sandbox, all served."""
    Folder(home / "status").write(FILES)
    bot, world = Nothing(), Stage().world
    insights = partial(pages.add, counted=bot, incident=bot.incident, services=())
    apps = {
        "status": outside(home / "status", lambda: FILES),
        "inside": internal(bot, registry(), insights),
        "sandbox": create_app(world, TOKEN, palette()),
    }
    async with AsyncExitStack() as stack:
        yield {
            name: Port(await stack.enter_async_context(serve(app, "127.0.0.1", 0)), app, world)
            for name, app in apps.items()
        }


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def raw(port: Port, sent: bytes) -> Answer:
    """What is answered to these bytes. The connection ends after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port.number)
    try:
        writer.write(sent)
        async with asyncio.timeout(15):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in head[1:] if row)}
            length = int(headers.get("content-length", 0))
            body = await reader.readexactly(length) if not sent.startswith(b"HEAD") else b""
        return Answer(int(head[0].split()[1]), headers, body)
    finally:
        writer.close()


async def asked(
    port: Port, path: str, method: str = "GET", body: bytes = b"", host: str = "", **headers: Any
) -> Answer:
    """One request, as a program without manners would write it."""
    rows = {
        "Host": host or port.host,
        "Content-Length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in rows.items())
    return await raw(port, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
