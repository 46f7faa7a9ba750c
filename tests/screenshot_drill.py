"""`uv run poe screenshot-drill`: a drill with its played cast, and the README's picture of its score, in Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from screenshot import browser
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PICTURE = Path(__file__).parent / "screenshots" / "drill.png"


def take(address: str) -> None:
    """Enters as the first of the cast, lets the drill come to its end, and saves what stands there then."""
    driver = browser()
    try:
        driver.get(address)
        # At this speed the page is drawn anew between finding and clicking.
        wait = WebDriverWait(driver, 90, ignored_exceptions=(NoSuchElementException, StaleElementReferenceException))
        for button in ("#cast [data-key]", "[data-channel^=inc-]"):
            wait.until(partial(_pressed, css=button))
        wait.until(lambda page: "Next time" in page.find_element(By.ID, "messages").text)
        for hint in driver.find_elements(By.ID, "hint-close"):
            if hint.is_displayed():
                hint.click()
        driver.execute_script("const m = document.querySelector('#messages'); m.scrollTop = m.scrollHeight")
        driver.save_screenshot(str(PICTURE))
    finally:
        driver.quit()


def _pressed(page: webdriver.Chrome, css: str) -> bool:
    page.find_element(By.CSS_SELECTOR, css).click()
    return True


def main() -> None:
    command = [sys.executable, "-u", "-m", "bot", "demo", "--drill", "checkout", "--speed", "120", "--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [*command, "--data", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert demo.stdout is not None
            found = next(at for row in demo.stdout if (at := re.search(r"http://\S+token=\S+", row)))
            take(found[0])
        finally:
            demo.kill()


if __name__ == "__main__":
    main()
