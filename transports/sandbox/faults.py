"""What goes wrong between the bot and the sandbox's server, as chances that a simulation sets and changes while it runs.

Rule: the same seed and the same calls give the same trouble, so a die is cast only for what can happen at all.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random


class Trouble(StrEnum):
    """What may befall one request of the bot's."""

    LOST_REQUEST = "lost request"
    LOST_REPLY = "lost reply"
    RATE_LIMIT = "rate limit"


@dataclass(slots=True)
class Faults:
    """Chances are from 0 (never) to 1 (always); a world without any is the default.

    `lost_request`, `lost_reply`, `rate_limit`: per request; the effect is not done, is done, is not done.
    `retry_after`: seconds that a rate limit names.
    `delay`: the longest that a request, a reply or a delivery is under way, in seconds.
    `repeat`: per signal delivered, that a recent one is delivered again.
    `reorder`: per batch, that signals of different channels change places; one channel's keep their order.
    `deletion`: per message sent, that a person deletes one of the bot's messages in that channel.
    `outage`: nothing gets through in either direction until it is false again.
    `closed`: the account ids of people who take no direct messages.
    `upcoming`: what befalls the next requests, before any chance is asked; for a test that wants one exact fault.
    """

    lost_request: float = 0.0
    lost_reply: float = 0.0
    rate_limit: float = 0.0
    retry_after: float = 1.0
    delay: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    deletion: float = 0.0
    outage: bool = False
    closed: set[str] = field(default_factory=set)
    upcoming: deque[Trouble] = field(default_factory=deque)

    def trouble(self, rng: Random) -> Trouble | None:
        """What befalls the request now being made."""
        if self.upcoming:
            return self.upcoming.popleft()
        for trouble, chance in (
            (Trouble.RATE_LIMIT, self.rate_limit),
            (Trouble.LOST_REQUEST, self.lost_request),
            (Trouble.LOST_REPLY, self.lost_reply),
        ):
            if happens(chance, rng):
                return trouble
        return None

    def wait(self, rng: Random) -> float:
        """How long something is under way, in seconds."""
        return rng.uniform(0, self.delay) if self.delay > 0 else 0.0


def happens(chance: float, rng: Random) -> bool:
    """Whether something of this chance comes to pass."""
    return chance > 0 and rng.random() < chance
