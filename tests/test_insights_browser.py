"""The insights in Chromium: phone and desktop, light and dark, on paper, by keyboard, and judged by axe-core."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from incidents import ANN, team
from insights_samples import HOSTILE, history, incident, view
from sandbox_tabs import NEEDS_CHROMIUM, console
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_status_browser import Handler, Reader

from bot.web.insights import html
from bot.web.insights.chosen import Chosen
from core.incident import commands as c

pytest_plugins = ["conftest_sandbox"]
pytestmark = NEEDS_CHROMIUM

WIDTHS = {"phone": 320, "desktop": 1280}

EVERY = ("empty", "open", "few", "long", "chosen", "strange", "one", "missing")


def _one() -> str:
    case = team(title="Checkout fails after payment " + "W" * 100)
    case.does(ANN, c.Close(cause="tax rounding", fixed="rolled back", next="a test"))
    return html.one(case.incident)


def _pages() -> dict[str, str]:
    strange = [incident(at, title=words * 8, service=words * 8) for at, words in enumerate((*HOSTILE, "W" * 30), 1)]
    return {
        "empty": html.index(view()),
        "open": html.index(view(incident(1, how=None))),
        "few": html.index(view(*(incident(number, kept=2, broken=1, handoffs=1) for number in (1, 2, 3)))),
        "long": html.index(view(*history())),
        "chosen": html.index(view(*history(), chosen=Chosen(severity="sev1", since="2025-01"))),
        "strange": html.index(view(*(one for one in strange if one.title.isprintable()))),
        "one": _one(),
        "missing": html.missing(7),
    }


class Policed(Handler):
    """Serves with the page's own policy, which the driver alone can pass."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", html.CONTENT_SECURITY_POLICY)
        super().end_headers()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("insights")
    (root / "insights").mkdir()
    for name in ("style.css", "icon.svg"):
        (root / "insights" / name).write_text(html.linked(name), encoding="utf-8")
    for name, page in _pages().items():
        (root / f"{name}.html").write_text(page, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Policed, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def reader(chromium: webdriver.Chrome, address: str) -> Iterator[Reader]:
    one = Reader(chromium, address)
    one.looks(1280)
    console(chromium)
    yield one
    one.tell("Emulation.setEmulatedMedia", media="")
    complaints = console(chromium)
    chromium.get("about:blank")
    assert complaints == []


def opens(reader: Reader, name: str) -> None:
    reader.driver.get(f"{reader.address}/{name}.html")


@pytest.mark.parametrize(
    ("width", "scheme", "pages"),
    [
        pytest.param(WIDTHS["phone"], "dark", ("few", "one"), id="some"),
        *(
            pytest.param(WIDTHS[name], scheme, EVERY, id=f"{name}-{scheme}", marks=pytest.mark.endure)
            for name, scheme in (("phone", "dark"), ("desktop", "light"))
        ),
    ],
)
def test_nobody_is_shut_out_and_nothing_overflows(
    reader: Reader, width: int, scheme: str, pages: tuple[str, ...]
) -> None:
    reader.looks(width, scheme)
    for name in pages:
        opens(reader, name)
        assert reader.judged() == [], name
        wide = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
        assert reader.run(wide) == 0, name


@pytest.mark.endure
def test_forced_colours_keep_the_plots(reader: Reader) -> None:
    reader.looks(1280, "dark", forced_colors="active")
    opens(reader, "long")
    assert reader.judged() == []
    ink = "const one = getComputedStyle(document.querySelector('.median')); return one.stroke !== 'none'"
    assert reader.run(ink)


def test_words_in_a_plot_do_not_lie_on_one_another(reader: Reader) -> None:
    """Every text in every plot, by the box that the browser gives it."""
    overlap = """return [...document.querySelectorAll("svg.plot")].flatMap(plot => {
        const texts = [...plot.querySelectorAll("text")].map(one => [one.textContent, one.getBoundingClientRect()]);
        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
        return texts.flatMap(([one, a], at) => texts.slice(at + 1).filter(([, b]) => meet(a, b)).map(([two]) => `${one} | ${two}`));
    })"""
    outside = """return [...document.querySelectorAll("svg.plot")].flatMap(plot => {
        const all = plot.getBoundingClientRect();
        return [...plot.querySelectorAll("text")].filter(one => {
            const box = one.getBoundingClientRect();
            return box.left < all.left - 1 || box.right > all.right + 1 || box.bottom > all.bottom + 1;
        }).map(one => one.textContent);
    })"""
    for name in ("few", "long", "strange"):
        opens(reader, name)
        assert reader.run(overlap) == [], name
        assert reader.run(outside) == [], name


def test_a_plot_is_read_as_a_picture_with_its_name(reader: Reader) -> None:
    opens(reader, "few")
    nodes = reader.tell("Accessibility.getFullAXTree")["nodes"]
    named = [one["name"]["value"] for one in nodes if one.get("role", {}).get("value") == "image"]
    assert named[:3] == [
        "Time to commander by month, n = 3",
        "Time to commander by severity, n = 3",
        "Time to commander by service, n = 3",
    ]
    assert len(named) == 17


def test_on_paper_plots_are_black_and_fit(reader: Reader) -> None:
    opens(reader, "long")
    reader.tell("Emulation.setEmulatedMedia", media="print", features=[])
    reader.tell("Emulation.setDeviceMetricsOverride", width=700, height=1000, deviceScaleFactor=1, mobile=False)
    assert reader.run("return getComputedStyle(document.querySelector('form')).display") == "none"
    assert reader.run("return getComputedStyle(document.querySelector('.box')).stroke") == "rgb(0, 0, 0)"
    cut = """return [...document.querySelectorAll("svg.plot")].filter(one => {
        return one.getBoundingClientRect().right > document.documentElement.clientWidth; }).length"""
    assert reader.run(cut) == 0


def test_the_filters_are_a_form_that_a_keyboard_sends(reader: Reader) -> None:
    opens(reader, "long")
    names = []
    for _ in range(12):
        ActionChains(reader.driver).send_keys(Keys.TAB).perform()
        names.append(reader.run("return document.activeElement.name || document.activeElement.tagName"))
    assert list(dict.fromkeys(names))[:5] == ["since", "until", "severity", "service", "BUTTON"]
    form = reader.driver.find_element(By.TAG_NAME, "form")
    assert form.get_attribute("method") == "get"
    assert str(form.get_attribute("action")).endswith("/insights")
