"""The sandbox in a browser: a page, its acts as JSON, and a websocket that tells it what happens.

Rule: any page on the web can reach a loopback port, so a request is answered only when its Host is this loopback port
(against DNS rebinding), it carries the token of this start, and what changes or listens comes from this very origin.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from aiohttp import WSCloseCode, web
from pydantic import ValidationError

from transports.bodies import Unfit, read_json
from transports.listening import HEADERS, listener
from transports.sandbox import files
from transports.sandbox.acts import ACTS
from transports.sandbox.palette import Palette
from transports.sandbox.places import Happening, Turned
from transports.sandbox.views import Viewer, moment
from transports.sandbox.world import World

FILES = Path(__file__).with_name("page")

SERVED = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "cards.js": "text/javascript",
    "composer.js": "text/javascript",
    "dom.js": "text/javascript",
    "form.js": "text/javascript",
    "keys.js": "text/javascript",
    "messages.js": "text/javascript",
    "picker.js": "text/javascript",
    "state.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""Everything the page loads, by name; nothing else is on disk as far as a request is concerned."""

LONGEST_ACT = 256 * 1024
"""Bytes of one act; the longest message is 40,000 characters."""

TICK = 1.0
"""Real seconds without news after which an open page is told the story's time."""

WORLD = web.AppKey("WORLD", World)
TOKEN = web.AppKey("TOKEN", str)
PALETTE = web.AppKey("PALETTE", Palette)
SOCKETS = web.AppKey("SOCKETS", WeakSet[web.WebSocketResponse])
WATCHED = web.AppKey("WATCHED", asyncio.Event)
HERE = web.AppKey("HERE", Counter[str])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(world: World, token: str, palette: Palette | None = None) -> web.Application:
    """The page's application."""
    app = web.Application(middlewares=[_guarded])
    app[WORLD], app[TOKEN], app[PALETTE], app[SOCKETS] = world, token, palette or Palette(), WeakSet()
    app[WATCHED], app[HERE] = asyncio.Event(), Counter()
    app.router.add_get("/", _index)
    app.router.add_get("/live", _live)
    app.router.add_post("/acts", _act)
    app.router.add_get("/files/{message}", _download)
    app.router.add_get("/{name}", _file)
    app.on_response_prepare.append(_dress)
    app.on_shutdown.append(_hang_up)
    return app


@dataclass(frozen=True, slots=True)
class Site:
    """The page being served: where, how to stop it, and whether somebody has opened it and chosen who they are.

    `here` counts the open tabs of each account by its id.
    """

    url: str
    port: int
    watched: asyncio.Event
    here: Counter[str]
    _runner: web.AppRunner

    async def close(self) -> None:
        await self._runner.cleanup()


async def serve(world: World, host: str, port: int, token: str, palette: Palette | None = None) -> Site:
    """Serve the page on a loopback address; port 0 takes a free one. Raises `ValueError`, or `OSError` if it is taken."""
    if host not in {"127.0.0.1", "localhost"}:
        raise ValueError(f"the sandbox listens on 127.0.0.1 only, not on {host!r}")
    app = create_app(world, token, palette)
    runner = listener(app, 1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError:
        await runner.cleanup()
        raise
    taken = int(runner.addresses[0][1])
    return Site(f"http://127.0.0.1:{taken}/?token={token}", taken, app[WATCHED], app[HERE], runner)


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    refusal = _refusal(request)
    return web.Response(status=403, text=f"{refusal}\n") if refusal else await handler(request)


def _refusal(request: web.Request) -> str | None:
    port = _port(request)
    if request.host not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
        return f"This is Tocsin's sandbox; it answers at 127.0.0.1:{port} and under no other name."
    own = f"http://{request.host}"
    outside = request.path == "/live" or request.method not in {"GET", "HEAD"}
    # A link that is followed names no origin; a script that reads names its own.
    foreign = request.path.startswith("/files/") and request.headers.get("Origin", own) != own
    # A browser says what it is asked by; only the page itself may be come to from elsewhere, by a link.
    foreign |= request.path != "/" and request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    if foreign or (outside and request.headers.get("Origin") != own):
        return "Tocsin's sandbox takes acts from its own page only."
    private = request.path in {"/", "/live", "/acts"} or request.path.startswith("/files/")
    if private and not _knows_token(request):
        return "Open the sandbox with the address that Tocsin printed when it started; it ends in ?token=…"
    return None


def _knows_token(request: web.Request) -> bool:
    shown = request.query.get("token") or request.cookies.get(_cookie(request)) or ""
    return hmac.compare_digest(shown.encode(), request.app[TOKEN].encode())


def _cookie(request: web.Request) -> str:
    # Cookies know no ports, so two sandboxes on one machine need two names.
    return f"tocsin-{_port(request)}"


def _port(request: web.Request) -> int:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return int(name[1]) if name else 0


async def _dress(request: web.Request, response: web.StreamResponse) -> None:
    """Puts the headers on every answer, the live stream's too."""
    port = _port(request)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' ws://127.0.0.1:{port} ws://localhost:{port}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    own = {"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"}
    for name, value in {**HEADERS, **own}.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]  # aiohttp has put its own on a live stream by now


async def _index(request: web.Request) -> web.StreamResponse:
    response = web.FileResponse(FILES / "index.html")
    if "token" in request.query:
        # No redirect: a strict cookie would not come along on one that began at another site. The page itself takes
        # the token out of the address.
        response.set_cookie(_cookie(request), request.app[TOKEN], httponly=True, samesite="Strict", path="/")
    return response


async def _file(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in SERVED:
        raise web.HTTPNotFound(text="There is nothing here.\n")
    return web.FileResponse(FILES / name, headers={"Content-Type": SERVED[name]})


async def _download(request: web.Request) -> web.StreamResponse:
    try:
        file = files.found(request.app[WORLD], request.match_info["message"], request.query.get("as", ""))
    except Turned as turned:
        raise web.HTTPNotFound(text=f"{turned}\n") from turned
    return web.Response(body=file.data, headers=files.headers(file))


async def _act(request: web.Request) -> web.StreamResponse:
    try:
        act = ACTS.validate_python(await read_json(request, LONGEST_ACT))
    except Unfit as unfit:
        return web.json_response({"refused": str(unfit)}, status=unfit.status)
    except ValidationError as wrong:
        found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors())
        return web.json_response({"refused": f"That is no act ({found})."}, status=400)
    try:
        return web.json_response({"done": act.carry_out(request.app[WORLD])})
    except Turned as turned:
        return web.json_response({"refused": str(turned)}, status=409)


async def _live(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    socket = web.WebSocketResponse(heartbeat=20.0)
    await socket.prepare(request)
    request.app[SOCKETS].add(socket)
    viewer, news, here = (
        Viewer(world, world.people.get(request.query.get("as", ""))),
        asyncio.Event(),
        request.app[HERE],
    )
    if viewer.person is not None:
        request.app[WATCHED].set()
        here[viewer.person.id] += 1

    def note(happening: Happening) -> None:
        viewer.note(happening)
        news.set()

    unsubscribe = world.subscribe(note)
    telling = asyncio.create_task(_tell(socket, viewer, news, request.app[PALETTE]))
    try:
        async for _ in socket:
            pass  # the page acts by POST; reading is what notices that it went away
    finally:
        unsubscribe()
        telling.cancel()
        if viewer.person is not None:
            here[viewer.person.id] -= 1
    return socket


async def _tell(socket: web.WebSocketResponse, viewer: Viewer, news: asyncio.Event, palette: Palette) -> None:
    with suppress(ConnectionError):  # the page went away while it was being told; it asks again when it is back
        await socket.send_json({**viewer.everything(), **palette.view()})
        while not socket.closed:
            try:
                async with asyncio.timeout(TICK):
                    await news.wait()
            except TimeoutError:
                await socket.send_json({"type": "time", "now": moment(viewer.world.clock.now())})
                continue
            news.clear()
            await socket.send_json(viewer.news())


async def _hang_up(app: web.Application) -> None:
    sockets = app[SOCKETS]
    for socket in tuple(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the sandbox has stopped")
