"""What every command is made of: a wish, the words in it, and the message that it was made on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from core.incident.spelling import MARKS_LIMIT, one_line
from core.incident.vocabulary import MessageRef, Person, Value

TITLE_LIMIT = 200

TEXT_LIMIT = 2000
"""Characters of one entry; what is longer belongs in the chat, where it can be linked from."""


def _said(text: str) -> str:
    text = one_line(text)
    if not text:
        raise ValueError("there are no words in it")
    return text


Title = Annotated[str, AfterValidator(_said), Field(max_length=TITLE_LIMIT)]

Words = Annotated[str, AfterValidator(_said), Field(max_length=TEXT_LIMIT)]

Maybe = Annotated[str, AfterValidator(one_line), Field(max_length=TEXT_LIMIT)]


__all__ = [
    "MARKS_LIMIT",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "Command",
    "Maybe",
    "Quote",
    "Title",
    "Words",
    "one_line",
]


class Command(Value):
    """A wish."""


class Quote(Value):
    """The message that an act was made on: what it said, who wrote it and when."""

    message: MessageRef
    by: Person
    at: datetime
