"""The JSON of the page: Statuspage's shapes to the letter, and what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from status_samples import (
    AT,
    CLOSED,
    LOOKING,
    OVER,
    SHOP,
    WATCHING,
    checkout,
    clock,
    incident,
    mails,
    past,
    search,
    update,
    withdrawn,
)
from status_shapes import ANSWERS

from bot.web.status.page import House, files
from core.incident.public import PublicIncident

EVERYTHING = [checkout(), search(), mails(), *past()]


def answer(name: str, incidents: Sequence[PublicIncident], house: House = SHOP) -> Any:
    return json.loads(files(house, incidents, AT)[f"api/v2/{name}.json"])


@pytest.mark.parametrize("incidents", [[], [checkout()], EVERYTHING], ids=["nothing", "one", "many"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_its_shape(name: str, incidents: list[PublicIncident]) -> None:
    Draft202012Validator.check_schema(ANSWERS[name])
    for house in (SHOP, House()):
        Draft202012Validator(ANSWERS[name]).validate(answer(name, incidents, house))


def test_there_are_these_answers_and_no_others() -> None:
    made = {name for name in files(SHOP, EVERYTHING, AT) if name.startswith("api/")}
    assert made == {f"api/v2/{name}.json" for name in ANSWERS}


@pytest.mark.parametrize(
    ("incidents", "indicator", "description"),
    [
        (past(), "none", "All Systems Operational"),
        ([mails()], "minor", "Minor Service Outage"),
        ([mails(), search()], "major", "Partial System Outage"),
        ([mails(), search(), checkout()], "critical", "Major Service Outage"),
    ],
)
def test_the_status_is_that_of_the_worst(incidents: list[PublicIncident], indicator: str, description: str) -> None:
    assert answer("status", incidents)["status"] == {"indicator": indicator, "description": description}
    assert answer("summary", incidents)["status"] == {"indicator": indicator, "description": description}


def test_the_page_says_whose_it_is_and_as_of_when() -> None:
    page = answer("status", [])["page"]
    assert page | {"id": ""} == {
        "id": "",
        "name": "Example Shop",
        "url": "https://status.example.org",
        "time_zone": "Etc/UTC",
        "updated_at": "2026-05-02T10:41:00.000Z",
    }


def test_components_stand_in_the_catalogue_s_order() -> None:
    found = answer("components", [checkout(), search()])["components"]
    assert [(one["position"], one["name"], one["status"]) for one in found] == [
        (1, "Checkout", "major_outage"),
        (2, "Sign-in", "operational"),
        (3, "Search", "partial_outage"),
        (4, "Order e-mails", "operational"),
        (5, "API", "operational"),
    ]
    assert found[0]["updated_at"] == "2026-05-02T10:34:00.000Z"
    assert len({one["id"] for one in found}) == 5
    assert {one["page_id"] for one in found} == {answer("status", [])["page"]["id"]}


def test_an_incident_in_full() -> None:
    [found] = answer("summary", [checkout(), *past()])["incidents"]
    components = answer("components", [checkout(), *past()])["components"]
    updates, own = found.pop("incident_updates"), found.pop("id")
    assert found == {
        "name": "Some customers cannot pay",
        "status": "monitoring",
        "created_at": "2026-05-02T10:05:00.000Z",
        "updated_at": "2026-05-02T10:34:00.000Z",
        "monitoring_at": "2026-05-02T10:34:00.000Z",
        "resolved_at": None,
        "impact": "critical",
        "shortlink": f"https://status.example.org/incidents/{own}.html",
        "started_at": "2026-05-02T10:05:00.000Z",
        "page_id": components[0]["page_id"],
        "components": components[:1],
    }
    # Word for word, the newest first. What was withdrawn is gone: no client could tell it from what stands.
    said = checkout().updates
    assert [one["body"] for one in updates] == [said[index].text for index in (3, 1, 0)]
    assert [one["status"] for one in updates] == ["monitoring", "identified", "investigating"]
    assert updates[1] | {"id": ""} == {
        "id": "",
        "status": "identified",
        "body": said[1].text,
        "incident_id": own,
        "created_at": "2026-05-02T10:19:00.000Z",
        "updated_at": "2026-05-02T10:22:00.000Z",
        "display_at": "2026-05-02T10:19:00.000Z",
        "affected_components": [
            {
                "code": components[0]["id"],
                "name": "Checkout",
                "old_status": "major_outage",
                "new_status": "major_outage",
            }
        ],
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }
    assert updates[2]["affected_components"][0]["old_status"] == "operational"


def test_what_is_over_is_resolved_and_in_the_list_of_all_only() -> None:
    over = past()[0]
    assert answer("summary", [over])["incidents"] == answer("incidents/unresolved", [over])["incidents"] == []
    [found] = answer("incidents", [over])["incidents"]
    assert (found["status"], found["impact"]) == ("resolved", "major")
    assert found["resolved_at"] == "2026-04-28T08:16:00.000Z"
    assert found["monitoring_at"] is None
    assert found["components"][0]["status"] == "operational"
    [change] = found["incident_updates"][0]["affected_components"]
    assert (change["old_status"], change["new_status"]) == ("partial_outage", "operational")


def test_that_the_record_is_closed_is_no_news() -> None:
    said = [update(1, clock("10:05"), WATCHING, "Slow."), update(2, clock("10:20"), CLOSED, "Fast.")]
    [found] = answer("incidents", [incident(1, "Slow", said)])["incidents"]
    assert found["status"] == "resolved"
    assert [one["status"] for one in found["incident_updates"]] == ["resolved", "monitoring"]


def test_what_was_taken_back_altogether_is_gone() -> None:
    said = withdrawn(update(1, clock("10:05"), LOOKING, "Slow."), clock("10:09"), "wrong shop")
    made = [incident(1, "Slow", [said])]
    assert answer("incidents", made)["incidents"] == []
    assert answer("summary", made)["status"]["indicator"] == "none"


def test_an_incident_that_names_no_component_has_none() -> None:
    made = [checkout().model_copy(update={"service": service}) for service in ("", "postgres-primary")]
    for one in made:
        [found] = answer("summary", [one])["incidents"]
        assert found["components"] == []
        assert {one["affected_components"] for one in found["incident_updates"]} == {None}


def test_the_fifty_newest_are_listed() -> None:
    made = [
        incident(n, f"Slow {n}", [update(1, AT - timedelta(days=n), OVER, "Fast again.")], service="")
        for n in range(60)
    ]
    found = [one["name"] for one in answer("incidents", made)["incidents"]]
    assert found == [f"Slow {n}" for n in range(50)]


def test_without_an_address_a_link_is_a_path() -> None:
    [found] = answer("summary", [checkout()], House("Example Shop"))["incidents"]
    assert found["shortlink"] == f"incidents/{found['id']}.html"
    assert found["shortlink"] in files(SHOP, [checkout()], AT)


def test_microseconds_are_milliseconds() -> None:
    said = update(1, clock("10:05").replace(microsecond=123_456), LOOKING, "Slow.")
    [found] = answer("summary", [incident(1, "Slow", [said])])["incidents"]
    assert found["created_at"] == "2026-05-02T10:05:00.123Z"
