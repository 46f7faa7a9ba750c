"""Listening for HTTP: what every port of Tocsin's holds against clients that are slow, many, or not clients at all.

Rule: nobody waits for a stranger. A head, a body and the taking of an answer have their time; when a port is full, the
connection that has waited longest gives way to the new one, so that flooding a port locks out nobody but the flood.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

log = logging.getLogger(__name__)

PATIENCE = 10
"""Seconds a connection may take for a request's head, or stay idle between two."""

TAKING = 60.0
"""Seconds in which a client takes the answer that is sent to it."""

MOST = 256
"""Connections of one port. A process may have 1,024 files open on most systems, and there are three ports. There is no limit
for each address: behind a proxy all are of one."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # Else aiohttp puts its version and Python's there.
    "Server": "tocsin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""OWASP's secure headers, for pages that load nothing. A page that needs more sets its own, which stay."""


def listener(app: web.Application, grace: float) -> web.AppRunner:
    """What serves an application. At the end, answers under way are given `grace` seconds, twice."""
    return _Runner(
        app, access_log=None, keepalive_timeout=PATIENCE, lingering_time=1, shutdown_timeout=grace, handle_signals=False
    )


class _Connection(RequestHandler):
    """One client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(self._manager, _Server), "made by one"
        self._manager.admit(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        if isinstance(self._manager, _Server):
            self._manager.open.pop(self, None)
        super().connection_lost(exc)

    @property
    def waits(self) -> bool:
        """Whether no request of it is under way."""
        return not self._request_in_progress

    def cut(self) -> None:
        """Ends it now: what is not sent yet is not waited for."""
        if self.transport is not None:
            self.transport.abort()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            async with asyncio.timeout(TAKING):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            self.cut()
            return resp, True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """One line, which repeats nothing of what was asked; the log is for our faults, not for what strangers send."""
        if status >= 500:
            log.error("bug in a page", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half of the answer is sent")
        answer = web.Response(status=status, headers=HEADERS)
        answer.text = f"{status} {answer.reason}\n"
        answer.force_close()
        return answer


class _Server(web.Server):
    """All clients of one port, in the order in which they came."""

    open: dict[_Connection, None]

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def admit(self, new: _Connection) -> None:
        """Takes one in; the one that has waited longest makes room, or where none waits, the oldest."""
        if len(self.open) >= MOST:
            oldest = next((each for each in self.open if each.waits), next(iter(self.open)))
            del self.open[oldest]
            oldest.cut()
        self.open[new] = None


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            **made._kwargs,
        )
        server.open = {}
        return server
