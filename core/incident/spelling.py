"""How words are kept, whoever wrote them: on one line, without what hides or turns others, and whole letters alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MARKS_LIMIT = 30
"""Combining marks on end; no script has more (Unicode Standard Annex 15, section 13), and each costs the ones before."""

NAME_LIMIT = 100
"""Characters of somebody's name: Discord has 32, and Synapse 256."""

_HALVES = re.compile("[\ud800-\udfff]")
_NO_LETTER = re.compile(
    f"[\ufdd0-\ufdef{''.join(f'{chr(end - 1)}{chr(end)}' for end in range(0xFFFF, 0x110000, 0x10000))}]"
)
"""The 66 codes that never stand for a letter (Unicode 16, section 23.7): XML cannot hold some of them."""


def legible(text: str) -> str:
    """The text with U+FFFD for each half of a letter: JSON can tell of one, and UTF-8 cannot hold it."""
    return _HALVES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The text on one line: single spaces, no control or invisible formatting characters, in NFC."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Zl", "Zp", "Cc") else letter
        for letter in unicodedata.normalize("NFC", "".join(_few_marks(_NO_LETTER.sub("", text))))
        # A zero-width joiner holds emoji and scripts together; the rest of Cf only hides or reorders.
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co") or letter in "\u200c\u200d"
    )
    return re.sub(r"\s+", " ", kept).strip()


def name_line(text: str) -> str:
    """Somebody's name as it is shown: one short line, empty where nothing of it can be seen."""
    return one_line(legible(text)[: 4 * NAME_LIMIT])[:NAME_LIMIT].strip()


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= MARKS_LIMIT:
            yield letter
