"""Who goes, who takes over and who has what in hand: roles, offers and items in the hands of people who come and go."""

from __future__ import annotations

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case, person, team
from rules_scenes import MINUTE, Row, busy, calm, crossing, holds, left, named, play, taken_over, yes

from core.incident import commands as c
from core.incident.events import Ask, Asked
from core.incident.policy import Policy
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
    # First whoever is there; on call's backup is paged at the next step.
    assert asked == [(MIA,)]


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


# --- leaving ----------------------------------------------------------------------------------------------------------


def _held(case: Case) -> dict[Role, str]:
    return {role: holding.holder.name for role, holding in case.incident.roles.items() if holding.holder}


def test_a_role_goes_to_its_backup_at_once() -> None:
    case = play(calm(), (LEAH, c.NoteLeft()))
    assert _held(case)[Role.RECOVERY] == "Bob"
    assert case.incident.holding(Role.RECOVERY).backup is None
    assert not case.incident.open_prompts(Ask.VACANT)
    assert LEAH not in case.incident.present


def test_a_role_without_a_backup_is_the_commanders_who_is_asked_for_somebody() -> None:
    case = left()
    assert Role.DIAGNOSIS not in _held(case)
    (asked,) = case.incident.open_prompts(Ask.VACANT)
    assert (asked.asked.to, asked.asked.roles, asked.asked.by) == ((ANN,), (Role.DIAGNOSIS,), MIA)
    assert "assign ROLE @who" in getattr(case.refusal(ANN, c.Confirm(prompt="")), "answer", "")
    case.does(ANN, c.Assign(role=Role.DIAGNOSIS, who=LEAH))
    assert case.incident.prompts[asked.key].settled == "Leah is diagnosis lead"


def test_a_backup_who_would_hold_all_three_calls_gets_two_and_the_commander_is_asked() -> None:
    case = play(
        team(),
        (MIA, c.Release(role=Role.DIAGNOSIS)),
        (JON, c.Claim(role=Role.DIAGNOSIS)),
        (JON, c.NameBackup(role=Role.DIAGNOSIS, who=LEAH)),
        (JON, c.NameBackup(role=Role.UPDATES, who=LEAH)),
        (JON, c.NoteLeft()),
    )
    assert _held(case) == {Role.IC: "Ann", Role.DIAGNOSIS: "Leah", Role.RECOVERY: "Leah"}
    assert [one.asked.roles for one in case.incident.open_prompts(Ask.VACANT)] == [(Role.UPDATES,)]


def test_command_goes_to_its_backup_who_is_asked_about_what_nobody_has() -> None:
    case = play(
        team(), (ANN, c.Claim(role=Role.SCRIBE)), (ANN, c.NameBackup(role=Role.IC, who=BOB)), (ANN, c.NoteLeft())
    )
    assert case.incident.commander == BOB
    assert [one.asked.to for one in case.incident.open_prompts(Ask.VACANT)] == [(BOB,)]


def test_command_without_a_backup_is_asked_for_as_if_nobody_had_taken_it() -> None:
    case = play(team(), (ANN, c.NoteLeft()))
    assert case.incident.commander is None
    assert not case.incident.open_prompts(Ask.VACANT)
    case.passes(2 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.COMMANDER)] == [(MIA,)]
    case.does(MIA, c.Confirm(prompt="prompt/commander-1"))
    assert case.incident.commander == MIA


def test_where_nobody_is_left_whoever_declared_is_asked_all_the_same() -> None:
    case = play(Case(house=Policy(on_call=(ANN,))), (ANN, c.NoteLeft()), 2 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.COMMANDER)] == [(ANN,)]


def test_whoever_is_there_is_asked_when_all_who_are_called_have_left() -> None:
    case = play(Case(house=Policy(on_call=(ANN,))), (MIA, c.NoteArrival()), (ANN, c.NoteLeft()), 2 * MINUTE)
    assert [one.asked.to for one in case.incident.open_prompts(Ask.COMMANDER)] == [(MIA,)]


def test_their_items_are_free_again_and_their_offers_wait_for_nobody() -> None:
    case = play(busy(), (JON, c.HandOff(who=MIA)), (MIA, c.HandOff(who=LEAH)), (MIA, c.NoteLeft()))
    assert [item.key for item in case.incident.free] == ["H1", "H2", "A1"]
    settled = {key: prompt.settled for key, prompt in case.incident.prompts.items()}
    assert settled["prompt/handoff-1"] == "Mia left"
    assert settled["prompt/handoff-2"] == "nobody is diagnosis lead"


def test_whoever_left_is_nobodys_backup() -> None:
    case = play(calm(), (BOB, c.NoteArrival()), (BOB, c.NoteLeft()))
    assert case.incident.holding(Role.RECOVERY).backup is None


def test_leaving_twice_is_leaving_once_and_whoever_comes_back_is_there_without_their_role() -> None:
    case = left()
    before = (case.incident.roles, case.incident.prompts)
    case.does(MIA, c.NoteLeft())
    assert (case.incident.roles, case.incident.prompts) == before
    assert case.incident.has_left(MIA)
    case.does(MIA, c.NoteArrival())
    assert MIA in case.incident.present
    assert not case.incident.has_left(MIA)
    assert Role.DIAGNOSIS not in _held(case)


def test_a_role_given_to_somebody_who_left_is_let_go_when_they_leave_again() -> None:
    case = play(left(), (ANN, c.Assign(role=Role.SCRIBE, who=MIA)), (MIA, c.NoteLeft()))
    assert Role.SCRIBE not in _held(case)


def test_a_backup_named_after_they_left_is_none_when_they_leave_again() -> None:
    case = play(left(), (ANN, c.NameBackup(role=Role.IC, who=MIA)), (MIA, c.NoteLeft()), (ANN, c.NoteLeft()))
    assert case.incident.commander is None


def test_who_was_never_there_leaves_nothing_and_after_the_close_nobody_leaves() -> None:
    assert calm().decides(person("Zoe"), c.NoteLeft()) == ()
    case = play(calm(), (ANN, c.CloseFalseAlarm(why="the probe was down")))
    assert case.decides(LEAH, c.NoteLeft()) == ()


# --- hand-offs --------------------------------------------------------------------------------------------------------


def test_all_that_somebody_asked_for_passes_at_once_and_a_part_is_offered() -> None:
    both = (
        (ANN, c.Claim(role=Role.SCRIBE)),
        (BOB, c.TakeOver(role=Role.SCRIBE)),
    )
    part = play(calm(), *both, (ANN, c.HandOff(who=BOB)))
    assert part.incident.open_prompts(Ask.HANDOFF)
    assert part.incident.commander == ANN
    whole = play(calm(), *both, (BOB, c.TakeOver(role=Role.IC)), (ANN, c.HandOff(who=BOB)))
    assert whole.incident.roles_of(BOB) == (Role.IC, Role.SCRIBE)
    assert not whole.incident.open_prompts(Ask.TAKEOVER)


def test_silence_passes_no_third_call() -> None:
    case = play(
        team(),
        (LEAH, c.TakeOver(role=Role.UPDATES)),
        (ANN, c.Assign(role=Role.DIAGNOSIS, who=LEAH)),
        MINUTE,
    )
    assert case.incident.prompts["prompt/takeover-1"].settled == "Leah holds two calls already"
    assert case.incident.holder(Role.UPDATES) == JON


def test_a_freeze_that_outlives_the_close_is_asked_about_once_and_lifted_by_name() -> None:
    case = play(
        calm(), (LEAH, c.Freeze()), (ANN, c.CloseFalseAlarm(why="the probe was down")), 61 * MINUTE, 600 * MINUTE
    )
    (asked,) = case.incident.open_prompts(Ask.UNFREEZE)
    assert asked.asked.to == (ANN,)
    assert case.decides(None, c.AskAboutFreeze()) == ()
    case.does(ANN, c.Confirm(prompt=""))
    assert case.incident.frozen is None
