"""The insights over real sockets: what they show of whom, what they refuse, and that nothing people typed is markup."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import html5lib
import pytest
from aiohttp import ClientSession, web
from hypothesis import given, settings
from incidents import ANN, team
from insights_samples import ANY, HOSTILE, history, incident, view
from status_reading import Node, all_of, links, text, words

from bot.web.insights import html, pages
from bot.web.insights import view as numbers
from bot.web.insights.table import COLUMNS
from bot.web.manners import manners
from bot.web.nearby import nearby
from bot.web.serve import serve
from core import figures_kept
from core.activity_log import Unreadable
from core.figures_kept import in_order
from core.incident import commands as c
from core.incident.events import CloseKind
from core.incident.figures import Figures
from core.incident.state import Incident
from transports.listening import HEADERS


class Counted:
    """Figures that a test sets."""

    def __init__(self, *incidents: Figures) -> None:
        self.incidents = incidents
        self.pending: int | None = 0
        self.damaged: tuple[str, ...] = ()

    def all(self) -> tuple[Figures, ...]:
        return in_order(self.incidents)


@asynccontextmanager
async def inside(
    counted: Counted, incidents: Callable[[str], Incident | None] = lambda _: None
) -> AsyncIterator[tuple[ClientSession, int]]:
    async def read(stream: str) -> Incident | None:
        return incidents(stream)

    app = web.Application(middlewares=[manners, nearby])
    pages.add(app, counted, read, ("checkout", "pages of old"))
    async with serve(app, "127.0.0.1", 0) as port, ClientSession(f"http://127.0.0.1:{port}") as client:
        yield client, port


async def said(client: ClientSession, path: str, status: int = 200, **headers: str) -> str:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        for name, value in HEADERS.items():
            assert name in answer.headers
            if name != "Content-Security-Policy":
                assert answer.headers[name] == value, name
        assert "Set-Cookie" not in answer.headers
        return await answer.text()


def tree(page: str, *, strict: bool = True) -> Node:
    """The page as a strict parser has it, SVG's elements by their plain names."""
    found: Node = html5lib.HTMLParser(strict=strict, namespaceHTMLElements=False).parse(page)
    for one in found.iter():
        if isinstance(one.tag, str):
            one.tag = one.tag.rpartition("}")[2]
    return found


async def test_before_anything_was_closed_the_page_says_so() -> None:
    async with inside(Counted()) as (client, _):
        page = tree(await said(client, "/insights"))
        assert "No incident has been closed yet." in words(page)
        assert all_of(page, "section") == []
    async with inside(Counted(incident(1, how=None))) as (client, _):
        page = tree(await said(client, "/insights"))
        assert "No incident has been closed yet." in words(page)
        assert "inc 1 Checkout fails SEV1, identified, since 2026-05-02 10:00 UTC" in words(page)
        assert "1 is open" in words(page)


async def test_the_page_is_whole_without_a_script_a_cookie_or_anything_from_elsewhere() -> None:
    async with inside(Counted(*history())) as (client, _):
        async with client.get("/insights") as answer:
            policy = answer.headers["Content-Security-Policy"]
            page = await answer.text()
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        found = tree(page)
        assert all_of(found, "script") == all_of(found, "style") == all_of(found, "iframe") == []
        assert not [one for one in found.iter() for name in one.attrib if name == "style" or str(name).startswith("on")]
        assert {one for one in links(found) if not one.startswith(("/insights", "#"))} == set()
        ids = [one.get("id") for one in found.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        assert {one[1:] for one in links(found) if one.startswith("#")} <= set(ids)
        assert "var(--draw)" in await said(client, "/insights/style.css")
        assert (await said(client, "/insights/icon.svg")).startswith("<svg ")


async def test_a_plot_is_over_each_table_of_lengths() -> None:
    seen = view(*history())
    found = tree(html.index(seen))
    charts = [one for one in found.iter("div") if one.get("class") == "chart"]
    assert len(charts) == 3 * len(numbers.MEASURES)
    groups = [seen.months, seen.severities, seen.by_service]
    for at, chart in enumerate(charts):
        [plot], [table] = all_of(chart, "svg"), all_of(chart, "table")
        assert plot.get("role") == "img"
        rows = all_of(table, "tr")[1:]
        measure = numbers.MEASURES[at // 3]
        assert [text(row[1]) for row in rows] == [str(one.spreads[measure.key].n) for one in groups[at % 3]]
        drawn = {
            one.get("data-key"): one.get("data-n") for one in plot.iter("g") if one.get("data-n") not in (None, "0")
        }
        counted = {one.key: str(one.spreads[measure.key].n) for one in groups[at % 3] if one.spreads[measure.key].n}
        assert drawn == counted


@pytest.mark.parametrize(
    ("query", "numbers_"),
    [
        ("", [1, 2, 3, 4]),
        ("?since=2026-06", [2, 3]),
        ("?until=2026-05", [1, 4]),
        ("?since=2026-06&until=2026-06", [2, 3]),
        ("?severity=sev1&service=checkout", [1, 2, 3, 4]),
        ("?severity=sev3", []),
        ("?since=&until=&severity=&service=", [1, 2, 3, 4]),
    ],
)
async def test_page_json_and_csv_choose_alike(query: str, numbers_: list[int]) -> None:
    june = incident(1).declared_at.replace(month=6)
    some = [incident(1), incident(2, june), incident(3, june, how=None), incident(4, how=CloseKind.DUPLICATE)]
    async with inside(Counted(*some)) as (client, _):
        rows = json.loads(await said(client, f"/insights.json{query}"))["incidents"]
        assert [one["number"] for one in rows] == numbers_
        sheet = list(csv.DictReader(io.StringIO(await said(client, f"/insights.csv{query}"), newline="")))
        assert [int(one["number"]) for one in sheet] == numbers_
        page = tree(await said(client, f"/insights{query}"))
        newest = [one for one in page.iter("section") if one.get("aria-labelledby") == "incidents"]
        listed = [int(words(row[0]).split()[0]) for one in newest for row in all_of(one, "tr")[1:]]
        assert listed == numbers_[::-1]
        assert newest == [] or query.endswith("=") or f"/insights.csv{query}" in [*links(page)]


@pytest.mark.parametrize("path", ["/insights", "/insights.json", "/insights.csv"])
async def test_a_filter_that_is_wrong_is_one_clear_line(path: str) -> None:
    async with inside(Counted(incident(1))) as (client, _):
        assert await said(client, f"{path}?since=may", 400) == "since is a month, as 2026-01\n"
        assert await said(client, f"{path}?service=<b>", 400) == "service is one of checkout, pages of old\n"
        assert (await said(client, f"{path}?x=1", 400)).startswith("there is no such filter")
        assert (
            await said(client, f"{path}?severity=sev1&severity=sev2", 400) == "severity is given twice; give it once\n"
        )
        await said(client, f"{path}?service=pages+of+old")


async def test_csv_and_json_say_what_they_are() -> None:
    async with inside(Counted(incident(1))) as (client, _):
        async with client.get("/insights.csv") as answer:
            assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
            assert (await answer.text()).split("\r\n")[0] == ",".join(COLUMNS)
        async with client.get("/insights.json") as answer:
            assert answer.content_type == "application/json"


@pytest.mark.parametrize("path", ["/insights", "/insights.json", "/insights.csv", "/insights/1"])
@pytest.mark.parametrize("name", ["evil.example", "evil.example:8323", "127.0.0.1.evil.example", "[::2]:80", ""])
async def test_a_page_of_the_web_cannot_read_them_under_a_name_of_its_own(path: str, name: str) -> None:
    """A name of the outside that is made to lead to this machine is answered with nothing of what is here."""
    async with inside(Counted(incident(1)), lambda _: team().incident) as (client, _):
        assert "Checkout" not in await said(client, path, 421, Host=name)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:9", "[::1]:8323", "[::1]"])
async def test_a_tunnel_to_this_machine_may_read_them(name: str) -> None:
    async with inside(Counted(incident(1))) as (client, _):
        assert "Checkout" in await said(client, "/insights", Host=name)


async def test_one_incident_has_its_figures_its_course_and_where_its_record_is() -> None:
    case = team()
    case.does(ANN, c.Close(cause="tax rounding", fixed="rolled back", next="a test"))
    async with inside(Counted(), {"inc-1": case.incident}.get) as (client, _):
        page = tree(await said(client, "/insights/1"))
        assert "inc 1 checkout fails" in words(page)
        assert "tocsin timeline 1" in words(page)
        assert "It is not in the medians" not in words(page)
        assert len(all_of(page, "svg")) == 2, "the hatching and the course"
        missing = tree(await said(client, "/insights/2", 404))
        assert "There is no incident 2" in words(missing)
        for path in ("/insights/0", "/insights/x", "/insights/1.5", "/insights/12345678901", "/insights/%2e%2e"):
            assert await said(client, path, 404) == "404 Not Found\n"


async def test_an_incident_that_is_open_is_said_not_to_be_counted() -> None:
    async with inside(Counted(), {"inc-1": team().incident}.get) as (client, _):
        assert "It is not in the medians" in words(tree(await said(client, "/insights/1")))


async def test_a_record_that_cannot_be_read_is_one_line() -> None:
    def damaged(stream: str) -> Incident | None:
        raise Unreadable(stream, 3)

    async with inside(Counted(), damaged) as (client, _):
        assert (await said(client, "/insights/1", 500)).startswith("inc-1 entry 3 of the log is missing")


async def test_what_is_not_in_the_figures_is_told() -> None:
    counted = Counted(incident(1))
    async with inside(counted) as (client, _):
        counted.pending = None
        assert "Older incidents are still being read" in words(tree(await said(client, "/insights")))
        counted.pending, counted.damaged = 1, ("inc-7 entry 3 …",)
        page = words(tree(await said(client, "/insights")))
        assert "1 older incident is still being read" in page
        assert "1 incident cannot be read and is left out; tocsin verify" in page
        data = json.loads(await said(client, "/insights.json"))
        assert (data["pending"], data["left_out"]) == (1, 1)


def test_what_is_kept_apart_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_kept, "kept_apart", lambda one: one.number == 2)
    assert [one.number for one in in_order([incident(3), incident(2), incident(1)])] == [1, 3]


ELEMENTS = {one.tag for one in tree(html.index(view(*history()))).iter()} | {
    "circle",
    "rect",
    "path",
    "select",
    "option",
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_title_or_service_is_text_in_the_page(hostile: str) -> None:
    page = html.index(view(incident(1, title=hostile, service=hostile), incident(2, how=None, title=hostile)))
    found = tree(page)
    assert {one.tag for one in found.iter()} <= ELEMENTS
    assert not [name for one in found.iter() for name in one.attrib if str(name).startswith("on")]
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in hostile)
    assert " ".join(plain.split()) in words(found)
    assert "49" not in words(found) or "{{" not in hostile


@settings(max_examples=12, deadline=None)
@given(ANY)
def test_any_figures_make_a_page_that_a_strict_parser_takes(some: tuple[Figures, ...]) -> None:
    found = tree(html.index(view(*some)))
    assert {one.tag for one in found.iter()} <= ELEMENTS


def test_a_hostile_title_is_text_in_its_own_page() -> None:
    for hostile in HOSTILE:
        if hostile.isprintable():
            found = tree(html.one(team(title=hostile).incident), strict=False)
            assert all_of(found, "script") == all_of(found, "img") == []
            assert " ".join(hostile.split()) in words(all_of(found, "h1")[0])
