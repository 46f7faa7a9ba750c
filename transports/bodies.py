"""Reading what a client sends: so much, in so long, and JSON that means one thing only.

Rule: nothing is parsed before its size and depth are known, and an answer repeats nothing of what was sent.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, NoReturn

from aiohttp import web

PATIENCE = 10.0
"""Seconds in which a body comes whole."""

LONGEST = 256 * 1024
"""Bytes of a body, unless its reader says otherwise."""

DEEPEST = 32
"""Lists and objects within each other. Python's own reader gives up at about a thousand, by an exception of its own."""

# A text without its end is one too, up to the end of all; else each of its marks would be tried for a beginning.
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class Unfit(Exception):
    """A body that is not taken: the HTTP status, and one sentence for whoever sent it."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


async def read(request: web.Request, longest: int = LONGEST) -> bytes:
    """The body's bytes as they were sent. Raises `Unfit` for one that is too long, too slow or packed."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # A small packed body can unpack to any size, and a signature is over what was sent.
        raise Unfit(415, "The body is sent as it is, without Content-Encoding.")
    too_long = Unfit(413, f"The body is longer than {longest} bytes.")
    if (request.content_length or 0) > longest:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > longest:
                    raise too_long
    except TimeoutError:
        raise Unfit(408, f"The body did not come within {PATIENCE:g} seconds.") from None
    except (ValueError, ConnectionError, web.HTTPException, web.RequestPayloadError):
        raise Unfit(400, "The body is not sent as HTTP has it.") from None
    return bytes(body)


async def read_signed(request: web.Request, longest: int = LONGEST) -> bytes:
    """The bytes of a body of type application/json, as a signature is over them. Raises `Unfit`."""
    if request.content_type != "application/json":
        raise Unfit(415, "The body is JSON, and its Content-Type says so.")
    return await read(request, longest)


async def read_json(request: web.Request, longest: int = LONGEST) -> Any:
    """What a body of type application/json means. Raises `Unfit`."""
    return parsed(await read_signed(request, longest))


def parsed(body: bytes) -> Any:
    """What JSON means. Raises `Unfit` for what is none (RFC 8259), what repeats a name or nests deeper than `DEEPEST`."""
    depth = deepest = 0
    for found in _NESTING.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise Unfit(400, f"The body nests deeper than {DEEPEST} levels.")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
        # Half of a surrogate pair is no letter, and nothing could write it down later.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError as wrong:
        # Python's own words may quote the body; ours do not.
        raise Unfit(400, str(wrong) if isinstance(wrong, _Ambiguous) else "The body is not JSON.") from None
    return value


class _Ambiguous(ValueError):
    """JSON that two readers may take for two things."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Ambiguous("The body has a name twice in one object.")
    return found


def _no_number(_word: str) -> NoReturn:
    raise _Ambiguous("The body has NaN or Infinity, which JSON has not.")
