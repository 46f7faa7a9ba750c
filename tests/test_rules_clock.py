"""A wall clock that jumps by an hour changes when things happen, never what: who is asked what, in which order, and the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, policy, team

from core.incident import commands as c
from core.incident.deadlines import deadlines
from core.incident.events import Ask, Asked, Event, Objected
from core.incident.vocabulary import ItemKind, Path, Role

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_a_vacancy_after_a_jump_back_asks_for_a_commander_anew() -> None:
    case = Case(MIA)
    case.passes(3 * MINUTE)
    case.passes(3 * MINUTE)
    case.does(JON, c.Claim(role=Role.IC))
    case.now -= HOUR
    case.does(JON, c.NoteLeft())
    assert [event for event in case.passes(10 * MINUTE) if isinstance(event, Asked) and event.ask is Ask.COMMANDER]


def _published(case: Case) -> None:
    case.does(ANN, c.Draft(impact="some users cannot pay", next="we roll back", every=15 * MINUTE))
    case.does(ANN, c.Publish())


def test_an_update_after_a_jump_back_keeps_its_promise_and_its_reminders() -> None:
    case = Case()
    case.now -= HOUR
    _published(case)
    promised = case.incident.promised_at
    assert promised is not None
    assert case.incident.update_due == promised
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    case.does(ANN, c.Reopen(why="payments fail again"))
    assert case.incident.promised_at is None, "a close ends every promise made before it"


def test_the_impact_that_was_said_last_counts() -> None:
    case = Case()
    _published(case)
    case.now -= HOUR
    case.does(ANN, c.SetImpact(text="nobody can pay"))
    assert case.incident.users_see == "nobody can pay"
    _published(case)
    assert case.incident.users_see == "some users cannot pay"


def test_an_update_after_the_resolve_is_not_what_users_saw() -> None:
    case = Case()
    _published(case)
    case.does(ANN, c.Resolve())
    case.now -= HOUR
    case.does(ANN, c.Draft(impact="everybody can pay", next="we watch"))
    case.does(ANN, c.Publish())
    assert case.incident.users_saw == "some users cannot pay"


def test_an_objection_is_to_the_choice_that_was_made_last() -> None:
    case = team()
    case.does(ANN, c.MarkDecision(text="we wait"))
    case.now -= HOUR
    case.does(LEAH, c.ChoosePath(path=Path.ROLLBACK))
    objected = [event for event in case.does(JON, c.Object(why="it loses orders")) if isinstance(event, Objected)]
    assert case.incident.entries[objected[0].entry - 1].kind == "path_chosen"


def test_a_person_is_called_again_when_the_clock_was_set_back() -> None:
    case = Case()
    case.does(MIA, c.NoteArrival())
    case.passes(58 * MINUTE)
    told = len(case.incident.nudges)
    assert told == 1
    # Back at 10:02; without a new card nobody would be called before 11:05.
    case.now -= 58 * MINUTE
    for text in ("tax rounding", "the tax rounding"):
        case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=text))
    case.passes(MINUTE)
    assert [card.rows[0][0] for card in case.incident.nudges] == ["quiet record", "same twice"]
