"""The laws find bugs that are planted in the calls: in who decides, how often, what is open, what is due, who is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from simulated_finding import found
from simulation import Plan, crash, undisturbed

from core.incident import authority
from core.incident import commands as c
from core.incident.authority import AUTHORITY, Right
from core.incident.decide import path, points, roles
from core.incident.decide.act import Act, Events
from core.incident.events import DecisionPointAnswered, Left, Nudged, Recorded
from core.incident.evolve import calls
from core.incident.state import Incident, Item, NudgeCard
from core.incident.vocabulary import Path, Role
from core.timers import Timers

CALM = [Plan()]
"""What is wrong without any fault is found without any."""

LONG = 700.0
"""A pause after which an answer to a decision point is asked again."""


def step(kind: str, number: int = 1) -> int:
    """The step of the undisturbed story after which the first event of a kind was on the record, or a later one."""
    return undisturbed().when[kind][number - 1]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    # The undisturbed story is remembered, so it must be played before anything is planted.
    undisturbed()
    return monkeypatch


def _known_to_one_process(planted: pytest.MonkeyPatch, of: type[c.Command]) -> None:
    """Deadlines of a kind die with the process that set them."""
    watch, lost = Timers.watch, set[tuple[Timers, str]]()

    def forgetful(self: Timers, stream: str, incident: Incident | None, records: Sequence[Recorded] = ()) -> None:
        watch(self, stream, incident, records)
        due = self._due.get(stream, {})
        if not records:
            lost.update((self, key) for key, deadline in due.items() if isinstance(deadline.command, of))
        for key in [key for key in due if (self, key) in lost]:
            del due[key]

    planted.setattr(Timers, "watch", forgetful)


# --- decision points --------------------------------------------------------------------------------------------------


def test_a_decision_that_stays_open_when_it_is_answered_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(calls, "_decided", lambda incident, *_: incident)
    found(CALM, "a decision point is answered once")


def test_an_answer_that_anybody_may_give_is_found(planted: pytest.MonkeyPatch) -> None:
    def answer(incident: Incident, command: c.AnswerDecision, act: Act) -> Events:
        owner = incident.holder(Role.RECOVERY)
        return path.choose(incident, path.in_words(incident, command), replace(act, by=owner))

    anybody = {c.AnswerDecision: Right("decide that", outward=True)}
    planted.setattr(authority, "AUTHORITY", AUTHORITY | anybody)
    planted.setattr(path, "answer", answer)
    found(CALM, "only who is entitled decides")


def test_a_decision_that_silence_takes_is_found(planted: pytest.MonkeyPatch) -> None:
    ask = points.ask

    def dig(incident: Incident, command: c.AskDecision) -> Events:
        point = incident.points[command.point]
        silent = point.open and points.next_asked(incident, point) is None
        return (DecisionPointAnswered(key=point.key, path=Path.DIG),) if silent else ask(incident, command)

    planted.setattr(points, "ask", dig)
    found(CALM, "only who is entitled decides")


@pytest.mark.endure
def test_an_old_answer_that_is_carried_out_at_once_is_found(planted: pytest.MonkeyPatch) -> None:
    inward = {command: replace(AUTHORITY[command], outward=False) for command in (c.AnswerDecision, c.ChoosePath)}
    planted.setattr(authority, "AUTHORITY", AUTHORITY | inward)
    found(
        (crash(at, LONG) for at in range(step("path_chosen", 2) - 30, step("path_chosen", 2), 5)),
        "an old answer is asked again",
    )


def test_a_decision_that_only_the_process_knows_of_that_heard_of_it_is_found(planted: pytest.MonkeyPatch) -> None:
    _known_to_one_process(planted, c.AskDecision)
    found(
        (crash(at) for at in range(step("decision_point_set") + 20, step("path_chosen", 2), 30)), "everything goes on"
    )


# --- the path, and objections -----------------------------------------------------------------------------------------


def test_a_second_path_for_which_the_first_is_not_stopped_is_found(planted: pytest.MonkeyPatch) -> None:
    first_ask = path._first_ask

    def ask(incident: Incident, command: c.ChoosePath, act: Act, *, going: Item | None, departs: bool) -> Events | None:
        return first_ask(incident, command, act, going=None, departs=departs)

    planted.setattr(path, "_first_ask", ask)
    planted.setattr(path, "stop", lambda *_: ())
    found(CALM, "one path at a time")


def test_an_objection_whose_minute_dies_with_the_process_is_found(planted: pytest.MonkeyPatch) -> None:
    _known_to_one_process(planted, c.LetItStand)
    found((crash(at) for at in range(step("objected", 2) + 10, step("tie_broken", 2), 20)), "everything goes on")


# --- nudges -----------------------------------------------------------------------------------------------------------


def test_a_nudge_that_is_told_twice_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(Incident, "nudged", lambda *_: False)
    found(CALM, "nobody is nudged twice about one thing")


def test_a_card_for_every_nudge_is_found(planted: pytest.MonkeyPatch) -> None:
    def nudged(incident: Incident, event: Nudged, recorded: Recorded) -> Incident:
        card = NudgeCard(len(incident.nudges) + 1, event.to, recorded.at, ((event.row, recorded.at),))
        return replace(incident, nudges=(*incident.nudges, card))

    planted.setattr(calls, "_nudged", nudged)
    found(CALM, "who was nudged is left alone for a while")


# --- who is there -----------------------------------------------------------------------------------------------------


def test_a_leaver_who_keeps_the_role_is_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(roles, "leave", lambda *_: (Left(),))
    found(CALM, "who left has nothing in hand")


def test_words_heard_again_that_bring_back_who_left_are_found(planted: pytest.MonkeyPatch) -> None:
    planted.setattr(Incident, "left_after", lambda *_: False)
    # With its cursor lost Tocsin hears everything anew.
    found((crash(at, wipe=True) for at in range(step("left") + 50, step("closed"), 100)), "the story ends the same")
