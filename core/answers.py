"""The immediate answers to acts: ✅ on a typed command that worked, the words somebody asked for, a refused reaction removed.

Rule: an answer follows from one record alone, is given once, in the order of the acts, and is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.incident.cards import Card, marked, seen, told
from core.incident.cards.letters import told_anywhere
from core.incident.cards.people import cover, on_call
from core.incident.cards.runbooks import document
from core.incident.document import Document, Post, line
from core.incident.events import Asked, CoverBegun, Declared, OnCallTold, Origin, Recorded, Refused, RunbookShown, Told
from core.incident.state import Incident
from core.incident.vocabulary import ChannelRef, MessageRef

WORKED = "✅"

NOT_YET = Document((line("Not done yet: the channel asks you something first."),))


@dataclass(frozen=True, slots=True)
class Tick:
    """✅ from Tocsin on a person's message, or where they are answered."""

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
    where = origin.reply_to or origin.message
    if isinstance(event, Declared) and event.private:
        return (_own(incident, recorded, _in_private(event), origin, where),)
    if isinstance(event, Told):
        shown = (
            told(incident, recorded, event) if incident else _own(None, recorded, told_anywhere(event), origin, where)
        )
        shown = seen(incident, shown) if incident and shown else shown
        shown = marked(incident, shown) if incident and shown else shown
        return (shown,) if shown else ()
    if isinstance(event, OnCallTold):
        return (_own(incident, recorded, on_call(event), origin, where),)
    if isinstance(event, RunbookShown) and incident is None:
        # In an incident it is a card of its own, with its choices.
        return (_own(None, recorded, document(event), origin, where),)
    if isinstance(event, CoverBegun) and incident is None:
        # In an incident its card says it.
        concerned = tuple(one for one in (event.by, event.who) if not one.is_(recorded.by))
        said = _own(None, recorded, cover(event), origin, where)
        return (replace(said, post=replace(said.post, pings=concerned)),)
    if isinstance(event, Refused):
        put = origin.kind == "reacted" and origin.answer is None
        if put and recorded.by.account.transport == origin.message.channel.transport:
            return (Removal(origin.message, origin.emoji, recorded.by.account.id),)
        return ()
    if isinstance(event, Asked) and event.again is not None:
        # Not done yet. The question stands in the channel; who is answered elsewhere would wait for it there.
        return (_own(incident, recorded, NOT_YET, origin, where),) if origin.answer is not None else ()
    waits = origin.kind in ("typed", "edited") or origin.answer is not None
    return (Tick(where),) if waits else ()


def _in_private(event: Declared) -> Document:
    """Where whoever declared it looks next, without a word of what it is."""
    words = f"Incident {event.number} is private, and is called {event.name} wherever others may read."
    return Document((line(words), line("You command it. Its channel is being made, and nobody but you is let in.")))


def _own(incident: Incident | None, recorded: Recorded, document: Document, origin: Origin, where: MessageRef) -> Card:
    name, number = (incident.name, incident.number) if incident else (recorded.stream, 0)
    post = Post(document, name, f"answer/{recorded.version}", number, reply_to=where, thread=origin.thread)
    answer = Card(where.channel, post)
    return marked(incident, answer) if incident else answer
