"""How Discord's answers become ours: every way a request can fail is a row of `CODES` or one of the rules beside it.

Rule: nothing is retried here, and nothing waits. discord.py would repeat what Discord failed on (and so make two channels
of one), and sleep for as long as a limit lasts; so answers are looked at before it sees them, and who asked decides.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
import discord

from core.port import Clock, Crowded, Fatal, Forbidden, Missing, Permanent, Stale, Temporary
from core.redaction import redact

T = TypeVar("T")


class Malformed(Exception):
    """Discord could not make sense of what we asked: a bug of ours, logged as one."""


class Archived(Permanent):
    """The thread has to be opened first."""


class Acknowledged(Permanent):
    """The interaction has its first answer already."""


class Lapsed(Permanent):
    """The interaction can no longer be answered."""


class ThreadExists(Permanent):
    """There is a thread on that message already."""


class NotHere(Permanent):
    """That person is not in the guild."""


class Closed(Permanent):
    """That person takes no direct messages of ours."""


class GuildFull(Permanent):
    """The guild has all the channels that it may."""


UNKNOWN_MESSAGE = 10008

CODES: dict[int, type[Exception]] = {
    10003: Missing,  # unknown channel
    10004: Missing,  # unknown guild
    10007: NotHere,  # unknown member
    UNKNOWN_MESSAGE: Missing,
    10013: NotHere,  # unknown user
    10014: Permanent,  # unknown emoji
    10015: Lapsed,  # unknown webhook: an interaction that was never acknowledged
    10062: Lapsed,  # unknown interaction: acknowledged too late
    30013: GuildFull,
    30046: Stale,  # too many edits of messages over an hour old
    40005: Permanent,  # a file that is too large
    40060: Acknowledged,
    50001: Forbidden,  # missing access
    50006: Malformed,  # an empty message
    50007: Closed,  # cannot send messages to this user
    50013: Forbidden,  # missing permissions
    50027: Lapsed,  # invalid webhook token
    50035: Malformed,  # invalid form body
    50083: Archived,
    160004: ThreadExists,
    400001: Permanent,  # the server may not upload files
}
"""The JSON error codes that mean something to the core (opcodes-and-status-codes#json); any other is `Permanent`."""

PATIENCE = 20.0
"""Seconds after which a request that has not come back is given up."""

WINDOW = timedelta(minutes=10)
INVALID_LIMIT = 1000
"""Refused requests within `WINDOW` after which we stop asking; at ten times as many Discord bans the address (rate-limits)."""

BANNED = timedelta(minutes=5)
"""How long nothing is asked of an address that says no more than that we ask too much, unless it says for how long."""

FATAL = {
    4004: "the token is refused",
    4010: "the shard is invalid",
    4011: "the bot is in so many guilds that it must be sharded",
    4012: "the gateway's version is no longer served",
    4013: "the intents are invalid",
    4014: "an intent is not allowed: switch Message Content on in the developer portal, or leave it off there",
}
"""Close codes of the gateway after which it is no use to connect again (opcodes-and-status-codes#gateway)."""


class Answered(aiohttp.ClientError):
    """Discord's answer where discord.py would have waited or repeated: the status, its JSON code, how long to wait."""

    def __init__(self, status: int, code: int, said: str, retry_after: float | None) -> None:
        super().__init__(f"Discord said {status}{f' ({code})' if code else ''}: {said}")
        self.code = code
        self.status = status
        self.retry_after = retry_after


Kind = tuple[str, int, bool]
"""What Discord limits by itself: the method, the channel or thread, and whether it is about reactions."""

_MESSAGES = re.compile(r"/channels/(\d+)/messages(?:/\d+)?(/reactions)?")


class Requests:
    """Every request of one bot goes through `ask`; `trace` is what discord.py's own HTTP client is given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._invalid: deque[datetime] = deque()
        self._held_until = clock.now()
        self._full: dict[Kind, datetime] = {}

    def trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._ended)
        return trace

    async def ask(self, call: Callable[[], Awaitable[T]], kind: Kind | None = None) -> T:
        """The good answer to a request of discord.py's. Raises a `TransportFailure`, or `Malformed`.

        With a `kind`, one that would have to wait for its turn is `Crowded` instead, so that others go before it.
        """
        if held := self._held():
            raise Temporary("Tocsin holds its requests back, as Discord asked", retry_after=held)
        if kind is not None and (left := self._crowded(kind)):
            raise Crowded("as many as Discord takes for now", retry_after=left)
        with understood():
            async with asyncio.timeout(PATIENCE):
                return await call()

    def _held(self) -> float:
        """Seconds until anything may be asked."""
        now, until = self._clock.now(), self._held_until
        while self._invalid and now - self._invalid[0] > WINDOW:
            self._invalid.popleft()
        if len(self._invalid) >= INVALID_LIMIT:
            until = max(until, self._invalid[-INVALID_LIMIT] + WINDOW)
        return max(0.0, (until - now).total_seconds())

    def _crowded(self, kind: Kind) -> float:
        """Seconds until one more of this kind may be asked."""
        until = self._full.get(kind)
        left = (until - self._clock.now()).total_seconds() if until is not None else 0.0
        if left <= 0:
            self._full.pop(kind, None)
        return max(0.0, left)

    def _count(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        found = _MESSAGES.search(path)
        after = _seconds(headers.get("X-RateLimit-Reset-After"))
        if found is not None and after is not None and headers.get("X-RateLimit-Remaining") == "0":
            kind = (method, int(found[1]), found[2] is not None)
            self._full[kind] = self._clock.now() + timedelta(seconds=after)

    async def _ended(
        self, session: aiohttp.ClientSession, context: SimpleNamespace, ended: aiohttp.TraceRequestEndParams
    ) -> None:
        response = ended.response
        shared = response.headers.get("X-RateLimit-Scope") == "shared"
        if response.status in (401, 403) or (response.status == 429 and not shared):
            self._invalid.append(self._clock.now())
        if response.status != 429 and response.status < 500:
            return self._count(ended.method, ended.url.path, response.headers)
        said = _said(await response.read())
        response.close()
        wait = _seconds(said.get("retry_after"), response.headers.get("Retry-After"))
        # Without JSON it is not Discord that answers but Cloudflare, before it, to everything from this address.
        if response.status == 429 and (said.get("global") or not said):
            self._held_until = self._clock.now() + (BANNED if wait is None else timedelta(seconds=wait))
        raise Answered(response.status, int(said.get("code") or 0), redact(str(said.get("message", ""))), wait)


@contextmanager
def understood() -> Iterator[None]:
    """What discord.py or the network raises inside is raised as what it means."""
    try:
        yield
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        if (meant := failure(error)) is None:
            raise
        raise meant from error


def failure(error: BaseException) -> Exception | None:
    """What an error of discord.py's or the network's means; `None` for one that is neither."""
    match error:
        case Answered():
            if CODES.get(error.code) is Stale:
                return Stale(str(error), error.retry_after)
            # A limit is one of a kind of call, unless it is everybody's; then nothing is asked at all.
            kind = Crowded if error.status == 429 and error.retry_after is not None else Temporary
            return kind(str(error), error.retry_after)
        case discord.LoginFailure():
            return Fatal(f"Discord refuses the token: {error}")
        case discord.PrivilegedIntentsRequired():
            return Fatal(f"Discord ended the connection (4014): {FATAL[4014]}")
        case discord.ConnectionClosed():
            why = FATAL.get(error.code)
            return Fatal(f"Discord ended the connection ({error.code}): {why}") if why else Temporary(str(error))
        case discord.HTTPException():
            return _refused(error)
        case TimeoutError():
            return Temporary(f"Discord did not answer within {PATIENCE:.0f} s")
        case aiohttp.ClientError() | OSError() | discord.GatewayNotFound():
            return Temporary(f"Discord could not be reached: {type(error).__name__} {error}".rstrip())
        case _:
            return None


def _refused(error: discord.HTTPException) -> Exception:
    said = f"Discord said {error.status}{f' ({error.code})' if error.code else ''}: {redact(error.text or str(error))}"
    if error.status == 401 and not error.code:
        return Fatal(f"Discord refuses the token: {said}")
    if error.status >= 500 or error.status == 429:
        return Temporary(said)
    kind = CODES.get(error.code) or (
        Forbidden if error.status == 403 else Missing if error.status == 404 else Permanent
    )
    return kind(said)


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(*found: object) -> float | None:
    for each in found:
        try:
            return float(str(each))
        except ValueError:
            continue
    return None
