"""The inside pages: is it alive, is it ready, its numbers, and the insights; for loopback, where probes and Prometheus ask.

Rules: all but the insights tell how the bot is, never what an incident says; none is for a page of another site.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry, Info, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.web.manners import manners
from bot.web.nearby import nearby


class Health(Protocol):
    """What the bot knows about itself."""

    def ready(self) -> Sequence[str]:
        """Why it cannot do its work now, one reason each, in words for the person on call; empty when it can."""
        ...


def registry() -> CollectorRegistry:
    """A registry of our own, with the process and the version on it; libraries' default registry stays out."""
    own = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=own)
    Info("tocsin_build", "The version that runs.", registry=own).info({"version": version("tocsin")})
    return own


def internal(
    health: Health, numbers: CollectorRegistry, insights: Callable[[web.Application], None] | None = None
) -> web.Application:
    """The inside pages as an application; `insights` adds those of the incidents."""

    async def healthz(_request: web.Request) -> web.Response:
        # That this is answered is the news: the loop turns.
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        reasons = health.ready()
        return web.Response(text="\n".join(reasons or ["ready"]) + "\n", status=503 if reasons else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(numbers), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application(middlewares=[manners, nearby])
    for path, page in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.router.add_get(path, page, allow_head=False)
    if insights is not None:
        insights(app)
    return app
