"""Where calls arrive in the tests: a server that takes messages as ntfy does, and a mail server."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session


class Ntfy:
    """`failing` is how many of the next messages are answered 500."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.asked = 0
        self.failing = 0
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.failing:
            self.failing -= 1
            return web.Response(status=500)
        self.received.append(await request.json())
        return web.json_response({"id": "x"})

    def address(self, topic: str) -> str:
        return f"ntfy://127.0.0.1:{self.port}/{topic}"


@asynccontextmanager
async def ntfy() -> AsyncIterator[Ntfy]:
    there = Ntfy()
    app = web.Application()
    app.router.add_post("/{topic:.*}", there.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.port = runner.addresses[0][1]
    try:
        yield there
    finally:
        await runner.cleanup()


class Mail:
    def __init__(self) -> None:
        self.received: list[Message] = []
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append(email.message_from_bytes(content))
        return "250 OK"

    def address(self, to: str) -> str:
        return f"mailto://127.0.0.1:{self.port}?to={to}&from=tocsin@example.org&mode=insecure"


@asynccontextmanager
async def mail() -> AsyncIterator[Mail]:
    there = Mail()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(there), "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield there
    finally:
        server.close()
        await server.wait_closed()
