"""A file of a message as the page hands it out: a download, never a page of this origin, whatever is in it.

Rule: a name goes into a header in ASCII alone, once for old readers and once whole (RFC 6266, RFC 8187).
"""

from __future__ import annotations

from urllib.parse import quote

from core.incident.vocabulary import Account
from transports.sandbox.places import Attached, Message, Turned
from transports.sandbox.world import World

POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Should a browser show it all the same, it loads nothing, runs nothing and is of no origin."""

_ATTR_CHAR = "!#$&+-.^_`|~"
"""What may stand unencoded in an extended value, besides letters and digits (RFC 8187, section 3.2.1)."""


def found(world: World, message_id: str, reader: str) -> Attached:
    """The file of a message for somebody who may read it. Raises `Turned`."""
    message: Message | None = world.messages.get(message_id)
    person: Account | None = world.people.get(reader)
    # One answer for all of them: who may not read a message does not learn that it is there.
    if message is None or message.deleted or message.file is None or person is None or not world.reads(person, message):
        raise Turned("There is no such file.")
    return message.file


def headers(file: Attached) -> dict[str, str]:
    """What the answer says of itself."""
    return {
        "Content-Type": f"{file.media_type}; charset=utf-8",
        "Content-Disposition": disposition(file.name),
        "Content-Security-Policy": POLICY,
    }


def disposition(name: str) -> str:
    """To be kept under this name."""
    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"
