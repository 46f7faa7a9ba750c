"""What a hook's body means: JSON of a bounded depth and of one form, or turned down with one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came, and when."""

    headers: Mapping[str, str]
    body: bytes
    at: datetime


class Wrong(Exception):
    """The body is not what it should be; the message is the one line that its sender is told."""


def parsed(body: bytes, model: type[M]) -> M:
    """The body as this model; of a key that is there twice, the last counts. Raises `Wrong`, which repeats no value of it."""
    try:
        # Jiter stops at a depth of its own, long before the stack would.
        found = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Wrong(f"the body is no JSON: {str(error)[:200]}") from None
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise Wrong(_what(error)) from None


def _what(error: ValidationError) -> str:
    first, *others = error.errors(include_url=False, include_input=False, include_context=False)
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    more = f" (and {len(others)} more)" if others else ""
    line = f"{place or 'the body'}: {first['msg'][:1].lower()}{first['msg'][1:]}{more}"
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]
