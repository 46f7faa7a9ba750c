"""What may stand in a slot of a command, for whoever types there: this channel's items, entries, questions, incidents.

Rule: from memory alone, and what the command can act on comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from core.incident import commands as c
from core.incident.audience import open_to_all
from core.incident.cards.prompts import SETTLED
from core.incident.decide.items import ENDINGS
from core.incident.forms import Argument, Kind, Verb
from core.incident.state import Incident, Item
from core.incident.vocabulary import ChannelRef
from core.incident.workdays import day_words

MOST = 25
"""What one look can take in; Discord shows no more."""

Suggestion = tuple[str, str]
"""What is shown, and the word that stands for it."""

DAYS: tuple[Suggestion, ...] = tuple(
    (word, word) for word in ("Friday", "Monday", "tomorrow", "in 1 week", "in 2 weeks")
)
"""The days that people mean most; any other is typed."""


def suggestions(
    known: Sequence[Incident], channel: ChannelRef, verb: Verb, slot: Argument, typed: str
) -> tuple[Suggestion, ...]:
    """Those in which the typed words occur. `known` are the incidents in memory."""
    here = next((incident for incident in known if incident.channel == channel), None)
    found: Iterable[Suggestion]
    match slot.kind:
        case Kind.ITEM:
            found = _items(here, verb) if here else ()
        case Kind.ENTRY:
            found = _entries(here, verb) if here else ()
        case Kind.FOLLOW_UP:
            found = _follow_ups(here) if here else ()
        case Kind.DATE:
            found = DAYS
        case Kind.PROMPT:
            found = _questions(known, channel)
        case Kind.POINT:
            found = _points(here) if here else ()
        case Kind.INCIDENT:
            # What is offered is read by whoever types: a private one is for its members to name.
            others = [incident for incident in known if incident is not here and open_to_all(incident)]
            found = _incidents(others, verb)
        case _:
            found = ()
    wanted = typed.strip().casefold()
    return tuple(one for one in found if wanted in one[0].casefold())[:MOST]


def _items(incident: Incident, verb: Verb) -> Iterator[Suggestion]:
    fitting = [item for item in incident.items.values() if _can_take(item, verb)]
    # A free one is what somebody who grabs looks for; an ended one takes no more than its evidence.
    for item in sorted(fitting, key=lambda one: (not one.open, verb.command is c.Grab and one.holder is not None)):
        state = item.status.value if not item.open else item.holder.name if item.holder else ""
        yield f"{item.key} {item.text}" + (f" ({state})" if state else ""), item.key


def _can_take(item: Item, verb: Verb) -> bool:
    if verb.command is c.EndItem:
        ending = ENDINGS[item.kind].get(verb.fixed["status"])
        return ending is not None and (item.open or item.status is ending)
    return item.open and (item.holder is not None or verb.command is not c.LetGo)


def _entries(incident: Incident, verb: Verb) -> Iterator[Suggestion]:
    hides = verb.fixed.get("hidden")
    for entry in reversed(incident.entries):
        if not entry.withdrawn and entry.hidden is not hides:
            yield f"T{entry.number} {entry.text}", str(entry.number)


def _follow_ups(incident: Incident) -> Iterator[Suggestion]:
    for one in incident.follow_ups.values():
        if one.open:
            yield f"F{one.number} {one.text} ({one.owner.name}, {day_words(one.due)})", f"F{one.number}"


def _questions(known: Sequence[Incident], channel: ChannelRef) -> Iterator[Suggestion]:
    for incident in known:
        for prompt in incident.prompts.values():
            where = prompt.asked.message.channel if prompt.asked.message else incident.channel
            if where == channel and not prompt.settled:
                name = prompt.key.removeprefix("prompt/")
                yield f"{name} · {SETTLED[prompt.asked.ask]}", name


def _points(incident: Incident) -> Iterator[Suggestion]:
    for point in incident.open_points:
        yield f"{point.key} {point.at:%H:%M} UTC {point.condition}", point.key


def _incidents(others: Sequence[Incident], verb: Verb) -> Iterator[Suggestion]:
    for incident in sorted(others, key=lambda one: -one.number):
        if incident.closed is (verb.command is c.Reopen):
            yield f"{incident.number} {incident.title}", str(incident.number)
