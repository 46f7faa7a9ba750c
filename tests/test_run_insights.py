"""`tocsin run` with its insights: from words in a chat to figures on the internal port, and the same after a kill."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from bot_process import PATIENCE, BotProcess
from test_run_page import CONFIG, Ann


async def until(client: ClientSession, bot: BotProcess, standing: str) -> dict[str, Any]:
    """The one incident's row, once it counts as that and nothing is still being read."""
    began = time.monotonic()
    while True:
        async with client.get(f"http://127.0.0.1:{bot.port}/insights.json") as answer:
            assert answer.status == 200
            data = json.loads(await answer.text())
        if data["pending"] == 0 and [one["standing"] for one in data["incidents"]] == [standing]:
            return dict(data["incidents"][0])
        assert time.monotonic() - began < PATIENCE, data
        await asyncio.sleep(0.05)


@pytest.mark.endure
async def test_from_words_in_a_chat_to_figures(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, CONFIG)
    await bot.start()
    try:
        async with ClientSession() as client:
            ann = Ann(client, bot)
            await ann.says("!inc declare checkout fails sev3 service=checkout", (await ann.channels())["triage"])
            room = await ann.incident()
            await ann.says("!inc claim ic", room)
            assert (await until(client, bot, "open"))["service"] == "checkout"
            await ann.says("!inc close cause=tax rounding fixed=rolled back next=nothing", room)
            row = await until(client, bot, "closed")
            await bot.kill()
            # Without the bot, and beside it again.
            status, out, err = await bot.tocsin("insights", "1", "--json")
            assert (status, json.loads(out), err) == (0, row, "")
            await bot.start()
            assert await until(client, bot, "closed") == row
            status, out, _ = await bot.tocsin("insights", "--service", "checkout")
            assert (status, "1 incident was declared over." in out) == (0, True)
            async with client.get(f"http://127.0.0.1:{bot.port}/insights?service=nothing") as answer:
                assert (answer.status, await answer.text()) == (400, "service is one of checkout\n")
            async with client.get(f"http://127.0.0.1:{bot.port}/insights/1") as answer:
                assert "checkout fails" in await answer.text()
    finally:
        await bot.kill()
    assert not [line for line in bot.logged() if line.get("event") == "bug"]
