"""What a reaction asks for on each of Tocsin's cards, and what taking it back asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from incidents import ANN, message

from core.incident import commands as c
from core.incident import events as e
from core.incident.vocabulary import Path, Role
from transports.reactions import REACTIONS, Table, Where
from transports.reading import on_card, place, taken_back

NOW = datetime(2026, 5, 2, 10, 30, tzinfo=UTC)
TABLE = Table()

PLACED: dict[str, Where | None] = {
    "board": Where.BOARD,
    "item/H1": Where.ITEM,
    "thresholds": Where.THRESHOLDS,
    "summary": None,
    "checklist": None,
    "debrief": None,
    "followups": None,
    "postmortem/2": Where.POSTMORTEM,
    f"prompt/{e.Ask.POSTMORTEM}-1": Where.POSTMORTEM,
    f"prompt/{e.Ask.PAGE}-1": Where.PAGE,
    f"prompt/{e.Ask.UNANSWERED}-1": None,
    f"prompt/{e.Ask.WIDEN}-1": Where.PROMPT,
    f"prompt/{e.Ask.COMMANDER}-1": Where.BOARD,
    f"prompt/{e.Ask.VACANT}-1": Where.BOARD,
    f"prompt/{e.Ask.UPDATE}-1": Where.UPDATE_REMINDER,
    f"prompt/{e.Ask.CLOSE}-1": Where.CLOSE_PROMPT,
    f"prompt/{e.Ask.WATCH}-1": Where.WATCH,
    f"prompt/{e.Ask.DECISION}-12": Where.DECISION,
    f"prompt/{e.Ask.RULE}-1": Where.DECISION,
    f"prompt/{e.Ask.OBJECTION}-1": Where.TIE,
    f"prompt/{e.Ask.WORKED}-1": Where.WORKED,
    f"prompt/{e.Ask.UNSAFE}-1": None,
    f"prompt/{e.Ask.SIGNAL}-1": None,
    f"prompt/{e.Ask.HANDOFF}-1": Where.PROMPT,
    f"prompt/{e.Ask.TAKEOVER}-1": Where.PROMPT,
    f"prompt/{e.Ask.UNFREEZE}-1": Where.PROMPT,
    f"prompt/{e.Ask.SAME}-1": Where.PROMPT,
    f"prompt/{e.Ask.STALE}-1": Where.PROMPT,
    f"prompt/{e.Ask.STOP}-1": Where.PROMPT,
    f"prompt/{e.Ask.SECOND}-1": Where.PROMPT,
    f"prompt/{e.Ask.SHIFT}-1": Where.PROMPT,
    f"prompt/{e.Ask.RUNBOOK}-1": Where.PROMPT,
    "runbook/2": Where.RUNBOOK,
    "cover/1": None,
}


@pytest.mark.parametrize(("card", "where"), PLACED.items(), ids=PLACED)
def test_a_card_obeys_the_table_of_its_place(card: str, where: Where | None) -> None:
    assert place(card) is where


def test_every_question_has_its_place_above() -> None:
    assert {f"prompt/{ask}" for ask in e.Ask} == {card.rpartition("-")[0] for card in PLACED if "prompt/" in card}


@pytest.mark.parametrize(
    ("card", "emoji", "command"),
    [
        ("prompt/decision-2", "⏪", c.AnswerDecision(prompt="prompt/decision-2", path=Path.ROLLBACK)),
        ("prompt/decision-2", "🔧", c.AnswerDecision(prompt="prompt/decision-2", path=Path.FIX)),
        ("prompt/rule-1", "⏸️", c.AnswerDecision(prompt="prompt/rule-1", path=Path.PAUSE)),
        ("prompt/objection-1", "🔎", c.AnswerDecision(prompt="prompt/objection-1", path=Path.DIG)),
        ("prompt/objection-1", "👍", c.Confirm(prompt="prompt/objection-1")),
        ("prompt/objection-1", "❌", c.Decline(prompt="prompt/objection-1")),
        ("prompt/worked-1", "👍", c.Confirm(prompt="prompt/worked-1")),
        ("prompt/worked-1", "❌", c.Decline(prompt="prompt/worked-1")),
        ("prompt/stop-1", "👍", c.Confirm(prompt="prompt/stop-1")),
        ("prompt/vacant-1", "⏪", c.Claim(role=Role.RECOVERY)),
        ("board", "⏪", c.Claim(role=Role.RECOVERY)),
        ("board", "🔎", c.Claim(role=Role.DIAGNOSIS)),
        ("runbook/2", "9️⃣", c.TakeStep(step=9, card="runbook/2")),
        ("runbook/2", "▶️", c.TurnPage(card="runbook/2")),
        ("thresholds", "1️⃣", c.MeetThreshold(threshold="1")),
        ("thresholds", "9️⃣", c.MeetThreshold(threshold="9")),
    ],
)
def test_a_press_is_the_command_of_that_card(card: str, emoji: str, command: c.Command) -> None:
    where = place(card)
    assert where is not None
    asked = on_card(TABLE.action(where, emoji) or "", card)
    assert (type(asked), asked) == (type(command), command)


def test_every_row_of_a_card_asks_for_something() -> None:
    for row in REACTIONS:
        if row.where not in (Where.TRIAGE, Where.MESSAGE):
            assert on_card(row.action, "draft/1") is not None, row.action


def act(about: type[c.Command], event: e.Event) -> e.Recorded:
    origin = e.Origin(kind="reacted", message=message("card"), emoji="x")
    return e.Recorded(
        stream="inc-1", version=9, at=NOW, heard_at=NOW, by=ANN, source="chat:1", origin=origin,
        about=about.__name__, event=event,
    )  # fmt: skip


class Holding:
    """An incident, as far as what Ann took back is looked up in it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.open = True
        self.holder = ANN

    @property
    def items(self) -> dict[str, Holding]:
        return {self.key: self}


@pytest.mark.parametrize(
    ("about", "event", "command"),
    [
        (c.MeetThreshold, e.ThresholdMet(number=3, text="x"), c.UnmeetThreshold(threshold="3")),
        (c.MeetThreshold, e.Heard(), None),
        (c.Grab, e.ItemGrabbed(key="H1", who=ANN), c.LetGo(item="H1")),
        (c.Grab, e.Asked(ask=e.Ask.SECOND, number=1, to=(ANN,), item="H1"), None),
        (c.AnswerDecision, e.DecisionPointAnswered(key="D1", path=Path.DIG), None),
        (c.Confirm, e.TieBroken(entry=4, overturned=False), None),
        (c.Decline, e.TieBroken(entry=4, overturned=True), None),
    ],
)
def test_taking_back_undoes_what_stands_on_that_press_alone(
    about: type[c.Command], event: Any, command: c.Command | None
) -> None:
    holding: Any = Holding("H1")
    assert taken_back(act(about, event), holding, None) == command
