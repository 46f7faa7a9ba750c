"""The worst nights of `tocsin run`: killed between any two acts, a homeserver that dies, much said while it was away."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from kept_record import PAUSES, Told, ends_as_the_story_does, record_of
from matrix_story import MARK, Company
from synapse import Synapse
from test_run_matrix import declared

from bot.story import STORY

pytest_plugins = ["conftest_matrix"]
pytestmark = pytest.mark.endure


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        yield await Company(synapse, tmp_path / "bot", stack).open()


UNDISTURBED = [
    ("Ann", "Ann", "declared SEV2: Checkout fails after payment, reported by Sam"),
    ("Ann", "Ann", "is incident commander (declared while on call)"),
    (None, None, "the channel is open"),
]
"""How the record begins; the rest is held against the story itself, and both plays against each other."""


async def _ends_as_the_story_does(company: Company) -> Told:
    await company.reads("incident", "board", "· closed ·")
    for event in company.acts:
        await company.ticks(event)
    assert await company.unticked() == []
    assert await company.twice() == {}
    told = await ends_as_the_story_does(company.bot)
    assert told[:3] == UNDISTURBED
    return told


@pytest.mark.parametrize("when", PAUSES)
async def test_killed_between_any_two_acts_it_comes_back_with_every_word(
    company: Company, tmp_path: Path, when: str
) -> None:
    """After every act of the story SIGKILL, and a start; and the same story undisturbed beside it."""
    killed = 0

    async def kill(number: int) -> None:
        nonlocal killed
        await asyncio.sleep(PAUSES[when][number % len(PAUSES[when])])
        await company.bot.kill()
        killed += 1
        # What is to die in the middle of an act has to be there to hear it; the other comes back while people go on.
        await (company.bot.launch() if when == "unheard" else company.bot.start())

    await company.bot.start()
    await company.play(kill)
    assert killed == len(STORY)
    disturbed = await _ends_as_the_story_does(company)
    async with AsyncExitStack() as stack:
        other = await Company(company.server, tmp_path / "undisturbed", stack).open()
        await other.bot.start()
        await other.play()
        assert disturbed == await _ends_as_the_story_does(other)


async def test_a_homeserver_that_dies_for_a_while_costs_nothing(tmp_path: Path) -> None:
    """Killed in the middle of the story, with acts and cards on their way, and back after fifteen seconds."""
    middle = next(at for at, beat in enumerate(STORY) if beat.on == "item/R1")
    server = Synapse(tmp_path / "homeserver").start()

    async def die(number: int) -> None:
        if number == middle:
            server.kill()
            await asyncio.sleep(15)
            await asyncio.to_thread(server.start)

    try:
        async with AsyncExitStack() as stack:
            company = await Company(server, tmp_path / "bot", stack).open()
            await company.bot.start()
            await company.play(die)
            await _ends_as_the_story_does(company)
            status, seconds = await company.bot.stop()
            assert (status, seconds < 2) == (0, True)
    finally:
        server.stop()


async def test_what_was_said_while_it_was_away_is_done_once_when_it_is_back(company: Company) -> None:
    """150 messages, thirty of them commands, and 40 reactions; then the same start again, which does nothing more."""
    await company.bot.start()
    room = await declared(company)
    bo, mia = company.people["Bo"], company.people["Mia"]
    await company.bot.kill()
    talk = []
    for at in range(150):
        if at % 5:
            talk.append(await bo.say(room, f"talk {at}"))
        else:
            company.acts.append(await mia.say(room, f"!inc note {at}"))
    for event in talk[:25]:
        await mia.react(room, event, "📌")
    for event in talk[25:35]:
        await mia.react(room, event, "💡")
    for event in talk[35:40]:
        # Put there and taken back while nobody looked: it never was.
        await mia.redact(room, await mia.react(room, event, "🛠️"))
    await company.bot.start()
    await company.sees(lambda: company.eyes.card(room, "item/H10") is not None, "the last card", within=60)
    for _ in range(2):
        for event in company.acts:
            await company.ticks(event)
        assert await company.unticked() == []
        assert await company.twice() == {}
        entries = Counter(entry["text"] for entry in (await record_of(company.bot))["entries"])
        assert [entries[str(at)] for at in range(0, 150, 5)] == [1] * 30
        spoken = [at for at in range(150) if at % 5]
        assert [entries[f"talk {at}"] for at in spoken[:25]] == [1] * 25
        assert [entries[f"H{number} hypothesis: talk {at}"] for number, at in enumerate(spoken[25:35], 1)] == [1] * 10
        assert not [text for text in entries if re.match(r"A\d", text)]
        marks = [card["content"][MARK]["card"] for card in company.eyes.cards(room)]
        assert sorted(marks) == sorted({"board", "checklist", *(f"item/H{number}" for number in range(1, 11))})
        await company.bot.kill()
        await company.bot.start()
        await asyncio.sleep(2)
