"""The status page as people read it: what is said first, how things stand, what is over, and what is never there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from status_reading import Node, all_of, cards, components, links, one_of, page, past, section, text, words
from status_samples import (
    AT,
    CLOSED,
    FOUND,
    LOOKING,
    OVER,
    SHOP,
    WATCHING,
    checkout,
    clock,
    incident,
    mails,
    search,
    update,
    withdrawn,
)
from status_samples import past as before

from bot.web.status.page import House, files
from core.incident.public import PublicIncident
from core.incident.vocabulary import Phase, Severity

EVERYTHING = [checkout(), search(), mails(), *before()]


def front(incidents: Sequence[PublicIncident], house: House = SHOP) -> Mapping[str, bytes]:
    return files(house, incidents, AT)


def index(incidents: Sequence[PublicIncident], house: House = SHOP) -> Node:
    return page(front(incidents, house)["index.html"])


def own_page(made: Mapping[str, bytes], headline: str) -> Node:
    pages = [page(content) for name, content in made.items() if name.startswith("incidents/")]
    return next(one for one in pages if words(one_of(one, "h1")) == headline)


def test_when_nothing_is_wrong_it_says_so_first() -> None:
    tree = index([])
    assert words(one_of(tree, "title")) == "All systems operational · Example Shop"
    assert words(one_of(tree, "h1")) == "All systems operational"
    assert words(one_of(tree, "section", "banner")) == "All systems operational As of 2 May 2026, 10:41 UTC"
    assert cards(tree) == []
    assert set(components(tree).values()) == {"Operational"}
    assert "No incidents in the last 14 days." in words(section(tree, "past"))


def test_a_house_that_said_nothing_about_itself_has_a_page() -> None:
    tree = page(files(House(), [], AT)["index.html"])
    assert words(one_of(tree, "title")) == "All systems operational · Status"
    assert words(one_of(tree, "a", "brand")) == "Status"
    assert all_of(tree, "ul", "components") == []


@pytest.mark.parametrize(
    ("severity", "state"),
    [(Severity.SEV1, "Major outage"), (Severity.SEV2, "Partial outage"), (Severity.SEV3, "Degraded performance")],
)
def test_a_severity_is_a_state(severity: Severity, state: str) -> None:
    tree = index(
        [incident(1, "Nobody can pay", [update(1, clock("10:05"), LOOKING, "Nobody can pay.")], severity=severity)]
    )
    assert words(one_of(tree, "title")) == f"{state} · Example Shop"
    assert words(one_of(tree, "h1")) == state
    assert components(tree) | {"Checkout": ""} == dict.fromkeys(SHOP.components, "Operational") | {"Checkout": ""}
    assert components(tree)["Checkout"] == state
    [card] = cards(tree)
    assert words(one_of(card, "h2")) == "Nobody can pay"
    facts = words(all_of(card, "p", "facts")[0])
    assert facts == f"{state} Investigating Checkout Since 2 May 2026, 10:05 UTC"


def test_the_worst_comes_first_and_counts() -> None:
    tree = index([mails(), search(), checkout()])
    heads = [words(one_of(card, "h2")) for card in cards(tree)]
    assert heads == ["Some customers cannot pay", "Search results are out of date", "Order confirmations arrive late"]
    assert words(one_of(tree, "h1")) == "Major outage"
    # Two at one component: it stands as the worse one leaves it.
    two = [search().model_copy(update={"number": 5, "severity": Severity.SEV1}), search()]
    for order in (two, two[::-1]):
        assert components(index(order))["Search"] == "Major outage"


def test_an_incident_that_names_no_component_counts_too() -> None:
    tree = index([incident(1, "E-mail is late", [update(1, clock("10:05"), LOOKING, "E-mail is late.")], service="")])
    assert words(one_of(tree, "h1")) == "Major outage"
    assert set(components(tree).values()) == {"Operational"}


def test_a_component_stays_as_it_is_until_somebody_says_that_it_is_over() -> None:
    said = [update(1, clock("10:05"), LOOKING, "Nobody can pay."), update(2, clock("10:20"), WATCHING, "A fix is in.")]
    assert components(index([incident(1, "Nobody can pay", said)]))["Checkout"] == "Major outage"
    over = index([incident(1, "Nobody can pay", said, phase=OVER, resolved_at=clock("10:39"))])
    assert components(over)["Checkout"] == "Operational"
    assert words(one_of(over, "h1")) == "All systems operational"


def test_updates_stand_newest_first_word_for_word_with_what_became_of_them() -> None:
    case = checkout()
    [card] = cards(index([case]))
    rows = all_of(one_of(card, "ol", "updates"), "li")
    assert [text(one_of(row, "p", "text")) for row in rows] == [said.text for said in reversed(case.updates)]
    assert words(all_of(rows[0], "p", "facts")[0]) == "Monitoring 10:34 UTC"
    assert words(all_of(rows[2], "p", "facts")[0]) == "Identified 10:19 UTC Corrected 10:22 UTC"
    assert words(one_of(rows[1], "p", "note")) == "Withdrawn: sign-in was never affected"
    assert text(one_of(rows[1], "del")) == case.updates[2].text
    assert [row for row in rows if all_of(row, "del")] == [rows[1]]


def test_a_correction_that_was_withdrawn_is_withdrawn() -> None:
    said = update(1, clock("10:05"), LOOKING, "Nobody can pay.", corrected=clock("10:07"))
    made = front([incident(1, "Nobody can pay", [withdrawn(said, clock("10:09"), "wrong shop")])])
    assert b"Corrected" not in b"".join(made.values())


def test_the_next_update_is_the_one_that_was_promised_last() -> None:
    [card] = cards(index([checkout()]))
    assert words(one_of(card, "p", "next")) == "Next update 10:49 UTC"
    case = checkout()
    back = [*case.updates[:3], withdrawn(case.updates[3], clock("10:36"), "wrong figures")]
    [card] = cards(index([case.model_copy(update={"updates": tuple(back)})]))
    assert words(one_of(card, "p", "next")) == "Next update 10:34 UTC"
    [card] = cards(index([incident(1, "Slow", [update(1, clock("10:05"), LOOKING, "Slow.")])]))
    assert all_of(card, "p", "next") == []


def test_times_say_their_day_where_it_is_another_one() -> None:
    late = clock("23:50") - timedelta(days=1)
    said = [
        update(1, late, LOOKING, "Slow.", after=30),
        update(2, late + timedelta(minutes=20), FOUND, "Still slow.", after=15),
    ]
    [card] = cards(index([incident(1, "Slow", said)]))
    assert words(all_of(card, "p", "facts")[0]).endswith("Since 1 May 2026, 23:50 UTC")
    assert [words(one) for one in all_of(one_of(card, "ol"), "time")] == ["2 May 2026, 00:10 UTC", "23:50 UTC"]
    assert words(one_of(card, "p", "next")) == "Next update 00:25 UTC"


def test_more_than_ten_updates_are_on_a_page_of_their_own() -> None:
    def case(count: int) -> PublicIncident:
        return incident(
            1, "Slow", [update(n, clock("08:00") + n * timedelta(minutes=9), LOOKING, "Slow.") for n in range(count)]
        )

    [card] = cards(index([case(10)]))
    assert len(all_of(card, "li")) == 10
    assert all_of(card, "p", "more") == []

    made = front([case(11)])
    [card] = cards(page(made["index.html"]))
    assert len(all_of(card, "li")) == 10
    assert words(all_of(card, "li")[0]).endswith("Slow.")
    assert words(one_of(card, "p", "more")) == "All 11 updates"
    path = next(links(one_of(card, "p", "more")))
    assert len(all_of(one_of(page(made[path]), "ol", "updates"), "li")) == 11


def test_an_incident_has_a_page_of_its_own_which_leads_with_where_it_stands() -> None:
    made = front(EVERYTHING)
    tree = own_page(made, "Some customers cannot pay")
    assert words(one_of(tree, "title")) == "Monitoring: Some customers cannot pay · Example Shop"
    assert [text(one) for one in all_of(tree, "p", "text")] == [one.text for one in reversed(checkout().updates)]
    over = own_page(made, "API answers with errors")
    assert words(one_of(over, "title")).startswith("Resolved: API answers with errors")
    assert words(all_of(over, "p", "facts")[0]) == "Resolved API 28 April 2026, 07:24 UTC to 08:16 UTC"
    assert len([name for name in made if name.startswith("incidents/")]) == len(EVERYTHING)


def test_what_is_over_is_listed_by_day() -> None:
    tree = index(EVERYTHING)
    assert past(tree) == [
        ("28 April 2026", ["API answers with errors"]),
        ("23 April 2026", ["The shop cannot be reached", "Sign-in is slow"]),
    ]
    listed = all_of(tree, "article", "past")
    assert words(listed[0]) == (
        "API answers with errors Resolved API 07:24 UTC to 08:16 UTC [08:16 UTC] The API answers again. No data was lost."
    )
    # The record was closed, which is no matter of the public's.
    assert "Resolved Sign-in 09:41 UTC to 10:14 UTC" in words(listed[2])


def test_what_was_taken_back_altogether_is_not_current_and_listed_as_withdrawn() -> None:
    said = withdrawn(update(1, clock("10:05"), LOOKING, "Nobody can pay."), clock("10:09"), "a test order")
    made = front([incident(1, "Nobody can pay", [said])])
    tree = page(made["index.html"])
    assert words(one_of(tree, "h1")) == "All systems operational"
    assert components(tree)["Checkout"] == "Operational"
    [listed] = all_of(tree, "article", "past")
    assert words(listed) == f"Nobody can pay Checkout 10:05 UTC Withdrawn: a test order {said.text}"
    assert text(one_of(listed, "del")) == said.text
    assert words(one_of(own_page(made, "Nobody can pay"), "title")).startswith("Withdrawn: ")


def ended(number: int, days: float, lasted: timedelta = timedelta(minutes=30)) -> PublicIncident:
    """An incident that ended so many days ago."""
    end = AT - timedelta(days=days)
    said = [update(1, end - lasted, LOOKING, "Slow."), update(2, end, OVER, "Fast again.")]
    return incident(number, f"Slow {number}", said)


def test_two_weeks_are_on_the_front_page_and_all_of_it_by_month() -> None:
    made = front([ended(1, 13.9), ended(2, 14.1), ended(3, 13, timedelta(days=20)), ended(4, 200)])
    tree = page(made["index.html"])
    # What began long ago and ended lately is news.
    assert [names for _, names in past(tree)] == [["Slow 1"], ["Slow 3"]]
    months = sorted(name for name in made if name.startswith("history/"))
    assert months == [f"history/{month}.html" for month in ("2025-10", "2026-03", "2026-04", "2026-05")]
    assert "history/2026-05.html" in links(tree)

    may, april, march, october = (page(made[name]) for name in reversed(months))
    assert words(one_of(may, "h1")) == "Incidents in May 2026"
    assert "No incidents in May 2026." in words(may)
    assert past(april) == [("18 April 2026", ["Slow 1", "Slow 2"])]
    assert past(march) == [("30 March 2026", ["Slow 3"])]

    def turns(tree: Node) -> list[str]:
        return [words(one) for one in all_of(tree, "a") if one.get("rel") in ("prev", "next")]

    assert turns(may) == ["April 2026"]
    assert turns(march) == ["October 2025", "April 2026"]
    assert turns(october) == ["March 2026"]
    assert turns(page(front([])["history/2026-05.html"])) == []


def test_a_month_begins_at_midnight_utc() -> None:
    last = clock("23:59") - timedelta(days=2)
    made = front([incident(1, "Slow", [update(1, last, LOOKING, "Slow.")], service="")])
    assert past(page(made["history/2026-04.html"])) == [("30 April 2026", ["Slow"])]
    assert past(page(made["history/2026-05.html"])) == []


def ids(made: Mapping[str, bytes]) -> set[str]:
    return {name for name in made if name.startswith("incidents/")}


def test_nothing_from_inside_is_anywhere() -> None:
    case = checkout().model_copy(update={"number": 987_654, "service": "postgres-primary-eu1"})
    everything = b"\n".join(name.encode() + content for name, content in front([case]).items())
    assert b"987654" not in everything
    # Whatever the incident names as its service, the page names what the catalogue has.
    assert b"postgres" not in everything


def test_an_id_tells_no_number_and_stays() -> None:
    # Whoever tries every number finds none: the same id comes of any.
    assert ids(front([checkout()])) == ids(front([checkout().model_copy(update={"number": 3})]))
    later = checkout().model_copy(update={"headline": "Nobody can pay", "phase": CLOSED, "severity": Severity.SEV2})
    assert ids(front([later])) == ids(front([checkout()])) <= ids(front(EVERYTHING))
    assert all(re.fullmatch(r"incidents/[a-z2-7]{12}\.html", name) for name in ids(front(EVERYTHING)))
    # Two that were told of at one moment are still two.
    twins = [checkout(), checkout().model_copy(update={"number": 18})]
    assert len(ids(front(twins))) == 2
    assert ids(front(twins)) == ids(front(twins[::-1])) > ids(front(twins[:1]))


def test_the_same_input_gives_the_same_bytes() -> None:
    assert front(EVERYTHING) == front(EVERYTHING) == front(EVERYTHING[::-1])


def test_of_a_quiet_page_only_what_says_as_of_when_changes() -> None:
    for incidents in (EVERYTHING, []):
        now, then = (files(SHOP, incidents, AT + timedelta(minutes=minutes)) for minutes in (0, 1))
        changed = {name for name in now if now[name] != then[name]}
        assert changed == {name for name in now if name == "index.html" or name.startswith("api/")}


def test_a_page_is_light() -> None:
    said = [
        update(
            n,
            clock("10:00") + n * timedelta(minutes=6),
            LOOKING,
            "About one in five payments by card fails. Invoices work.",
            after=15,
        )
        for n in range(6)
    ]
    current = [incident(n, "Some customers cannot pay by card", said) for n in range(3)]
    over = [
        incident(
            n,
            "The shop answers slowly for some customers",
            [update(1, AT - timedelta(hours=9 * n), OVER, "The shop answers as fast as before. No orders were lost.")],
        )
        for n in range(5, 35)
    ]
    made = front([*current, *over])
    assert len(all_of(page(made["index.html"]), "article", "past")) == 30
    size = sum(len(made[name]) for name in ("index.html", "style.css", "times.js", "favicon.svg"))
    assert size < 30_000


PAGES = [name for name in front(EVERYTHING) if name.endswith(".html")]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole(name: str) -> None:
    made = front(EVERYTHING)
    tree = page(made[name])
    for link in links(tree):
        if not link.startswith("#"):
            # Relative, so that the page works below any path and from a disk; and to something that is there.
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), link)) in made, link
        else:
            assert any(node.get("id") == link[1:] for node in tree.iter())
    assert {name for node in tree.iter() for name in node.attrib if name.startswith("on") or name == "style"} == set()
    assert [text(one) for one in all_of(tree, "script")] == [""]
    assert all_of(tree, "style") == []
    [policy] = [node.get("content") for node in all_of(tree, "meta") if node.get("http-equiv")]
    assert policy == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
    )
    levels = [int(node.tag[1]) for node in tree.iter() if re.fullmatch(r"h[1-6]", str(node.tag))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(down - up <= 1 for up, down in pairwise(levels)), levels
    assert all_of(tree, "html")[0].get("lang") == "en"


def test_the_picture_of_a_tab_tells_the_state() -> None:
    pictures = [front(incidents)["favicon.svg"] for incidents in ([], [mails()], [search()], [checkout()])]
    assert len(set(pictures)) == 4


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_word(phase: Phase) -> None:
    made = front([incident(1, "Slow", [update(1, clock("10:05"), phase, "Slow.")])])
    word = "Resolved" if phase is CLOSED else phase.capitalize()
    tree = own_page(made, "Slow")
    assert words(one_of(tree, "title")) == f"{word}: Slow · Example Shop"
    assert words(one_of(one_of(tree, "ol"), "b")) == word


def test_what_is_wrong_now_stands_before_components_and_what_is_over() -> None:
    heads = [words(node) for node in index([checkout(), *before()]).iter() if node.tag in ("h1", "h2")]
    assert heads == ["Major outage", "Some customers cannot pay", "Components", "Past incidents"]


@pytest.mark.parametrize("name", PAGES)
def test_one_can_subscribe_and_machines_can_read(name: str) -> None:
    tree = page(front(EVERYTHING)[name])
    root = "../" * name.count("/")
    [found] = [node for node in all_of(tree, "link") if node.get("rel") == "alternate"]
    assert (found.get("type"), found.get("href")) == ("application/atom+xml", f"{root}feed.atom")
    led = {words(node): node.get("href") for node in all_of(tree, "a")}
    assert led["Subscribe by feed"] == led["Atom feed"] == f"{root}feed.atom"
    assert led["JSON"] == f"{root}api/v2/summary.json"
    assert led["History"] == f"{root}history/2026-05.html"


def test_an_incident_that_was_closed_at_once_ended_with_its_last_word() -> None:
    case = incident(1, "Slow", [update(1, clock("10:05"), LOOKING, "Slow."), update(2, clock("10:20"), FOUND, "Fast.")])
    made = front([case.model_copy(update={"phase": CLOSED})])
    assert (
        words(all_of(own_page(made, "Slow"), "p", "facts")[0]) == "Resolved Checkout 2 May 2026, 10:05 UTC to 10:20 UTC"
    )
