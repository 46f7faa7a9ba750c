"""People out, as cards: who is on call, who covers whom, and the offer to hand over at the end of a shift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.incident.cards.asking import Asking, people, yes
from core.incident.cards.card import Card, card
from core.incident.document import Document, Line, Strong, Typed, When, Who, Words, line
from core.incident.events import CoverBegun, OnCallTold
from core.incident.on_call import Stretch
from core.incident.state import Covering, Incident, Prompt
from core.incident.vocabulary import Person
from core.incident.workdays import in_zone


def on_call(told: OnCallTold) -> Document:
    """Who is on call now and next; where nobody is, who is called instead."""
    rows = [row for rotation in told.rotations for row in _rotation(told, rotation.name, rotation.service)]
    if not told.rotations:
        line_up = _line_up(told.called)
        rows.append(line(*line_up, " ([groups] oncall)", label="Now") if told.called else line("nobody", label="Now"))
        if not told.called:
            rows.append(line("The config names people on call in [[rotations]] or in [groups] oncall."))
    rows += [
        line(Who(one.by), " takes ", Who(one.who), "'s pages until ", When(one.until), label="Cover")
        for one in told.covers
    ]
    return Document(tuple(rows), line(Strong("On call")).spans)


def _rotation(told: OnCallTold, name: str, service: str) -> Iterator[Line]:
    mine = [one for one in told.on if one.rotation == name]
    later = [one for one in told.coming if one.rotation == name]
    yield line(Strong(name), f" · {service}" if service else "")
    if mine and not mine[0].backup:
        yield line(*_stretch(mine), " · until ", *_moment(mine[0].until, mine[0].zone), label="Now")
    else:
        instead: Sequence[Words] = [": ", *_line_up(told.called), " is called"] if told.called else []
        yield line("nobody", *instead, label="Now")
    if later:
        yield line(*_stretch(later), " · from ", *_moment(later[0].since, later[0].zone), label="Next")


def _stretch(stretches: Sequence[Stretch]) -> list[Words]:
    return _line_up([one.who for one in stretches])


def _line_up(people: Sequence[Person]) -> list[Words]:
    """`Ann (backup Bob)`."""
    if not people:
        return []
    backups: Sequence[Words] = [word for person in people[1:] for word in (", ", Who(person))][1:]
    return [Who(people[0]), *([" (backup ", *backups, ")"] if backups else [])]


def _moment(at: datetime, zone: str) -> list[Words]:
    """The day and time where the rotation is, and the reader's own."""
    here = f"{in_zone(at, zone):%a %d %b %H:%M} {zone}"
    return [here] if zone == "UTC" else [here, " (", When(at), ")"]


def cover(event: CoverBegun) -> Document:
    """Both are told."""
    return Document((_taken(event.who, event.by, event.until), _undone(event.who)))


def _taken(who: Person, by: Person, until: datetime) -> Line:
    return line(Who(by), " takes ", Who(who), "'s pages until ", When(until), ".")


def _undone(who: Person) -> Line:
    return line("For longer: ", Typed(f"cover @{who.name} 4h"), ". To end it: ", Typed(f"cover @{who.name} 1m"))


def covers(incident: Incident) -> Iterator[Card]:
    """One for each cover that was said here: it calls whoever did not say it."""
    if incident.channel is None:
        return
    for number, one in enumerate(incident.covers, 1):
        rows = (_over(one),) if one.over else (_taken(one.who, one.by, one.until), _undone(one.who))
        pings = () if one.over else tuple(each for each in (one.by, one.who) if not each.is_(one.said_by))
        yield card(incident, incident.channel, f"cover/{number}", Document(rows), pings=pings)


def _over(one: Covering) -> Line:
    return line(Who(one.by), " took ", Who(one.who), "'s pages for a while; that is over.")


def shift(incident: Incident, prompt: Prompt) -> Asking:
    """Whoever went off call is offered to hand over; until the other accepts, nothing changes."""
    roles = " and ".join(role.title for role in prompt.asked.roles)
    next_ = prompt.asked.by
    assert next_ is not None, "it is offered to hand over to somebody"
    ended: list[Words] = [" at ", When(prompt.asked.due)] if prompt.asked.due else []
    ask = line(
        *people(prompt.asked.to),
        ": your time on call ended",
        *ended,
        " and ",
        Who(next_),
        f" is on now. You are {roles}.",
    )
    way = line("To keep it, do nothing; to hand over by name: ", Typed(f"handoff @{next_.name}"))
    return [ask, way], yes(incident, prompt, f"hand over to {next_.name}")
