"""The seal by which a file says whether anybody has changed it since it was made: a digest of all the rest."""

from __future__ import annotations

import re
from hashlib import sha256

OPEN = "sha256-" + "0" * 64
"""What stands in a file's first digest until it is sealed."""

_DIGEST = re.compile(r"(?<=\bdigest: )sha256-[0-9a-f]{64}\b")


def _digest(text: str) -> str:
    return f"sha256-{sha256(text.encode()).hexdigest()}"


def sealed(text: str) -> str:
    """The text with its digest in its place."""
    return text.replace(OPEN, _digest(text), 1)


def is_sealed(text: str) -> bool:
    """Whether the text is as it was made, to the letter."""
    found = _DIGEST.search(text)
    return found is not None and sealed(_DIGEST.sub(OPEN, text, count=1)) == text
