"""What a service manager hears: over a real socket, from a loop that turns, stands still and ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bot_process import BotProcess
from prometheus_client import CollectorRegistry
from running import until

from bot import pulse
from bot.pulse import Pulse, notify
from core.clock import SystemClock


class Manager:
    """A service manager, as far as it listens."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0"))
        self._socket.setblocking(False)
        self.all: list[str] = []

    def heard(self) -> list[str]:
        """What was said since it was last asked."""
        new: list[str] = []
        while True:
            try:
                new += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                self.all += new
                return new

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    address = str(tmp_path / "n") if request.param == "path" else f"@tocsin-{tmp_path}"[:100]
    manager = Manager(address)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    yield manager
    manager.close()


def test_it_is_told(manager: Manager) -> None:
    notify("READY=1")
    assert manager.heard() == ["READY=1"]


def test_a_manager_that_is_not_there_or_does_not_listen_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")
    deaf = Manager(str(tmp_path / "nobody"))
    for _ in range(5_000):  # more than any queue holds
        notify("WATCHDOG=1")
    assert deaf.heard()
    deaf.close()


async def stall(manager: Manager, seconds: float) -> float:
    """A handler stands in the loop's way for so long: how many beats were late."""
    numbers = CollectorRegistry()
    beating = asyncio.create_task(Pulse(numbers).beat(SystemClock()))
    await until(lambda: len([each for each in manager.all + manager.heard() if each == "WATCHDOG=1"]) > 2)
    manager.heard()
    time.sleep(seconds)  # noqa: ASYNC251 - that is what is tested
    assert manager.heard() == [], "a loop that stands still gives no sign of life"
    await until(lambda: "WATCHDOG=1" in manager.heard())
    stalls = numbers.get_sample_value("tocsin_loop_stalls_total") or 0.0
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    return stalls


async def test_a_loop_that_stands_still_gives_no_sign_of_life(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.02)
    monkeypatch.setattr(pulse, "STALL", 0.3)
    stalls = await stall(manager, 0.5)
    assert stalls == 1


@pytest.mark.endure
async def test_a_handler_that_blocks_for_5_seconds_is_seen(manager: Manager) -> None:
    stalls = await stall(manager, 5)
    assert stalls == 1


@pytest.mark.endure
async def test_the_bot_says_when_it_is_up_that_it_lives_and_when_it_ends(manager: Manager, tmp_path: Path) -> None:
    bot = BotProcess(tmp_path / "home", "[transports.sandbox]\nport = 0\n")
    try:
        await bot.start()
        manager.heard()
        await until(lambda: bool(manager.heard()) and manager.all.count("WATCHDOG=1") > 2)
        assert await bot.stop(signal.SIGTERM)
        manager.heard()
    finally:
        await bot.kill()
    said = [each for each in manager.all if each != "WATCHDOG=1"]
    assert said == ["READY=1", "STATUS=connecting", "STATUS=ready", "STOPPING=1"]
