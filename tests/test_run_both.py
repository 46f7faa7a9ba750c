"""One process on Matrix and Discord: an incident at home on one, its updates and summary on both, a person who is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from discord_fake import FakeDiscord
from discord_story import Company, reads
from kept_record import record_of
from matrix_person import Person
from matrix_story import MARK, Eyes
from synapse import Synapse

from bot.story import ON_CALL, STORY

pytest_plugins = ["conftest_matrix"]
pytestmark = pytest.mark.endure


@dataclass
class Both:
    """Discord with the cast; Matrix with a triage room, where Mia is too, and support's."""

    company: Company
    mia: Person
    eyes: Eyes
    triage: str
    support: str

    def seen(self, key: str) -> dict[str, Any]:
        """What a card in support's room says now: its content."""
        card = self.eyes.card(self.support, key)
        assert card is not None
        edits = self.eyes.edits(self.support, card["event_id"])
        return dict(edits[-1]["content"]["m.new_content"] if edits else card["content"])


@pytest_asyncio.fixture
async def both(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Both]:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        account = synapse.register("tocsin")
        mia = await stack.enter_async_context(Person(synapse, synapse.register("mia")))
        triage = await mia.create(name="Triage", invite=[account.id])
        support = await mia.create(name="Support", invite=[account.id])
        eyes = Eyes(mia)
        eyes.open()
        stack.push_async_callback(eyes.close)
        matrix = f"""
            [transports.matrix]
            homeserver = "{synapse.url}"
            user_id = "{account.id}"
            password = "{account.password}"
            triage = ["{triage}"]
        """
        company = Company(discord, tmp_path / "bot", stack, more=matrix, support=f"matrix:{support}")
        company.link("Mia", matrix=mia.id)
        yield Both(company, mia, eyes, triage, support)


async def test_an_incident_on_discord_is_told_on_matrix_and_a_linked_person_is_one(both: Both) -> None:
    company = both.company
    await company.bot.start()
    for beat in STORY[:4]:
        await company.do(beat)
    ann = company.people[ON_CALL]
    room = company.channels[await company.incident()]
    await company.reads("incident", "board", "Diagnosis Mia")
    # Alone with the words, the commander publishes them.
    ann.say(room, "!inc update impact=Some users cannot pay next=We roll back every=15m")
    draft = await company.target("incident", "draft/1")
    ann.react(draft, "📤")
    await company.sees(lambda: both.eyes.card(both.support, "update/1"), "the update on Matrix")
    await company.sees(lambda: company.card("leadership", "update/1"), "the update on Discord")
    text = both.seen("update/1")[MARK]["text"]
    assert text in both.seen("update/1")["body"]
    copy = company.card("leadership", "update/1")
    assert copy is not None
    assert text in reads(copy)
    ann.say(room, "!inc correct impact=No user can pay")
    await company.sees(lambda: "No user can pay" in both.seen("update/1")[MARK]["text"], "the correction on Matrix")
    await company.reads("leadership", "update/1", both.seen("update/1")[MARK]["text"])
    # Mia takes the command on Discord, where she is diagnosis lead, and closes; from Matrix she opens it again.
    ann.say(room, f"!inc handoff <@{company.people['Mia'].id}> ic")
    company.people["Mia"].react(await company.target("incident", "prompt/handoff-1"), "👍")
    await company.reads("incident", "board", "Commander Mia")
    company.people["Mia"].say(room, "!inc close cause=tax rounding fixed=rolled back next=none, it was small")
    await company.sees(lambda: both.eyes.card(both.support, "summary"), "the summary on Matrix")
    await company.sees(lambda: company.card("leadership", "summary"), "the summary on Discord")
    await both.mia.say(both.triage, "!inc reopen 1 payments fail again since 10:40")
    await company.reads("incident", "board", "· investigating ·")
    entries = (await record_of(company.bot))["entries"]
    assert [entry["by"] for entry in entries if "payments fail again" in entry["text"]] == ["Mia"]
    status, seconds = await company.bot.stop()
    assert (status, seconds < 2) == (0, True)
