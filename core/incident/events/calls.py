"""The calls: decision points, the path, thresholds, signals, ties, the freeze."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import Path, Person


class DecisionPointSet(Happened):
    """A decision that is due at `at`, by its key (`D1`)."""

    kind: Literal["decision_point_set"] = "decision_point_set"
    key: str
    at: datetime
    condition: str


class DecisionPointMoved(Happened):
    kind: Literal["decision_point_moved"] = "decision_point_moved"
    key: str
    at: datetime


class DecisionPointWithdrawn(Happened):
    kind: Literal["decision_point_withdrawn"] = "decision_point_withdrawn"
    key: str
    why: str = ""


class DecisionPointAnswered(Happened):
    """Decided as the path says that is being gone already; a new path says so in its `PathChosen`."""

    kind: Literal["decision_point_answered"] = "decision_point_answered"
    key: str
    path: Path


class DecisionPointUnanswered(Happened):
    """Everyone entitled was asked and nobody answered: it stays open, and that is said."""

    kind: Literal["decision_point_unanswered"] = "decision_point_unanswered"
    key: str


class ThresholdMet(Happened):
    """The service's sentence `number` (from 1) is met."""

    kind: Literal["threshold_met"] = "threshold_met"
    number: int
    text: str


class ThresholdUnmet(Happened):
    kind: Literal["threshold_unmet"] = "threshold_unmet"
    number: int
    text: str


class SignalNamed(Happened):
    """What will show that the path `item` worked, and who watches it until when."""

    kind: Literal["signal_named"] = "signal_named"
    item: str
    signal: str
    who: Person
    until: datetime


class SignalSeen(Happened):
    """The watcher says that the signal shows it: the path worked."""

    kind: Literal["signal_seen"] = "signal_seen"
    item: str


class Objected(Happened):
    """A role holder objects to the choice of an entry; it stands until the tie-breaker overturns it."""

    kind: Literal["objected"] = "objected"
    entry: int
    why: str


class TieBroken(Happened):
    """The choice of an entry stands, or is overturned. Without an actor the tie-breaker was silent."""

    kind: Literal["tie_broken"] = "tie_broken"
    entry: int
    overturned: bool


class PathChosen(Happened):
    """The recovery owner's call; `item` is the recovery action it opened, `point` the decision point that it answers.

    `unsafe` says why rolling back, which was the rule, is not what is done.
    """

    kind: Literal["path_chosen"] = "path_chosen"
    path: Path
    why: str = ""
    item: str = ""
    point: str = ""
    unsafe: str = ""


class FrozenChanges(Happened):
    kind: Literal["frozen"] = "frozen"
    why: str = ""


class UnfrozenChanges(Happened):
    kind: Literal["unfrozen"] = "unfrozen"
    why: str = ""
