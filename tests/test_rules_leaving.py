"""Who goes, who takes over and who has what in hand: roles, offers and items in the hands of people who come and go."""

from __future__ import annotations

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, team
from rules_scenes import MINUTE, Row, busy, crossing, holds, named, play, taken_over, yes

from core.incident import commands as c
from core.incident.events import Ask, Asked
from core.incident.vocabulary import ItemKind, Role

HANDS = (
    Row(
        "one check each while others are free",
        busy,
        ((MIA, c.LetGo(item="H1")), (MIA, c.Grab(item="H2"))),
        "item_grabbed",
        ((LEAH, c.Grab(item="H1")),),
        "one-pair-of-hands",
    ),
    Row(
        "a yes takes the second",
        lambda: play(busy(), (MIA, c.Grab(item="H2"))),
        ((MIA, yes("second-1")),),
        "item_grabbed",
        ((LEAH, yes("second-1")),),
        "not-asked-of-you",
    ),
    Row(
        "hand-offs do not cross",
        crossing,
        ((JON, c.HandOff(who=BOB)),),
        "asked",
        ((JON, c.HandOff(who=MIA)),),
        "hand-offs-cross",
    ),
    Row(
        "what was answered is crossed no more",
        crossing,
        ((JON, c.Decline(prompt="")), (JON, c.HandOff(who=MIA))),
        "asked",
        ((JON, c.HandOff(who=MIA)),),
        "hand-offs-cross",
    ),
    Row(
        "who asked for it has it at once",
        taken_over,
        ((ANN, c.HandOff(who=BOB)),),
        "role_taken",
        ((ANN, c.HandOff(who=BOB, role=Role.SCRIBE)),),
        "not-held",
    ),
)


@pytest.mark.parametrize("row", [*HANDS], ids=named)
def test_a_rule_allows_one_and_refuses_the_other(row: Row) -> None:
    holds(row)


def test_whoever_asked_for_a_role_and_left_does_not_get_it() -> None:
    case = team()
    case.does(BOB, c.TakeOver(role=Role.IC))
    case.does(BOB, c.NoteLeft())
    assert case.incident.prompts["prompt/takeover-1"].settled == "Bob left"
    case.passes(2 * MINUTE)
    assert case.incident.commander == ANN


def test_a_commander_who_declared_and_left_is_not_the_one_who_is_asked() -> None:
    case = Case()
    case.does(MIA, c.NoteArrival())
    case.does(ANN, c.NoteLeft())
    asked = [event.to for event in case.passes(2 * MINUTE) if isinstance(event, Asked)]
    assert asked == [(BOB,)]


def test_a_no_of_one_leaves_the_question_to_the_others() -> None:
    case = Case(MIA)
    case.passes(2 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.COMMANDER)] == [(MIA, ANN)]
    case.does(MIA, c.Decline(prompt=""))
    case.does(ANN, c.Confirm(prompt=""))
    assert case.incident.commander == ANN


def test_who_was_asked_whether_to_take_a_second_check_hears_that_somebody_has_it() -> None:
    case = team()
    for text in ("cache eviction", "tax rounding"):
        case.does(MIA, c.AddItem(kind=ItemKind.HYPOTHESIS, text=text))
    case.does(MIA, c.Grab(item="H1"))
    case.does(MIA, c.Grab(item="H2"))
    assert case.incident.open_prompts(Ask.SECOND)
    case.does(LEAH, c.Grab(item="H2"))
    assert case.incident.prompts["prompt/second-1"].settled == "Leah is on H2"


def test_a_yes_to_lifting_the_freeze_needs_the_right_to_lift_it_then() -> None:
    case = team()
    case.does(LEAH, c.Freeze())
    case.does(LEAH, c.AskUnfreeze())
    case.does(LEAH, c.HandOff(who=JON))
    case.does(LEAH, c.Release(role=Role.RECOVERY))
    refusal = case.refusal(LEAH, c.Confirm(prompt="prompt/unfreeze-1"))
    assert refusal is not None
    assert refusal.rule == "not-your-call"
