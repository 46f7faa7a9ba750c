"""How copies fare, in the rules: which are missed, what is news of them, and how people read it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incidents import ANN, JON, ROOM, Case, policy, team

from core.incident import commands as c
from core.incident import deliveries
from core.incident.cards import cards
from core.incident.document import Line
from core.incident.policy import Audience
from core.incident.vocabulary import ChannelRef, Role

SUPPORT = ChannelRef(transport="sandbox", id="support")
PRESS = ChannelRef(transport="matrix", id="#press:example.org")


def case_of(*audiences: Audience) -> Case:
    """One update, in the rooms of these audiences."""
    case = team(policy().model_copy(update={"audiences": audiences}))
    publish(case)
    return case


def publish(case: Case) -> None:
    case.does(JON, c.Draft(impact="some users cannot pay", every=timedelta(minutes=15)))
    case.does(JON, c.Publish())


PRESS_AND_SUPPORT = (Audience(name="press", rooms=(PRESS,)), Audience(name="support", rooms=(SUPPORT,)))


def note(
    room: ChannelRef, state: str, reason: str = "", *, card: str = "update/1", stale: bool = False
) -> c.NoteDelivery:
    fields = {"card": card, "channel": room, "state": state, "reason": reason, "stale": stale}
    return c.NoteDelivery.model_validate(fields)


def text(case: Case, key: str) -> str:
    found = next(card for card in cards(case.incident) if card.key == key)
    rows = [found.post.document.title, *(row.spans for row in found.post.document.lines)]
    return "\n".join("".join(getattr(span, "text", "") for span in row) for row in rows)


@pytest.mark.parametrize(
    ("state", "stale", "words"),
    [
        ("late", False, "press (matrix:#press:example.org) is late: the chat is away"),
        ("late", True, "press (matrix:#press:example.org) still shows the old text: the chat is away"),
        ("impossible", False, "press (matrix:#press:example.org) cannot get it: the chat is away"),
        ("impossible", True, "press (matrix:#press:example.org) keeps the old text: the chat is away"),
    ],
)
def test_what_is_missed_reads_as_people_say_it(state: str, stale: bool, words: str) -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    case.does(None, note(PRESS, state, "the chat\n is   away", stale=stale))
    assert words in text(case, "delivery/1")
    assert f"1 of 2 of update 1 are there · {words}" in text(case, "board")


def test_a_reason_without_an_end_is_cut_and_none_is_no_colon() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    case.does(None, note(PRESS, "late", "x" * 5000))
    case.does(None, note(SUPPORT, "late"))
    said = text(case, "delivery/1")
    assert len(said) < 400
    assert "support (sandbox:support) is late\n" in said


@pytest.mark.parametrize(
    ("before", "now", "news"),
    [
        ("", "delivered", False),
        ("", "late", True),
        ("", "impossible", True),
        ("late", "late", False),
        ("late", "impossible", True),
        ("late", "delivered", True),
        ("impossible", "late", False),
        ("impossible", "impossible", False),
        ("impossible", "delivered", True),
    ],
)
def test_what_is_news_of_a_copy(before: str, now: str, news: bool) -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    if before:
        case.does(None, note(PRESS, before))
    assert bool(case.decides(None, note(PRESS, now))) is news


@pytest.mark.parametrize(
    ("room", "card"), [(PRESS, "update/2"), (ROOM, "update/1"), (deliveries.PAGE, "update/1"), (PRESS, "summary")]
)
def test_what_is_no_copy_is_not_noted(room: ChannelRef, card: str) -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    assert case.decides(None, note(room, "late", card=card)) == ()


def test_a_copy_that_is_late_again_is_missed_again() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    for state in ("late", "delivered"):
        case.does(None, note(PRESS, state))
    assert "is everywhere" in text(case, "delivery/1")
    assert "Copies" not in [row.label for row in _board(case)]
    case.does(None, note(PRESS, "late", stale=True))
    assert "is not everywhere" in text(case, "delivery/1")
    assert "delivered after all" not in text(case, "delivery/1")
    case.does(None, note(SUPPORT, "late"))
    case.does(None, note(SUPPORT, "delivered"))
    assert "support (sandbox:support): delivered after all at " in text(case, "delivery/1")


def _board(case: Case) -> list[Line]:
    return list(next(card for card in cards(case.incident) if card.key == "board").post.document.lines)


def test_what_went_to_a_room_that_is_no_audience_s_any_more_is_not_missed() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    case.does(None, note(PRESS, "impossible", "there is no such room"))
    assert "press (matrix:#press:example.org)" in case.incident.entries[-1].text
    case.does(None, c.NoteAudiences(audiences=PRESS_AND_SUPPORT[1:]))
    assert "no audience's any more" in text(case, "delivery/1")
    assert deliveries.outstanding(case.incident) == ()
    assert deliveries.how_many(case.incident, case.incident.updates[0]) == (1, 1)


def test_a_place_that_no_mirror_knows_is_called_by_its_own_name() -> None:
    assert deliveries.place_name((), PRESS) == "matrix:#press:example.org"
    assert deliveries.place_name((), deliveries.PAGE) == "the status page"


def test_the_owner_is_called_and_nobody_once_it_is_over() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    case.does(None, note(PRESS, "late"))
    found = next(card for card in cards(case.incident) if card.key == "delivery/1")
    assert [person.name for person in found.post.pings] == ["Jon"]
    case.does(ANN, c.CloseFalseAlarm(why="nothing was wrong"))
    found = next(card for card in cards(case.incident) if card.key == "delivery/1")
    assert found.post.pings == ()
    assert "keeps trying" not in text(case, "delivery/1")
    assert "is late" in text(case, "delivery/1")


def test_without_a_channel_nothing_is_said_there() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    case.does(None, note(PRESS, "late"))
    case.does(None, c.LoseChannel(channel=ROOM))
    assert not [card for card in cards(case.incident) if card.key.startswith("delivery/")]


def test_without_anybody_in_charge_all_are_asked_to_tell_them() -> None:
    case = case_of(*PRESS_AND_SUPPORT)
    for role in (Role.UPDATES, Role.IC):
        holder = case.incident.holder(role)
        assert holder is not None
        case.does(holder, c.NoteLeft())
    case.does(None, note(PRESS, "late"))
    assert text(case, "delivery/1").endswith("Tocsin keeps trying. Tell them yourselves if it cannot wait.")
