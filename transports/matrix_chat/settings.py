"""What Matrix needs to be told: the homeserver, the account and its rooms (spec, section 13)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSettings:
    """One account on one homeserver. Rooms are ids or `#alias:server`; a bare name is an alias on the account's server.

    With `password` Tocsin signs in once and keeps the device for ever; with `access_token` it uses that one.
    With `encrypted` incident rooms are, and the device's keys lie in the folder `keys`. To `look` is to be there beside the
    process that does the work: nothing is taken from the server that it gives only once.
    """

    homeserver: str
    user_id: str
    password: SecretStr | None = None
    access_token: SecretStr | None = None
    device_id: str | None = None
    triage: tuple[str, ...] = ()
    audience_rooms: tuple[str, ...] = ()
    space: str | None = None
    allow_invites_from: tuple[str, ...] = ()
    encrypted: bool = False
    keys: Path | None = None
    look: bool = False

    @property
    def server(self) -> str:
        """The account's server name, on which bare names and our own aliases live."""
        return self.user_id.partition(":")[2]
