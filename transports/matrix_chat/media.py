"""Files: put into the homeserver's media store first, named by the one event that shows them, and read from it for edits.

Rule: an upload cannot be told from one that was made before, so a process that dies after it leaves a file that no event
names, and the next one uploads again. The event has a transaction id, and so it is one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from nio.crypto import encrypt_attachment

from core.incident.document import File
from core.incident.vocabulary import MessageRef
from core.port import Forbidden, Missing, Permanent
from transports.matrix_chat.content import Content
from transports.matrix_chat.requests import ask

PATIENCE = 60.0
"""Seconds for an upload. nio sets it no limit."""

CARRIED = ("msgtype", "filename", "url", "file", "info")
"""What an event says of its file. Its body is the caption (client-server API 1.10, "Media captions")."""


class Media:
    """One account's uploads. `uploaded` holds those whose event is not known to be there: a further try uses them."""

    def __init__(self, client: Callable[[], Any], look: Callable[[str, str], Awaitable[dict[str, Any] | None]]) -> None:
        self._client = client
        self._look = look
        self._uploaded: dict[str, tuple[bytes, Content]] = {}

    async def upload(self, file: File, key: str, *, sealed: bool = False) -> Content:
        """Put it there; what the event of this key says of it. Raises a `TransportFailure`.

        `sealed`: the server gets neither its words nor its name; the event has the key.
        """
        data = file.data()
        print_of = hashlib.blake2b(data, digest_size=16, person=b"sealed" if sealed else b"").digest()
        known, where = self._uploaded.get(key, (b"", {}))
        if known != print_of:
            where = await self._sealed(data) if sealed else {"url": await self._plain(file, data)}
            self._uploaded[key] = (print_of, where)
        info = {"mimetype": file.media_type, "size": len(data)}
        return {"msgtype": "m.file", "filename": file.name, **where, "info": info}

    async def _plain(self, file: File, data: bytes) -> str:
        # Markdown has no default for it (RFC 7763, section 4).
        return await self._put(file.name, f"{file.media_type}; charset=utf-8", data)

    async def _sealed(self, data: bytes) -> Content:
        # "Sending encrypted attachments", client-server API.
        encrypted, keys = encrypt_attachment(data)
        url = await self._put("file", "application/octet-stream", encrypted)
        return {"file": {**keys, "url": url}}

    def sent(self, key: str) -> None:
        """The event is there."""
        self._uploaded.pop(key, None)

    async def carried_by(self, message: MessageRef) -> Content:
        """What a message says of its file, for the next version of it: nothing where it has none. Raises `Missing`."""
        event = await self._look(message.channel.id, message.id)
        content = event.get("content") if event is not None else None
        if not content or (event is not None and event.get("type") == "m.room.encrypted"):
            # Ours, by a key that is lost: what it says of its file nobody can carry on.
            raise Missing(f"{message} is not there any more")
        return (
            {name: content[name] for name in CARRIED if name in content}
            if "url" in content or "file" in content
            else {}
        )

    async def _put(self, name: str, kind: str, data: bytes) -> str:
        try:
            answer = await ask(_within(PATIENCE, self._client(), name, kind, data))
        except Forbidden as failure:
            raise Forbidden(f"upload files ({failure})") from failure
        except Permanent as failure:
            # It says nothing of the room: a server without a media store knows no such address.
            raise Permanent(f"{name} of {len(data):,} bytes could not be uploaded: {failure}") from failure
        return str(answer.content_uri)


async def _within(seconds: float, client: Any, name: str, kind: str, data: bytes) -> Any:
    async with asyncio.timeout(seconds):
        answer, _ = await client.upload(BytesIO(data), content_type=kind, filename=name, filesize=len(data))
    return answer
