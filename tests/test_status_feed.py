"""The Atom feed: what RFC 4287 asks for, read by a parser that feed readers use, and what a subscriber is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from status_samples import AT, LOOKING, SHOP, checkout, clock, incident, mails, past, search, update, withdrawn

from bot.web.status.page import House, files
from core.incident.public import PublicIncident

ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"
EVERYTHING = [checkout(), search(), mails(), *past()]

TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:[a-z0-9/]+")
"""RFC 4151, section 2.1, as far as it is used."""

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

AT_MOST_ONE = ("content", "id", "published", "rights", "source", "summary", "title", "updated")


def feed(incidents: Sequence[PublicIncident], house: House = SHOP) -> bytes:
    return files(house, incidents, AT)["feed.atom"]


def read(content: bytes) -> Any:
    found = feedparser.parse(content)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def valid(content: bytes) -> ET.Element:
    """The feed, after the MUSTs of RFC 4287, sections 4.1 and 4.2."""
    root = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    for node in [root, *entries]:
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{ATOM}{name}")) == 1, f"{name} is required"
        for name in AT_MOST_ONE:
            assert len(node.findall(f"{ATOM}{name}")) <= 1, f"one {name} at most"
        assert TAG.fullmatch(node.findtext(f"{ATOM}id", ""))
        assert node.findall(f"{ATOM}link[@rel='alternate']"), "where it is read"
    # An entry without an author takes the feed's (4.2.1), whose name is not empty.
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert len(root.findall(f"{ATOM}link[@rel='self']")) == 1
    for node in root.iter():
        if node.tag in (f"{ATOM}updated", f"{ATOM}published"):
            assert RFC_3339.fullmatch(node.text or "")
        if node.tag == f"{ATOM}link":
            assert node.get("href")
        if node.tag == f"{ATOM}content" and node.get("type") == "xhtml":
            assert [child.tag for child in node] == [f"{XHTML}div"], "the content is a single div (4.1.3.3)"
        if node.get("type") == "text":
            assert list(node) == [], "text has no children (3.1.1.1)"
    ids = [node.findtext(f"{ATOM}id") for node in [root, *entries]]
    assert len(set(ids)) == len(ids)
    return root


@pytest.mark.parametrize("incidents", [[], [checkout()], EVERYTHING], ids=["nothing", "one", "many"])
@pytest.mark.parametrize("house", [SHOP, House()], ids=["with an address", "without"])
def test_a_feed_is_valid(house: House, incidents: list[PublicIncident]) -> None:
    content = feed(incidents, house)
    root = valid(content)
    assert len(read(content).entries) == sum(len(one.updates) for one in incidents)
    changed = max((one.changed_at for one in incidents), default=datetime(1970, 1, 1, tzinfo=UTC))
    assert root.findtext(f"{ATOM}updated") == f"{changed:%Y-%m-%dT%H:%M:%SZ}"


def test_every_update_is_an_entry_with_its_words() -> None:
    entries = read(feed([checkout()])).entries
    case = checkout()
    by_time = [case.updates[index] for index in (3, 1, 2, 0)]
    assert [one.changed_at for one in by_time] == sorted((one.changed_at for one in case.updates), reverse=True)
    assert [entry.title for entry in entries] == [
        "Some customers cannot pay",
        "Corrected: Some customers cannot pay",
        "Withdrawn: Some customers cannot pay",
        "Some customers cannot pay",
    ]
    for entry, said in zip(entries, by_time, strict=True):
        [content] = entry.content
        if said.stands:
            assert (content.type, content.value) == ("text/plain", said.text)
        assert entry.published == f"{said.at:%Y-%m-%dT%H:%M:%SZ}"
        assert entry.updated == f"{said.changed_at:%Y-%m-%dT%H:%M:%SZ}"
    assert [entry.get("summary") for entry in entries][1] == "Corrected 2 May 2026, 10:22 UTC."
    assert [tag.label for entry in entries for tag in entry.tags] == [
        "Monitoring",
        "Identified",
        "Investigating",
        "Investigating",
    ]


def test_what_was_withdrawn_is_struck_and_says_why() -> None:
    root = valid(feed([checkout()]))
    [content] = [node for node in root.iter(f"{ATOM}content") if node.get("type") == "xhtml"]
    [struck] = content.iter(f"{XHTML}del")
    assert struck.text == checkout().updates[2].text
    assert "".join(content.itertext()) == f"Withdrawn: sign-in was never affected{struck.text}"


def test_an_entry_keeps_its_id_whatever_becomes_of_it() -> None:
    case = checkout()
    before = read(feed([case])).entries
    changed = [
        *(one.model_copy(update={"corrected_at": clock("10:39")}) for one in case.updates[:2]),
        *case.updates[2:],
        update(5, clock("10:40"), LOOKING, "Nobody can pay again."),
    ]
    later = case.model_copy(update={"headline": "Nobody can pay", "updates": tuple(changed), "number": 4})
    after = read(feed([later, search()])).entries
    assert {one.id for one in before} < {one.id for one in after}
    assert all(one.id.startswith("tag:status.example.org,2026-05-02:incident/") for one in before)
    told = {one.id: one.updated for one in after}
    assert sum(told[one.id] != one.updated for one in before) == 2, "the two that were corrected"


def test_two_updates_of_one_moment_are_two_entries() -> None:
    said = [update(number, clock("10:05"), LOOKING, f"{number} in five payments fail.") for number in (1, 2)]
    valid(feed([incident(1, "Some cannot pay", said), incident(2, "Some cannot pay", said)]))


def test_links_are_absolute_where_the_address_is_known() -> None:
    found = read(feed([checkout()]))
    path = next(name for name in files(SHOP, [checkout()], AT) if name.startswith("incidents/"))
    assert {link.rel: link.href for link in found.feed.links} == {
        "self": "https://status.example.org/feed.atom",
        "alternate": "https://status.example.org/",
    }
    assert {entry.link for entry in found.entries} == {f"https://status.example.org/{path}"}
    below = read(feed([checkout()], replace(SHOP, public_url="https://example.org/status")))
    assert {entry.link for entry in below.entries} == {f"https://example.org/status/{path}"}
    alone = read(feed([checkout()], replace(SHOP, public_url="")))
    assert {link.rel: link.href for link in alone.feed.links} == {"self": "feed.atom", "alternate": "index.html"}
    assert {entry.link for entry in alone.entries} == {path}


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("", "tocsin"),
        ("https://Status.Example.org:8443/x", "status.example.org"),
        ("http://localhost:8321", "localhost"),
        ("http://127.0.0.1:8321", "127.0.0.1"),
        ("http://[::1]:8321", "tocsin"),
    ],
)
def test_an_id_is_named_after_the_host(url: str, authority: str) -> None:
    for node in valid(feed(EVERYTHING, replace(SHOP, public_url=url))).iter(f"{ATOM}id"):
        assert (node.text or "").startswith(f"tag:{authority},")


def test_the_feed_holds_the_fifty_that_changed_last() -> None:
    said = [update(number, clock("02:00") + number * timedelta(minutes=5), LOOKING, "Slow.") for number in range(60)]
    said[0] = withdrawn(said[0], clock("09:00"), "wrong shop")
    entries = read(feed([incident(1, "Slow", said)])).entries
    assert len(entries) == 50
    times = [entry.updated for entry in entries]
    assert times == sorted(times, reverse=True)
    # The oldest is there, since what became of it is new.
    assert entries[0].title == "Withdrawn: Slow"


def test_the_feed_is_named_as_the_house_is() -> None:
    assert read(feed([])).feed.title == "Example Shop"
    assert read(feed([])).feed.author == "Example Shop"
    assert read(feed([], House())).feed.title == "Status"
