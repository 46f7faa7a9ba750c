"""`uv run poe screenshot`: plays the checkout story and takes the README's picture of it in Chromium."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from random import Random

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from bot.cast import Cast, Stage
from bot.palette import palette
from bot.story import BEGIN, STORY
from bot.wiring import Plan, Tocsin
from core.clock import ScaledClock
from core.database import open_file
from transports.sandbox.page import serve
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport

PICTURE = Path(__file__).parent / "screenshots" / "demo.png"

UNTIL = 1 + next(at for at, beat in enumerate(STORY) if "decide-by" in beat.says)
"""Beats that are played: a path that did not help, and the decision point that comes next."""

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def browser() -> webdriver.Chrome:
    """Chromium, in the pictures' size."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={tempfile.mkdtemp()}", "--window-size=1360,960"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def take(address: str) -> None:
    """Opens the incident's channel as Leah and saves what she sees from the board down."""
    driver = browser()
    try:
        driver.get(address)
        wait = WebDriverWait(driver, 10)
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "#cast [data-key=leah]"))[0].click()
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "[data-channel^=inc-]"))[0].click()
        wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "#messages .message"))
        driver.find_element(By.ID, "hint-close").click()
        driver.execute_script("document.querySelector('#messages').scrollTop = 0")
        driver.save_screenshot(str(PICTURE))
    finally:
        driver.quit()


async def main() -> None:
    """Plays the first part of the story at a high speed, and takes the picture."""
    clock = ScaledClock(BEGIN, 60)
    stage = Stage.build(clock)
    with tempfile.TemporaryDirectory() as folder:
        database = await open_file(Path(folder) / "picture.db")
        roster = stage.roster()
        chat = {"sandbox": SandboxTransport(Server(stage.world, Random(0)))}
        tocsin = Tocsin(Plan(database, clock, chat, {"sandbox": ["triage"]}, roster, stage.policy(roster)))
        running = asyncio.create_task(tocsin.run())
        await tocsin.ticking.wait()
        await Cast(stage, lambda: dict(tocsin.post.awake()).get("inc-1")).play(STORY[:UNTIL])
        await clock.sleep(3)
        site = await serve(stage.world, "127.0.0.1", 0, "picture", palette())
        with clock.still():
            await asyncio.to_thread(take, site.url)
        await site.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
