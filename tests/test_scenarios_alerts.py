"""Alerts in triage: one message for each group, 🚨 on it declares, a rule declares at once, and no alert ends anything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alert_hooks import STARTS, alert, body, heard
from stage import Stage

from core.activity_log import HOUSE
from transports.sandbox.places import Message

URGENT = [{"match": ['severity="critical"'], "declare": "sev1"}]


async def _hears(stage: Stage, found: dict[str, Any], **more: Any) -> None:
    await stage.tocsin.hear(heard(found, **more))
    await stage.settle()
    await stage.fast_forward(seconds=3)


def _message(stage: Stage, number: int = 1) -> Message:
    """The message of an episode, also where there is no incident."""
    [found] = [one for one in stage.of_tocsin(stage.triage) if one.mark == (HOUSE, f"alert/{number}")]
    stage.expected.add((stage.triage.id, HOUSE, f"alert/{number}"))
    return found


def _card(stage: Stage, *contains: str, number: int = 1, lacks: str = "") -> str:
    text = _message(stage, number).text
    for words in contains:
        assert words in text, text
    assert not lacks or lacks not in text, text
    return text


async def _kinds(stage: Stage) -> list[str]:
    return [record.event.kind for record in await stage.tocsin.log.load(HOUSE)]


async def test_a_group_is_one_message_with_what_people_need(stage: Stage) -> None:
    await _hears(stage, body(alert(severity="critical"), alert(instance="b", severity="critical")))
    text = _card(stage, "Alert · HighErrorRate is high · 2 firing", "HighErrorRate (critical)")
    assert "https://runbooks.example.org/errors" in text
    assert "http://prometheus.example.org/graph?g0.expr=up" in text
    assert "🚨" in stage.world.look(_message(stage).ref).reactions


async def test_what_is_told_twice_is_stored_once(stage: Stage) -> None:
    found = body(alert(), alert(instance="b"))
    await _hears(stage, found)
    await _hears(stage, found)
    # Another peer of the same Alertmanager has the same to tell, in another order.
    await _hears(stage, body(*reversed(found["alerts"])))
    assert await _kinds(stage) == ["alerts_begun", "alert_fired", "alert_fired"]
    _card(stage, "2 firing")


async def test_a_storm_edits_the_one_message(stage: Stage) -> None:
    for number in range(100):
        await stage.tocsin.hear(heard(body(alert(instance=f"host-{number}"))))
    await stage.fast_forward(seconds=5)
    _card(stage, "100 firing", "and 95 more")
    assert [card for *_, card in stage.standing()] == ["alert/1"]
    assert len(stage.world.look(_message(stage).ref).text) < 2000


async def test_it_is_edited_as_alerts_clear_and_come_back(stage: Stage) -> None:
    await _hears(stage, body(alert(), alert(instance="b")))
    await _hears(stage, body(alert(firing=False), alert(instance="b")))
    _card(stage, "1 firing, 1 cleared")
    await _hears(stage, body(alert(firing=False), alert(instance="b", firing=False)))
    _card(stage, "Cleared · ", "2 cleared", lacks="firing")
    await _hears(stage, body(alert(at=STARTS + timedelta(minutes=9))))
    _card(stage, "1 firing, 1 cleared", "for the 2nd time")


async def test_after_an_hour_of_quiet_the_next_alert_has_a_message_of_its_own(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await _hears(stage, body(alert(firing=False)))
    await stage.fast_forward(minutes=59)
    _card(stage, lacks="Over")
    await stage.fast_forward(minutes=2)
    _card(stage, "Over, what fires next is told anew")
    assert stage.tocsin.post.alarms.groups == {}, "what is over and shown so is let go"
    await _hears(stage, body(alert(at=STARTS + timedelta(hours=3))))
    _card(stage, "1 firing", number=5)


async def test_after_a_restart_the_message_goes_on(stage: Stage) -> None:
    await _hears(stage, body(alert(), alert(instance="b")))
    before = _message(stage).ref
    await stage.restart(away=timedelta(hours=2))
    await _hears(stage, body(alert(firing=False), alert(instance="b")))
    _card(stage, "1 firing, 1 cleared")
    assert _message(stage).ref == before
    await stage.restart(forget=True)
    _card(stage, "1 firing, 1 cleared")
    assert _message(stage).ref == before


async def test_what_is_over_costs_nothing_after_a_restart_and_can_still_be_declared_from(stage: Stage) -> None:
    for number in range(5):
        found = body(alert(f"Alert{number}"), group=f"Alert{number}")
        await _hears(stage, found)
        await _hears(stage, body(alert(f"Alert{number}", firing=False), group=f"Alert{number}"))
    await stage.fast_forward(minutes=70)
    await _hears(stage, body(alert("Another"), group="Another"))
    await stage.restart(away=timedelta(hours=3))
    await stage.fast_forward(hours=2)
    [open_one] = [group for group in stage.tocsin.post.alarms.groups.values() if group.over_at is None]
    shown = {card for _, card, _ in stage.tocsin.displays.showing.keys(HOUSE)}
    assert shown <= {f"alert/{number}" for number in stage.tocsin.post.alarms.groups}
    assert open_one.title == "Another is high"
    await stage.ann.reacts(_message(stage).ref, "🚨")
    assert stage.incident.title == "Alert0 is high"
    stage.expect_everything()


async def test_a_message_that_somebody_deleted_comes_back(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await stage.ann.deletes(_message(stage).ref)
    await stage.fast_forward(seconds=5)
    _card(stage, "1 firing")


async def test_an_episode_that_nobody_hears_of_for_a_week_is_over(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await stage.fast_forward(days=6)
    _card(stage, lacks="Over")
    await stage.fast_forward(days=2)
    _card(stage, "1 firing", "Over, what fires next is told anew")


async def test_a_chat_that_is_away_gets_the_newest_state_when_it_is_back(stage: Stage) -> None:
    stage.faults.outage = True
    await stage.tocsin.hear(heard(body(alert(severity="critical")), rules=URGENT))
    await stage.tocsin.hear(heard(body(alert(instance="b")), rules=URGENT))
    await stage.fast_forward(minutes=5)
    assert stage.standing() == []
    stage.faults.outage = False
    await stage.fast_forward(minutes=2)
    _card(stage, "2 firing", "Incident 1")
    stage.expect_everything()


async def test_an_alarm_on_it_declares_with_its_title_severity_and_service(stage: Stage) -> None:
    rules = [{"match": ['severity="critical"'], "severity": "sev1", "service": "checkout"}]
    await _hears(stage, body(alert(severity="critical")), rules=rules, services=("Checkout",))
    await stage.ann.reacts(_message(stage).ref, "🚨")
    one = stage.incident
    assert (one.title, one.severity, one.service) == ("HighErrorRate is high", "sev1", "Checkout")
    assert one.declared_by.name == "Ann"
    assert one.alarm is not None
    assert one.alarm.labels == {"alertname": "HighErrorRate", "instance": "a", "severity": "critical"}
    assert one.alarm.runbook == "https://runbooks.example.org/errors"
    assert "reported by prod (alert)" in await stage.ann.asks("timeline")
    _card(stage, f"Incident 1, {one.name}", lacks="declares")
    assert [person.name for person in one.people] == ["Ann", "Bob"]
    stage.expect_everything()


async def test_a_second_alarm_on_it_brings_that_person_in(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    card = _message(stage).ref
    await stage.ann.reacts(card, "🚨")
    await stage.kim.reacts(card, "🚨")
    assert stage.incident.number == 1
    assert stage.kim.account.id in stage.world.room(stage.channel).members
    stage.expect_everything()


async def test_its_clearing_is_a_line_on_the_incidents_record_and_no_act(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await stage.ann.reacts(_message(stage).ref, "🚨")
    stage.expect_card("board", "Alert", "HighErrorRate is high: firing since")
    await _hears(stage, body(alert(firing=False)))
    assert "has cleared" not in await stage.ann.asks("timeline"), "it may flap"
    await stage.fast_forward(minutes=2)
    assert "alert HighErrorRate is high has cleared (1)" in await stage.ann.asks("timeline")
    stage.expect_card("board", "HighErrorRate is high: cleared since")
    assert stage.incident.phase == "investigating"
    await _hears(stage, body(alert(at=STARTS + timedelta(minutes=9))))
    assert "alert HighErrorRate is high fires again (1)" in await stage.ann.asks("timeline")
    assert (await stage.kinds()).count("alert_noted") == 2
    stage.expect_everything()


async def test_what_flaps_is_told_the_incident_once(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await stage.ann.reacts(_message(stage).ref, "🚨")
    for minute in range(1, 9):
        at = STARTS + timedelta(minutes=minute)
        await _hears(stage, body(alert(at=at)))
        await stage.fast_forward(seconds=30)
        await _hears(stage, body(alert(at=at, firing=False)))
        await stage.fast_forward(seconds=30)
    await stage.fast_forward(minutes=3)
    assert (await stage.kinds()).count("alert_noted") == 1
    stage.expect_everything()


async def test_a_rule_declares_at_once_and_asks_a_human_to_take_command(stage: Stage) -> None:
    await _hears(stage, body(alert(severity="critical")), rules=URGENT)
    one = stage.incident
    assert (one.severity, one.commander, one.declared_by.name) == ("sev1", None, "prod (alert)")
    assert [person.name for person in one.people] == ["Ann", "Bob"]
    stage.expect_card("notice", "Nobody has taken command yet", where=stage.triage)
    _card(stage, f"Incident 1, {one.name}")
    await stage.fast_forward(minutes=2)
    stage.expect_card("prompt/commander-1", "Ann")
    await stage.fast_forward(minutes=3)
    stage.expect_card("prompt/commander-2", "Bob")
    await stage.ann.reacts("board", "🧭")
    assert stage.incident.commander is not None
    stage.expect_everything()


async def test_a_group_declares_once_while_its_incident_is_open(stage: Stage) -> None:
    await _hears(stage, body(alert(severity="critical")), rules=URGENT)
    await _hears(stage, body(alert(instance="b", severity="critical")), rules=URGENT)
    await stage.restart()
    await _hears(stage, body(alert(instance="c", severity="critical")), rules=URGENT)
    everything = [alert(instance=name, severity="critical", firing=False) for name in "abc"]
    await _hears(stage, body(*everything), rules=URGENT)
    await stage.fast_forward(minutes=70)
    # Another episode of the same group, while the incident of the one before goes on.
    again = alert(severity="critical", at=STARTS + timedelta(hours=2))
    await _hears(stage, body(again), rules=URGENT)
    assert stage.incident.number == 1
    assert (await _kinds(stage)).count("alerts_linked") == 1
    assert (await _kinds(stage)).count("declared") == 1
    stage.expect_everything()


async def test_after_the_close_what_fires_anew_declares_anew(stage: Stage) -> None:
    await _hears(stage, body(alert(severity="critical")), rules=URGENT)
    await stage.ann.reacts("board", "🧭")
    await stage.ann.types("close false-alarm the probe was down")
    await _hears(stage, body(alert(severity="critical", firing=False)), rules=URGENT)
    await stage.fast_forward(minutes=12)
    await _hears(stage, body(alert(severity="critical", at=STARTS + timedelta(hours=2))), rules=URGENT)
    assert stage.incident.number == 2
    assert (await _kinds(stage)).count("declared") == 2
    stage.expect_everything()


async def test_an_incident_of_a_rule_with_the_title_of_a_young_one_is_that_one(stage: Stage) -> None:
    await stage.ann.types("declare HighErrorRate is high", stage.triage)
    await _hears(stage, body(alert(severity="critical")), rules=URGENT)
    assert stage.incident.number == 1
    assert [person.name for person in stage.incident.people] == ["Ann", "Bob"]
    _card(stage, "Incident 1", number=2)
    stage.expect_everything()


async def test_what_clears_without_having_fired_is_kept_and_shown_nowhere(stage: Stage) -> None:
    await _hears(stage, body(alert(firing=False)))
    assert await _kinds(stage) == ["alert_cleared"]
    assert stage.standing() == []
    await _hears(stage, body(alert()))
    assert stage.standing() == [], "that it fired is told late"
    await _hears(stage, body(alert(at=STARTS + timedelta(minutes=1))))
    _card(stage, "1 firing", number=3)


async def test_late_news_changes_nothing(stage: Stage) -> None:
    later = STARTS + timedelta(minutes=5)
    await _hears(stage, body(alert(at=later)))
    await _hears(stage, body(alert(firing=False)))
    _card(stage, "1 firing")
    await _hears(stage, body(alert(at=later, firing=False)))
    await _hears(stage, body(alert()))
    _card(stage, "1 cleared", lacks="firing")


async def test_what_is_over_and_cannot_be_shown_is_let_go_an_hour_later(stage: Stage) -> None:
    await _hears(stage, body(alert()))
    await _hears(stage, body(alert(firing=False)))
    stage.faults.outage = True
    await stage.fast_forward(hours=3)
    await _hears(stage, body(alert("Another"), group="Another"))
    assert [group.title for group in stage.tocsin.post.alarms.groups.values()] == ["Another is high"]
    await stage.fast_forward(seconds=5)
    assert {channel.id for channel in stage.tocsin.displays._lanes} <= set(stage.world.channels)
    assert (HOUSE, "alert/1", stage.triage) not in stage.tocsin.displays.showing.keys(HOUSE)
    stage.faults.outage = False
    await stage.fast_forward(minutes=2)
    stage.expect_everything()
