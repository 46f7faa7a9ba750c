"""A drill on the real chats: on the fake Discord's sockets, killed again and again, and on a real Synapse."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import discord_story
import matrix_story
import pytest
from discord_company import open_company, told
from discord_fake import FakeDiscord
from discord_story import borne, reads
from synapse import Synapse

from bot.story import ON_CALL
from core.incident.decide.drills import GAP

pytest_plugins = ["conftest_discord", "conftest_matrix"]

pytestmark = pytest.mark.endure

SECOND = timedelta(seconds=1)

SHORT = """
title = "Nothing can be printed"
severity = "sev2"
briefing = "Every printer is silent."
truth = "The paper is out. Only new paper helps."
mitigates = ["fix"]
length = 17
[[injects]]
minute = 0.02
says = "Support"
words = "Nobody can print."
[[injects]]
minute = 0.03
says = "A developer"
words = "I bet it is the network."
herring = true
[[injects]]
minute = 0.05
says = "Monitoring"
words = "All printers are online."
after = "fix"
"""
"""Seventeen seconds: the first inject comes at once, the second `GAP` after it, the third only when a fix is done."""

LATE = 3 * SECOND
"""How late an inject may be, at most: after its moment, or after the process that was away then is ready."""


async def test_on_discord_a_drill_says_what_it_is_wherever_it_shows_anything(tmp_path: Path) -> None:
    async with open_company(tmp_path) as company:
        await told(company.bob.slash(company.triage, "incident drill", scenario="checkout"))
        channel = await company.there(company.channel)
        assert "drill-checkout" in channel.name
        assert (channel.topic or "").startswith("DRILL")
        await company.card(channel, "board", "DRILL")
        await company.card(channel, "briefing", "DRILL")
        await company.card(company.triage, "notice", "DRILL")


async def test_on_matrix_a_drill_says_what_it_is_wherever_it_shows_anything(synapse: Synapse, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        company = await matrix_story.Company(synapse, tmp_path / "bot", stack).open()
        await company.bot.start()
        await company.people[ON_CALL].say(company.rooms["triage"], "!inc drill checkout")
        await company.reads("triage", "notice", "DRILL")
        room = await company.incident_room()
        await company.reads("incident", "board", "DRILL")
        await company.reads("incident", "briefing", "DRILL")
        ann = company.people[ON_CALL]
        assert "drill-checkout" in (await ann.state(room, "m.room.name"))["name"]
        assert (await ann.state(room, "m.room.topic"))["topic"].startswith("DRILL")


async def test_killed_in_the_middle_it_says_each_inject_once_and_on_time_and_scores_once(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, AsyncExitStack() as stack:
        company = discord_story.Company(discord, tmp_path / "bot", stack, more='[drills]\nfolder = "drills"\n')
        (company.bot.home / "drills").mkdir()
        (company.bot.home / "drills" / "short.toml").write_text(SHORT, encoding="utf-8")
        away: list[tuple[datetime, datetime]] = []
        await company.bot.start()
        company.people[ON_CALL].say(company.channels["triage"], "!inc drill short")
        await company.incident()
        # SIGKILL as soon as each of them is seen; it was sent then, and perhaps nobody wrote that down.
        for key in ("inject/1", "inject/2", "score"):
            await company.sees(partial(company.card, "incident", key), key, within=40)
            await company.bot.kill()
            killed = datetime.now(UTC)
            await company.bot.start()
            away.append((killed, datetime.now(UTC)))
        await company.sees(lambda: all(company.card(where, "summary") for where in company.channels), "the summary")
        assert company.twice() == {}
        keys = [(borne(each) or (0, ""))[1] for each in company.cards("incident")]
        assert [key for key in keys if key.startswith("inject/") or key == "score"] == ["inject/1", "inject/2", "score"]
        score = company.card("incident", "score")
        assert score is not None
        assert reads(score).count("Next time") == 1

        log = [(one["body"]["event"], datetime.fromisoformat(one["at"])) for one in await _log(company)]
        [(_, declared)] = (one for one in log if one[0]["kind"] == "declared")
        (first, at), (second, later) = (one for one in log if one[0]["kind"] == "injected")
        [(_, closed)] = (one for one in log if one[0]["kind"] == "closed")
        assert (first["number"], second["number"]) == (1, 2)
        for happened, due in ((at, declared + 1.2 * SECOND), (later, at + GAP), (closed, declared + 17 * SECOND)):
            up = next((back for killed, back in away if killed <= due < back), due)
            assert due <= happened < up + LATE


async def _log(company: discord_story.Company) -> list[dict[str, Any]]:
    """The incident's records, as the log has them."""
    status, out, complaint = await company.bot.tocsin("export", "1")
    assert status == 0, complaint
    return [json.loads(row) for row in out.splitlines()]
