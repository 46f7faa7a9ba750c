"""The door of the hooks as senders meet it: on a real port, with a real database behind it, and clients that sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from alert_hooks import SECRET, TRIAGE
from standardwebhooks import Webhook

from bot.config.hooks import Hook
from bot.web.hooks.batch import Rules
from bot.web.hooks.door import Door, Sender
from bot.web.manners import manners
from bot.web.serve import serve
from core.activity_log import HOUSE, ActivityLog
from core.clock import SystemClock
from core.command_post import CommandPost, Order
from core.database import SqliteFile, open_file
from core.displays import Displays
from core.incident import commands as c
from core.incident.policy import Policy
from core.shown import Showing
from core.timers import Timers

GENERIC = "whsec_" + base64.b64encode(b"g" * 32).decode()
OLDER = "whsec_" + base64.b64encode(b"o" * 32).decode()

HOOKS = (
    Hook.model_validate({"kind": "alertmanager", "name": "prod", "secret": SECRET}),
    Hook.model_validate({"kind": "grafana", "name": "boards", "secret": SECRET}),
    Hook.model_validate({"kind": "grafana", "name": "timed", "secret": SECRET, "timestamp_header": "X-Time"}),
    Hook.model_validate({"kind": "generic", "name": "cron", "secret": f"{GENERIC} {OLDER}"}),
)


@dataclass
class Answer:
    status: int
    text: str


class Trouble:
    """A database that fails at writing, in one way."""

    def __init__(self, file: SqliteFile, error: Exception) -> None:
        self._file = file
        self._error = error

    async def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        raise self._error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@dataclass
class Gate:
    base: str
    post: CommandPost
    database: SqliteFile
    client: ClientSession
    looks: list[str] = field(default_factory=list)

    async def sends(self, path: str, body: bytes | dict[str, Any], headers: dict[str, str]) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        more = {"Content-Type": "application/json", **headers}
        async with self.client.post(f"{self.base}/hooks/{path}", data=BytesIO(data), headers=more) as answer:
            return Answer(answer.status, await answer.text())

    async def alertmanager(
        self, body: bytes | dict[str, Any], *, secret: str = SECRET, name: str = "prod", **headers: str
    ) -> Answer:
        return await self.sends(f"alertmanager/{name}", body, {"Authorization": f"Bearer {secret}", **headers})

    async def grafana(self, body: dict[str, Any], *, at: int | None = None, secret: str = SECRET) -> Answer:
        data = json.dumps(body).encode()
        signed = data if at is None else f"{at}:".encode() + data
        headers = {"X-Grafana-Alerting-Signature": hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}
        if at is not None:
            headers["X-Time"] = str(at)
        return await self.sends("grafana/boards" if at is None else "grafana/timed", data, headers)

    async def generic(
        self, body: dict[str, Any], *, name: str = "msg_1", at: datetime | None = None, secret: str = GENERIC
    ) -> Answer:
        moment, data = at or datetime.now(UTC), json.dumps(body)
        signature = Webhook(secret).sign(name, moment, data)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": signature,
        }
        return await self.sends("generic/cron", data.encode(), headers)

    async def kinds(self) -> list[str]:
        return [record.event.kind for record in await self.post.log.load(HOUSE)]


@asynccontextmanager
async def open_gate(folder: Path, hooks: tuple[Hook, ...] = HOOKS) -> AsyncIterator[Gate]:
    async with AsyncExitStack() as stack:
        database = await open_file(folder / "tocsin.db")
        stack.push_async_callback(database.close)
        clock, policy = SystemClock(), Policy()
        post = CommandPost(ActivityLog(database), clock, lambda: policy)
        await post.wake()
        # As it is wired. No chat is connected, so they have nothing to do.
        displays, timers = Displays({}, post, Showing(database), clock), Timers(post, clock)
        post.listeners += [displays.show, timers.watch]
        client = await stack.enter_async_context(ClientSession())
        gate = Gate("", post, database, client)

        async def hear(command: c.HearAlerts) -> None:
            await gate.post.handle(Order(command, HOUSE, None, clock.now()))

        def look(name: str) -> Any:
            return lambda: gate.looks.append(name)

        app = web.Application(middlewares=[manners])
        Door([Sender(one, Rules(one, (), TRIAGE), look(one.name)) for one in hooks], hear, clock).add(app)
        port = await stack.enter_async_context(serve(app, "127.0.0.1", 0))
        gate.base = f"http://127.0.0.1:{port}"
        yield gate
        await displays.stop()
