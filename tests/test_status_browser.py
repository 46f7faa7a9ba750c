"""The status page in Chromium: phone and desktop, light and dark, without a script, with a keyboard, and judged by axe-core."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from sandbox_tabs import NEEDS_CHROMIUM, console
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from status_samples import AT, LOOKING, SHOP, checkout, clock, incident, mails, past, search, update

from bot.web.status.page import House, files
from core.incident.public import PublicIncident

pytest_plugins = ["conftest_sandbox"]
pytestmark = NEEDS_CHROMIUM

AXE = Path(str(distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")))

WIDTHS = {"phone": 320, "desktop": 1280}

LONG = "W" * 200
RTL = incident(
    30,
    f"عطل في الدفع 💥 {LONG}",
    [update(1, clock("10:05"), LOOKING, f"{LONG} שלום 🎉 العربية لغة جميلة. {LONG}", after=15)],
    service=LONG,
)

SITES: dict[str, tuple[House, list[PublicIncident]]] = {
    "quiet": (SHOP, past()),
    "one": (SHOP, [checkout(), *past()]),
    "many": (SHOP, [checkout(), search(), mails(), *past()]),
    "strange": (House(LONG, (LONG, "متجر")), [RTL]),
}


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the parent's
        pass


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder with a page in each subfolder, and the address at which a plain web server serves it."""
    root = tmp_path_factory.mktemp("sites")
    for name, (house, incidents) in SITES.items():
        for path, content in files(house, incidents, AT).items():
            file = root / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield root, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class Reader:
    """Somebody who reads the page."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver, self.address = driver, address

    def tell(self, method: str, **what: object) -> Any:
        return self.driver.execute_cdp_cmd(method, what)

    def looks(self, width: int, scheme: str = "light", **more: str) -> None:
        phone = width < 600
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=phone)
        features = {"prefers-color-scheme": scheme, **{name.replace("_", "-"): value for name, value in more.items()}}
        self.tell("Emulation.setEmulatedMedia", features=[{"name": k, "value": v} for k, v in features.items()])

    def lives_in(self, zone: str) -> None:
        self.tell("Emulation.setTimezoneOverride", timezoneId=zone)

    def opens(self, site: str, path: str = "index.html") -> None:
        self.driver.get(f"{self.address}/{site}/{path}")

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def texts(self, css: str) -> list[str]:
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)", css))

    def judged(self) -> list[str]:
        """What axe-core finds: each rule with the elements that break it."""
        # The page allows no script but its own, so the driver brings axe in, past the page.
        self.run(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")
        assert len(found["passes"]) > 15, "it looked"
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found["violations"]]


@pytest.fixture
def reader(chromium: webdriver.Chrome, sites: tuple[Path, str]) -> Iterator[Reader]:
    one = Reader(chromium, sites[1])
    one.lives_in("UTC")
    one.looks(1280)
    console(chromium)
    yield one
    one.tell("Emulation.setScriptExecutionDisabled", value=False)
    # Nothing was blocked by the page's own policy, missing or broken, whatever the test was about.
    complaints = console(chromium)
    chromium.get("about:blank")
    assert complaints == []


def some(kind: str, root: Path, site: str) -> str:
    """The path of a page of a kind: the largest, which has most on it."""
    largest = max((root / site).glob(f"{kind}/*.html"), key=lambda path: path.stat().st_size)
    return largest.relative_to(root / site).as_posix()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(WIDTHS["phone"], "dark", id="phone-dark"),
        pytest.param(WIDTHS["desktop"], "light", id="desktop-light", marks=pytest.mark.endure),
        pytest.param(WIDTHS["phone"], "light", id="phone-light", marks=pytest.mark.endure),
        pytest.param(WIDTHS["desktop"], "dark", id="desktop-dark", marks=pytest.mark.endure),
    ],
)
def test_nobody_is_shut_out_and_nothing_overflows(
    reader: Reader, sites: tuple[Path, str], width: int, scheme: str
) -> None:
    root, _ = sites
    reader.looks(width, scheme)
    for site in SITES:
        for path in ("index.html", some("incidents", root, site), some("history", root, site)):
            reader.opens(site, path)
            assert reader.judged() == [], (site, path)
            wide = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
            assert reader.run(wide) == 0, (site, path)
            # Nothing is cut off inside its box either.
            cut = """return [...document.querySelectorAll("main *")]
                .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "hidden")
                .map(one => one.className)"""
            assert reader.run(cut) == [], (site, path)


def test_contrast_and_forced_colours_keep_the_state(reader: Reader) -> None:
    for scheme in ("light", "dark"):
        reader.looks(1280, scheme, forced_colors="active")
        reader.opens("many")
        assert reader.judged() == []
        edge = reader.run("return getComputedStyle(document.querySelector('.banner')).borderTopWidth")
        assert edge == "2px"
        marks = "return [...document.querySelectorAll('.icon')].every(one => one.getBoundingClientRect().width > 10)"
        assert reader.run(marks)


def colours(reader: Reader) -> tuple[str, str]:
    script = "const style = getComputedStyle(document.body); return [style.backgroundColor, style.color]"
    back, ink = reader.run(script)
    return back, ink


def test_it_is_light_or_dark_as_the_reader_likes(reader: Reader) -> None:
    reader.opens("one")
    light = colours(reader)
    reader.looks(1280, "dark")
    assert colours(reader) == ("rgb(18, 18, 20)", "rgb(237, 237, 238)")
    assert light == ("rgb(250, 250, 249)", "rgb(28, 27, 25)")


def test_the_state_is_the_first_thing_on_a_phone(reader: Reader) -> None:
    reader.looks(375)
    reader.opens("one")
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
    assert reader.run(top, ".banner") < 300
    assert reader.run(top, ".card h2") < 450
    assert reader.driver.title == "Major outage · Example Shop"


def moments(reader: Reader) -> list[str]:
    reader.opens("one")
    return [*reader.texts(".banner time"), *reader.texts(".card time")]


@pytest.mark.parametrize(
    ("zone", "banner", "since", "update_at"),
    [
        ("UTC", "2 May 2026, 10:41 UTC", "2 May 2026, 10:05 UTC", "10:34 UTC"),
        ("Europe/Berlin", "2 May 2026, 12:41 (10:41 UTC)", "2 May 2026, 12:05 (10:05 UTC)", "12:34 (10:34 UTC)"),
        ("America/New_York", "2 May 2026, 06:41 (10:41 UTC)", "2 May 2026, 06:05 (10:05 UTC)", "06:34 (10:34 UTC)"),
        (
            "Pacific/Auckland",
            "2 May 2026, 22:41 (10:41 UTC)",
            "2 May 2026, 22:05 (10:05 UTC)",
            "22:34 (10:34 UTC)",
        ),
        (
            "Pacific/Kiritimati",
            "3 May 2026, 00:41 (2 May 2026, 10:41 UTC)",
            "3 May 2026, 00:05 (2 May 2026, 10:05 UTC)",
            "3 May 2026, 00:34 (10:34 UTC)",
        ),
    ],
)
def test_times_are_the_reader_s_with_utc_beside(
    reader: Reader, zone: str, banner: str, since: str, update_at: str
) -> None:
    reader.lives_in(zone)
    found = moments(reader)
    assert found[:2] == [banner, since]
    assert found[3] == update_at
    here = "Times are in UTC." if zone == "UTC" else f"Times are those of {zone}, with UTC in brackets."
    assert reader.texts("#zone") == [here]
    # What was said is never touched, days are those by which the page is ordered.
    assert reader.texts(".card .text") == [one.text for one in reversed(checkout().updates)]
    assert reader.texts(".day") == ["28 April 2026", "23 April 2026"]


def test_everything_is_there_without_a_script(reader: Reader) -> None:
    reader.tell("Emulation.setScriptExecutionDisabled", value=True)
    reader.lives_in("Europe/Berlin")
    reader.opens("one")
    assert reader.driver.find_element(By.TAG_NAME, "h1").text == "Major outage"
    assert [one.text for one in reader.driver.find_elements(By.CSS_SELECTOR, ".banner time")] == [
        "2 May 2026, 10:41 UTC"
    ]
    assert reader.driver.find_element(By.ID, "zone").text == "Times are in UTC."
    reader.driver.find_element(By.CSS_SELECTOR, ".card h2 a").click()
    assert reader.driver.find_element(By.TAG_NAME, "h1").text == "Some customers cannot pay"
    reader.driver.find_element(By.LINK_TEXT, "All incidents of May 2026").click()
    reader.driver.find_element(By.LINK_TEXT, "April 2026").click()
    assert reader.driver.find_element(By.TAG_NAME, "h1").text == "Incidents in April 2026"
    reader.driver.find_element(By.CSS_SELECTOR, "a.brand").click()
    assert reader.driver.current_url.endswith("/one/index.html")


def test_it_is_whole_from_a_disk(reader: Reader, sites: tuple[Path, str]) -> None:
    reader.lives_in("Europe/Berlin")
    reader.driver.get((sites[0] / "one" / "index.html").as_uri())
    assert colours(reader)[0] == "rgb(250, 250, 249)"
    assert reader.texts(".banner time") == ["2 May 2026, 12:41 (10:41 UTC)"]


def test_a_script_of_a_stranger_is_not_run(reader: Reader) -> None:
    """Should markup ever get through, the page's own policy stops it; this is the second lock, tried on its own."""
    reader.opens("one")
    slipped = """document.body.insertAdjacentHTML("beforeend", "<img src=favicon.svg onload='window.done = true'>");
        const one = document.createElement("script"); one.textContent = "window.done = true"; document.body.append(one);
        return window.done === undefined"""
    assert reader.run(slipped)
    blocked = [entry["message"] for entry in console(reader.driver)]
    assert any("Content Security Policy" in message for message in blocked)


def test_the_keyboard_leads_through_with_the_focus_in_sight(reader: Reader) -> None:
    reader.opens("one")
    seen = []
    for _ in range(5):
        ActionChains(reader.driver).send_keys(Keys.TAB).perform()
        script = "const one = document.activeElement; return [one.textContent, getComputedStyle(one).outlineWidth]"
        seen.append(tuple(reader.run(script)))
    assert seen == [
        (name, "3px")
        for name in (
            "Example Shop Status",
            "History",
            "Subscribe by feed",
            "Some customers cannot pay",
            "API answers with errors",
        )
    ]


def test_landmarks_and_lists_are_what_a_screen_reader_finds(reader: Reader) -> None:
    reader.opens("one")
    nodes = reader.tell("Accessibility.getFullAXTree")["nodes"]

    def named(role: str) -> list[str]:
        return [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == role]

    assert len(named("main")) == len(named("banner")) == len(named("contentinfo")) == 1
    assert named("navigation") == ["Page"]
    assert named("region") == ["Now", "Components", "Past incidents"]
    assert {"Major outage", "Some customers cannot pay", "Components", "28 April 2026"} < set(named("heading"))
    # Pictures say nothing that words do not.
    assert named("image") == []


def printed(reader: Reader) -> Callable[[str], str]:
    reader.tell("Emulation.setEmulatedMedia", media="print", features=[])
    return lambda css: str(reader.run("return getComputedStyle(document.querySelector(arguments[0])).display", css))


def test_on_paper_there_is_what_paper_can_use(reader: Reader) -> None:
    reader.opens("one")
    shown = printed(reader)
    assert (shown("nav"), shown("footer ul")) == ("none", "none")
    assert (shown(".banner"), shown(".updates")) == ("grid", "block")
    ink = reader.run("return getComputedStyle(document.querySelector('.banner')).color")
    assert ink == colours(reader)[1]
    reader.tell("Emulation.setEmulatedMedia", media="")
