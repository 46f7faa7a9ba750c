"""What happened to the incident's channel, its messages and who is in it."""

from __future__ import annotations

from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import ChannelRef


class Arrived(Happened):
    """The actor said something in the incident's channel: they are there."""

    kind: Literal["arrived"] = "arrived"


class Left(Happened):
    """The actor is in the incident's channel no longer."""

    kind: Literal["left"] = "left"


class ChannelOpened(Happened):
    kind: Literal["channel_opened"] = "channel_opened"
    channel: ChannelRef
    crowding: str = ""


class ChannelGone(Happened):
    kind: Literal["channel_gone"] = "channel_gone"
    channel: ChannelRef


class ChannelLocked(Happened):
    """Read-only from now on: the incident is only read any more."""

    kind: Literal["channel_locked"] = "channel_locked"


class DeliveryNoted(Happened):
    """How a copy fares. `channel` is the room as the config names it; `stale`: an older text stands there."""

    kind: Literal["delivery_noted"] = "delivery_noted"
    card: str
    channel: ChannelRef
    state: Literal["late", "impossible", "delivered"]
    reason: str = ""
    stale: bool = False


class RightMissing(Happened):
    kind: Literal["right_missing"] = "right_missing"
    right: str


class RightGiven(Happened):
    kind: Literal["right_given"] = "right_given"
    right: str


class Remade(Happened):
    """`what` was deleted by somebody, and made again, which happens once."""

    kind: Literal["remade"] = "remade"
    what: str
