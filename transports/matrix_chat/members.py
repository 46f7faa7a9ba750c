"""Who is in the triage rooms, and what people are called, as of the latest sync. Rule: names are for show, ids give rights."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from core.incident.vocabulary import Account
from core.port import Clock, Permanent, Temporary
from transports.matrix_chat.requests import ask

PATIENCE = 3.0
"""Seconds that an act waits for a name; the server of the account's own may be far away, or gone."""

MISS = timedelta(minutes=10)
"""After this a name that could not be had is asked for again."""

MISSES = 4096
"""Of these names are remembered; in a command anybody can write ids that nobody has."""


class Members:
    """Seeded by asking the server at the start, then kept by every membership event that a sync brings."""

    def __init__(self, transport: str, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._triage: dict[str, set[str]] = {}
        self._names: dict[str, str] = {}
        self._missed: dict[str, datetime] = {}

    async def watch(self, client: Any, room: str) -> None:
        """Take a triage room's members from the server. Raises a `TransportFailure`."""
        answer = await ask(client.joined_members(room))
        self._triage[room] = {member.user_id for member in answer.members}
        self._names |= {member.user_id: member.display_name for member in answer.members if member.display_name}

    def note(self, room: str, event: Mapping[str, Any]) -> None:
        """Take in an event of a room; only memberships matter."""
        who, content = event.get("state_key"), event.get("content")
        if event.get("type") != "m.room.member" or not isinstance(who, str) or not isinstance(content, dict):
            return
        joined = content.get("membership") == "join"
        if joined and isinstance(name := content.get("displayname"), str) and name:
            self._names[who] = name
        if room in self._triage:
            (self._triage[room].add if joined else self._triage[room].discard)(who)

    def in_triage(self, account_id: str) -> bool:
        """Whether a person is in any triage room now."""
        return any(account_id in members for members in self._triage.values())

    def known(self, account_id: str) -> Account:
        """The account under the name last heard, or the readable part of its id."""
        name = self._names.get(account_id) or account_id.removeprefix("@").partition(":")[0]
        return Account(transport=self._transport, id=account_id, name=name)

    async def account(self, client: Any, account_id: str) -> Account:
        """The account, its name asked for when it was never heard: a lazy sync leaves out those it thinks we know."""
        if account_id not in self._names and not self._was_missed(account_id):
            try:
                async with asyncio.timeout(PATIENCE):
                    profile = await ask(client.get_displayname(account_id))
            except (Temporary, Permanent, TimeoutError):
                self._miss(account_id)
            else:
                self._names[account_id] = profile.displayname or ""
        return self.known(account_id)

    def _was_missed(self, account_id: str) -> bool:
        at = self._missed.get(account_id)
        return at is not None and self._clock.now() - at < MISS

    def _miss(self, account_id: str) -> None:
        self._missed.pop(account_id, None)
        self._missed[account_id] = self._clock.now()
        if len(self._missed) > MISSES:
            del self._missed[next(iter(self._missed))]
