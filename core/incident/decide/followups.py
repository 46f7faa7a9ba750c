"""Follow-ups: work that outlives the incident, each with an owner, a day and a priority (spec, section 9)."""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import EndFollowUp, FollowUp, MoveFollowUp
from core.incident.decide.act import Act, Events
from core.incident.decide.record import noted
from core.incident.events import FollowUpAdded, FollowUpEnded, FollowUpMoved
from core.incident.parts import DONE, Item
from core.incident.parts import FollowUp as Owed
from core.incident.state import Incident
from core.incident.vocabulary import FollowUpRef, Person, Priority, Severity
from core.incident.workdays import business_day, day_of

PRIORITIES: dict[Severity, Priority] = {
    Severity.SEV1: Priority.P1,
    Severity.SEV2: Priority.P2,
    Severity.SEV3: Priority.P3,
}
"""How soon what an incident leaves behind is due, when nobody says."""


def add(incident: Incident, command: FollowUp, act: Act) -> Events:
    owner, due = command.owner, command.due
    if owner is None or due is None:
        raise refusals.follow_up_needs(command.text, owner, due, command.priority)
    if due < day_of(act.at, act.policy.zone):
        raise refusals.day_has_passed(due)
    for one in incident.follow_ups.values():
        # Another day or another priority is no repeat, and must not be acknowledged as one.
        same = (one.text, one.owner.key, one.due) == (command.text, owner.key, due)
        if one.open and same and command.priority in (None, one.priority):
            return ()
    priority = command.priority or PRIORITIES[incident.severity]
    number = len(incident.follow_ups) + 1
    return (FollowUpAdded(number=number, text=command.text, owner=owner, due=due, priority=priority),)


def carried(incident: Incident, items: list[Item], by: Person, act: Act) -> Events:
    """What is in somebody's hands at the close goes on as a follow-up of theirs, by the day of the postmortem."""
    rules, first = act.policy.postmortems, len(incident.follow_ups) + 1
    due = business_day(day_of(act.at, act.policy.zone), rules.days, rules.holidays)
    return tuple(
        FollowUpAdded(
            number=number,
            text=item.text,
            owner=item.holder or by,
            due=due,
            priority=PRIORITIES[incident.severity],
            item=item.key,
        )
        for number, item in enumerate(items, first)
    )


def _found(incident: Incident, ref: FollowUpRef) -> Owed:
    found = incident.follow_ups.get(ref.number)
    if found is None:
        raise refusals.no_such_follow_up(ref.number, list(incident.follow_ups))
    return found


def move(incident: Incident, command: MoveFollowUp, act: Act) -> Events:
    one = _found(incident, command.follow_up)
    if command.owner is None and command.due is None:
        raise refusals.move_needs(one.number)
    if not one.open:
        raise refusals.follow_up_is_over(one.number, one.over)
    owner, due = command.owner or one.owner, command.due or one.due
    if command.due is not None and due < day_of(act.at, act.policy.zone):
        raise refusals.day_has_passed(due)
    if owner.is_(one.owner) and due == one.due:
        return noted(incident, command.why, act)
    return (FollowUpMoved(number=one.number, owner=owner, due=due, why=command.why),)


def end(incident: Incident, command: EndFollowUp, act: Act) -> Events:
    one = _found(incident, command.follow_up)
    if not one.open:
        if (one.over == DONE) is command.done:
            # What was done is often said after the ✅; what was acknowledged is on the record.
            return () if command.why == one.why else noted(incident, command.why, act)
        raise refusals.follow_up_is_over(one.number, one.over)
    if not command.done and not command.why:
        raise refusals.drop_needs(one.number)
    return (FollowUpEnded(number=one.number, done=command.done, why=command.why),)
