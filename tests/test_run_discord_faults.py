"""The worst nights of `tocsin run` on Discord: killed between any two acts, sessions lost, answers lost after the effect."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from discord_fake import FakeDiscord
from discord_story import Company, borne
from kept_record import PAUSES, Told, ends_as_the_story_does, record_of

from bot.story import STORY

pytestmark = pytest.mark.endure

MIDDLE = next(at for at, beat in enumerate(STORY) if beat.on == "item/R1")


@pytest_asyncio.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        yield Company(discord, tmp_path / "bot", stack)


async def _ends_as_the_story_does(company: Company) -> Told:
    await company.reads("incident", "board", "· closed ·")
    await company.sees(lambda: not company.unticked(), "✅ on every command", within=60)
    assert company.twice() == {}
    assert company.threads_twice() == []
    return await ends_as_the_story_does(company.bot)


async def _undisturbed(home: Path) -> Told:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        other = Company(discord, home, stack)
        await other.bot.start()
        await other.play()
        return await _ends_as_the_story_does(other)


@pytest.mark.parametrize("when", PAUSES)
async def test_killed_between_any_two_acts_it_comes_back_with_every_word(
    company: Company, tmp_path: Path, when: str
) -> None:
    """After every act of the story SIGKILL, and a start; a lost session in the middle; the same story calm beside it."""
    killed = 0

    async def kill(number: int) -> None:
        nonlocal killed
        await asyncio.sleep(PAUSES[when][number % len(PAUSES[when])])
        if number == MIDDLE:
            company.discord.gateway.lose_sessions()
        await company.bot.kill()
        killed += 1
        await (company.bot.launch() if when == "unheard" else company.bot.start())

    await company.bot.start()
    await company.play(kill)
    assert killed == len(STORY)
    # Discord tells of no reaction when it was put: of those that nobody heard, any may stand first on the record.
    assert sorted(await _ends_as_the_story_does(company), key=str) == sorted(
        await _undisturbed(tmp_path / "undisturbed"), key=str
    )


CREATIONS = {
    "channel": ("POST", "/guilds/*/channels"),
    "message": ("POST", "/channels/*/messages"),
    "thread": ("POST", "/channels/*/messages/*/threads"),
    "pin": ("PUT", "/channels/*/messages/pins/*"),
    "reaction": ("PUT", "/channels/*/messages/*/reactions/**"),
    "edit": ("PATCH", "/channels/*/messages/*"),
}


@pytest.mark.parametrize("what", CREATIONS)
async def test_an_answer_lost_after_the_effect_makes_nothing_twice(company: Company, what: str) -> None:
    """Of each three requests of a kind one is answered 502, one is dropped and one is answered, all after their effect."""
    method, path = CREATIONS[what]
    await company.bot.start()

    async def trouble(number: int) -> None:
        if number % 3 == 0:
            company.discord.faults.fail(502, method, path, after=True)
        elif number % 3 == 1:
            company.discord.faults.abort(method, path, after=True)

    await trouble(0)
    await trouble(1)
    await company.play(trouble)
    company.discord.faults.clear()
    await _ends_as_the_story_does(company)


async def test_a_lost_session_loses_no_act(company: Company) -> None:
    """Every few acts the gateway forgets the bot, which hears nothing of what is done until it has signed in again."""

    async def forget(number: int) -> None:
        if number % 7 == 3:
            company.discord.gateway.lose_sessions()

    await company.bot.start()
    await company.play(forget)
    await _ends_as_the_story_does(company)


async def test_what_was_said_while_it_was_away_is_done_once_when_it_is_back(company: Company) -> None:
    """150 messages, thirty of them commands, and 40 reactions; then the same start again, which does nothing more."""
    await company.bot.start()
    for beat in STORY[:3]:
        await company.do(beat)
    await company.incident()
    bo, mia = company.people["Bo"], company.people["Mia"]
    await company.bot.kill()
    talk = []
    for at in range(150):
        if at % 5:
            talk.append(bo.say(company.channels["incident"], f"talk {at}"))
        else:
            company.acts.append(mia.say(company.channels["incident"], f"!inc note {at}"))
    for message in talk[:25]:
        mia.react(message, "📌")
    for message in talk[25:35]:
        mia.react(message, "💡")
    for message in talk[35:40]:
        # Put there and taken back while nobody looked: it never was.
        mia.react(message, "🛠️")
        mia.unreact(message, "🛠️")
    await company.bot.start()
    await company.sees(lambda: company.card("incident", "item/H10") is not None, "the last card", within=60)
    for _ in range(2):
        await company.sees(lambda: not company.unticked(), "✅ on every command", within=60)
        assert company.twice() == {}
        entries = Counter(entry["text"] for entry in (await record_of(company.bot))["entries"])
        assert [entries[str(at)] for at in range(0, 150, 5)] == [1] * 30
        spoken = [at for at in range(150) if at % 5]
        assert [entries[f"talk {at}"] for at in spoken[:25]] == [1] * 25
        assert [entries[f"H{number} hypothesis: talk {at}"] for number, at in enumerate(spoken[25:35], 1)] == [1] * 10
        assert not [text for text in entries if re.match(r"A\d", text)]
        marks = sorted((borne(card) or (0, ""))[1] for card in company.cards("incident"))
        assert marks == sorted({"board", "checklist", *(f"item/H{number}" for number in range(1, 11))})
        await company.bot.kill()
        await company.bot.start()
        await asyncio.sleep(2)
