"""`tocsin run` where the bot cannot hear: a start that is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from matrix_story import Company
from synapse import Synapse
from test_run_matrix import timeline

pytest_plugins = ["conftest_matrix"]


@pytest_asyncio.fixture
async def company(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Company]:
    async with AsyncExitStack() as stack:
        yield await Company(synapse, tmp_path / "bot", stack).open()


async def test_what_was_said_while_it_refused_to_start_is_heard_by_the_next_good_start(company: Company) -> None:
    """The refusal comes after the first sync, and what that one told is handled by nobody."""
    await company.bot.start()
    await company.bot.stop()
    ann, triage = company.people["Ann"], company.rooms["triage"]
    await ann.put_state(triage, "m.room.join_rules", {"join_rule": "public"})
    await ann.say(triage, "!inc declare payments fail")
    for _ in range(2):
        status, out, said = await company.bot.tocsin("run")
        assert (status, out) == (1, "")
        [line] = [row for row in said.splitlines() if not row.startswith("{")]
        assert "anyone may enter" in line
        assert "Traceback" not in said
        assert "was not handled" not in said
    await ann.put_state(triage, "m.room.join_rules", {"join_rule": "invite"})
    await company.bot.start()
    await company.incident_room()
    assert (await timeline(company))["title"] == "payments fail"
