"""What the calls leave behind: decision points, the path, thresholds, the watched signal, broken ties, nudges.

Rule: as in `core.incident.evolve`, of which this is a part: pure and total.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from core.incident.events import (
    DecisionPointAnswered,
    DecisionPointMoved,
    DecisionPointSet,
    DecisionPointUnanswered,
    DecisionPointWithdrawn,
    Nudged,
    Objected,
    PathChosen,
    Recorded,
    SignalNamed,
    SignalSeen,
    ThresholdMet,
    ThresholdUnmet,
    TieBroken,
)
from core.incident.state import DecisionPoint, Entry, Incident, NudgeCard, PathCall, Signal
from core.incident.vocabulary import Path, Person

AboutCalls = (
    DecisionPointSet | DecisionPointMoved | DecisionPointWithdrawn | DecisionPointAnswered | DecisionPointUnanswered
) | (ThresholdMet | ThresholdUnmet | SignalNamed | SignalSeen | Objected | TieBroken | PathChosen | Nudged)


def after(incident: Incident, event: AboutCalls, recorded: Recorded, by: Person) -> Incident:
    """The incident after an event about its calls."""
    match event:
        case DecisionPointSet():
            return _point(incident, DecisionPoint(event.key, event.at, event.condition, by))
        case DecisionPointMoved():
            point = incident.points[event.key]
            return _point(incident, replace(point, at=event.at, moves=point.moves + 1, unanswered=False))
        case DecisionPointWithdrawn():
            over = event.why or "withdrawn"
            return _point(incident, replace(incident.points[event.key], over=over, over_at=recorded.at))
        case DecisionPointAnswered():
            return _decided(incident, event.key, event.path, recorded.at)
        case DecisionPointUnanswered():
            return _point(incident, replace(incident.points[event.key], unanswered=True))
        case ThresholdMet():
            return replace(incident, met={**incident.met, event.number: by})
        case ThresholdUnmet():
            return replace(incident, met={key: who for key, who in incident.met.items() if key != event.number})
        case SignalNamed():
            return replace(incident, signal=Signal(event.item, event.signal, event.who, recorded.at, event.until))
        case SignalSeen():
            return replace(incident, signal=replace(incident.signal, seen=True) if incident.signal else None)
        case Objected():
            return incident
        case TieBroken():
            return _overturned(incident, event.entry) if event.overturned else incident
        case PathChosen():
            decided = _decided(incident, event.point, event.path, recorded.at) if event.point else incident
            return replace(decided, path=PathCall(event.path, by, recorded.at, event.why, event.item, event.point))
        case Nudged():
            return _nudged(incident, event, recorded)
        case _:
            assert_never(event)


def _point(incident: Incident, point: DecisionPoint) -> Incident:
    return replace(incident, points={**incident.points, point.key: point})


def _decided(incident: Incident, key: str, path: Path, at: datetime) -> Incident:
    return _point(incident, replace(incident.points[key], over=path.value, over_at=at))


def _overturned(incident: Incident, number: int) -> Incident:
    """The choice of an entry holds no more; the entry says so."""
    one = incident.entries[number - 1]
    entries = tuple(replace(each, note=OVERTURNED) if each.number == number else each for each in incident.entries)
    after = replace(incident, entries=entries)
    if one.kind in PATHS_CHOSEN and incident.path is not None:
        return replace(after, path=replace(incident.path, overturned=True))
    return after


OVERTURNED = "overturned"
"""The note of an entry whose choice a tie-breaker overturned."""

PATHS_CHOSEN = ("path_chosen", "decision_point_answered")
"""Kinds of entries that are choices of the path."""

CHOICES = (*PATHS_CHOSEN, "decision_marked")
"""Kinds of entries that may be objected to."""


def choice(incident: Incident) -> Entry | None:
    """The choice that was made last and still stands."""
    made = [one for one in incident.entries if one.kind in CHOICES and not one.withdrawn and one.note != OVERTURNED]
    return made[-1] if made else None


def _nudged(incident: Incident, event: Nudged, recorded: Recorded) -> Incident:
    """On the person's card, if they were called a short while ago; else on a new one, which calls them again."""
    row, mine = (event.row, recorded.at), [card for card in incident.nudges if card.to.is_(event.to)]
    # Neither way, or a clock that was set back would silence the calls until it has caught up.
    if mine and abs(recorded.at - mine[-1].at) < incident.policy.times.nudge_gap:
        card = replace(mine[-1], rows=(*mine[-1].rows, row))
        return replace(incident, nudges=tuple(card if one.number == card.number else one for one in incident.nudges))
    card = NudgeCard(len(incident.nudges) + 1, event.to, recorded.at, (row,))
    return replace(incident, nudges=(*incident.nudges, card))
