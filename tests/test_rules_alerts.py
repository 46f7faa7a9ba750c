"""Alerts as rules: news in any order comes to the same, what is forgotten is counted, what is due, and what an incident is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ANN, BOB, TRIAGE, Case, person, policy
from pushed_clock import START

from core.activity_log import HOUSE
from core.incident import commands as c
from core.incident.alerts import FORGET, MOST, Group, about, after, begin, sender
from core.incident.alerts_due import QUIET, STALE, due
from core.incident.cards.alerts import SHOWN, alert_card
from core.incident.decide import alerts as rules
from core.incident.decide import declare
from core.incident.decide.act import Act
from core.incident.decide.declaring import House
from core.incident.document import plain
from core.incident.events import (
    AlertCleared,
    AlertFired,
    AlertNoted,
    AlertsBegun,
    AlertsLinked,
    AlertsOver,
    Declared,
    Event,
    Heard,
    Recorded,
)
from core.incident.policy import Policy
from core.incident.vocabulary import Role, Severity


def _record(event: Event, minute: float = 0, version: int = 1) -> Recorded:
    at = START + timedelta(minutes=minute)
    return Recorded(stream=HOUSE, version=version, at=at, heard_at=at, event=event)


def _begun() -> Group:
    return begin(_record(AlertsBegun(number=1, hook="prod", key="k", alias="a", title="Errors", channel=TRIAGE)))


def _fired(name: str = "a", start: int = 0, **more: object) -> AlertFired:
    fields = {
        "number": 1,
        "hook": "prod",
        "fingerprint": name,
        "starts_at": START + timedelta(minutes=start),
        "name": name,
    }
    return AlertFired.model_validate(fields | more)


def _cleared(name: str = "a", start: int = 0) -> AlertCleared:
    return AlertCleared(number=1, hook="prod", fingerprint=name, starts_at=START + timedelta(minutes=start), name=name)


def _after(*events: Event, group: Group | None = None) -> Group:
    group = group or _begun()
    for minute, event in enumerate(events):
        group = after(group, _record(event, minute))
    return group


NEWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.booleans()), min_size=1, max_size=8, unique=True
).flatmap(lambda news: st.tuples(st.just(news), st.permutations(news)))


@given(NEWS)
def test_news_in_any_order_and_more_than_once_comes_to_the_same(
    both: tuple[Sequence[tuple[str, int, bool]], Sequence[tuple[str, int, bool]]],
) -> None:
    def state(news: Sequence[tuple[str, int, bool]]) -> dict[str, tuple[datetime, bool]]:
        group = _after(*(_fired(name, at) if fires else _cleared(name, at) for name, at, fires in news))
        return {name: (one.starts_at, one.firing) for name, one in group.alerts.items()}

    in_order, shuffled = both
    assert state(in_order) == state(shuffled) == state([*shuffled, *in_order])


def test_what_was_taken_for_cleared_fires_again() -> None:
    assert _after(_fired(), _cleared(), _fired()).firing == ()
    (one,) = _after(_fired(), _cleared(), _fired(again=True)).firing
    assert one.times == 2


def test_severity_is_the_worst_and_a_runbook_the_first_that_came() -> None:
    group = _after(
        _fired(severity="sev3"), _fired("b", severity="sev1", service="x", runbook="r"), _fired("c", runbook="s")
    )
    assert (group.severity, group.service, group.runbook) == (Severity.SEV1, "x", "r")


def test_what_cleared_long_ago_is_a_count() -> None:
    group = _after(_fired("a"), _fired("b"), _cleared("b"))
    late = FORGET / timedelta(minutes=1) + 5
    group = after(group, _record(_fired("c", 90), late))
    assert (set(group.alerts), group.forgotten, group.cleared) == ({"a", "c"}, 1, 1)


def test_what_cleared_long_ago_and_fires_anew_is_no_count() -> None:
    group = _after(_fired("a"), _fired("b"), _cleared("b"))
    late = FORGET / timedelta(minutes=1) + 5
    group = after(group, _record(_fired("b", 90), late))
    assert (set(group.alerts), group.forgotten, group.cleared) == ({"a", "b"}, 0, 0)
    assert group.alerts["b"].times == 2


def test_there_is_an_end_to_what_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.incident.alerts.MOST", 2)
    group = _after(_fired("a"), _fired("b"), _fired("c"), _cleared("d"), _cleared("a"))
    assert (set(group.alerts), group.beyond) == ({"a", "b"}, 1)
    assert MOST == 2000


def test_what_is_due() -> None:
    group = _after(_fired(declare=True))
    assert next(one.key for one in due(group)) == "declare"
    assert {type(one.command) for one in due(group)} == {c.DeclareAlert, c.EndAlerts}
    over = {one.command.why: one.at for one in due(group) if isinstance(one.command, c.EndAlerts)}
    assert over.keys() == {"stale"}
    assert STALE <= over["stale"] - START <= STALE + timedelta(days=1)
    quiet = _after(_fired(), _cleared())
    assert quiet.quiet_since is not None
    [ends] = [one.at for one in due(quiet) if isinstance(one.command, c.EndAlerts) and one.command.why == "quiet"]
    assert ends == quiet.quiet_since + QUIET
    assert not list(due(_after(AlertsOver(number=1, why="quiet"))))
    linked = _after(_fired(declare=True), AlertsLinked(number=1, incident=3))
    assert {type(one.command) for one in due(linked)} == {c.EndAlerts}


def test_an_episode_ends_once_and_not_while_something_fires() -> None:
    end = c.EndAlerts(alert=1, why="quiet")
    assert rules.end(None, end) == ()
    assert rules.end(_after(_fired()), end) == ()
    assert rules.end(_after(_fired(), _cleared()), end) == (AlertsOver(number=1, why="quiet"),)
    assert rules.end(_after(AlertsOver(number=1, why="stale")), end) == ()
    assert rules.end(_after(_fired()), c.EndAlerts(alert=1, why="stale")) == (AlertsOver(number=1, why="stale"),)
    assert not rules.wanted(_after(_fired()))


def test_what_is_no_news_of_alerts_changes_none() -> None:
    group = _begun()
    assert after(group, _record(Heard())) is group
    assert about(_record(Heard())) == 0


def _declared() -> Case:
    case = Case(ANN, c.Declare(title="Errors", alarm=_after(_fired()).alarm))
    assert case.incident.alarm is not None
    return case


def test_an_incident_is_told_how_its_alerts_stand_and_only_news() -> None:
    case = _declared()

    def note(alert: int, *, firing: bool) -> c.NoteAlert:
        return c.NoteAlert(alert=alert, title="Errors", firing=firing, count=1, since=START)

    assert case.does(None, note(1, firing=True)) == ()
    (said,) = case.does(None, note(1, firing=False))
    assert isinstance(said, AlertNoted)
    assert case.does(None, note(1, firing=False)) == ()
    # A later episode of the same group, which it knows nothing of yet.
    assert case.does(None, note(5, firing=True)) == ()
    assert len(case.does(None, note(5, firing=False))) == 1
    case.does(ANN, c.Claim(role=Role.IC))
    case.does(ANN, c.CloseFalseAlarm(why="the probe was down"))
    assert case.does(None, note(1, firing=True)) == ()


@pytest.mark.parametrize(
    "command",
    [
        c.HearAlerts(hook="prod", key="k", alias="a", title="t", channel=TRIAGE, alerts=()),
        c.DeclareAlert(alert=1),
        c.EndAlerts(alert=1, why="quiet"),
    ],
)
def test_what_is_the_houses_changes_no_incident(command: c.AnyCommand) -> None:
    assert _declared().does(None, command) == ()


def test_a_hook_is_nobody_who_could_be_asked_or_brought_in() -> None:
    house = Policy()
    command = c.Declare(title="Errors", alarm=_after(_fired()).alarm, anew=True)
    case = Case(sender("prod"), command, house)
    assert case.incident.people == ()
    assert case.incident.present == ()
    case.passes(timedelta(minutes=10))
    asked = [one.asked.to for one in case.incident.prompts.values()]
    assert asked, "somebody is called for"
    assert not [who for to in asked for who in to if who.machine]


def test_an_alarm_of_the_same_group_is_the_incident_that_is_open() -> None:
    act = Act(BOB, START, START, policy())
    alarm = _after(_fired()).alarm
    events = declare(House(1), c.Declare(title="Errors", alarm=alarm), act, policy(), TRIAGE)
    assert isinstance(events, tuple)
    assert isinstance(events[0], Declared)
    assert events[0].alarm == alarm


@pytest.mark.parametrize(
    ("times", "words"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")]
)
def test_the_card_says_how_often_it_came_back(times: int, words: str) -> None:
    news: list[Event] = []
    for start in range(times - 1):
        news += [_fired(start=start), _cleared(start=start)]
    card = alert_card(HOUSE, _after(*news, _fired(start=times)), "🚨")
    assert f"for the {words} time" in plain(card.post.document)


def test_the_card_names_the_first_few_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.incident.alerts.MOST", 8)
    group = _after(*(_fired(f"host-{number}", level="high", summary="is down") for number in range(10)))
    text = plain(alert_card(HOUSE, group, "🚨").post.document)
    assert "10 firing" in text
    assert "host-0 (high): is down" in text
    assert f"host-{SHOWN}" not in text
    assert "and 5 more" in text
    over = _after(AlertsOver(number=1, why="quiet"))
    assert "nothing fires" in plain(alert_card(HOUSE, over, "🚨").post.document)
    assert alert_card(HOUSE, over, "🚨").post.seeds == ()


def test_the_same_person_is_no_machine() -> None:
    assert not person("Ann").machine
    assert sender("prod").machine
