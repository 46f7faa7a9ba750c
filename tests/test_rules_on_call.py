"""The rules of being on call: who is called, whose pages are whose, and what is handed over at the end of a shift."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, BOB, JON, LEAH, MIA, Case
from rules_scenes import MINUTE, play, relieved, yes

from core.incident import commands as c
from core.incident.cards import cards
from core.incident.cards.people import on_call
from core.incident.deadlines import deadlines
from core.incident.decide import Act
from core.incident.decide.covering import LONGEST, cover, end, told
from core.incident.document import plain
from core.incident.events import Ask, CoverBegun, CoverEnded, OnCallTold
from core.incident.evolve import shifts
from core.incident.on_call import Cover, Rotated, Stretch
from core.incident.policy import Policy, Service
from core.incident.refusals import Refusal
from core.incident.vocabulary import Person, Role

START = Case().incident.declared_at
DAY = timedelta(days=1)


def shown(case: Case, key: str) -> str:
    return next(plain(card.post.document) for card in cards(case.incident) if card.key == key)


def covered(
    by: Person, who: Person, *, called: tuple[Person, ...] = (ANN, BOB), case: Case | None = None
) -> CoverBegun:
    act = Act(by, START, START, Policy(on_call=called))
    (event,) = cover(c.Cover(who=who), act, case.incident if case else None)
    assert isinstance(event, CoverBegun)
    return event


SIDES = (
    ("Mia takes the pages of Ann, who is on call", MIA, ANN, (ANN, MIA)),
    ("Ann, who is on call, gives hers to Mia", ANN, MIA, (ANN, MIA)),
    ("of two on call the one who is named is covered", ANN, BOB, (BOB, ANN)),
    ("and so of two who are not", MIA, JON, (JON, MIA)),
)


@pytest.mark.parametrize(("by", "who", "sides"), [row[1:] for row in SIDES], ids=[row[0] for row in SIDES])
def test_whose_pages_a_cover_takes(by: Person, who: Person, sides: tuple[Person, Person]) -> None:
    event = covered(by, who)
    assert (event.who, event.by) == sides
    assert event.until - event.since == timedelta(hours=2)


def test_who_holds_a_role_has_pages_too() -> None:
    case = play(Case(), (LEAH, c.Claim(role=Role.RECOVERY)))
    assert covered(LEAH, MIA, case=case).who == LEAH


def test_a_cover_is_made_longer_or_shorter_by_another() -> None:
    standing = Cover(who=ANN, by=BOB, since=START, until=START + timedelta(hours=2))
    house = Policy(on_call=(BOB,), covers=(standing,))
    act = Act(ANN, START, START, house)
    (longer,) = cover(c.Cover(who=BOB, length=timedelta(hours=3)), act, None)
    assert isinstance(longer, CoverBegun)
    assert (longer.who, longer.by) == (ANN, BOB), "though Bob is the one on call now"
    assert cover(c.Cover(who=BOB, length=timedelta(hours=2)), act, None) == (), "the same again"


def test_a_cover_that_was_asked_for_and_is_over_is_none() -> None:
    late = Act(MIA, START, START + timedelta(hours=3), Policy(on_call=(ANN,)))
    assert cover(c.Cover(who=ANN), late, None) == ()


REFUSED = (
    (c.Cover(who=MIA), "to-yourself"),
    (c.Cover(who=ANN, length=LONGEST + MINUTE), "cover-too-long"),
)


@pytest.mark.parametrize(("command", "rule"), REFUSED)
def test_a_cover_that_makes_no_sense_is_answered_with_the_way_out(command: c.Cover, rule: str) -> None:
    with pytest.raises(Refusal) as refused:
        cover(command, Act(MIA, START, START, Policy(on_call=(ANN,))), None)
    assert refused.value.rule == rule
    assert refused.value.answer.count(".") > 1, "the rule, and what to do"


def test_nobody_comes_into_a_private_incident_by_a_cover() -> None:
    case = Case(ANN, c.Declare(title="keys leaked", private=True, aside=True))
    with pytest.raises(Refusal, match="triage"):
        covered(ANN, MIA, case=case)
    # An earlier version let it be said there.
    before = CoverBegun(who=ANN, by=MIA, since=START, until=START + MINUTE)
    assert [one.name for one in shifts.covered(case.incident, before, ANN).people] == ["Ann"]


def test_a_covers_end_is_none_where_another_has_begun() -> None:
    until = START + timedelta(hours=2)
    newer = Cover(who=ANN, by=BOB, since=START, until=until + MINUTE)
    assert end(ANN, BOB, until, Policy(covers=(newer,))) == ()
    assert end(ANN, BOB, until, Policy()) == (CoverEnded(who=ANN, by=BOB),)


def test_a_cover_stands_in_the_incident_that_it_was_said_in() -> None:
    case = play(Case(), (MIA, c.NoteArrival()))
    case.does(ANN, c.Cover(who=MIA))
    assert "Mia takes Ann's pages until 12:" in shown(case, "cover/1")
    assert MIA in case.incident.people
    assert case.decides(None, c.EndCover(who=ANN, by=MIA, until=START)) == (), "its end is the house's"
    case.does(LEAH, c.Cover(who=ANN, length=timedelta(hours=4)))
    assert "that is over" in shown(case, "cover/1")
    assert [one.over for one in case.incident.covers] == [True, False]
    assert case.incident.entries[-1].text == "Leah takes Ann's pages until 14:02 UTC"


# --- the end of a shift ----------------------------------------------------------------------------------------------


def test_whoever_goes_off_call_is_offered_once_to_hand_over_by_name() -> None:
    case = relieved()
    (prompt,) = case.incident.open_prompts(Ask.SHIFT)
    assert prompt.asked.to == (MIA,)
    assert prompt.asked.by == JON
    card = shown(case, prompt.key)
    assert "Mia: your time on call ended at" in card
    assert "Jon is on now. You are incident commander." in card
    assert "`handoff @Jon`" in card
    assert case.incident.holder(Role.IC) == MIA, "never by itself"
    assert case.passes(DAY) == () or not case.incident.open_prompts(Ask.HANDOFF)
    assert len([one for one in case.incident.prompts.values() if one.asked.ask is Ask.SHIFT]) == 1
    assert [one.text for one in case.incident.entries if "on call no more" in one.text] == [
        "Mia is on call no more, Jon is: offered to hand over"
    ]


def test_a_yes_is_the_hand_off_that_the_other_accepts() -> None:
    case = play(relieved(), (MIA, yes("shift-1")))
    (prompt,) = case.incident.open_prompts(Ask.HANDOFF)
    assert (prompt.asked.by, prompt.asked.to) == (MIA, (JON,))
    assert case.incident.prompts["prompt/shift-1"].settled == "offered"
    assert JON in case.incident.people, "or he would not see it"
    case.does(JON, c.Confirm(prompt=prompt.key))
    assert case.incident.holder(Role.IC) == JON


def test_whoever_hands_over_another_way_is_asked_no_more() -> None:
    assert play(relieved(), (MIA, c.HandOff(who=BOB))).incident.prompts["prompt/shift-1"].settled == "offered to Bob"
    taken = play(relieved(), (ANN, c.TakeOver(role=Role.IC)), 2 * MINUTE)
    assert taken.incident.prompts["prompt/shift-1"].settled == "Ann is incident commander"
    left = play(relieved(), (MIA, c.NoteLeft()))
    assert not left.incident.open_prompts(Ask.SHIFT)
    two = play(relieved(), (MIA, c.Claim(role=Role.SCRIBE)), (MIA, c.HandOff(who=BOB, role=Role.SCRIBE)))
    assert two.incident.open_prompts(Ask.SHIFT), "he still commands"


def shift(**given: object) -> tuple[Case, tuple[Stretch, ...]]:
    """Mia declares and is on call for five minutes more; the house's rules may be others by then."""
    until = START + 5 * MINUTE
    shifts = (Stretch(rotation="house", who=MIA, since=START - DAY, until=until),)
    case = Case(MIA, house=Policy(on_call=(MIA,), shifts=shifts))
    case.policy = case.policy.model_copy(update={"on_call": (JON,), **given})
    return case, shifts


def test_who_comes_on_is_asked_of_the_rules_in_force_then() -> None:
    for given, asked in (
        ({"on_call": (MIA, JON)}, 0),
        ({"on_call": (JON, MIA)}, 1),
        ({"on_call": ()}, 0),
        ({"shifts": (Stretch(rotation="new", who=MIA, since=START, until=START + DAY),)}, 0),
        ({"services": (Service(name="checkout", on_call=(LEAH,)),)}, 1),
    ):
        case, _ = shift(**given)
        play(case, 5 * MINUTE)
        assert len(case.incident.open_prompts(Ask.SHIFT)) == asked, given


def test_a_shift_that_concerns_nobody_here_asks_nobody() -> None:
    case, shifts = shift()
    offer = c.OfferShift(who=ANN, rotation="house", at=shifts[0].until)
    assert case.decides(None, offer) == (), "Ann holds nothing"
    closed = play(case.fork(), (MIA, c.CloseFalseAlarm(why="the probe was down")))
    assert not [one for one in deadlines(closed.incident) if isinstance(one.command, c.OfferShift)]
    assert closed.decides(None, c.OfferShift(who=MIA, rotation="house", at=shifts[0].until)) == ()
    asked = play(case.fork(), 5 * MINUTE)
    assert asked.decides(None, c.OfferShift(who=MIA, rotation="other", at=asked.now)) == (), "one offer at a time"


def test_what_was_taken_on_after_the_shift_is_no_part_of_it() -> None:
    until = START + 5 * MINUTE
    case = Case(
        ANN, house=Policy(on_call=(ANN,), shifts=(Stretch(rotation="h", who=MIA, since=START - DAY, until=until),))
    )
    play(case, 6 * MINUTE, (MIA, c.Claim(role=Role.DIAGNOSIS)))
    assert not [one for one in deadlines(case.incident) if isinstance(one.command, c.OfferShift)]


# --- who is called ---------------------------------------------------------------------------------------------------


def test_a_service_with_rotations_of_its_own_calls_their_people() -> None:
    own = Stretch(rotation="payments", who=LEAH, since=START - DAY, until=START + DAY, service="checkout")
    house = Stretch(rotation="house", who=ANN, since=START - DAY, until=START + DAY)
    rules = Policy(
        on_call=(ANN, BOB),
        services=(Service(name="checkout", on_call=(LEAH, JON)), Service(name="search")),
        shifts=(own, house),
        rotations=(Rotated(name="payments", service="checkout"), Rotated(name="house")),
    )
    case = Case(LEAH, c.Declare(title="x", service="checkout"), rules)
    assert case.incident.policy.on_call == (LEAH, JON)
    assert case.incident.commander == LEAH, "on call for it, and so commander at once"
    assert case.incident.policy.shifts == (own,)
    other = Case(ANN, c.Declare(title="x", service="search"), rules)
    assert (other.incident.policy.on_call, other.incident.policy.shifts) == ((ANN, BOB), (house,))


def at(hours: float) -> Stretch:
    return Stretch(
        rotation="house", who=ANN, since=START - DAY, until=START + timedelta(hours=hours), zone="Europe/Berlin"
    )


def test_oncall_says_who_is_on_and_next_and_until_when_where_they_are() -> None:
    backup = at(20).model_copy(update={"who": BOB, "backup": True})
    later = at(44).model_copy(update={"who": BOB, "since": START + timedelta(hours=20)})
    rules = Policy(
        on_call=(ANN, BOB),
        shifts=(at(20), backup, later),
        rotations=(Rotated(name="house", zone="Europe/Berlin"), Rotated(name="payments", service="checkout")),
        covers=(Cover(who=ANN, by=MIA, since=START, until=START + timedelta(hours=2)),),
    )
    assert plain(on_call(told(rules, START))).splitlines() == [
        "On call",
        "house",
        "Now          Ann (backup Bob) · until Sun 03 May 08:02 Europe/Berlin (06:02 UTC)",
        "Next         Bob · from Sun 03 May 08:02 Europe/Berlin (06:02 UTC)",
        "payments · checkout",
        "Now          nobody: Ann (backup Bob) is called",
        "Cover        Mia takes Ann's pages until 12:02 UTC",
    ]


def test_oncall_without_rotations_says_whom_the_config_names_or_how_to_name_them() -> None:
    assert "Now          Ann (backup Bob) ([groups] oncall)" in plain(on_call(OnCallTold(called=(ANN, BOB))))
    nobody = plain(on_call(OnCallTold(rotations=(Rotated(name="house"),))))
    assert nobody == "On call\nhouse\nNow          nobody"
    assert "names people on call in [[rotations]] or in [groups] oncall" in plain(on_call(OnCallTold()))


def test_oncall_is_answered_in_an_incident_too_and_changes_nothing() -> None:
    case = Case()
    before = case.incident
    (event,) = case.does(MIA, c.ShowOnCall())
    assert isinstance(event, OnCallTold)
    assert event.called == (ANN, BOB)
    assert case.incident.entries == before.entries
