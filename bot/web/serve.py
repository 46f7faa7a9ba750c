"""Serving an application: bound when the block is entered, gone within a second of its end.

Rule: a client that sends slowly, or nothing, is cut off; it never keeps the bot from ending.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from transports.listening import listener

GRACE = 0.25
"""Seconds that answers under way are given at the end; aiohttp takes them twice, before and after it cancels."""


class Unavailable(Exception):
    """The address cannot be listened on; the message is the one line that a person reads."""


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve on `host`; gives the port, which the system chooses when `port` is 0. Raises `Unavailable`."""
    runner = listener(app, GRACE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            # asyncio puts a sentence of its own in front of the system's.
            reason = (error.strerror or str(error)).rpartition(": ")[2]
            raise Unavailable(f"cannot listen on {host} port {port}: {reason}") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
