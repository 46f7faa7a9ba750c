"""`tocsin run` with a hook on the real chats: what a sender posts is one message in triage, through storms and deaths."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import discord_story
import matrix_story
import pytest
import pytest_asyncio
from aiohttp import ClientError, ClientSession
from alert_hooks import SECRET, alert, body
from bot_process import BotProcess
from discord_fake import FakeDiscord
from synapse import Synapse

pytest_plugins = ["conftest_matrix"]
pytestmark = pytest.mark.endure

HOOK = f"""
[[hooks]]
kind = "alertmanager"
name = "prod"
secret = "{SECRET}"
"""

STORM = 60
"""Alerts of one group, each told by two senders."""


@dataclass
class Triage:
    """The bot on a chat, and what Ann sees and does in its triage channel. `said` has the cards that stand there, by key."""

    bot: BotProcess
    said: Callable[[], list[tuple[str, str]]]
    declare: Callable[[], Any]
    sees: Callable[..., Any]
    address: str = ""

    def serve(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # [web] is the last table.
        text = self.bot.config.read_text(encoding="utf-8")
        self.bot.config.write_text(f"{text}port = {port}\n", encoding="utf-8")
        self.address = f"http://127.0.0.1:{port}/hooks/alertmanager/prod"

    async def tells(self, *bodies: dict[str, Any]) -> None:
        """As Alertmanager does: each again, until it is answered 200."""
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        async with ClientSession(headers=headers) as client:
            for one in bodies:
                await self._tells(client, one)

    async def _tells(self, client: ClientSession, one: dict[str, Any]) -> None:
        while True:
            try:
                async with client.post(self.address, data=json.dumps(one)) as answer:
                    assert answer.status in (200, 503)
                    if answer.status == 200:
                        return
            except ClientError:
                pass  # the bot is away
            await asyncio.sleep(0.05)

    async def reads(self, *words: str) -> None:
        """Until the one message of the alerts says this."""

        def holds() -> bool:
            found = [text for key, text in self.said() if key.startswith("alert/")]
            assert len(found) < 2, found
            return bool(found) and all(each in found[0] for each in words)

        await self.sees(holds, f"{words} in triage")


@asynccontextmanager
async def on_discord(folder: Path, _: Callable[[], Synapse]) -> AsyncIterator[Triage]:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        company = discord_story.Company(discord, folder, stack, more=HOOK)

        def said() -> list[tuple[str, str]]:
            return [
                ((discord_story.borne(one) or (0, ""))[1], discord_story.reads(one)) for one in company.cards("triage")
            ]

        async def declare() -> None:
            card = company.card("triage", "alert/1")
            assert card is not None
            company.people["Ann"].react(card, "🚨")
            await company.incident()

        yield Triage(company.bot, said, declare, company.sees)


@asynccontextmanager
async def on_matrix(folder: Path, synapse: Callable[[], Synapse]) -> AsyncIterator[Triage]:
    async with AsyncExitStack() as stack:
        company = await matrix_story.Company(synapse(), folder, stack).open(HOOK)
        room, eyes = company.rooms["triage"], company.eyes

        def said() -> list[tuple[str, str]]:
            keys = [str(card["content"][matrix_story.MARK]["card"]) for card in eyes.cards(room)]
            return [(key, eyes.reads(room, key)) for key in keys]

        async def declare() -> None:
            card = eyes.card(room, "alert/1")
            assert card is not None
            await company.people["Ann"].react(room, card["event_id"], "🚨")
            await company.incident_room()

        yield Triage(company.bot, said, declare, company.sees)


@pytest_asyncio.fixture(params=[on_discord, on_matrix], ids=["discord", "matrix"])
async def triage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Triage]:
    # Asked for by name, so that no homeserver starts for a chat that needs none.
    async with request.param(tmp_path / "bot", lambda: cast("Synapse", request.getfixturevalue("synapse"))) as there:
        there.serve()
        yield there


async def test_an_alert_is_a_message_that_declares_and_says_when_it_clears_also_after_a_death(triage: Triage) -> None:
    await triage.bot.start()
    await triage.tells(body(alert(), alert(instance="b")))
    await triage.reads("HighErrorRate is high · 2 firing", "https://runbooks.example.org/errors", "🚨 declares")
    await triage.bot.kill()
    told = asyncio.create_task(triage.tells(body(alert(firing=False), alert(instance="b"))))
    await triage.bot.start()
    await told
    await triage.reads("1 firing, 1 cleared")
    await triage.declare()
    await triage.reads("1 firing, 1 cleared", "Incident 1, inc-")
    await triage.tells(body(alert(firing=False), alert(instance="b", firing=False)))
    await triage.reads("Cleared · HighErrorRate is high · 2 cleared", "Incident 1")


async def test_a_storm_is_one_message_with_a_count_also_across_a_death_in_the_middle(triage: Triage) -> None:
    firing = [body(alert(instance=f"host-{number}")) for number in range(STORM)]
    await triage.bot.start()
    senders = [asyncio.create_task(triage.tells(*firing)) for _ in range(2)]
    await triage.reads("firing")
    await triage.bot.kill()
    await triage.bot.start()
    await asyncio.gather(*senders)
    await triage.reads(f"HighErrorRate is high · {STORM} firing", f"and {STORM - 5} more")
    await triage.tells(body(*(alert(instance=f"host-{number}", firing=False) for number in range(STORM))))
    await triage.reads(f"Cleared · HighErrorRate is high · {STORM} cleared")
    assert [key for key, _ in triage.said()] == ["alert/1"]
    assert not [line for line in triage.bot.logged() if line.get("event") == "bug"]
