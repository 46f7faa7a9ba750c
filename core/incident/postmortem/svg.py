"""SVG by hand: elements with their text escaped, and how wide a text is, near enough, without a font at hand.

Rule: whatever is drawn goes through `tag`, so nothing that people typed is ever markup.
"""

from __future__ import annotations

import re
from itertools import accumulate
from unicodedata import combining, east_asian_width

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""What XML may not hold, and what would turn the words after it round."""

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})

Value = str | float | int


def plain(text: str) -> str:
    """Text as one line that XML can hold."""
    return _NOT_XML.sub("\ufffd", " ".join(text.split())).translate(_ESCAPED)


def figure(value: Value) -> str:
    """A number as short as it can be; the same on every machine."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def tag(name: str, *inside: str, text: Value | None = None, **attributes: Value) -> str:
    """An element. `text` is what people may have typed; `inside` are elements. `x_y` is the attribute `x-y`."""
    told = "".join(f' {key.strip("_").replace("_", "-")}="{plain(figure(value))}"' for key, value in attributes.items())
    content = "".join(inside) + (plain(figure(text)) if text is not None else "")
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


_NARROW = frozenset("iljtfrI.,:;'|!()[]{} /·-1")
_BROAD = frozenset("mwMWQO@%&—→")


def width(text: str, size: float) -> float:
    """How wide a text is, in a plain sans serif: rather too wide than too narrow, so that nothing overlaps."""
    return sum(_em(char) for char in text) * size


def _em(char: str) -> float:
    if combining(char):
        return 0.0
    if east_asian_width(char) in "WF" or ord(char) >= 0x1F000:
        return 1.1
    if char in _NARROW:
        return 0.38
    return 0.9 if char in _BROAD else 0.7 if char.isupper() else 0.6


def clipped(text: str, size: float, room: float) -> str:
    """As much of a text as fits, with an ellipsis where something is left out; nothing where not even that fits."""
    text = " ".join(text.split())
    if width(text, size) <= room:
        return text
    widths = accumulate((width(char, size) for char in text), initial=width("…", size))
    kept = sum(used <= room for used in widths) - 1
    return f"{text[:kept].rstrip()}…" if kept > 0 else ""
