"""The rooms that the config means: entered at the start, or when an invitation comes.

Rule: which room a name means is asked of the server. What an invitation says of its own room proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from core.port import Permanent
from transports.matrix_chat.encryption import Encryption, encrypted
from transports.matrix_chat.members import Members
from transports.matrix_chat.powers import LEVELS, SAYING, powers_in, upgraded
from transports.matrix_chat.requests import ask
from transports.matrix_chat.rooms import Rooms, alias_of
from transports.matrix_chat.settings import MatrixSettings

log = structlog.get_logger(__name__)


class Entering:
    """Knows which of the configured rooms we are in. `client` raises `Temporary` while we are not connected."""

    def __init__(
        self, settings: MatrixSettings, members: Members, encryption: Encryption, client: Callable[[], Any]
    ) -> None:
        self._settings = settings
        self._members = members
        self._encryption = encryption
        self._client = client
        self._ids: dict[str, str] = {}
        self._lacking: dict[str, str] = {}

    @property
    def triage(self) -> Mapping[str, str]:
        """The triage rooms by id, as the config names them."""
        return {self._ids[name]: name for name in self._settings.triage if name in self._ids}

    @property
    def rooms(self) -> Rooms:
        space = self._ids.get(self._settings.space or "")
        return Rooms(
            self._client(), self._settings.user_id, self._settings.server, space, encrypted=self._settings.encrypted
        )

    def is_ours(self, room: str) -> bool:
        """Whether the config means this room: others come into it, whoever is in it now."""
        return room in self._ids.values()

    def name(self, room: str) -> str:
        """A room as the config names it, any other by its id."""
        return next((name for name, known in self._ids.items() if known == room), room)

    @property
    def trouble(self) -> str:
        """What we lack in a triage room, nothing where all is well."""
        return next((self._lacking[room] for room in self.triage if self._lacking.get(room)), "")

    async def noted(self, room: str, events: Iterable[Mapping[str, Any]]) -> None:
        """Looks at a configured room again in which our power may have changed, or that was upgraded.

        Raises a `TransportFailure`.
        """
        if self.is_ours(room) and any(event.get("type") in LEVELS for event in events):
            await self._look_at(room)

    async def lacks_in(self, room: str) -> str:
        """What we would need in a room of the config, nothing where all is well. Raises a `TransportFailure`."""
        powers = await powers_in(self._client(), room, self._settings.user_id)
        name = self.name(room)
        return upgraded(name, powers.left_for) if powers.left_for is not None else powers.lacking(name, *SAYING)

    async def _look_at(self, room: str) -> None:
        lacking = await self.lacks_in(room)
        if lacking and lacking != self._lacking.get(room):
            log.warning("Tocsin cannot do its work in a room", room=self.name(room), lacks=lacking)
        self._lacking[room] = lacking

    async def enter_all(self) -> None:
        """Be in every configured room that lets us in. Raises a `TransportFailure`."""
        for name in self._configured():
            await self.enter(name)

    async def enter(self, name: str) -> None:
        """Be in a configured room, if it lets us in; one may be made, or opened, long after the start.

        Raises a `TransportFailure`.
        """
        if name in self._configured() and name not in self._ids:
            room = await self._enter(name)
            if room is not None:
                await self._take_up(name, room)

    async def entered(self, room: str) -> None:
        """Take up a room that we have come into, if the config means it. Raises a `TransportFailure`."""
        for name in self._configured():
            # One that was not to be had at the start is asked for anew: an alias may be younger than this process.
            known = self._ids[name] if name in self._ids else await self._id_or_none(name)
            if known == room:
                await self._take_up(name, room)

    async def invited(self, room: str, by: str) -> None:
        """Accept an invitation into a configured room, or by somebody whose invitations are; from whoever is in triage, into a
        room of two, where they talk to the bot alone. Raises a `TransportFailure`.
        """
        welcome = by in self._settings.allow_invites_from or await self._is_configured(room)
        if not welcome and not self._members.in_triage(by):
            log.warning("invitation not accepted", room=room, by=by)
            return
        try:
            await ask(self._client().join(room))
            # What it is shows from inside alone.
            if not welcome and not await self.rooms.of_two(room, by):
                log.warning("left a room that is neither configured nor of two", room=room, by=by)
                await ask(self._client().room_leave(room))
        except Permanent as error:
            log.warning("invitation could not be accepted", room=room, by=by, error=str(error))

    def _configured(self) -> tuple[str, ...]:
        space = (self._settings.space,) if self._settings.space is not None else ()
        return tuple(dict.fromkeys((*self._settings.triage, *self._settings.audience_rooms, *space)))

    async def _enter(self, name: str) -> str | None:
        """Be in a configured room; `None`, and a line in the log, while we may not."""
        try:
            room = await self.rooms.find(name)
            if not await self.rooms.inside(room):
                # By alias where there is one: it names a server to ask, which the ids of room version 12 do not.
                await ask(self._client().join(room if name.startswith("!") else alias_of(name, self._settings.server)))
        except Permanent as error:
            log.warning(
                "cannot enter a configured room; invite the bot, or make the room public", room=name, error=str(error)
            )
            return None
        return room

    async def _take_up(self, name: str, room: str) -> None:
        self._ids[name] = room
        if name in self._settings.triage:
            await self._members.watch(self._client(), room)
        if await encrypted(self._client(), room):
            self._encryption.found(room, name)
        if name != self._settings.space:
            await self._look_at(room)

    async def _is_configured(self, room: str) -> bool:
        for name in self._configured():
            if await self._id_or_none(name) == room:
                return True
        return False

    async def _id_or_none(self, name: str) -> str | None:
        try:
            return await self.rooms.find(name)
        except Permanent:
            return None
