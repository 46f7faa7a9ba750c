"""Incident rooms: made once, found again by alias and proved ours, and what may be done in them.

Rule: `createRoom` cannot be repeated safely, so everything that can go wrong goes wrong after a room has a name by
which the next attempt finds it: a room is made bare (no invitations, no powers), with its mark from the first moment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from nio import RoomPreset

from core.incident.vocabulary import ChannelRef
from core.port import ChannelPlan, Forbidden, Missing, Permanent, Temporary
from transports.matrix_chat.requests import ask, state_of
from transports.matrix_chat.sealed import encryption

log = structlog.get_logger(__name__)

MARK = "dev.tocsin.incident"
"""The type of the state event that says whose room it is."""

DIRECT = "direct-"
"""How the mark and the alias begin of a room that is one person's and ours."""

ALIASES = 20
"""How many names are tried when others hold them, or old rooms that are not ours."""

HALF_MADE = 60_000
"""Milliseconds after which a room of ours that has no mark yet is no longer being made."""


def alias_names(incident: str) -> Iterator[str]:
    """The alias's local part and what to try next, the same for the same incident for ever."""
    stem = re.sub(r"[^a-z0-9._=-]+", "-", incident.lower()).strip("-") or "incident"
    yield stem
    yield from (f"{stem}-{count}" for count in range(2, ALIASES + 1))


def alias_of(name: str, server: str) -> str:
    """A configured name as a whole alias: `triage` and `#triage` are on the account's own server."""
    alias = name if name.startswith("#") else f"#{name}"
    return alias if ":" in alias else f"{alias}:{server}"


class Rooms:
    """What this account does to rooms. `server` is where its aliases live."""

    def __init__(self, client: Any, user_id: str, server: str, space: str | None, *, encrypted: bool = False) -> None:
        self._client = client
        self._user_id = user_id
        self._server = server
        self._space = space
        self._encrypted = encrypted

    async def find(self, name: str) -> str:
        """The room id that a configured name means. Raises `Missing`."""
        if name.startswith("!"):
            return name
        return str((await ask(self._client.room_resolve_alias(alias_of(name, self._server)))).room_id)

    async def inside(self, room: str) -> bool:
        """Whether we are in a room; asked of this one alone, since the list of all grows with every incident."""
        try:
            ours = await state_of(self._client, room, "m.room.member", self._user_id)
        except Forbidden:
            return False
        return ours.get("membership") == "join"

    async def open(self, plan: ChannelPlan, beside: str | None) -> str:
        """The plan's room, made or found. Raises `Permanent` when every name is taken."""
        for name in alias_names(plan.incident):
            made = await ask(
                self._client.room_create(
                    alias=name,
                    name=plan.name,
                    topic=plan.topic,
                    initial_state=self._first_state(plan, beside),
                    preset=RoomPreset.private_chat if plan.private else None,
                    # Whoever is in a private room is so on the record: people ask the bot, and it invites.
                    power_level_override={"invite": 50} if plan.private else None,
                ),
                unless=("M_ROOM_IN_USE", "M_EXCLUSIVE"),
            )
            room = made.room_id if made is not None else await self._adopt(f"#{name}:{self._server}", plan)
            if room is not None:
                if not plan.private:
                    await self._hang_in_space(room)
                return str(room)
        raise Permanent(f"every alias for {plan.incident} is taken by a room that is not ours")

    def _first_state(self, plan: ChannelPlan, beside: str | None) -> list[dict[str, Any]]:
        state: list[dict[str, Any]] = [
            {"type": MARK, "content": {"incident": plan.incident}},
            {"type": "m.room.history_visibility", "content": {"history_visibility": "shared"}},
            {"type": "m.room.guest_access", "content": {"guest_access": "forbidden"}},
            # People's links open no preview under the bot's messages; clients read this default of the room.
            {"type": "org.matrix.room.preview_urls", "content": {"disable": True}},
        ]
        if self._encrypted:
            state.append(encryption())
        if plan.private:
            state.append({"type": "m.room.join_rules", "content": {"join_rule": "invite"}})
        elif beside is not None:
            allow = [{"type": "m.room_membership", "room_id": beside}]
            state.append({"type": "m.room.join_rules", "content": {"join_rule": "restricted", "allow": allow}})
        if self._space is not None and not plan.private:
            via = {"via": [self._server], "canonical": True}
            state.append({"type": "m.space.parent", "state_key": self._space, "content": via})
        return state

    async def _adopt(self, alias: str, plan: ChannelPlan) -> str | None:
        """The room behind a taken alias when it is provably this plan's, else `None`."""
        try:
            room = await self.find(alias)
            joined = await self._enter_to_look(room)
        except (Missing, Forbidden):
            return None
        state = [dict(event) for event in (await ask(self._client.room_get_state(room))).events]
        create = _event(state, "m.room.create")
        mark = _event(state, MARK)
        made_by_us = create.get("sender") == self._user_id
        if made_by_us and mark.get("sender") == self._user_id and mark["content"] == {"incident": plan.incident}:
            return room
        if made_by_us and not mark and _alone(state, self._user_id):
            await self._take_apart(alias, room, create)
        if joined:
            await ask(self._client.room_leave(room))
        log.warning("alias is held by a room that is not ours", alias=alias, room=room)
        return None

    async def direct(self, user_id: str) -> str:
        """The room of this person's and ours, made or found; they are not asked into it yet. Raises `Permanent`."""
        ours = hashlib.blake2b(f"{self._user_id}\x1f{user_id}".encode(), digest_size=10).hexdigest()
        beside = ChannelRef(transport="", id="")
        plan = ChannelPlan("Tocsin", f"{DIRECT}{ours}", "What Tocsin says to you alone", beside, private=True)
        # Looked for by its name first: rooms may be made only so often, and most days this one is there.
        found = await self._adopt(f"#{plan.incident}:{self._server}", plan)
        return found or await self.open(plan, None)

    async def ask_into(self, room: str, user_id: str) -> None:
        """Ask somebody into the room of theirs and ours, unless they are in it or asked; as clients ask for a direct talk."""
        standing = await state_of(self._client, room, "m.room.member", user_id)
        if standing.get("membership") not in ("join", "invite"):
            asked = {"membership": "invite", "is_direct": True}
            await ask(self._client.room_put_state(room, "m.room.member", asked, state_key=user_id))

    async def _enter_to_look(self, room: str) -> bool:
        """Be in a room, and say whether that is new. Raises `Forbidden` when we may not."""
        if await self.inside(room):
            return False
        await ask(self._client.join(room))
        return True

    async def _take_apart(self, alias: str, room: str, create: Mapping[str, Any]) -> None:
        """Let go of a room whose making stopped half-way, so that no orphan holds the name."""
        age = create.get("unsigned", {}).get("age", HALF_MADE)
        if age < HALF_MADE:
            raise Temporary("the room is still being made", retry_after=5)
        await ask(self._client.room_delete_alias(alias), unless=("M_NOT_FOUND",))
        await ask(self._client.room_leave(room))
        raise Temporary("a half-made room was taken apart; it is made again", retry_after=0)

    async def _hang_in_space(self, room: str) -> None:
        if self._space is None:
            return
        try:
            await ask(
                self._client.room_put_state(self._space, "m.space.child", {"via": [self._server]}, state_key=room)
            )
        except Permanent as error:
            # A right that the bot lacks never loses an act (spec, section 4): the room is there, unlisted.
            log.warning("the room could not be listed in the Space", space=self._space, room=room, error=str(error))

    async def lock(self, room: str, *, locked: bool) -> None:
        """Raise what it takes to speak above everyone but the bot, or lower it again."""
        now = await state_of(self._client, room, "m.room.power_levels")
        events = dict(now.get("events", {}))
        if locked:
            events["m.reaction"] = 100
        else:
            events.pop("m.reaction", None)
        then = {**now, "events": events, "events_default": 100 if locked else 0}
        if then != now:
            await ask(self._client.room_put_state(room, "m.room.power_levels", then))

    async def invite(self, room: str, user_id: str) -> None:
        """Invite one person; somebody already in or invited is success."""
        try:
            await ask(self._client.room_invite(room, user_id))
        except Forbidden:
            standing = await state_of(self._client, room, "m.room.member", user_id)
            if standing.get("membership") not in ("join", "invite"):
                raise

    async def put_out(self, room: str, user_id: str) -> None:
        """Take one person out, or their invitation back; somebody who is neither in nor invited is success."""
        standing = await state_of(self._client, room, "m.room.member", user_id)
        if standing.get("membership") in ("join", "invite"):
            await ask(self._client.room_kick(room, user_id))

    async def of_two(self, room: str, user_id: str) -> bool:
        """Whether nobody but this person and the bot is in a room, or may come into it unasked, and it is no incident's."""
        state = [dict(event) for event in (await ask(self._client.room_get_state(room))).events]
        rule = _event(state, "m.room.join_rules").get("content", {}).get("join_rule")
        mark = _event(state, MARK).get("content", {}).get("incident", DIRECT)
        return rule == "invite" and mark.startswith(DIRECT) and _present(state) == {self._user_id, user_id}

    async def open_to_anyone(self, room: str) -> bool:
        """Whether anyone may come in unasked, straight or by way of a public room that a restricted rule names, or may read
        along from outside.

        To knock is to ask, so that alone opens nothing. Raises a `TransportFailure`.
        """
        history = await state_of(self._client, room, "m.room.history_visibility")
        if history.get("history_visibility") == "world_readable":
            return True
        rule = await state_of(self._client, room, "m.room.join_rules")
        if rule.get("join_rule") not in ("restricted", "knock_restricted"):
            return rule.get("join_rule") == "public"
        allow = rule.get("allow")
        named = [str(each.get("room_id", "")) for each in allow if isinstance(each, dict)] if allow else []
        return any([await self._is_public(each) for each in named if each])

    async def _is_public(self, room: str) -> bool:
        try:
            return (await state_of(self._client, room, "m.room.join_rules")).get("join_rule") == "public"
        except Forbidden:
            # We are not in it. What the server sums up for us it would for anyone, a private room it does not.
            answer = await ask(self._client.space_get_hierarchy(room, limit=1), unless=("M_FORBIDDEN", "M_NOT_FOUND"))
            return answer is not None and any(
                each.get("room_id") == room and each.get("join_rule") == "public" for each in answer.rooms
            )

    async def pin(self, room: str, event: str) -> None:
        """Pin a message beside those that are pinned."""
        pinned = (await state_of(self._client, room, "m.room.pinned_events")).get("pinned", [])
        if event not in pinned:
            await ask(self._client.room_put_state(room, "m.room.pinned_events", {"pinned": [*pinned, event]}))

    async def unpin(self, room: str, event: str) -> None:
        pinned = (await state_of(self._client, room, "m.room.pinned_events")).get("pinned", [])
        if event in pinned:
            left = [each for each in pinned if each != event]
            await ask(self._client.room_put_state(room, "m.room.pinned_events", {"pinned": left}))


def _event(state: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next((event for event in state if event.get("type") == kind and event.get("state_key") == ""), {})


def _alone(state: list[dict[str, Any]], user_id: str) -> bool:
    return _present(state) <= {user_id}


def _present(state: list[dict[str, Any]]) -> set[str]:
    """Who is in, or invited."""
    people = (event for event in state if event.get("type") == "m.room.member")
    return {str(e.get("state_key")) for e in people if e["content"].get("membership") in ("join", "invite")}
