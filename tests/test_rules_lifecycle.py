"""The phases: every cell of `TRANSITIONS`, reached by every command that can (spec, section 1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, MIA, Case

from core.incident import commands as c
from core.incident.lifecycle import TRANSITIONS, diagram
from core.incident.vocabulary import Phase

SPEC = {
    Phase.INVESTIGATING: {Phase.IDENTIFIED, Phase.MONITORING, Phase.RESOLVED, Phase.CLOSED},
    Phase.IDENTIFIED: {Phase.INVESTIGATING, Phase.MONITORING, Phase.RESOLVED, Phase.CLOSED},
    Phase.MONITORING: {Phase.INVESTIGATING, Phase.IDENTIFIED, Phase.RESOLVED, Phase.CLOSED},
    Phase.RESOLVED: {Phase.INVESTIGATING, Phase.CLOSED},
    Phase.CLOSED: {Phase.INVESTIGATING},
}

WAYS: dict[Phase, tuple[c.AnyCommand, ...]] = {
    Phase.INVESTIGATING: (c.SetPhase(phase=Phase.INVESTIGATING), c.CameBack(), c.Reopen(why="it fails again")),
    Phase.IDENTIFIED: (c.SetPhase(phase=Phase.IDENTIFIED),),
    Phase.MONITORING: (c.SetPhase(phase=Phase.MONITORING),),
    Phase.RESOLVED: (c.SetPhase(phase=Phase.RESOLVED), c.Resolve(fixed="rolled back")),
    Phase.CLOSED: (
        c.SetPhase(phase=Phase.CLOSED, why="tax rounding"),
        c.Close(cause="tax rounding", fixed="rolled back"),
        c.CloseFalseAlarm(why="the probe was down"),
        c.CloseDuplicate(of=2),
    ),
}
"""Every command that may lead to a phase."""


def at_phase(phase: Phase) -> Case:
    case = Case()
    if phase is Phase.CLOSED:
        case.does(ANN, c.Close(cause="x", fixed="y"))
    elif phase is Phase.RESOLVED:
        case.does(ANN, c.Resolve(fixed="y"))
    else:
        case.does(ANN, c.SetPhase(phase=phase))
    assert case.incident.phase is phase
    return case


def test_the_table_is_the_specs() -> None:
    assert {phase: set(targets) for phase, targets in TRANSITIONS.items()} == SPEC
    assert diagram().count("-->") == 1 + sum(len(targets) for targets in SPEC.values())


@pytest.mark.parametrize("wanted", list(Phase))
@pytest.mark.parametrize("phase", list(Phase))
def test_every_cell(phase: Phase, wanted: Phase) -> None:
    reached = []
    for command in WAYS[wanted]:
        case = at_phase(phase)
        if phase is Phase.INVESTIGATING and wanted is Phase.CLOSED:
            # A fix from the record, for `status closed`.
            case.does(ANN, c.SetPhase(phase=Phase.INVESTIGATING))
        case.does(ANN, command)
        if case.incident.phase is wanted:
            reached.append(command)
        else:
            assert case.incident.phase is phase
    assert bool(reached) == (wanted in SPEC[phase] or wanted is phase)


def test_a_missing_cell_says_where_one_may_go() -> None:
    refusal = at_phase(Phase.RESOLVED).refusal(ANN, c.SetPhase(phase=Phase.IDENTIFIED))
    assert refusal is not None
    assert refusal.answer == (
        "An incident that is resolved cannot become identified. It may become investigating or closed."
    )


def test_a_close_from_an_earlier_phase_counts_as_resolved_then() -> None:
    case = Case()
    case.does(ANN, c.Close(cause="x", fixed="y"))
    assert case.incident.resolved_at == case.incident.closed_at


@pytest.mark.parametrize(("days", "why", "rule"), [(7, "it fails again", ""), (8, "it fails again", "reopen-window")])
def test_the_window_of_a_reopening(days: int, why: str, rule: str) -> None:
    case = at_phase(Phase.CLOSED)
    closed_at = case.incident.closed_at
    assert closed_at is not None
    case.now = closed_at + timedelta(days=days)
    refusal = case.refusal(MIA, c.Reopen(why=why))
    assert (refusal.rule if refusal else "") == rule


@pytest.mark.parametrize(("why", "rule"), [("fails x 2", "reason"), ("fails x 20", "")])
def test_the_reason_of_a_reopening(why: str, rule: str) -> None:
    refusal = at_phase(Phase.CLOSED).refusal(MIA, c.Reopen(why=why))
    assert (refusal.rule if refusal else "") == rule
