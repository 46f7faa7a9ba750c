"""Who may ask a port on loopback: programs of this machine, and a person who goes there; no page of another site.

Rule: any page in a browser on this machine can reach such a port. It is told apart by the name it asks under (DNS
rebinding brings a foreign one) and by what the browser says of it (`Origin`, `Sec-Fetch-Site`).
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

LOCAL = ("127.0.0.1", "localhost", "::1")
"""What the browser calls this machine by."""


@web.middleware
async def nearby(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns away whoever asks from elsewhere."""
    host = request.headers.get("Host")
    # A browser always says it; old probes (HTTP/1.0) do not.
    if host is not None and not _local(f"http://{host}"):
        return web.Response(status=421, text="These pages are answered under 127.0.0.1 or localhost alone.\n")
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    # A link that a person follows comes from elsewhere, and the page that has it sees nothing of where it leads.
    followed = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    if (origin is not None and not _local(origin)) or (site not in {"none", "same-origin"} and not followed):
        return web.Response(status=403, text="These pages are for no other site.\n")
    return await handler(request)


def _local(address: str) -> bool:
    try:
        url = URL(address)
    except ValueError:
        return False
    return url.host in LOCAL and url.user is None and url.path in {"", "/"}
