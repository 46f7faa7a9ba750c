"""`POST /hooks/KIND/NAME`: who sends is proved, what is sent is stored, and only then it is said to be.

Rule: 2xx means that every alert of the body is on the record. Whatever keeps it from there that is not the sender's fault is
503, never 429: Alertmanager tries again after a 5xx and after nothing else.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import web
from pydantic import SecretStr

from bot.config.hooks import Hook
from bot.web.hooks import alertmanager, generic, grafana
from bot.web.hooks.batch import Batch, Rules
from bot.web.hooks.body import Sent, Wrong
from core.incident import commands as c
from core.keys import bug_id
from core.port import Clock, Fatal
from transports.bodies import Unfit, read_signed

log = structlog.get_logger(__name__)

STORING = 8.0
"""Seconds after which a sender is told to try again; what is under way goes on, and the repeat finds it done."""

AT_ONCE = 64
"""Bodies that are stored at the same time. Only a sender's count: whoever else sends, slowly and without end, takes no place."""

SAID = timedelta(minutes=1)
"""Between two lines of the log about one hook for one reason."""


class NotReady(Exception):
    """The bot starts, or ends."""


class Kind(Protocol):
    """A module of a kind."""

    def why_not(self, hook: Hook, sent: Sent) -> str: ...

    def read(self, sent: Sent) -> Batch: ...


KINDS: dict[str, Kind] = {"alertmanager": alertmanager, "grafana": grafana, "generic": generic}


@dataclass(frozen=True, slots=True)
class Sender:
    """A hook with its rules, and whom to tell that it had more to say than arrived."""

    hook: Hook
    rules: Rules
    look: Callable[[], None]


class Door:
    """All hooks. `hear` has a command on the record when it returns. Raises `NotReady`, and the database's trouble."""

    def __init__(
        self, senders: Sequence[Sender], hear: Callable[[c.HearAlerts], Awaitable[object]], clock: Clock
    ) -> None:
        self._senders: dict[tuple[str, str], Sender] = {(one.hook.kind, one.hook.name): one for one in senders}
        self._strangers = {kind: _stranger(kind) for kind in KINDS}
        self._hear = hear
        self._clock = clock
        self._under_way: set[asyncio.Task[object]] = set()
        self._inside = 0
        self._said: dict[tuple[str, str], datetime] = {}

    def add(self, app: web.Application) -> None:
        app.router.add_post(f"/hooks/{{kind:{'|'.join(KINDS)}}}/{{name:[^/]+}}", self._post)

    async def _post(self, request: web.Request) -> web.Response:
        kind, name = request.match_info["kind"], request.match_info["name"]
        sender = self._senders.get((kind, name))
        # A name that nobody has is looked at as any other is, and found wrong.
        return await self._take(request, KINDS[kind], sender, sender.hook if sender else self._strangers[kind])

    async def _take(self, request: web.Request, kind: Kind, sender: Sender | None, hook: Hook) -> web.Response:
        try:
            body = await read_signed(request)
        except Unfit as unfit:
            if sender is not None:
                self._say(hook, str(unfit))
                sender.look()
            return _line(unfit.status, f"{unfit.status} {HTTPStatus(unfit.status).phrase}")
        sent = Sent(request.headers, body, self._clock.now())
        reason = kind.why_not(hook, sent)
        if reason or sender is None:
            if sender is not None:
                self._say(hook, reason)
            raise web.HTTPUnauthorized
        try:
            batch = kind.read(sent)
            command = sender.rules.command(batch)
        except Wrong as wrong:
            self._say(hook, str(wrong))
            sender.look()
            return _line(400, str(wrong))
        except Exception:  # a loop's edge, as below
            log.exception("bug", id=bug_id(self._clock.now()), hook=sender.hook.name)
            return self._trouble(sender, "a bug")
        if batch.cut:
            sender.look()
        if self._inside >= AT_ONCE:
            return self._trouble(sender, "too many at once")
        self._inside += 1
        try:
            return await self._store(sender, command)
        finally:
            self._inside -= 1

    async def _store(self, sender: Sender, command: c.HearAlerts) -> web.Response:
        task: asyncio.Task[object] = asyncio.ensure_future(self._hear(command))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            # Never cut off between the record and what is in memory of it.
            async with asyncio.timeout(STORING):
                await asyncio.shield(task)
        except NotReady:
            return _line(503, "not ready; try again")
        except (sqlite3.Error, Fatal) as error:
            return self._trouble(sender, str(error))
        except TimeoutError:
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            return self._trouble(sender, "the database is slow")
        except Exception:  # a loop's edge: a bug of ours is no reason for a sender to forget its alert
            log.exception("bug", id=bug_id(self._clock.now()), hook=sender.hook.name)
            return self._trouble(sender, "a bug")
        return _line(200, "stored")

    def _trouble(self, sender: Sender | None, reason: str) -> web.Response:
        if sender is not None:
            self._say(sender.hook, f"could not be stored, and is sent again: {reason}")
            sender.look()
        return _line(503, "not stored; try again")

    def _say(self, hook: Hook, reason: str) -> None:
        """To whoever reads the log, and not with every try."""
        now, name = self._clock.now(), (hook.name, reason[:60])
        if name in self._said and timedelta() <= now - self._said[name] < SAID:
            return
        self._said = {key: at for key, at in self._said.items() if now - at < SAID} | {name: now}
        log.warning("a hook was turned away", hook=hook.name, kind=hook.kind, reason=reason)


def _line(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=f"{words}\n")


def _stranger(kind: str) -> Hook:
    """A hook that nobody knows the secret of."""
    return Hook.model_validate({"kind": kind, "name": "stranger", "secret": SecretStr(secrets.token_hex(32))})
