"""What chats may ask: where something is going on, what of ours should stand there, which emoji mean anything."""

from __future__ import annotations

from core.command_post import CommandPost
from core.incident.vocabulary import ChannelRef, MessageRef
from core.shown import Showing
from transports.reactions import Table


class Headquarters:
    """As `core.port.Headquarters`."""

    def __init__(self, post: CommandPost, showing: Showing, table: Table) -> None:
        self._post = post
        self._showing = showing
        self._table = table

    def means(self, emoji: str) -> bool:
        return self._table.means(emoji)

    def channels(self, transport: str) -> tuple[ChannelRef, ...]:
        awake = [incident for _, incident in self._post.awake() if not incident.locked]
        return tuple(one.channel for one in awake if one.channel is not None and one.channel.transport == transport)

    def cards(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return tuple(row.message for row in self._showing.standing(channel) if row.message is not None)

    def pinned(self, channel: ChannelRef) -> tuple[MessageRef, ...]:
        return tuple(row.message for row in self._showing.standing(channel) if row.message is not None and row.pinned)
