"""Ties: an objection to a choice, asked of somebody who is neither of the two; in silence the choice stands (spec, 8)."""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import LetItStand, Object
from core.incident.decide.act import Act, Events
from core.incident.events import Ask, Asked, ItemEnded, Objected, Settled, TieBroken
from core.incident.evolve.calls import PATHS_CHOSEN, choice
from core.incident.state import Incident, Prompt
from core.incident.times import spell
from core.incident.vocabulary import ItemStatus, Person, Role


def asked_of(incident: Incident, person: Person, *, about_path: bool = False) -> Prompt | None:
    """The objection that this person is asked about as tie-breaker; with `about_path` one to a path."""
    asked = (one for one in incident.open_prompts(Ask.OBJECTION) if any(person.is_(who) for who in one.asked.to))
    return next((one for one in asked if not about_path or is_about_path(incident, one)), None)


def is_about_path(incident: Incident, prompt: Prompt) -> bool:
    return incident.entries[prompt.asked.entry - 1].kind in PATHS_CHOSEN


def object_to(incident: Incident, command: Object, act: Act) -> Events:
    """Asks whoever breaks ties; the choice stands meanwhile."""
    mine, made = asked_of(incident, act.person), choice(incident)
    if mine is not None:
        # Who is asked, and objects too, has answered.
        return settle_it(incident, mine, overturned=True)
    window = incident.policy.times.objection
    if made is None or act.at - (made.put_at or made.at) > window:
        raise refusals.nothing_to_object_to(spell(window))
    chooser = made.by or made.marked_by
    if chooser is not None and act.person.is_(chooser):
        raise refusals.to_yourself("object to")
    earlier = [one.asked for one in incident.prompts.values() if one.asked.ask is Ask.OBJECTION]
    if known := [asked for asked in earlier if asked.entry == made.number]:
        raise refusals.objected_already(known[0].to)
    breaker = _breaker(incident, act.person, chooser)
    if breaker is None:
        raise refusals.nobody_to_break_it(chooser)
    number = incident.next_number(Ask.OBJECTION)
    return (
        Objected(entry=made.number, why=command.why),
        Asked(ask=Ask.OBJECTION, number=number, to=(breaker,), by=act.person, title=command.why, entry=made.number),
    )


def _breaker(incident: Incident, objector: Person, chooser: Person | None) -> Person | None:
    """Who is neither of the two: the tie-breaker, the commander, the commander's backup, then whoever holds a role."""
    ranked = [incident.tie_breaker, *incident.deciders(Role.IC), *(incident.holder(role) for role in Role)]
    apart = (one for one in ranked if one is not None and not one.is_(objector) and not one.is_(chooser))
    return next(apart, None)


def settle_it(incident: Incident, prompt: Prompt, *, overturned: bool) -> Events:
    """The tie is broken. An overturned path is stopped, and the call is open again."""
    entry = prompt.asked.entry
    how = "overturned" if overturned else "the choice stands"
    stopped = stop(incident, "overturned") if overturned and is_about_path(incident, prompt) else ()
    return (TieBroken(entry=entry, overturned=overturned), *stopped, Settled(prompt=prompt.key, how=how))


def stop(incident: Incident, why: str) -> Events:
    """The path that is open ends without having been gone to its end."""
    going = incident.open_path
    if going is None:
        return ()
    over = tuple(one for one in incident.open_prompts(Ask.STOP) if one.asked.item == going.key)
    ended = ItemEnded(key=going.key, status=ItemStatus.STOPPED, result=why)
    return (ended, *(Settled(prompt=one.key, how=f"{going.key}: stopped") for one in over))


def let_it_stand(incident: Incident, command: LetItStand) -> Events:
    """A minute of silence: the choice stands, and that is said."""
    prompt = incident.prompts[command.prompt]
    if prompt.settled:
        return ()
    stands = TieBroken(entry=prompt.asked.entry, overturned=False)
    late = (one for one in incident.open_prompts(Ask.UNSAFE) if one.asked.to == prompt.asked.to)
    return (
        stands,
        Settled(prompt=prompt.key, how="no answer, so the choice stands"),
        *(Settled(prompt=one.key, how="too late, the choice stands") for one in late),
    )
