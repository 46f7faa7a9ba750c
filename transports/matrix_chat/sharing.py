"""Who gets the keys to what we write: every device of everyone in the room, verified or not, and nobody who has left.

Rule: a room whose history its members may read is one whose earlier cards newcomers may read, so they get those keys as
well; elsewhere a key opens only what is written after its owner came.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import nio
import structlog
from nio.crypto import OlmDevice

from core.port import Clock, Permanent, Temporary, TransportFailure
from transports.matrix_chat.keys import Event, Keys, Outdated
from transports.matrix_chat.requests import ask, state_of

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""Devices in one request."""

MISS = timedelta(minutes=10)
"""After this a device that gave no key to reach it by is asked again."""

READABLE = ("shared", "world_readable")
"""Histories that newcomers may read (client-server API, "Room history visibility")."""


class Sharing:
    """Keeps the keys of each encrypted room in the hands of those who are in it. `client` raises `Temporary`."""

    def __init__(self, client: Callable[[], Any], keys: Keys, clock: Clock) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock
        self._members: dict[str, set[str]] = {}
        self._history: dict[str, bool] = {}
        self._missed: dict[tuple[str, str], datetime] = {}
        self._unsettled: set[str] = set()
        # How often a room's members, or a person's devices, became others: an answer to what was asked before may be old.
        self._turns: dict[str, int] = defaultdict(int)
        self._away: dict[str, datetime] = {}
        # One for each room: people whose homeserver is slow hold up the rooms that they are in, and no other.
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def note(self, room: str, event: Event) -> None:
        """Take in an event of a room: who is in it, and what newcomers may read, is asked anew."""
        if event.get("type") == "m.room.member":
            self._members.pop(room, None)
            self._turns[room] += 1
            self._unsettled.add(room)
        elif event.get("type") == "m.room.history_visibility":
            self._history.pop(room, None)

    def changed(self, users: Collection[str]) -> None:
        """These people's devices are others than before."""
        self._keys.olm.add_changed_users(set(users))
        for user in users:
            self._turns[user] += 1
            self._away.pop(user, None)
            self._missed = {device: at for device, at in self._missed.items() if device[0] != user}
        self._unsettled |= {room for room, members in self._members.items() if members & set(users)}

    def left_room(self, room: str) -> None:
        """We are not in it any more."""
        self._members.pop(room, None)
        self._unsettled.discard(room)

    async def seal(self, room: str, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """An event's content, encrypted for those who are in the room now. Raises a `TransportFailure`."""
        async with self._locks[room]:
            await self._settle(room)
            return self._keys.seal(room, kind, content)

    async def catch_up(self) -> None:
        """Give newcomers and new devices what they may read. What fails is left for the next time."""
        await asyncio.gather(*(self._catch_up_in(room) for room in sorted(self._unsettled & self._keys.rooms)))

    async def _catch_up_in(self, room: str) -> None:
        if not self._keys.sessions(room):
            self._unsettled.discard(room)
            return
        try:
            async with self._locks[room]:
                await self._settle(room)
        except (Temporary, Permanent) as failure:
            log.warning("keys could not be given yet", room=room, error=str(failure))

    def again(self, room: str) -> None:
        """Look at a room anew: somebody there asked for a key."""
        self._unsettled.add(room)

    async def upload(self) -> None:
        """See to it that the server has keys by which others reach us. Raises `Outdated` and a `TransportFailure`."""
        olm = self._keys.olm
        left = olm.uploaded_key_count
        if olm.account.shared and (left is None or left > olm.account.max_one_time_keys // 2):
            return
        if not olm.account.shared:
            olm.uploaded_key_count = 0
        with self._keys.atomic():
            wanted = olm.share_keys()
            # Kept before anybody can use them. After a kill the same ones are uploaded again, which the server takes.
            olm.save_account()
        try:
            answer = await self._post(nio.KeysUploadResponse, *nio.Api.keys_upload("", wanted))
        except Permanent as error:
            # Synapse has no errcode for it: a key's name is used twice when the count of them was set back.
            if "already exists" in str(error):
                raise Outdated(str(error)) from error
            raise
        self._keys.olm.handle_response(answer)

    async def identify(self, users: Collection[str]) -> None:
        """Learn the devices of people that we do not know, or not any more. Raises a `TransportFailure`.

        Whoever's homeserver did not tell is asked of again in a while, and holds nothing up until then.
        """
        olm, now = self._keys.olm, self._clock.now()
        wanted = (set(users) - olm.tracked_users) | (set(users) & olm.users_for_key_query)
        wanted = {user for user in wanted if user not in self._away or now - self._away[user] >= MISS}
        if wanted:
            turns = {user: self._turns[user] for user in wanted}
            answer = await self._post(nio.KeysQueryResponse, *nio.Api.keys_query("", sorted(wanted)))
            with self._keys.atomic():
                self._keys.olm.handle_response(answer)
            self._keys.olm.add_changed_users({user for user in wanted if self._turns[user] != turns[user]})
            self._away |= dict.fromkeys(wanted - set(answer.device_keys), now)

    async def _settle(self, room: str) -> None:
        self._unsettled.discard(room)
        members, turn = self._members.get(room), self._turns[room]
        try:
            if members is None:
                members = {member.user_id for member in (await ask(self._client().joined_members(room))).members}
            if turn == self._turns[room]:
                # Else somebody came or went meanwhile, and the next look asks again.
                self._members[room] = members
            await self._give(room, members, readable=await self._readable(room))
        except TransportFailure:
            self._unsettled.add(room)
            raise

    async def _give(self, room: str, members: set[str], *, readable: bool) -> None:
        await self.identify(members)
        devices = self._keys.devices(members)
        there = {(each.user_id, each.id, each.curve25519) for each in devices}
        session = self._keys.session(room)
        given = self._keys.given(session.id)
        if given - there or (not readable and given and there - given):
            session = self._keys.rotate(room)
        sessions = self._keys.sessions(room)
        if not readable:
            sessions = {session.id: sessions[session.id]}
        lacking = {
            name: [each for each in devices if (each.user_id, each.id, each.curve25519) not in self._keys.given(name)]
            for name in sessions
        }
        await self._reach({(each.user_id, each.id): each for some in lacking.values() for each in some}.values())
        for name, some in lacking.items():
            for at in range(0, len(some), AT_ONCE):
                await self._hand_out(room, name, sessions[name], some[at : at + AT_ONCE])

    async def _hand_out(self, room: str, session: str, key: str, devices: list[OlmDevice]) -> None:
        messages: dict[str, dict[str, Any]] = defaultdict(dict)
        with self._keys.atomic():
            wrapped = [(each, self._keys.wrapped(each, room, session, key)) for each in devices]
        reached = [each for each, message in wrapped if message is not None]
        for each, message in wrapped:
            if message is not None:
                messages[each.user_id][each.id] = message
        if reached:
            await self._to_devices({"messages": messages})
            self._keys.give(session, reached)

    async def _to_devices(self, content: dict[str, Any]) -> None:
        name = hashlib.blake2b(nio.Api.to_json(content).encode(), digest_size=16).hexdigest()
        method, path, data = nio.Api.to_device("", "m.room.encrypted", content, name)
        await self._post(nio.responses.EmptyResponse, method, path, data)

    async def _reach(self, devices: Collection[OlmDevice]) -> None:
        """Have a channel to each of these devices; one that offers none is asked again in a while."""
        now = self._clock.now()
        wanted: dict[str, list[str]] = defaultdict(list)
        for each in devices:
            missed = self._missed.get((each.user_id, each.id))
            if self._keys.olm.session_store.get(each.curve25519) is None and (missed is None or now - missed >= MISS):
                wanted[each.user_id].append(each.id)
        if not wanted:
            return
        answer = await self._post(nio.KeysClaimResponse, *nio.Api.keys_claim("", wanted))
        with self._keys.atomic():
            self._keys.olm.handle_response(answer)
        for each in devices:
            if self._keys.olm.session_store.get(each.curve25519) is None:
                self._missed[each.user_id, each.id] = now
                log.warning("a device cannot be reached, and so cannot read", user=each.user_id, device=each.id)

    async def _readable(self, room: str) -> bool:
        if room not in self._history:
            state = await state_of(self._client(), room, "m.room.history_visibility")
            # Without one, the history is shared (client-server API, "Room history visibility").
            self._history[room] = state.get("history_visibility", "shared") in READABLE
        return self._history[room]

    async def _post(self, kind: Any, method: str, path: str, data: str) -> Any:
        client = self._client()
        return await ask(client._send(kind, method, path, data))  # the named calls need nio's own store
