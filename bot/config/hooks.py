"""`[[hooks]]`: who may send alerts, what becomes of them by their labels, and where they are read again."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, model_validator

from bot.config.table import Address, Table, Words, listed
from bot.matchers import matcher
from core.incident.times import Length
from core.incident.vocabulary import Severity

STRONG = 32
"""Characters of a secret, at least: 32 of base64 are the 24 bytes that Standard Webhooks asks for."""

Level = Literal["sev1", "sev2", "sev3"]


def known_matchers(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        matcher(text)
    return texts


Matchers = Annotated[tuple[Words, ...], BeforeValidator(listed), AfterValidator(known_matchers), Field(max_length=20)]


class Rule(Table):
    """The first rule whose matchers all fit an alert's labels is the one that counts."""

    match: Matchers = ()
    channel: Words | None = None
    severity: Level | None = None
    service: Words | None = None
    declare: Level | None = None

    @property
    def level(self) -> Severity | None:
        """The severity of an incident of such an alert."""
        chosen = self.severity or self.declare
        return Severity(chosen) if chosen else None


class Hook(Table):
    """One sender."""

    kind: Literal["alertmanager", "grafana", "generic"]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    secret: SecretStr | None = None
    secret_file: Path | None = None
    channel: Words | None = None
    timestamp_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")] | None = None
    url: Address | None = None
    token: SecretStr | None = None
    token_file: Path | None = None
    receiver: Words | None = None
    every: Length = timedelta(minutes=5)
    rules: tuple[Rule, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that are good now: while one is changed for another, both."""
        return tuple(self.secret.get_secret_value().split()) if self.secret else ()

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Hook:
        if self.kind != "alertmanager" and (self.url or self.token or self.receiver):
            raise ValueError('url, token and receiver are for kind = "alertmanager", whose alerts can be read again')
        if self.kind != "grafana" and self.timestamp_header:
            raise ValueError('timestamp_header is for kind = "grafana"')
        if not timedelta(seconds=10) <= self.every <= timedelta(hours=1):
            raise ValueError("every must be between 10s and 1h")
        if self.secret is not None and self.secret.get_secret_value():
            self._are_strong()
        return self

    def _are_strong(self) -> None:
        if not self.secrets:
            raise ValueError("secret must not be empty")
        for secret in self.secrets:
            bare = secret.removeprefix("whsec_") if self.kind == "generic" else secret
            if len(bare.encode()) < STRONG:
                raise ValueError(f"secret must have at least {STRONG} characters; `openssl rand -base64 32` makes one")
            if self.kind == "generic":
                try:
                    base64.b64decode(bare.rstrip("=") + "=" * (-len(bare.rstrip("=")) % 4), validate=True)
                except (binascii.Error, ValueError):
                    raise ValueError("secret must be base64, as Standard Webhooks has it: whsec_…") from None
