"""How nio's answers become ours: every way a request can fail is a row of `ERRORS` or one of the rules beside it.

nio gives HTTP errors back as values, some network errors as exceptions, and HTML as "unknown error"; nothing outside
this file needs to know that. Nothing is retried here, so that one room's trouble never holds up another.
"""

from __future__ import annotations

from collections.abc import Awaitable
from random import Random
from typing import Any

import aiohttp
import nio

from core.port import Fatal, Forbidden, Missing, Permanent, Temporary, TransportFailure
from core.redaction import redact


class SignedOut(Temporary):
    """The access token is refused. Whoever sends tries again later; the sync loop signs in anew or gives up."""


ERRORS: dict[str, type[TransportFailure]] = {
    "M_UNKNOWN_TOKEN": SignedOut,
    "M_MISSING_TOKEN": SignedOut,
    "M_USER_DEACTIVATED": Fatal,
    "M_USER_LOCKED": Fatal,
    "M_USER_SUSPENDED": Forbidden,
    "M_LIMIT_EXCEEDED": Temporary,
    "M_RESOURCE_LIMIT_EXCEEDED": Temporary,
    "M_NOT_FOUND": Missing,
    "M_FORBIDDEN": Forbidden,
    "M_UNABLE_TO_AUTHORISE_JOIN": Forbidden,
    "M_GUEST_ACCESS_FORBIDDEN": Forbidden,
}
"""The errcodes of the client-server API that mean something to the core; any other is `Permanent`."""

LONGEST_BACKOFF = 5.0
"""Seconds. Measured: with this cap the bot is back 0.4 to 3.4 s after the homeserver is, however long it was away."""

CONFIG = nio.AsyncClientConfig(
    encryption_enabled=False,
    max_limit_exceeded=0,  # by default nio sleeps inside the call for as long as the server likes
    max_timeouts=0,  # and repeats a timed-out request for ever
    request_timeout=20,
)


def backoff(tries: int, chance: Random, longest: float = LONGEST_BACKOFF) -> float:
    """Seconds to wait after so many failures in a row: doubling from a quarter second, jittered, capped."""
    return min(longest, 0.25 * 2.0 ** min(tries, 10)) * chance.uniform(0.5, 1.0)


async def ask(call: Awaitable[Any], *, unless: tuple[str, ...] = ()) -> Any:
    """The good answer to a request of nio's; `None` for an errcode in `unless`. Raises a `TransportFailure`."""
    try:
        answer = await call
    except (aiohttp.ClientError, OSError, UnicodeDecodeError) as error:
        raise Temporary(f"the homeserver did not answer: {type(error).__name__} {error}".rstrip()) from error
    except nio.LocalProtocolError as error:
        raise SignedOut(f"not signed in: {error}") from error
    if not isinstance(answer, nio.ErrorResponse):
        return answer
    if answer.status_code in unless:
        return None
    raise failure(answer)


def failure(answer: Any) -> TransportFailure:
    """What an error answer means."""
    http = answer.transport_response.status if answer.transport_response is not None else 0
    code = answer.status_code
    said = redact(f"the homeserver said {code or http}: {answer.message}")
    if http == 429 or code == "M_LIMIT_EXCEEDED":
        return Temporary(said, retry_after=_wait(answer))
    if http == 413:
        # Also without an errcode: a proxy has a limit of its own, and the same is as large next time.
        return Permanent(said)
    if http >= 500 or not code:
        # No errcode: a proxy's page, or JSON that is not Matrix. What stands between us and the server may be mended.
        return Temporary(said)
    kind = ERRORS.get(str(code), Permanent)
    return kind(said)


def _wait(answer: Any) -> float:
    # The header replaced the field in version 1.10 of the specification; Synapse still sends both.
    header = answer.transport_response.headers.get("Retry-After", "") if answer.transport_response is not None else ""
    if answer.retry_after_ms:
        return float(answer.retry_after_ms) / 1000
    return float(header) if header.isdigit() else LONGEST_BACKOFF


async def reactions_on(client: Any, room: str, event: str) -> list[dict[str, Any]]:
    """Every reaction that a message has now, as raw events. Raises a `TransportFailure`."""
    found: list[dict[str, Any]] = []
    pages = client.room_get_event_relations(room, event, nio.api.RelationshipType.annotation, "m.reaction", limit=100)
    try:
        found.extend([reaction.source async for reaction in pages])
    except (aiohttp.ClientError, OSError) as error:
        raise Temporary(f"the homeserver did not answer: {error}") from error
    except AttributeError as error:
        # nio 0.26 looks for the next page on its own error answer.
        raise Temporary("the homeserver did not list the reactions") from error
    return found


async def event_of(client: Any, room: str, event: str) -> dict[str, Any] | None:
    """An event as it stands on the server, `None` when it is not there for us. Raises a `TransportFailure`."""
    answer = await ask(client.room_get_event(room, event), unless=("M_NOT_FOUND", "M_FORBIDDEN"))
    return None if answer is None else dict(answer.event.source)


async def state_of(client: Any, room: str, kind: str, key: str = "") -> dict[str, Any]:
    """The content of a piece of a room's state, empty when there is none. Raises a `TransportFailure`."""
    answer = await ask(client.room_get_state_event(room, kind, key), unless=("M_NOT_FOUND",))
    if answer is None:
        return {}
    if answer.transport_response is not None and answer.transport_response.status >= 400:
        # nio 0.26 takes every refusal but 404 for what it asked for: a rate limit would read as "encrypted".
        refused = nio.ErrorResponse.from_dict(answer.content)
        refused.transport_response = answer.transport_response
        raise failure(refused)
    return dict(answer.content)
