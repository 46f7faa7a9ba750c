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
