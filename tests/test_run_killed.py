"""Sixty times SIGKILL, at any moment, while a busy incident goes on, on each chat: nothing is lost and nothing is twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import discord_story
import matrix_story
import pytest
from busy_night import Night
from discord_fake import FakeDiscord
from discord_world import Message
from synapse import Synapse

from bot.story import STORY

pytest_plugins = ["conftest_matrix"]
pytestmark = [pytest.mark.endure, pytest.mark.timeout(1500)]

KILLS = 60

SOON = 1.5
"""Seconds within which a process dies that has just begun: some before it hears anything, some while it catches up."""

LATER = 2.0
"""Seconds within which one dies that was ready, in the middle of what people do."""


async def _killed_again_and_again(night: Night[Any], company: discord_story.Company | matrix_story.Company) -> None:
    rng = Random(60)
    people = asyncio.create_task(night.go())
    for _ in range(KILLS):
        if rng.random() < 0.4:
            await company.bot.launch()
            await asyncio.sleep(rng.uniform(0, SOON))
        else:
            await company.bot.start()
            await asyncio.sleep(rng.uniform(0, LATER))
        await company.bot.kill()
        if people.done():
            people.result()
    night.over.set()
    await company.bot.start()
    await people
    record = await night.reckoned(company.bot)
    status, out, _ = await company.bot.tocsin("verify")
    assert (status, "whole" in out) == (0, True)
    assert len(night.ledger) > 5 * KILLS, "so little happened that it proves nothing"
    print(
        f"{KILLS} kills, {len(night.ledger)} acts, {len(night.ledger.updates)} updates, {len(record['entries'])} entries"
    )


# --- Discord ----------------------------------------------------------------------------------------------------------


class OnDiscord:
    def __init__(self, company: discord_story.Company) -> None:
        self._company = company

    async def say(self, who: str, words: str) -> Message:
        said = self._company.people[who].say(self._company.channels["incident"], words)
        if words.startswith("!inc"):
            self._company.acts.append(said)
        return said

    async def react(self, who: str, message: Message, emoji: str) -> Callable[[], Awaitable[None]]:
        person = self._company.people[who]
        person.react(message, emoji)

        async def take_back() -> None:
            person.unreact(message, emoji)

        return take_back

    def card(self, key: str) -> Message | None:
        return self._company.card("incident", key)

    def copies(self, key: str) -> list[str]:
        shown = [self._company.card(name, key) for name in ("incident", "support", "leadership")]
        return [discord_story.reads(card) for card in shown if card]


async def test_killed_sixty_times_on_discord_it_has_every_act_once(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        company = discord_story.Company(discord, tmp_path / "bot", stack)
        await company.bot.start()
        for beat in STORY[:6]:
            await company.do(beat)
        await company.incident()
        await company.bot.kill()
        await _killed_again_and_again(Night(OnDiscord(company), 1), company)
        assert company.twice() == {}
        assert company.threads_twice() == []
        assert company.unticked() == []


# --- Matrix -----------------------------------------------------------------------------------------------------------


class OnMatrix:
    def __init__(self, company: matrix_story.Company) -> None:
        self._company = company

    async def say(self, who: str, words: str) -> str:
        said = await self._company.people[who].say(self._company.incident, words)
        if words.startswith("!inc"):
            self._company.acts.append(said)
        return said

    async def react(self, who: str, message: str, emoji: str) -> Callable[[], Awaitable[None]]:
        person, room = self._company.people[who], self._company.incident
        reaction = await person.react(room, message, emoji)

        async def take_back() -> None:
            await person.redact(room, reaction)

        return take_back

    def card(self, key: str) -> str | None:
        card = self._company.eyes.card(self._company.incident, key)
        return None if card is None else str(card["event_id"])

    def copies(self, key: str) -> list[str]:
        rooms = ("incident", "support", "leadership")
        return [words for name in rooms if (words := self._company.eyes.reads(self._company.rooms[name], key))]


async def test_killed_sixty_times_on_matrix_it_has_every_act_once(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await matrix_story.Company(synapse, tmp_path / "bot", stack).open()
        await company.bot.start()
        for beat in STORY[:6]:
            await company.do(beat)
        await company.incident_room()
        await company.bot.kill()
        await _killed_again_and_again(Night(OnMatrix(company), 2), company)
        assert await company.twice() == {}
        assert await company.unticked() == []
