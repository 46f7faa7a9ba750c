"""Files on the fake Discord: checked and kept when a message brings them, told with an address that is signed and ends.

docs/reference#uploading-files and #signed-attachment-cdn-urls, docs/resources/message#attachment-object.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from aiohttp import web
from discord_limits import TOO_LARGE, Refused, invalid
from discord_world import Json, Message, World

Upload = tuple[str, bytes]

PATH = r"/attachments/{channel:\d+}/{file:\d+}/{name}"


def attach(world: World, made: Message, listed: list[Json] | None, uploads: Sequence[Upload]) -> list[Json]:
    """The attachments that stay (named by their id) and the new ones (named by their number among the uploads)."""
    had = {each["id"]: each for each in made.attachments}
    words = {str(each["id"]): each for each in listed or []}
    kept = [each for key, each in had.items() if listed is None or key in words]
    if len(kept) + len(uploads) > world.caps.files:
        raise invalid("attachments", "BASE_TYPE_BAD_LENGTH", f"Must be {world.caps.files} or fewer in length.")
    for index, (name, data) in enumerate(uploads):
        if len(data) > world.caps.file_bytes:
            raise Refused(TOO_LARGE)
        given = words.get(str(index), {})
        kept.append(_kept(world, given.get("filename") or name, data, given.get("description") or ""))
    return kept


def _kept(world: World, called: str, data: bytes, described: str) -> Json:
    file_id = world.clock.snowflake()
    name = _plain(called)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # Seen: text is taken for UTF-8. What is kept is its bytes, whatever they are.
    kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    world.files[file_id] = (name, kind, data)
    shape = {"id": str(file_id), "filename": name, "size": len(data), "content_type": kind}
    # docs pull request 6945: "present when a filename contains special characters"; seen: without the ending.
    shape |= {"title": PurePosixPath(called).stem} if name != called else {}
    return shape | ({"description": described} if described else {})


def _plain(name: str) -> str:
    """Letters, digits, dashes, dots and underscores are left: docs/reference#uploading-files; issue 2102."""
    ending = PurePosixPath(name).suffix
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).lstrip("_.") or f"unknown{ending}"


def attachment(world: World, channel: int, one: Json) -> Json:
    """An attachment as it is told now: its address is good for a day from here."""
    issued = int(world.clock.time())
    ends = issued + int(world.windows.signed)
    place = f"{channel}/{one['id']}/{one['filename']}"
    query = f"ex={ends:x}&is={issued:x}&hm={_signature(place, ends, issued)}&"
    url = f"{world.files_url}/attachments/{place}?{query}"
    return one | {"url": url, "proxy_url": url}


def served(world: World, request: web.Request) -> web.Response:
    """What the CDN answers."""
    place = "/".join(request.match_info[part] for part in ("channel", "file", "name"))
    try:
        ends, issued = (int(request.query.get(part, ""), 16) for part in ("ex", "is"))
    except ValueError:
        ends = issued = 0
    found = world.files.get(int(request.match_info["file"]))
    if found is None or world.clock.time() > ends or request.query.get("hm") != _signature(place, ends, issued):
        return web.Response(status=404, text="This content is no longer available.")
    name, kind, data = found
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=data, headers=headers)


def _signature(place: str, ends: int, issued: int) -> str:
    return hashlib.sha256(f"{place} {ends} {issued}".encode()).hexdigest()
