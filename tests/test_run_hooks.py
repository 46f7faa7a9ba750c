"""`tocsin run` with hooks: served beside the page or alone, killed between storing and answering, and nothing lost or twice."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession
from alert_hooks import SECRET, alert, body
from alertmanager import NEEDS_ALERTMANAGER, Alertmanager
from bot_process import BotProcess
from running import until
from test_run_page import CONFIG

HOOK = f"""
[[hooks]]
kind = "alertmanager"
name = "prod"
secret = "{SECRET}"
[[hooks.rules]]
match = ['severity="critical"']
declare = "sev1"
"""


class House:
    """The bot, with a hook on a port."""

    def __init__(self, home: Path, *, page: bool = False) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = CONFIG if page else CONFIG.replace("status_page = true", "status_page = false")
        self.bot = BotProcess(home, config + HOOK)
        text = self.bot.config.read_text(encoding="utf-8")
        self.bot.config.write_text(f"{text}port = {self.port}\n", encoding="utf-8")
        self.address = f"http://127.0.0.1:{self.port}/hooks/alertmanager/prod"
        self.headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}

    async def sends(self, found: dict[str, object]) -> int:
        async with ClientSession() as client, client.post(self.address, json=found, headers=self.headers) as answer:
            return answer.status

    def kinds(self) -> list[str]:
        """What the house's record has, read beside the bot."""
        path = self.bot.home / "tocsin.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT kind FROM events WHERE stream = 'house' ORDER BY version")
            return [kind for (kind,) in rows]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    one = House(tmp_path)
    yield one
    await one.bot.kill()


@pytest.mark.endure
async def test_killed_between_storing_and_answering_nothing_is_lost_and_nothing_is_twice(house: House) -> None:
    found = body(*(alert(instance=f"{number}", severity="critical") for number in range(3)))
    data = json.dumps(found).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in house.headers.items())
    await house.bot.start()
    for _ in range(2):
        _, writer = await asyncio.open_connection("127.0.0.1", house.port)
        # Nobody reads the answer: as far as the sender knows there was none.
        writer.write(
            f"POST /hooks/alertmanager/prod HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(data)}\r\n\r\n".encode()
        )
        writer.write(data)
        await until(lambda: "alert_fired" in house.kinds())
        await house.bot.kill()
        writer.close()
        await house.bot.start()
        assert await house.sends(found) == 200
    await until(lambda: "declared" in house.kinds())
    kinds = house.kinds()
    assert [kinds.count(one) for one in ("alerts_begun", "alert_fired", "declared")] == [1, 3, 1]
    status, out, _ = await house.bot.tocsin("verify")
    assert (status, "whole" in out) == (0, True)
    assert not [line for line in house.bot.logged() if line.get("event") == "bug"]


@pytest.mark.endure
async def test_hooks_are_served_without_a_page_and_beside_one(tmp_path: Path) -> None:
    for page in (False, True):
        house = House(tmp_path / str(page), page=page)
        try:
            await house.bot.start()
            assert await house.sends(body(alert())) == 200
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{house.port}/") as answer:
                assert (answer.status == 404) is not page
            assert (await house.bot.stop())[0] == 0
        finally:
            await house.bot.kill()
        with pytest.raises(ClientConnectorError):
            await house.sends(body(alert()))
        assert SECRET not in house.bot.text()


@NEEDS_ALERTMANAGER
@pytest.mark.endure
async def test_what_fired_while_the_bot_was_away_is_found_when_it_starts(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    sender = Alertmanager(tmp_path / "am", "http://127.0.0.1:9/", SECRET)
    text = house.bot.config.read_text(encoding="utf-8")
    added = f'name = "prod"\nurl = "{sender.base}"\nreceiver = "tocsin"'
    house.bot.config.write_text(text.replace('name = "prod"', added), encoding="utf-8")
    await sender.start()
    try:
        began = datetime.now(UTC) - timedelta(minutes=1)
        await sender.told("Errors/a", "Errors/b", began=began, severity="critical")
        await house.bot.start()
        await until(lambda: house.kinds().count("alert_fired") == 2)
        await until(lambda: "declared" in house.kinds())
        await house.bot.kill()
        await sender.told("Errors/c", began=began, severity="critical")
        await house.bot.start()
        await until(lambda: house.kinds().count("alert_fired") == 3)
        assert house.kinds().count("declared") == 1
        await sender.kill()
        # Nothing else waits for it.
        await house.bot.stop()
        await house.bot.start()
        await until(lambda: "alerts could not be looked up" in house.bot.text())
        assert await house.sends(body(alert("Disk"), group="Disk")) == 200
    finally:
        await house.bot.kill()
        await sender.kill()
