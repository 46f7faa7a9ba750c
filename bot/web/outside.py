"""The outside pages: the status page's files, as they stand in its folder, for everybody.

Rule: what is served is what the folder holds, so that another web server on the same folder serves the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from aiohttp import web

from bot.web.manners import manners
from bot.web.status.html import CONTENT_SECURITY_POLICY

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
}
"""By the end of a file's name; the folder holds no others."""

HEADERS = {
    # A cache in front may go on with what it has while Tocsin is away (RFC 5861).
    "Cache-Control": "public, max-age=15, stale-if-error=86400",
    # The page's own, and what only a header can say.
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'",
}

FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""What other sites' pages may read: the JSON and the feed hold nothing that is not on the page."""


def outside(root: Path, files: Callable[[], Collection[str]]) -> web.Application:
    """The application. `files` are those that there are, by relative path; none before the page was made the first time."""

    async def page(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"] or "index.html"
        there = files()
        if not there:
            raise web.HTTPServiceUnavailable
        if name not in there:
            raise web.HTTPNotFound
        path = root / name
        open_to_all = path.suffix in (".json", ".atom")
        return web.FileResponse(
            path, headers={"Content-Type": TYPES[path.suffix], **HEADERS, **(FOR_ALL if open_to_all else {})}
        )

    app = web.Application(middlewares=[manners])
    app.router.add_get("/{name:.*}", page)
    return app
