"""Fixtures for tests in Chromium: `pytest_plugins = ["conftest_sandbox"]` in a test file brings them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_tabs import CHROMEDRIVER, CHROMIUM, House, console
from selenium import webdriver


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1360,860",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(CHROMEDRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def house(chromium: webdriver.Chrome) -> Iterator[House]:
    house = House()
    yield house
    # Nothing may be blocked by the policy, missing or broken, whatever the test was about.
    # Chromium also logs each refusal that the page shows to the person; that is no complaint.
    complaints = [entry for entry in console(chromium) if "409 (Conflict)" not in entry["message"]]
    chromium.get("about:blank")
    house.close()
    assert complaints == []
