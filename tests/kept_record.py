"""The record as `tocsin timeline` gives it beside a running bot, and what a play that was killed has to keep of it."""

from __future__ import annotations

import json
import re
from typing import Any

from bot_process import BotProcess

PAUSES = {"unheard": (0.0,)}
"""Seconds from an act to the kill: before it is heard. In the middle of what acts bring about kills `test_run_killed`."""

Told = list[tuple[str | None, str | None, str]]


async def record_of(bot: BotProcess) -> dict[str, Any]:
    """Incident 1."""
    status, out, err = await bot.tocsin("timeline", "1", "--json")
    assert (status, err) == (0, "")
    return dict(json.loads(out))


def told(record: dict[str, Any]) -> Told:
    """What it says, without what the hour makes different."""
    return [
        (entry["by"], entry["marked_by"], re.sub(r"\d\d:\d\d", "HH:MM", entry["text"])) for entry in record["entries"]
    ]


async def ends_as_the_story_does(bot: BotProcess) -> Told:
    """The chain is whole, the incident closed, and everybody holds what the story gave them."""
    status, out, _ = await bot.tocsin("verify")
    assert (status, "whole" in out) == (0, True)
    record = await record_of(bot)
    assert record["phase"] == "closed"
    assert record["roles"] == {"ic": "Ann", "diagnosis": "Mia", "updates": "Jon", "recovery": "Leah"}
    return told(record)
