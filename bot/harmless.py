"""What a chat or a person wrote, on its way to a terminal or a log: nothing in it steers, hides, turns or breaks a line."""

from __future__ import annotations

import json
import re

HIDING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(end - 1)}{chr(end)}" for end in range(0x1FFFF, 0xFFFFF, 0x10000))
    + "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
"""What steers a terminal, turns the reading direction, or cannot be seen: the letters that `one_line` drops."""

_IN_JSON = re.compile(f"(?!\n){HIDING.pattern}")


def harmless(text: str) -> str:
    """The text with what a terminal would act upon written out: `\\x1b[2J`."""
    return HIDING.sub(_written_out, text)


def harmless_rows(text: str) -> str:
    """The same for text of several lines, which are ours."""
    return "\n".join(map(harmless, text.split("\n")))


def harmless_json(page: str) -> str:
    """JSON that reads back the same. Only strings hold such letters; JSON's own line breaks stay."""
    return _IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], page)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
