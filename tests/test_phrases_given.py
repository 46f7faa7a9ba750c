"""Forms that were filled in: each slot is read as what it is, and nothing is looked for in another's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.incident import commands as c
from core.incident.verbs import PATHS, VERBS
from core.incident.vocabulary import Account, ItemStatus, Path, Person, Phase, Role, Severity
from transports.arguments import Context
from transports.phrases import given

NOW = datetime(2026, 5, 2, 10, 30, tzinfo=UTC)
ANN = Person(key="discord:11", name="Ann", initials="AN", account=Account(transport="discord", id="11", name="Ann"))
HERE = Context(now=NOW, mentions=(ANN,))


def at(hour: int, minute: int) -> datetime:
    return NOW.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("path", "options", "command"),
    [
        ("declare", {"title": "checkout sev1 fails"}, c.Declare(title="checkout sev1 fails")),
        (
            "declare",
            {"title": "x", "severity": "sev1", "service": "shop", "private": "private"},
            c.Declare(title="x", severity=Severity.SEV1, service="shop", private=True),
        ),
        ("sev", {"severity": "sev3"}, c.SetSeverity(severity=Severity.SEV3)),
        (
            "status",
            {"phase": "monitoring", "why": "impact=none"},
            c.SetPhase(phase=Phase.MONITORING, why="impact=none"),
        ),
        ("role claim", {"role": "recovery"}, c.Claim(role=Role.RECOVERY)),
        ("role release", {"role": "scribe"}, c.Release(role=Role.SCRIBE)),
        ("item release", {"item": "h2"}, c.LetGo(item="H2")),
        ("role assign", {"role": "comms", "who": "<@11>"}, c.Assign(role=Role.UPDATES, who=ANN)),
        ("item rule-out", {"item": "H1", "evidence": ""}, c.EndItem(item="H1", status=ItemStatus.RULED_OUT)),
        ("call path", {"path": "rollback", "why": "now"}, c.ChoosePath(path=Path.ROLLBACK, why="now")),
        (
            "update draft",
            {"impact": "some cannot pay next=soon", "every": "15m", "next": "…"},
            c.Draft(impact="some cannot pay next=soon", every=timedelta(minutes=15)),
        ),
        ("close duplicate-of", {"n": "7"}, c.CloseDuplicate(of=7)),
        ("call decide", {"text": "by 10:45 roll back"}, c.MarkDecision(text="by 10:45 roll back")),
        (
            "call decide-by",
            {"time": "in 15 minutes", "condition": "11:00 is too late"},
            c.DecideBy(at=at(10, 45), condition="11:00 is too late"),
        ),
        ("call decide-by", {"time": "10:45 UTC", "condition": "x"}, c.DecideBy(at=at(10, 45), condition="x")),
        ("call move-decision", {"time": "10:45", "point": "d2"}, c.MoveDecision(at=at(10, 45), point="D2")),
        ("call move-decision", {"time": "10:45"}, c.MoveDecision(at=at(10, 45))),
        ("call withdraw-decision", {"point": "", "why": "D1 fell"}, c.WithdrawDecision(why="D1 fell")),
        (
            "call watch",
            {"signal": "p99 below 5 min", "who": "<@11>", "length": "10m"},
            c.WatchSignal(signal="p99 below 5 min", who=ANN, length=timedelta(minutes=10)),
        ),
        ("call watch", {"signal": "payments for 10m"}, c.WatchSignal(signal="payments for 10m")),
        ("call object", {"why": "it loses orders"}, c.Object(why="it loses orders")),
        ("call met", {"threshold": "2"}, c.MeetThreshold(threshold="2")),
        ("no", {"what": "objection-1"}, c.Decline(prompt="prompt/objection-1")),
        ("no", {}, c.Decline(prompt="")),
    ],
)
def test_a_form_is_read_slot_by_slot(path: str, options: dict[str, str], command: c.Command) -> None:
    assert given(path, options, HERE) == command


@pytest.mark.parametrize(
    ("path", "options", "answer"),
    [
        ("role claim", {"role": "captain"}, "`captain` is no role"),
        ("role claim", {}, "`claim` needs ROLE."),
        ("item grab", {"item": "the second"}, "`the second` is no item"),
        ("role assign", {"role": "ic", "who": "Zed"}, "I know nobody called `Zed`"),
        ("impact", {"text": "x" * 2001}, "TEXT has 2001 characters; the limit is 2000."),
        ("update draft", {"every": "3 weeks"}, "too long"),
        ("call watch", {"signal": "x", "length": "5s"}, "5s is too short: it can be 1 min to 7 days."),
        ("call watch", {"signal": "x", "length": "a while"}, "`a while` is not a length of time."),
        ("call decide-by", {"time": "noon", "condition": "x"}, "`noon` is no time like `10:20`, `15m`"),
        ("call decide-by", {"time": "10:45 roll", "condition": "x"}, "`10:45 roll` is no time like"),
        ("call decide-by", {"time": "10:15", "condition": "x"}, "10:15 has passed; it is 10:30 now."),
        ("call decide-by", {"time": "10:45"}, "`decide-by` needs CONDITION."),
        ("call decide-by", {"condition": "x"}, "`decide-by` needs TIME."),
        ("call move-decision", {"time": "10:45", "point": "H1"}, "`H1` is no decision point; they are called `D1`"),
    ],
)
def test_what_does_not_fit_a_slot_is_answered(path: str, options: dict[str, str], answer: str) -> None:
    command = given(path, options, HERE)
    assert isinstance(command, c.Misread)
    assert answer in command.answer


def test_in_an_items_thread_the_item_need_not_be_named() -> None:
    assert given("item grab", {}, Context(now=NOW, item="H2")) == c.Grab(item="H2")


def test_every_verb_has_a_path_of_its_own() -> None:
    assert len(PATHS) == len(VERBS)
