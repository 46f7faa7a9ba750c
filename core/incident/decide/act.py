"""Who does it and when: what every decision is given beside the incident and the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.incident.events import Event, Settled
from core.incident.policy import Policy
from core.incident.runbook import EMPTY, Shelf
from core.incident.state import Incident
from core.incident.vocabulary import Person

Events = tuple[Event, ...]
"""What comes of a command. Nothing at all means that it was so already: a repeat changes nothing."""


@dataclass(frozen=True, slots=True)
class Act:
    """`at` is when it was done, `now` when it is decided: they differ when Tocsin was away. `by` is `None` for Tocsin.

    `policy` are the house rules in force now; an incident goes by those that were written into it. `shelf` has the runbooks
    that there are now.
    """

    by: Person | None
    at: datetime
    now: datetime
    policy: Policy
    shelf: Shelf = EMPTY

    @property
    def person(self) -> Person:
        """Who did it, where only a person can have."""
        assert self.by is not None, "this command is given by people"
        return self.by

    def stale(self, after: timedelta) -> bool:
        return bool(after) and self.now - self.at > after


def answered(events: Events, prompt: str, how: str) -> Events:
    """The events that a yes brought about, with its prompt settled once and as this."""
    others = (event for event in events if not (isinstance(event, Settled) and event.prompt == prompt))
    return (*others, Settled(prompt=prompt, how=how))


def once(*events: Event) -> Events:
    """The events, with each prompt settled once, as was said last."""
    last = {event.prompt: event for event in events if isinstance(event, Settled)}
    return tuple(event for event in events if not isinstance(event, Settled) or last[event.prompt] is event)


def settle(incident: Incident, asks: Sequence[str], how: str) -> Events:
    """Settles every open prompt of these kinds."""
    return tuple(Settled(prompt=prompt.key, how=how) for ask in asks for prompt in incident.open_prompts(ask))
