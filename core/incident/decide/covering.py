"""On call: who is, who takes whose pages, and what whoever goes off hands over (spec, section 10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.incident import refusals
from core.incident.commands import Cover, EndCover, OfferShift
from core.incident.decide.act import Act, Events
from core.incident.events import Ask, Asked, CoverBegun, CoverEnded, OnCallTold
from core.incident.on_call import coming, on
from core.incident.policy import Policy
from core.incident.state import Incident
from core.incident.vocabulary import Person

USUAL = timedelta(hours=2)
"""How long somebody is covered when nobody says."""

LONGEST = timedelta(hours=24)
"""What is longer is no cover: it is an override of the rotation."""


def told(policy: Policy, now: datetime) -> OnCallTold:
    """Who is on now and next, in every rotation, and who covers whom."""
    later = [one for rotation in policy.rotations for one in coming(policy.shifts, rotation.name, now)]
    return OnCallTold(
        on=on(policy.shifts, now),
        coming=tuple(later),
        covers=policy.covers,
        rotations=policy.rotations,
        called=policy.on_call,
    )


def called_for(policy: Policy, service: str) -> tuple[Person, ...]:
    """Who is called for a service: its own rotations' people, else the house's."""
    own = next((one.on_call for one in policy.services if one.name == service), ())
    return own or policy.on_call


def settle(command: Cover | EndCover, act: Act, incident: Incident | None) -> Events:
    """A cover that begins, or one whose time is over; said in this incident, or in none."""
    if isinstance(command, Cover):
        return cover(command, act, incident)
    return end(command.who, command.by, command.until, act.policy)


def cover(command: Cover, act: Act, incident: Incident | None) -> Events:
    """Somebody takes somebody's pages for a while; it needs no answer, and both are told."""
    me, other, length = act.person, command.who, USUAL if command.length is None else command.length
    if incident is not None and incident.private:
        raise refusals.covered_in_private()
    if other.is_(me):
        raise refusals.to_yourself("cover")
    if length > LONGEST:
        raise refusals.covered_too_long(LONGEST)
    standing = [one for one in act.policy.covers if {one.who.key, one.by.key} == {me.key, other.key}]
    who, by = (standing[0].who, standing[0].by) if standing else _sides(me, other, act.policy, incident)
    until = act.at + length
    if until <= act.now or any(one.until == until for one in standing):
        return ()
    return (CoverBegun(who=who, by=by, since=act.at, until=until),)


def _sides(me: Person, other: Person, policy: Policy, incident: Incident | None) -> tuple[Person, Person]:
    """Whose pages, and who takes them: theirs by the actor, unless only the actor has any to give."""
    if _has_pages(me, policy, incident) and not _has_pages(other, policy, incident):
        return me, other
    return other, me


def _has_pages(person: Person, policy: Policy, incident: Incident | None) -> bool:
    called = [*policy.on_call, *(each for one in policy.services for each in one.on_call)]
    return any(person.is_(one) for one in called) or (incident is not None and bool(incident.roles_of(person)))


def end(who: Person, by: Person, until: datetime, policy: Policy) -> Events:
    """A cover's time is over, unless another has begun since."""
    stands = [one for one in policy.covers if one.who.is_(who) and not (one.by.is_(by) and one.until == until)]
    return () if stands else (CoverEnded(who=who, by=by),)


def offer_shift(incident: Incident, command: OfferShift, act: Act) -> Events:
    """Whoever went off call is offered, once, to hand what they hold to who came on.

    The moment is that of the rotation as it was when the incident was declared; who came on is asked of the rules in force
    now. Who was primary is asked though they are backup now; who is primary still, or holds nothing here, is not.
    """
    roles = incident.roles_of(command.who)
    called = called_for(act.policy, incident.service)
    here = on(act.policy.shifts, act.now)
    still = [*called[:1], *(one.who for one in here if command.backup or not one.backup)]
    if incident.closed or not roles or not called or any(command.who.is_(person) for person in still):
        return ()
    if any(command.who.is_(prompt.asked.to[0]) for prompt in incident.open_prompts(Ask.SHIFT)):
        return ()
    number = incident.next_number(Ask.SHIFT)
    return (Asked(ask=Ask.SHIFT, number=number, to=(command.who,), by=called[0], roles=roles, due=command.at),)
