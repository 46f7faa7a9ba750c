"""Decision points: set for a time, asked of whoever is entitled, one after the other, and never decided by silence.

Source: spec, section 8. The recovery owner is asked at the time, the backup a step later, the tie-breaker another step
later; who is nobody, or was asked already, is passed over without waiting.
"""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import AskDecision, DecideBy, MoveDecision, WithdrawDecision
from core.incident.decide.act import Act, Events, settle
from core.incident.document import utc
from core.incident.events import (
    Ask,
    Asked,
    DecisionPointMoved,
    DecisionPointSet,
    DecisionPointUnanswered,
    DecisionPointWithdrawn,
    Settled,
)
from core.incident.state import DecisionPoint, Incident
from core.incident.vocabulary import Person, Role

TIE = 1
"""The step at which the tie-breaker is asked; the owner and the backup are asked at 0, since the call is theirs."""


def set_point(incident: Incident, command: DecideBy, act: Act) -> Events:
    # Counted from when it was said: what came due while Tocsin was away is asked at once.
    if command.at <= act.at:
        raise refusals.decision_in_the_past(command.at, act.now)
    if any(one.at == command.at and one.condition == command.condition for one in incident.open_points):
        return ()
    return (next_point(incident, command),)


def next_point(incident: Incident, command: DecideBy) -> DecisionPointSet:
    return DecisionPointSet(key=f"D{len(incident.points) + 1}", at=command.at, condition=command.condition)


def move(incident: Incident, command: MoveDecision, act: Act) -> Events:
    point = _meant(incident, command.point)
    if command.at <= act.at:
        raise refusals.decision_in_the_past(command.at, act.now)
    if command.at == point.at:
        return ()
    moved = DecisionPointMoved(key=point.key, at=command.at)
    return (moved, *settle_about(incident, point, f"moved to {utc(command.at)}"))


def withdraw(incident: Incident, command: WithdrawDecision) -> Events:
    point = _meant(incident, command.point)
    withdrawn = DecisionPointWithdrawn(key=point.key, why=command.why)
    return (withdrawn, *settle_about(incident, point, "withdrawn" + (f": {command.why}" if command.why else "")))


def withdraw_all(incident: Incident, why: str) -> Events:
    """There is nothing to decide any more."""
    points = tuple(DecisionPointWithdrawn(key=point.key, why=why) for point in incident.open_points)
    return (*points, *settle(incident, [Ask.DECISION], why))


def _meant(incident: Incident, key: str) -> DecisionPoint:
    """The decision point of this key, or the next."""
    if not key:
        if not incident.open_points:
            raise refusals.no_decision_point()
        return incident.open_points[0]
    point = incident.points.get(key)
    if point is None or not point.open:
        raise refusals.no_such_decision_point(
            key, point.over if point else "", [one.key for one in incident.open_points]
        )
    return point


def settle_about(incident: Incident, point: DecisionPoint, how: str) -> Events:
    return tuple(Settled(prompt=prompt.key, how=how) for prompt in incident.asked_about(point))


def chain(incident: Incident) -> tuple[tuple[Person, int], ...]:
    """Whom a decision point asks, in order, with the step as which they are asked."""
    owners = incident.deciders(Role.RECOVERY)
    breaker = incident.tie_breaker
    found: list[tuple[Person, int]] = []
    for person, step in (*((one, 0) for one in owners), *([(breaker, TIE)] if breaker else [])):
        if not any(person.is_(known) for known, _ in found):
            found.append((person, step))
    return tuple(found)


def next_asked(incident: Incident, point: DecisionPoint) -> tuple[Person, int] | None:
    """Who is asked next about a decision point; nobody when all were."""
    asked = [person for prompt in incident.asked_about(point) for person in prompt.asked.to]
    waiting = ((who, step) for who, step in chain(incident) if not any(who.is_(one) for one in asked))
    # With the steps turned off the first alone is asked.
    return next(waiting, None) if not asked or incident.policy.times.decision_step else None


def ask(incident: Incident, command: AskDecision) -> Events:
    """The next who is entitled gets the four choices; when all were asked and were silent, that is said once."""
    point = incident.points[command.point]
    if not point.open:
        return ()
    coming = next_asked(incident, point)
    if coming is None:
        return () if point.unanswered else (DecisionPointUnanswered(key=point.key),)
    who, step = coming
    number = incident.next_number(Ask.DECISION)
    return (Asked(ask=Ask.DECISION, number=number, to=(who,), step=step, due=point.at, point=point.key),)
