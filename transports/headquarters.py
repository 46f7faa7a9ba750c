"""What chats may ask: where something is going on, what of ours should stand there, which emoji mean anything.

And for whoever gives a command by a form: what the record has for its slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.command_post import CommandPost
from core.incident import commands as c
from core.incident.authority import precedence
from core.incident.decide import Act
from core.incident.prefilled import prefilled
from core.incident.state import Incident
from core.incident.verbs import PATHS
from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.roster import Roster
from core.shown import Showing
from transports.reactions import Table
from transports.suggestions import Suggestion, suggestions


class Headquarters:
    """As `core.port.Headquarters`."""

    def __init__(self, post: CommandPost, showing: Showing, table: Table, roster: Roster) -> None:
        self._post = post
        self._showing = showing
        self._table = table
        self._roster = roster

    def means(self, emoji: str) -> bool:
        return self._table.means(emoji)

    def channels(self, transport: str) -> tuple[ChannelRef, ...]:
        awake = [incident for _, incident in self._post.awake() if not incident.locked]
        return tuple(one.channel for one in awake if one.channel is not None and one.channel.transport == transport)

    def ranked(self, channel: ChannelRef, accounts: Sequence[Account]) -> list[Account]:
        here, person = self._here(channel), self._roster.person
        # Of two ids the shorter is the lower.
        return sorted(accounts, key=lambda each: (precedence(here, person(each)), len(each.id), each.id))

    def cards(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return tuple(row.message for row in self._showing.standing(channel) if row.message is not None)

    def pinned(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return tuple(row.message for row in self._showing.standing(channel) if row.message is not None and row.pinned)

    def emoji(self, action: str) -> str:
        return self._table.emoji(action)

    def form(self, channel: ChannelRef, verb: str, by: Account) -> Mapping[str, str] | None:
        here = self._here(channel)
        if PATHS[verb].command is c.Declare:
            return {} if here is None else None
        if here is None:
            return None
        now = self._post.clock.now()
        act, row = Act(self._roster.person(by), now, now, here.policy), PATHS[verb]
        # Without what its arguments say there is no command yet that could be turned down.
        missing = any(slot.required for slot in row.arguments)
        return {} if missing else prefilled(here, row.build({}), act)

    def suggest(self, channel: ChannelRef, verb: str, slot: str, typed: str) -> tuple[Suggestion, ...]:
        row = PATHS[verb]
        wanted = next(one for one in (*row.arguments, *row.fields) if one.name == slot)
        return suggestions([incident for _, incident in self._post.awake()], channel, row, wanted, typed)

    def _here(self, channel: ChannelRef) -> Incident | None:
        return next((incident for _, incident in self._post.awake() if incident.channel == channel), None)
