"""What every command is made of: a wish, the words in it, and the message that it was made on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from core.incident.vocabulary import MessageRef, Person, Value

TITLE_LIMIT = 200

TEXT_LIMIT = 2000
"""Characters of one entry; what is longer belongs in the chat, where it can be linked from."""

MARKS_LIMIT = 30
"""Combining marks on end; no script has more (Unicode Standard Annex 15, section 13), and each costs the ones before."""


def one_line(text: str) -> str:
    """The text on one line: single spaces, no control or invisible formatting characters, in NFC."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Zl", "Zp", "Cc") else letter
        for letter in unicodedata.normalize("NFC", "".join(_few_marks(text)))
        # A zero-width joiner holds emoji and scripts together; the rest of Cf only hides or reorders.
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co") or letter in "\u200c\u200d"
    )
    return re.sub(r"\s+", " ", kept).strip()


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= MARKS_LIMIT:
            yield letter


def _said(text: str) -> str:
    text = one_line(text)
    if not text:
        raise ValueError("there are no words in it")
    return text


Title = Annotated[str, AfterValidator(_said), Field(max_length=TITLE_LIMIT)]

Words = Annotated[str, AfterValidator(_said), Field(max_length=TEXT_LIMIT)]

Maybe = Annotated[str, AfterValidator(one_line), Field(max_length=TEXT_LIMIT)]


class Command(Value):
    """A wish."""


class Quote(Value):
    """The message that an act was made on: what it said, who wrote it and when."""

    message: MessageRef
    by: Person
    at: datetime
