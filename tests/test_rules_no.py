"""`no` to each thing that Tocsin asks: `NO`, a row for every kind of question, with who says it and what it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, policy, team
from rules_scenes import (
    MINUTE,
    alarmed,
    busy,
    calm,
    crossing,
    due,
    left,
    objected,
    play,
    relieved,
    rolled_back,
    ruled,
    stopping,
    taken_over,
    unsafe,
    unwritten,
    watched,
)

from core.incident import commands as c
from core.incident.events import Ask
from core.incident.vocabulary import ItemStatus, Person, Role


def _unled() -> Case:
    """Mia declared, and is asked for a commander, with Ann."""
    return play(Case(MIA), 2 * MINUTE)


def _promised() -> Case:
    """Jon is reminded of an update."""
    draft = c.Draft(impact="some users cannot pay", next="we roll back", every=10 * MINUTE)
    return play(team(), (JON, draft), (JON, c.Publish()), 10 * MINUTE)


def _resolved() -> Case:
    return play(calm(), (ANN, c.Resolve()))


def _asked_to_close() -> Case:
    return play(_resolved(), 10 * MINUTE)


def _frozen() -> Case:
    """Leah took 🧊 back, and is asked whether to lift the freeze."""
    return play(calm(), (LEAH, c.Freeze()), (LEAH, c.AskUnfreeze()))


def _stale() -> Case:
    """Ann's close came eleven minutes late."""
    case = team()
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"), case.now - timedelta(minutes=11))
    return case


def _owing() -> Case:
    """Ann owes a postmortem, and is reminded of it."""
    return play(calm(), (ANN, c.Close(cause="x", fixed="y")), timedelta(days=6))


def _paged() -> Case:
    """Ann paged Mia."""
    return play(Case(), (ANN, c.Page(called=MIA)))


def _unanswered() -> Case:
    return play(_paged(), timedelta(minutes=10), timedelta(minutes=10))


def _offered() -> Case:
    """Mia responds too, and nobody has called her."""
    return play(Case(house=policy().model_copy(update={"responders": (MIA,)})), timedelta(minutes=15))


def _second() -> Case:
    return play(busy(), (MIA, c.Grab(item="H2")))


NO: dict[Ask, tuple[Callable[[], Case], Person, str]] = {
    Ask.COMMANDER: (_unled, MIA, ""),
    Ask.UPDATE: (_promised, JON, "more-than-yes"),
    Ask.CLOSE: (_asked_to_close, ANN, "Ann said no"),
    Ask.WATCH: (_resolved, ANN, "not-asked-of-you"),
    Ask.HANDOFF: (crossing, JON, "Jon said no"),
    Ask.TAKEOVER: (taken_over, ANN, "Ann said no"),
    Ask.UNFREEZE: (_frozen, LEAH, "Leah said no"),
    Ask.SAME: (alarmed, JON, "a new incident"),
    Ask.STALE: (_stale, ANN, "Ann said no"),
    Ask.DECISION: (due, LEAH, "more-than-yes"),
    Ask.RULE: (ruled, LEAH, "more-than-yes"),
    Ask.UNSAFE: (unsafe, LEAH, "Leah said no"),
    Ask.STOP: (stopping, LEAH, "Leah said no"),
    Ask.SIGNAL: (rolled_back, LEAH, "more-than-yes"),
    Ask.WORKED: (watched, BOB, "it did not help"),
    Ask.OBJECTION: (objected, ANN, "overturned"),
    Ask.SECOND: (_second, MIA, "Mia said no"),
    Ask.VACANT: (left, ANN, "more-than-yes"),
    Ask.SHIFT: (relieved, MIA, "Mia said no"),
    Ask.RUNBOOK: (unwritten, ANN, "Ann said no"),
    Ask.POSTMORTEM: (_owing, ANN, "more-than-yes"),
    Ask.PAGE: (_paged, MIA, "Mia cannot come"),
    Ask.UNANSWERED: (_unanswered, ANN, "more-than-yes"),
    Ask.WIDEN: (_offered, ANN, "Ann said no"),
}
"""How the question is settled, or the rule by which the no is refused; empty where it stays open for others."""


def _prompt(ask: Ask, case: Case) -> str:
    return case.incident.open_prompts(ask)[0].key


@pytest.mark.parametrize("ask", Ask)
def test_no_settles_what_a_no_can_settle_and_says_what_does_else(ask: Ask) -> None:
    scene, who, outcome = NO[ask]
    case = scene()
    key = _prompt(ask, case)
    refusal = case.refusal(who, c.Decline(prompt=key))
    if refusal is not None:
        assert refusal.rule == outcome
        return
    case.does(who, c.Decline(prompt=key))
    assert case.incident.prompts[key].settled == outcome
    if outcome:
        assert case.decides(who, c.Decline(prompt=key)) == (), "once is enough"


@pytest.mark.parametrize("ask", sorted({*Ask} - {Ask.WATCH, Ask.UPDATE}))
def test_no_is_said_by_whom_it_asks(ask: Ask) -> None:
    scene, who, _ = NO[ask]
    case = scene()
    prompt = case.incident.prompts[_prompt(ask, case)]
    other = next(one for one in (LEAH, JON, MIA) if one not in (*prompt.asked.to, who))
    refusal = case.refusal(other, c.Decline(prompt=prompt.key))
    assert refusal is not None
    assert refusal.rule == "not-asked-of-you"


def test_no_to_the_last_who_is_asked_for_a_commander_settles_it() -> None:
    case = play(Case(MIA), 2 * MINUTE, 3 * MINUTE)
    case.does(BOB, c.Decline(prompt=""))
    assert [one.settled for one in case.incident.prompts.values()] == ["asked again", "Bob said no"]


def test_no_where_nothing_was_asked_says_so() -> None:
    refusal = calm().refusal(MIA, c.Decline(prompt=""))
    assert refusal is not None
    assert refusal.rule == "nothing-asked"


def test_what_did_not_help_is_over_and_what_was_overturned_is_stopped() -> None:
    helped, overturned = watched(), objected()
    helped.does(BOB, c.Decline(prompt=""))
    assert helped.incident.items["R1"].status is ItemStatus.DID_NOT_HELP
    overturned.does(ANN, c.Decline(prompt=""))
    assert overturned.incident.items["R1"].status is ItemStatus.STOPPED
    assert overturned.incident.path is not None
    assert overturned.incident.path.overturned


def test_no_keeps_a_role_where_it_is() -> None:
    case = taken_over()
    case.does(ANN, c.Decline(prompt=""))
    case.passes(2 * MINUTE)
    assert case.incident.holder(Role.IC) == ANN
