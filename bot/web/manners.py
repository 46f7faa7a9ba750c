"""What every page has in common: headers that keep a browser from being clever, and errors in one line of text."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from transports.listening import HEADERS


@web.middleware
async def manners(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the headers on every answer; an error is one line, and repeats nothing of what was asked."""
    try:
        answer = await handler(request)
    except web.HTTPException as refusal:
        allow = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
        answer = web.Response(status=refusal.status, text=f"{refusal.status} {refusal.reason}\n", headers=allow)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
