"""The wording check: what is wrong with the words of a draft, and the better form (spec, section 7).

Rule: it advises, and holds back only what the house has said to hold back. It is computed from the incident as it is now:
a hypothesis confirmed a moment ago clears the finding on the card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from core.incident.events import Wording
from core.incident.policy import Check
from core.incident.state import Incident
from core.incident.wording.reading import Reading
from core.incident.wording.rules import NAMES, WORDING, Rule

__all__ = ["NAMES", "WORDING", "Finding", "Rule", "blocking", "findings"]

EACH = 3
"""Findings of one rule that are shown; who mends three looks for the fourth."""

ENOUGH = 20
"""Findings of one rule that are looked for, so that a text made of faults costs no more than another."""

SHOWN = 100
"""Characters of the words at fault that are repeated."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found: the words at fault as they stand in the draft (none, where something is missing)."""

    rule: str
    level: Check
    words: str
    says: str
    better: str
    lacks: str = ""

    @property
    def quoted(self) -> str:
        """The words as they are shown to people, with what is wrong with them."""
        short = self.words if len(self.words) <= SHOWN else f"{self.words[: SHOWN - 1]}…"
        return self.says if self.lacks else f"“{short.rstrip('.')}” {self.says}"


def findings(incident: Incident, wording: Wording, at: datetime) -> tuple[Finding, ...]:
    """All that the rules find in a draft that would go out at this moment, in the table's order."""
    reading = Reading(incident, wording, at)
    return tuple(one for rule in WORDING for one in _found(rule, reading))


def _found(rule: Rule, reading: Reading) -> Iterator[Finding]:
    level = reading.incident.policy.wording.get(rule.name, rule.check)
    if level is Check.OFF:
        return
    seen = dict.fromkeys(islice(rule.finds(reading), ENOUGH))
    # Two patterns may find the same words, one of them more of them.
    words = [one for one in seen if not any(one != other and one in other for other in seen)]
    for one in words[:EACH]:
        yield Finding(rule.name, level, one, rule.says, rule.better, rule.lacks)


def blocking(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that hold the draft back."""
    return tuple(one for one in found if one.level is Check.BLOCK)
