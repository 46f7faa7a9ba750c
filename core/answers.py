"""The immediate answers to acts: ✅ on a typed command that worked, the words somebody asked for, a refused reaction removed.

Rule: an answer follows from one record alone, is given once, in the order of the acts, and is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.incident.cards import Card, told
from core.incident.document import Document, Post, Who, line
from core.incident.events import Recorded, Refused, Told
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef, Person
from core.incident.help import help_document

WORKED = "✅"


@dataclass(frozen=True, slots=True)
class Tick:
    """✅ from Tocsin on a person's message."""

    message: MessageRef

    @property
    def channel(self) -> ChannelRef:
        return self.message.channel


@dataclass(frozen=True, slots=True)
class Removal:
    """A reaction that may not do what it asks is taken away, where the chat allows it."""

    message: MessageRef
    emoji: str
    account_id: str

    @property
    def channel(self) -> ChannelRef:
        return self.message.channel


Answer = Tick | Removal | Card


def answers(incident: Incident | None, recorded: Recorded) -> tuple[Answer, ...]:
    """What one record calls for. `incident` is as it was just after; none for the house."""
    origin, event = recorded.origin, recorded.event
    if recorded.source is None or origin is None or origin.message is None or recorded.by is None:
        return ()
    if isinstance(event, Told):
        shown = told(incident, recorded, event) if incident else _outside(recorded, help_document(event.topic), origin.message)
        return (shown,) if shown else ()
    if isinstance(event, Refused):
        found: list[Answer] = [_outside_letter(recorded, recorded.by, event, origin.message)] if incident is None else []
        if origin.kind == "reacted" and recorded.by.account.transport == origin.message.channel.transport:
            found.append(Removal(origin.message, origin.emoji, recorded.by.account.id))
        return tuple(found)
    return (Tick(origin.message),) if origin.kind in ("typed", "edited") else ()


def _outside_letter(recorded: Recorded, to: Person, event: Refused, where: MessageRef) -> Card:
    """A refusal where there is no incident: a short reply in place."""
    return _outside(recorded, Document((line(Who(to), ": ", event.answer),)), where, (to,))


def _outside(recorded: Recorded, document: Document, where: MessageRef, pings: tuple[Person, ...] = ()) -> Card:
    post = Post(document, recorded.stream, f"answer/{recorded.version}", pings=pings, reply_to=where)
    return Card(where.channel, post)
