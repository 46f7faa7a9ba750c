"""What stands between the bot and a homeserver: a proxy that a test lets answer in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from synapse import Synapse
from yarl import URL

Answer = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
Heard = Callable[[web.Request, bytes], Awaitable[None]]


@asynccontextmanager
async def in_between(
    server: Synapse, answer: Answer, sizes: list[tuple[str, int]] | None = None, heard: Heard | None = None
) -> AsyncIterator[str]:
    """A proxy before the homeserver that asks `answer(request)` first; `None` passes the request on.

    `sizes` takes the bytes that each path was answered with, and `heard` what the server said, before the bot has it.
    """
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def handle(request: web.Request) -> web.StreamResponse:
            instead = await answer(request)
            if instead is not None:
                return instead
            body = await request.read()
            url = server.url + request.raw_path
            headers = {k: v for k, v in request.headers.items() if k.lower() in ("authorization", "content-type")}
            async with session.request(request.method, URL(url, encoded=True), data=body, headers=headers) as reply:
                given = await reply.read()
                if sizes is not None:
                    sizes.append((request.path.rpartition("/")[2], len(given)))
                if heard is not None:
                    await heard(request, given)
                return web.Response(body=given, status=reply.status, content_type=reply.content_type)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()


def html(status: int) -> web.Response:
    return web.Response(status=status, text="<html>Bad gateway</html>", content_type="text/html")
