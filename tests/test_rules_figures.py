"""The figures of one incident: each length begins at the declaration and ends at the moment that counts, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, BOB, JON, LEAH, MIA, Case, team

from core.incident import commands as c
from core.incident.events import CloseKind
from core.incident.figures import Figures, Standing, figures, kept_apart
from core.incident.vocabulary import ItemStatus, Path, Phase, Role, Severity

CLOSE = c.Close(cause="tax rounding", fixed="rolled back", next="a test")


def after(case: Case, minutes: int) -> None:
    """It is so many minutes after the declaration."""
    case.now = case.incident.declared_at + timedelta(minutes=minutes)


def minutes(length: timedelta | None) -> int | None:
    return round(length.total_seconds() / 60) if length is not None else None


def told(case: Case) -> tuple[int | None, ...]:
    one = figures(case.incident)
    return tuple(map(minutes, (one.to_commander, one.to_update, one.to_mitigation, one.to_resolve, one.to_close)))


def helps(case: Case, at: int, path: str) -> None:
    after(case, at)
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    after(case, at + 1)
    case.does(LEAH, c.EndItem(item=path, status=ItemStatus.DONE))


def test_of_an_incident_that_has_just_been_declared_there_are_no_lengths() -> None:
    case = Case(MIA)
    one = figures(case.incident)
    assert told(case) == (None,) * 5
    assert (one.standing, one.counts, one.commander) == (Standing.OPEN, False, None)


def test_each_length_ends_at_its_moment() -> None:
    case = Case(MIA)
    after(case, 2)
    case.does(BOB, c.Claim(role=Role.IC))
    after(case, 5)
    case.does(BOB, c.Draft(impact="some users cannot pay", every=timedelta(minutes=15)))
    case.does(BOB, c.Publish())
    after(case, 20)
    case.does(BOB, c.Resolve(fixed="rolled back"))
    after(case, 40)
    case.does(BOB, CLOSE)
    assert told(case) == (2, 5, 20, 20, 40)
    assert figures(case.incident).standing is Standing.CLOSED


def test_mitigated_is_when_the_recovery_that_helped_was_done() -> None:
    case = team()
    after(case, 5)
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    after(case, 7)
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DROPPED))
    helps(case, 9, "R2")
    assert told(case)[2] is None, "nobody knows yet whether it helped"
    after(case, 20)
    case.does(ANN, c.Resolve(fixed="rolled back"))
    assert told(case)[2:4] == (10, 20)


def test_a_recovery_that_changes_hands_is_not_done_by_that() -> None:
    case = team()
    after(case, 5)
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    case.does(LEAH, c.Grab(item="R1"))
    after(case, 6)
    case.does(LEAH, c.LetGo(item="R1"))
    after(case, 8)
    case.does(MIA, c.Grab(item="R1"))
    after(case, 9)
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    after(case, 20)
    case.does(ANN, c.Resolve(fixed="rolled back"))
    assert told(case)[2] == 9


def test_what_came_back_was_not_mitigated() -> None:
    case = team()
    helps(case, 5, "R1")
    after(case, 10)
    case.does(ANN, c.Resolve(fixed="rolled back"))
    assert told(case)[2:4] == (6, 10)
    after(case, 12)
    case.does(ANN, c.CameBack(why="it fails again"))
    assert told(case)[2:4] == (None, None)
    helps(case, 20, "R2")
    after(case, 30)
    case.does(ANN, c.Resolve(fixed="rolled back further"))
    assert told(case)[2:4] == (21, 30)


def test_what_was_ticked_after_users_were_served_came_with_that() -> None:
    case = team()
    after(case, 5)
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    after(case, 10)
    case.does(ANN, c.Resolve(fixed="by itself"))
    after(case, 12)
    case.does(LEAH, c.EndItem(item="R1", status=ItemStatus.DONE))
    assert told(case)[2:4] == (10, 10)


@pytest.mark.parametrize(
    ("command", "standing"),
    [
        (CLOSE, Standing.CLOSED),
        (c.CloseFalseAlarm(why="the probe was down"), Standing.FALSE_ALARM),
        (c.CloseDuplicate(of=2), Standing.DUPLICATE),
    ],
)
def test_what_it_counts_as(command: c.AnyCommand, standing: Standing) -> None:
    case = team()
    case.does(ANN, command)
    one = figures(case.incident)
    assert (one.standing, one.counts) == (standing, standing is Standing.CLOSED)
    case.does(ANN, c.Reopen(why="it was not over at all"))
    one = figures(case.incident)
    assert (one.standing, one.to_close, one.to_resolve, one.reopened) == (Standing.OPEN, None, None, 1)


def test_promises_and_hand_offs_are_counted() -> None:
    case = team()
    case.does(JON, c.Draft(impact="some users cannot pay", every=timedelta(minutes=15)))
    case.does(JON, c.Publish())
    after(case, 10)
    case.does(JON, c.PublishUnchanged(every=timedelta(minutes=15)))
    after(case, 60)
    case.does(JON, c.PublishUnchanged(every=timedelta(minutes=15)))
    one = figures(case.incident)
    assert (one.updates, one.kept, one.broken, one.handoffs) == (3, 1, 1, 0)
    case.does(LEAH, c.HandOff(who=MIA, role=Role.RECOVERY))
    [prompt] = (key for key, asked in case.incident.prompts.items() if "handoff" in key and not asked.settled)
    case.does(MIA, c.Confirm(prompt=prompt))
    assert figures(case.incident).handoffs == 1


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 3)).map(lambda at: at.astimezone())  # noqa: DTZ001 - made aware


@given(st.lists(MOMENTS, min_size=5, max_size=5))
def test_whatever_the_clock_did_no_length_is_negative_nor_shorter_than_what_comes_before(at: list[datetime]) -> None:
    declared, commanded, mitigated, resolved, closed = at
    one = Figures(
        number=1,
        name="inc",
        title="t",
        severity=Severity.SEV2,
        service="",
        phase=Phase.CLOSED,
        how=CloseKind.DECLARED,
        declared_at=declared,
        commanded_at=commanded,
        told_at=None,
        mitigated_at=min(mitigated, resolved),
        resolved_at=resolved,
        closed_at=closed,
        updates=0,
        kept=0,
        broken=0,
        handoffs=0,
        reopened=0,
        commander=None,
    )
    lengths = (one.to_commander, one.to_mitigation, one.to_resolve, one.to_close)
    commander, mitigation, resolve, close = (length for length in lengths if length is not None)
    assert timedelta() <= mitigation <= resolve <= close
    assert timedelta() <= commander <= close
    assert mitigation + (resolve - mitigation) + (close - resolve) == close
    assert one.to_update is None


def test_a_figure_reads_back_as_it_was_written_and_nothing_is_kept_apart_yet() -> None:
    case = team()
    case.does(ANN, CLOSE)
    one = figures(case.incident)
    assert Figures.model_validate_json(one.model_dump_json()) == one
    assert not kept_apart(one)
