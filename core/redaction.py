"""What no log, answer or record may hold: the secrets of this process, and the text without them.

Rule: a secret is known from the moment it is read or given to us, whoever it was given to; what another server says is
redacted before anything is made of it, since servers quote what they are sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

HIDDEN = "[secret]"

SHORTEST_SECRET = 4
"""In characters. What is shorter would blot out ordinary words, and is no secret."""


class _Known:
    """The secrets of this process. There is one process, and a secret of it is one everywhere in it."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.clean: Callable[[str], str] = str


_known = _Known()


def start(secrets: Iterable[str]) -> None:
    """Knows these and no others."""
    _known.secrets = set(secrets)
    _known.clean = redactor(_known.secrets)


def learn(*secrets: str) -> None:
    """Knows these too, from now on."""
    if not _known.secrets.issuperset(secrets):
        start(_known.secrets.union(secrets))


def redact(text: str) -> str:
    """The text with `[secret]` where a secret of this process stands."""
    return _known.clean(text)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that puts `[secret]` where a secret stands, also escaped: in an address, in JSON, in a repr of a repr."""
    # The longest first, so that no tail is left over.
    found = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
    if not found:
        return lambda text: text
    pattern = re.compile("|".join("".join(_spelled(letter) for letter in secret) for secret in found))
    return lambda text: pattern.sub(HIDDEN, text)


def _spelled(letter: str) -> str:
    """A pattern for every way in which one character of a secret may stand in a line."""
    if letter.isascii() and letter.isalnum():
        return letter
    ways = [rf"\\*{re.escape(letter)}", "(?i:" + "".join(f"%{byte:02x}" for byte in letter.encode()) + ")"]
    if letter == "\\":
        ways[0] = r"\\+"
    elif letter == " ":
        ways.append(r"\+")
    elif not (letter.isascii() and letter.isprintable()):
        # As Python's ascii() and repr() of bytes and as JSON write it; escaped again, a backslash is several.
        escapes = (ascii(letter)[1:-1], repr(letter.encode())[2:-1], json.dumps(letter)[1:-1])
        ways += [r"\\+".join(re.escape(part) for part in escape.split("\\")) for escape in escapes]
    return "(?:" + "|".join(ways) + ")"
