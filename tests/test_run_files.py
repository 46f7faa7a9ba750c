"""The whole bot, from a close to the files in the chat: once, through lost answers and deaths, and left alone by edits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from discord_company import open_company
from matrix_story import MARK
from matrix_story import Company as OnMatrix
from synapse import Synapse
from test_run_matrix import declared

pytest_plugins = ["conftest_matrix"]

CLOSE = "!inc close cause=tax rounding fixed=rolled back next=a test for rounding"
LINK = "https://wiki.example.org/7"
FILES = {"postmortem": ("md", b"---\n"), "course": ("svg", b"<svg ")}


@pytest.mark.endure
async def test_on_discord(tmp_path: Path) -> None:
    async with open_company(tmp_path) as company:
        channel = await company.declared("Checkout fails")
        # Once the postmortem is out, the incident sleeps.
        name = company.incident().name
        company.bob.say(channel, "!inc claim ic")
        company.bob.say(channel, "!inc sev 1")
        await company.card(channel, "board", "SEV1")
        # Whatever is sent at the close, its first answer is lost.
        company.discord.faults.abort("POST", "/channels/*/messages", times=5, after=True)
        company.bob.say(channel, CLOSE)
        await company.card(channel, "course")
        await company.stop()
        await company.start()
        company.bob.say(channel, f"!inc postmortem published {LINK}")
        await company.card(channel, "postmortem", LINK)
        sent = [one for one in company.discord.messages(channel) if one.attachments]
        assert sent == [company.cards(channel)[key] for key in FILES]
        for message, (ending, begins) in zip(sent, FILES.values(), strict=True):
            [file] = company.bob.attachments(message)
            async with aiohttp.ClientSession() as session, session.get(file["url"]) as answer:
                assert (await answer.read()).startswith(begins)
            assert file["filename"] == f"{name}.{ending}"


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[OnMatrix]:
    async with AsyncExitStack() as stack:
        yield await OnMatrix(synapse, tmp_path / "bot", stack).open()


@pytest.mark.endure
async def test_on_matrix(company: OnMatrix) -> None:
    await company.bot.start()
    room, ann, eyes = await declared(company), company.people["Ann"], company.eyes
    await ann.say(room, "!inc sev 1")
    await company.reads("incident", "board", "SEV1")
    await ann.say(room, CLOSE)
    await company.sees(lambda: eyes.card(room, "postmortem") is not None, "the postmortem")
    # Before or after the upload of the next, as it comes.
    await company.bot.kill()
    await company.bot.start()
    await company.sees(lambda: eyes.card(room, "course") is not None, "the course")
    await ann.say(room, f"!inc postmortem published {LINK}")
    await company.reads("incident", "postmortem", LINK)
    sent = [event for event in eyes.cards(room) if event["content"]["msgtype"] == "m.file"]
    assert [event["content"][MARK]["card"] for event in sent] == list(FILES)
    assert await company.twice() == {}
    for event, (ending, begins) in zip(sent, FILES.values(), strict=True):
        assert (await ann.download(event["content"]["url"]))[0].startswith(begins)
        assert event["content"]["filename"] == f"{event['content'][MARK]['incident']}.{ending}"
