"""`tocsin run` with a status page: from words in a chat to words in public, and still there when the process is dead."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectorError, ClientSession
from bot_process import PATIENCE, BotProcess

from bot.doctor import examine

CONFIG = """
[transports.sandbox]
port = 0

[audiences.customers]
status_page = true

[groups]
responders = ["Ann"]

[[people]]
name = "Ann"
sandbox = "ann"

[[services]]
name = "checkout"
"""


class Running:
    """The bot, its page's address, and Ann at the sandbox."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.bot = BotProcess(home, CONFIG)
        # [web] is the last table.
        text = self.bot.config.read_text(encoding="utf-8")
        self.bot.config.write_text(f'{text}port = {self.port}\nname = "Example Shop"\n', encoding="utf-8")
        self.folder = home / "data" / "status"

    async def page(self, client: ClientSession, path: str = "/") -> str:
        while True:
            async with client.get(f"http://127.0.0.1:{self.port}{path}") as answer:
                if answer.status != 503:  # it was not made yet
                    assert answer.status == 200, path
                    return await answer.text()
            await asyncio.sleep(0.05)

    async def until(self, client: ClientSession, so: Callable[[str], bool], path: str = "/") -> str:
        began = time.monotonic()
        while not so(text := await self.page(client, path)):
            assert time.monotonic() - began < PATIENCE, text
            await asyncio.sleep(0.05)
        return text


class Ann:
    """Acts as the sandbox's page does."""

    def __init__(self, client: ClientSession, bot: BotProcess) -> None:
        opened = [line["address"] for line in bot.logged() if "address" in line][-1]
        self._client = client
        self._base, _, self._token = str(opened).partition("/?token=")

    async def says(self, text: str, channel: str) -> None:
        act = {"act": "say", "by": "ann", "channel": channel, "text": text}
        headers = {"Origin": self._base}
        async with self._client.post(f"{self._base}/acts?token={self._token}", json=act, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    async def channels(self) -> dict[str, Any]:
        address = f"{self._base.replace('http', 'ws')}/live?as=ann&token={self._token}"
        async with self._client.ws_connect(address, headers={"Origin": self._base}) as live:
            frame = json.loads((await live.receive()).data)
            return {one["name"]: one["id"] for one in frame["channels"]}

    async def incident(self) -> str:
        began = time.monotonic()
        while not (found := [one for name, one in (await self.channels()).items() if name.startswith("inc-")]):
            assert time.monotonic() - began < PATIENCE
            await asyncio.sleep(0.05)
        return str(found[0])


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    run = Running(tmp_path)
    yield run
    await run.bot.kill()


async def test_from_words_in_a_chat_to_words_in_public(running: Running) -> None:
    await running.bot.start()
    async with ClientSession() as client:
        quiet = await running.page(client)
        assert "Example Shop" in quiet
        ann = Ann(client, running.bot)
        await ann.says("!inc declare acme db melts sev1 service=checkout", (await ann.channels())["triage"])
        room = await ann.incident()
        await ann.says("!inc claim ic", room)
        await ann.says("!inc update impact=Some users cannot pay every=15m", room)
        await asyncio.sleep(0.5)
        assert "Some users" not in await running.page(client), "nobody has published it"
        await ann.says("!inc publish", room)
        page = await running.until(client, lambda text: "Some users cannot pay. Next update " in text)
        assert "acme" not in page
        summary = json.loads(await running.until(client, lambda text: "Some users" in text, "/api/v2/summary.json"))
        [incident] = summary["incidents"]
        [update] = incident["incident_updates"]
        assert re.fullmatch(r"\[\d\d:\d\d UTC\] Some users cannot pay\. Next update \d\d:\d\d UTC\.", update["body"])
        assert update["body"] in page
        assert update["body"] in await running.page(client, "/feed.atom")
        assert incident["impact"] == "critical"
        await running.bot.kill()
        with pytest.raises(ClientConnectorError):
            await running.page(client)
        # Any web server goes on with what lies there.
        assert update["body"] in (running.folder / "index.html").read_text(encoding="utf-8")
        await running.bot.start()
        assert update["body"] in await running.page(client)
    assert not [line for line in running.bot.logged() if line.get("event") == "bug"]


@pytest.mark.endure
async def test_without_an_audience_that_is_the_page_nothing_listens(running: Running) -> None:
    text = running.bot.config.read_text(encoding="utf-8")
    running.bot.config.write_text(text.replace("status_page = true", "status_page = false"), encoding="utf-8")
    await running.bot.start()
    async with ClientSession() as client:
        with pytest.raises(ClientConnectorError):
            await running.page(client)
    assert not running.folder.exists()


@pytest.mark.endure
async def test_a_port_that_is_taken_is_one_clear_line(running: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", running.port))
        taken.listen()
        await running.bot.launch()
        assert await running.bot.ended() != 0
    assert f"cannot listen on 127.0.0.1 port {running.port}" in running.bot.text()


async def test_the_doctor_looks_at_the_page(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert await examine(running.bot.config) == 0
    said = capsys.readouterr().out
    assert f"ok    status page in {running.folder}" in said
    assert f"ok    postmortems in {running.folder.parent / 'postmortems'}" in said
    assert "hint  web.public_url is not set" in said
    assert not list(running.folder.iterdir())
    running.folder.rmdir()
    running.folder.write_text("in the way")
    assert await examine(running.bot.config) == 1
    assert f"FAIL  status page in {running.folder}: it cannot be written: File exists" in capsys.readouterr().out
