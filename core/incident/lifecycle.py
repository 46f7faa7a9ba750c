"""The phases an incident goes through: `TRANSITIONS`, a row for every phase; a missing cell is the refusal.

Source: spec, section 1. The diagram in the README is generated from this table.
"""

from __future__ import annotations

from core.incident.vocabulary import Phase

_OPEN = (Phase.INVESTIGATING, Phase.IDENTIFIED, Phase.MONITORING)

TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    **{phase: frozenset({*_OPEN, Phase.RESOLVED, Phase.CLOSED}) - {phase} for phase in _OPEN},
    Phase.RESOLVED: frozenset({Phase.INVESTIGATING, Phase.CLOSED}),
    Phase.CLOSED: frozenset({Phase.INVESTIGATING}),
}
"""From each phase, where it may go. From closed it is a reopening, with its reason and within its days."""

REOPEN_REASON = 10
"""Characters of a reason to reopen, at least (spec, section 1; FireFighter asks for as many)."""


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    rows = ["stateDiagram-v2", "    [*] --> investigating: declare"]
    words = {(Phase.RESOLVED, Phase.INVESTIGATING): "came-back", (Phase.CLOSED, Phase.INVESTIGATING): "reopen"}
    for phase, targets in TRANSITIONS.items():
        for target in Phase:
            if target in targets:
                word = words.get(
                    (phase, target), {Phase.RESOLVED: "resolve", Phase.CLOSED: "close"}.get(target, "status")
                )
                rows.append(f"    {phase} --> {target}: {word}")
    return "\n".join(rows)
