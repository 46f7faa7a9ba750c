"""What comes after the close where there is much of it: lists stay short enough for a chat, and still say what to type."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from incidents import ANN, MIA, Case, team
from rules_scenes import play

from core.incident import commands as c
from core.incident.cards import Card, digest_cards
from core.incident.cards import cards as every_card
from core.incident.events import DigestPosted, OpenFollowUp, OwedPostmortem
from core.incident.parts import Lesson
from core.incident.vocabulary import ChannelRef, FollowUpRef, Priority
from transports.discord_chat.render import CUT, description

DUE = date(2026, 5, 12)
LONG = "alert on *failing* payments " * 70


def many(count: int) -> Case:
    case = play(team(), (ANN, c.Close(cause="tax rounding", fixed="rolled back")))
    for number in range(1, count + 1):
        due = DUE - timedelta(days=number == count)
        case.does(MIA, c.FollowUp(text=f"{number} {LONG}"[:2000], owner=MIA, due=due))
    return case


def listed(case: Case) -> str:
    [card] = [one for one in every_card(case.incident) if one.post.card == "followups"]
    return said(card)


def said(card: Card) -> str:
    return description(card.post.document, "1")


def test_sixty_follow_ups_fit_into_a_message_and_it_says_what_to_type() -> None:
    text = listed(many(60))
    assert CUT not in text.splitlines()
    assert "followup-done" in text.splitlines()[-1]
    assert "and 40 more; all are in the record" in text


def test_of_a_long_list_those_are_shown_that_are_open_and_due_first() -> None:
    case = many(30)
    for number in range(1, 6):
        case.does(MIA, c.EndFollowUp(follow_up=FollowUpRef(number=number), done=True))
    text = listed(case)
    assert "F30 ·" in text
    assert "F6 ·" in text
    assert "F5 ·" not in text
    assert "more" not in listed(many(20))


def test_a_weekly_list_of_sixty_and_sixty_fits_and_says_what_to_type() -> None:
    triage = ChannelRef(transport="discord", id="1")
    posted = DigestPosted(
        week=DUE,
        follow_ups=tuple(
            OpenFollowUp(
                ref=FollowUpRef(number=n, incident=7),
                text=LONG,
                owner=MIA,
                due=DUE,
                priority=Priority.P1,
                triage=triage,
            )
            for n in range(1, 61)
        ),
        postmortems=tuple(
            OwedPostmortem(incident=n, title=LONG[:100], owner=ANN, due=DUE, triage=triage) for n in range(1, 61)
        ),
    )
    [card] = digest_cards("house", posted, over=False)
    text = said(card)
    assert "and 45 more, due later" in text
    assert "and 50 more of which a postmortem is late" in text
    assert "postmortem-published 1 LINK" in text.splitlines()[-1]


def test_a_debrief_of_many_words_leaves_the_board_to_what_is_now() -> None:
    incident = replace(team().incident, last_time=Lesson(f"say it {LONG}"[:2000], of=6))
    [board] = [one for one in every_card(incident) if one.post.card == "board"]
    text = said(board)
    assert "we said: say it alert" in text
    assert len(text) < 600
