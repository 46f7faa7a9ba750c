"""The fake Discord's HTTP: every request goes one way, through faults, token, buckets and checks to its route and back.

The routes themselves are tables in `discord_rest_messages`, `discord_rest_places` and `discord_rest_interactions`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import BodyPartReader, web
from discord_buckets import Buckets, Limited
from discord_entry import archive_idle
from discord_faults import Fault, Faults
from discord_limits import NOT_FOUND, UNAUTHORIZED, Problem, Refused
from discord_world import Json, User, Viewer, World

if TYPE_CHECKING:
    from discord_fake import FakeDiscord

PREFIX = "/api/v10"
VIA = {"Via": "1.1 google"}  # without it, discord.py takes a 429 for a ban by Cloudflare


@dataclass
class Call:
    """One request, as its route sees it."""

    discord: FakeDiscord
    method: str
    path: str
    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: Sequence[tuple[str, bytes]]
    reason: str
    who: User
    template: str = ""  # the path as documented, with the names of its parts
    status: int = 0
    answer: Any = None

    @property
    def world(self) -> World:
        return self.discord.world

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.who.id, content=self.world.content_allowed)

    def id(self, name: str) -> int:
        return int(self.args[name])

    def whole(self, name: str, default: int) -> int:
        return int(self.query.get(name) or default)


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """A row: method and path as documented, the bucket it counts in, what it does, and what success is.

    The major parameter is the first id of the path. A route that carries its own token needs no other.
    """

    method: str
    path: str
    bucket: str
    handler: Handler
    status: int = 200
    own_token: bool = False
    hidden: Callable[[Call, Buckets], None] | None = None


@dataclass
class Rest:
    discord: FakeDiscord
    faults: Faults
    buckets: Buckets
    log: list[Call] = field(default_factory=list)

    def add_to(self, app: web.Application, routes: Sequence[Route]) -> None:
        for route in routes:
            app.router.add_route(route.method, PREFIX + route.path, self._serve(route))
        app.router.add_route("*", PREFIX + "/{rest:.*}", self._unknown)

    def _serve(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            if self.faults.down:
                return _hang_up(request)
            call = await self._read(request)
            call.template = route.path
            self.log.append(call)
            if (early := self.faults.next(call.method, call.path, after=False)) is not None:
                answer = await self._trip(early, request)
                if answer is not None:
                    call.status = answer.status
                    return answer
            answer = self._answer(route, call, request)
            if (late := self.faults.next(call.method, call.path, after=True)) is not None:
                answer = await self._trip(late, request) or answer
            return answer

        return serve

    async def _read(self, request: web.Request) -> Call:
        body, uploads = await _body(request, self.discord.violations)
        path = unquote(request.rel_url.raw_path.removeprefix(PREFIX))
        reason = unquote(request.headers.get("X-Audit-Log-Reason", ""))
        return Call(
            self.discord,
            request.method,
            path,
            request.match_info,
            request.query,
            body,
            uploads,
            reason,
            self.discord.bot.user,
        )

    def _answer(self, route: Route, call: Call, request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if not route.own_token:
                self._known(request)
            major = next(iter(request.match_info.values()), "")
            headers = self.buckets.take(route.bucket, major, with_global=not route.own_token)
            if route.hidden is not None:
                route.hidden(call, self.buckets)
            archive_idle(call.world)
            call.answer = route.handler(call)
            call.status = call.status or route.status
        except Refused as refusal:
            call.status, call.answer = refusal.problem.status, _problem(refusal)
            if isinstance(refusal, Limited):
                headers |= VIA | {"Retry-After": f"{refusal.retry_after:.3f}", "X-RateLimit-Scope": refusal.scope}
        self.discord.checks.exchange(call)
        if self.buckets.count_invalid(call.status, headers.get("X-RateLimit-Scope", "")) or self.faults.banned:
            return _banned()
        return _reply(call.status, call.answer, headers)

    def _known(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self.discord.bot.token}":
            raise Refused(UNAUTHORIZED)

    async def _trip(self, fault: Fault, request: web.Request) -> web.Response | None:
        """What goes wrong, as an answer; none where the request still goes on."""
        match fault.kind:
            case "abort":
                return _hang_up(request)
            case "silence":
                await asyncio.sleep(fault.seconds)
                return _hang_up(request)
            case "delay":
                await asyncio.sleep(fault.seconds)
                return None
            case "limit":
                limited = Limited(fault.seconds, fault.scope)
                self.buckets.count_invalid(429, fault.scope)
                headers = VIA | {"Retry-After": str(fault.seconds), "X-RateLimit-Scope": fault.scope}
                if fault.scope == "global":
                    headers["X-RateLimit-Global"] = "true"
                return _reply(429, _problem(limited), headers)
            case "status":
                return _reply(fault.status, {"message": f"{fault.status}: Server Error", "code": 0}, {})

    async def _unknown(self, request: web.Request) -> web.Response:
        """A route that nobody wrote is a gap in the fake, and is said so."""
        self.discord.violations.append(f"{request.method} {request.path}: not a route of the fake")
        return _reply(404, _problem(Refused(NOT_FOUND)), {})


async def _body(request: web.Request, violations: list[str]) -> tuple[Any, list[tuple[str, bytes]]]:
    """JSON, or `payload_json` with its files: docs/reference#uploading-files."""
    if request.content_type != "multipart/form-data":
        data = await request.read()
        return (json.loads(data) if data else None), []
    body: Any = {}
    uploads: list[tuple[str, bytes]] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read(decode=True))
        if part.name == "payload_json":
            body = json.loads(data)
        elif part.name == f"files[{len(uploads)}]" and part.filename:
            uploads.append((part.filename, data))
        else:
            violations.append(
                f"{request.method} {request.path}: the part {part.name} is no files[{len(uploads)}] with a name"
            )
    return body, uploads


def _problem(refusal: Refused) -> Json:
    problem: Problem = refusal.problem
    if refusal.retry_after is not None:
        scope = refusal.scope if isinstance(refusal, Limited) else "user"
        about = {"message": problem.message, "retry_after": round(refusal.retry_after, 3), "global": scope == "global"}
        return about | ({"code": problem.code} if problem.code else {})
    shape: Json = {"message": problem.message, "code": problem.code}
    return shape | ({"errors": refusal.errors} if refusal.errors else {})


def _reply(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    if status == 204:
        return web.Response(status=204, headers=headers)
    # Exactly this type: with a charset, discord.py takes the body for text.
    return web.Response(
        body=json.dumps(answer).encode(), status=status, headers=headers | {"Content-Type": "application/json"}
    )


def _banned() -> web.Response:
    return web.Response(status=429, text="<h1>error code: 1015</h1>", content_type="text/html")


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
