"""Alertmanager's API, version 2, as far as it is asked: which alerts there are, by group, and since when it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from bot.config.hooks import Hook
from bot.web.hooks.alertmanager import Labels
from bot.web.hooks.batch import Moment, Name, Text

LARGEST = 16 * 1024 * 1024
"""Bytes of an answer."""

TIMEOUT = ClientTimeout(total=20)


class State(BaseModel):
    state: Literal["active", "suppressed", "unprocessed"]


class Active(BaseModel):
    labels: Labels
    annotations: Labels = Field(default_factory=dict)
    startsAt: Moment  # noqa: N815 (Alertmanager's own name, as those below)
    generatorURL: Text = ""  # noqa: N815
    fingerprint: Annotated[str, Field(min_length=1, max_length=128)]
    status: State


class Receiver(BaseModel):
    name: Name


class Group(BaseModel):
    labels: Labels
    receiver: Receiver
    alerts: list[Active]


class Status(BaseModel):
    uptime: AwareDatetime


GROUPS = TypeAdapter(list[Group])


class Unseen(Exception):
    """Nothing was seen; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One Alertmanager."""

    hook: Hook
    client: ClientSession

    async def active(self) -> list[Group]:
        """All groups, with what is silenced in them: that fires, though nobody is told. Raises `Unseen`."""
        query = {"receiver": f"^{_quoted(self.hook.receiver)}$"} if self.hook.receiver else {}
        answer = await self._ask("alerts/groups", query)
        try:
            return GROUPS.validate_python(answer)
        except ValidationError as error:
            raise Unseen(f"its answer is not Alertmanager's: {error.error_count()} things are wrong in it") from None

    async def started(self) -> datetime:
        """When it started. Raises `Unseen`."""
        try:
            return Status.model_validate(await self._ask("status", {})).uptime
        except ValidationError:
            raise Unseen("its status is not Alertmanager's") from None

    async def _ask(self, what: str, query: dict[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {self.hook.token.get_secret_value()}"} if self.hook.token else {}
        address = f"{str(self.hook.url).rstrip('/')}/api/v2/{what}"
        try:
            async with self.client.get(
                address, params=query, headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as answer:
                # Whoever answers must not choose where else is asked.
                if answer.status in range(300, 400):
                    raise Unseen("it leads elsewhere; write the address where it ends")
                if answer.status != 200:
                    raise Unseen(f"it answers {answer.status}")
                body = bytearray()
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > LARGEST:
                        raise Unseen(f"its answer is larger than {LARGEST // 1024 // 1024} MiB; set receiver")
                return from_json(bytes(body), allow_inf_nan=False)
        except TimeoutError:
            raise Unseen("it does not answer in time") from None
        except (ClientError, OSError) as error:
            raise Unseen(f"it does not answer: {error}") from None
        except ValueError:
            raise Unseen("its answer is no JSON") from None


def _quoted(name: str | None) -> str:
    """For Alertmanager's regular expressions."""
    return "".join(letter if letter.isalnum() or letter in "_-" else f"\\{letter}" for letter in name or "")
