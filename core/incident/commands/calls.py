"""The calls: decisions, the one recovery path, thresholds, the freeze."""

from __future__ import annotations

from datetime import datetime

from core.incident.commands.wish import Command, Maybe, Quote, Words
from core.incident.times import Length
from core.incident.vocabulary import Path, Person


class MarkDecision(Command):
    text: Words
    quote: Quote | None = None


class DecideBy(Command):
    """Set a decision point: at `at` the recovery owner is asked, if `condition` holds, what to do."""

    at: datetime
    condition: Words


class MoveDecision(Command):
    """`point` is the key of a decision point; without one it is the next that is due."""

    at: datetime
    point: str = ""


class WithdrawDecision(Command):
    why: Maybe = ""
    point: str = ""


class ChoosePath(Command):
    """The recovery owner's call. `point` is the decision point that it answers, where that was said.

    `why` is also the sentence that says why rolling back is unsafe, where rolling back first is the rule.
    """

    path: Path
    why: Maybe = ""
    point: str = ""


class AnswerDecision(Command):
    """One of the four choices, given on the card that asked for it."""

    prompt: str
    path: Path


class WatchSignal(Command):
    """Which signal will show that the path worked, and who watches it for how long; whoever says it, unless named."""

    signal: Words
    who: Person | None = None
    length: Length | None = None


class Object(Command):
    """Object to the choice that was made last; said by a tie-breaker who was asked, it overturns that choice."""

    why: Words


class MeetThreshold(Command):
    """One of the service's sentences is met: by its number, or some of its words."""

    threshold: Words


class UnmeetThreshold(Command):
    """Whoever marked it takes that back."""

    threshold: Words


class Freeze(Command):
    why: Maybe = ""


class Unfreeze(Command):
    why: Maybe = ""


class AskAboutFreeze(Command):
    """The incident is closed and changes are still frozen: ask whether that is meant."""


class AskUnfreeze(Command):
    """🧊 was taken back: lifting a freeze is confirmed first."""
