"""The sandbox's page as people have it: a house that serves it, and tabs in Chromium, one person at each."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sandbox_stage import Stage, checkout
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from bot.palette import palette
from core.incident.vocabulary import ChannelRef, MessageRef
from transports.sandbox.page import serve

T = TypeVar("T")

CHROMIUM, CHROMEDRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
INCIDENT = "inc-2026-05-02-checkout-down"

NEEDS_CHROMIUM = pytest.mark.skipif(
    not (CHROMIUM.exists() and CHROMEDRIVER.exists()) and "CI" not in os.environ,
    reason="needs Debian's chromium and chromium-driver",
)


class House:
    """A sandbox whose loop runs in a thread of its own, since Selenium blocks."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.stage = Stage()
        self.room, self.board = self.do(checkout(self.stage))
        self.site = self.do(serve(self.stage.world, "127.0.0.1", 0, "token", palette()))

    def do(self, act: Awaitable[T]) -> T:
        async def acting() -> T:
            return await act

        return asyncio.run_coroutine_threadsafe(acting(), self._loop).result(timeout=10)

    def at_once(self, act: Callable[[], T]) -> T:
        async def acting() -> T:
            return act()

        return self.do(acting())

    def close(self) -> None:
        self.do(self.site.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def console(chromium: Any) -> list[dict[str, str]]:
    """What the browser's console says since the last time (Selenium leaves this untyped)."""
    return list(chromium.get_log("browser"))


class Page:
    """One tab, with one person at it."""

    def __init__(self, driver: webdriver.Chrome, house: House, *, new_tab: bool = False) -> None:
        self.driver = driver
        if new_tab:
            driver.switch_to.new_window("tab")
        self.handle = driver.current_window_handle
        driver.get(house.site.url)
        self.until(lambda: self.all("#cast button"))

    def enter(self, name: str) -> Page:
        next(button for button in self.all("#cast button") if button.text.endswith(name)).click()
        self.until(lambda: self.one("#me b").text == name and self.all(".channel"))
        return self

    def all(self, css: str) -> list[WebElement]:
        self.driver.switch_to.window(self.handle)
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        return self.all(css)[0]

    def run(self, script: str, *arguments: Any) -> Any:
        self.driver.switch_to.window(self.handle)
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], object]) -> None:
        def holds(_: object) -> bool:
            try:
                return bool(condition())
            except (IndexError, StaleElementReferenceException):  # it is being drawn
                return False

        WebDriverWait(self.driver, 8, poll_frequency=0.05).until(holds)

    def texts(self, css: str) -> list[str]:
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map(node => node.textContent)", css))

    def go(self, channel: str) -> None:
        self.one(f'[data-channel="{channel}"]').click()
        self.until(lambda: channel in self.one("#name").text)

    def type(self, *keys: str) -> None:
        self.driver.switch_to.window(self.handle)
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self, script: str = "return document.activeElement.className") -> str:
        return str(self.run(script))

    def message(self, ref: MessageRef, inner: str = "") -> str:
        return f'#messages .message[data-id="{ref.id}"] {inner}'


def last_said(house: House, channel: ChannelRef) -> Any:
    return house.at_once(lambda: house.stage.world.said(channel)[-1])
