"""What every table of the config is made of: keys that are known, words that are there, lists that a variable can hold, addresses."""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl, StringConstraints, WebsocketUrl

A = TypeVar("A", HttpUrl, WebsocketUrl)


class Table(BaseModel):
    """A table of the config: unknown keys are errors, and what was written never stands in a message about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def listed(value: object) -> object:
    """A list as it is; text, which the environment has to offer, as JSON or as words between commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('a list is written ["a", "b"], in a variable also a, b') from None
    return [word.strip() for word in value.split(",") if word.strip()]


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def bare(address: A) -> A:
    """An address that may stand in logs, answers and pages. Raises `ValueError` for one with a password in it."""
    if address.username or address.password:
        raise ValueError("must be without a name and a password")
    return address


Address = Annotated[HttpUrl, AfterValidator(bare)]
Gateway = Annotated[WebsocketUrl, AfterValidator(bare)]
