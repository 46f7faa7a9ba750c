"""A storm: a thousand alerts in ten seconds from four senders at once, half of them repeats (issue 8, "Speed and load")."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alert_hooks import STARTS, alert, body, heard
from hook_gate import open_gate
from stage import open_stage

from core.activity_log import HOUSE

pytestmark = pytest.mark.endure

GROUPS = 20
SENDERS = 4


def _bodies(half: int) -> list[dict[str, Any]]:
    """500 alerts of 20 groups, each told by two senders, each body one alert: what fired has cleared by the end."""
    at = STARTS + timedelta(minutes=half)
    return [
        body(alert(name := f"Alert{number % GROUPS}", instance=f"{number // GROUPS}", firing=firing, at=at), group=name)
        for number in range(250)
        for firing in (True, False)
    ]


async def test_each_is_stored_once_and_memory_is_flat(tmp_path: Path) -> None:
    async with open_gate(tmp_path) as gate:

        async def storm(half: int) -> tuple[int, int]:
            bodies = _bodies(half)
            # Two and two say the same, at the same time: 1,000 in all.
            tasks = [_sender(bodies[first::2]) for first in (0, 0, 1, 1)]
            statuses = Counter(status for some in await asyncio.gather(*tasks) for status in some)
            assert statuses == {200: 1000}
            gc.collect()
            return len(gc.get_objects()), tracemalloc.get_traced_memory()[0]

        async def _sender(bodies: list[dict[str, Any]]) -> list[int]:
            return [(await gate.alertmanager(one)).status for one in bodies]

        tracemalloc.start()
        try:
            await storm(0)
            objects, size = await storm(1)
            await storm(2)
            later, larger = await storm(3)
        finally:
            tracemalloc.stop()
        kinds = Counter(await gate.kinds())
        # A clearing that came before its firing, from the other sender, stands for both.
        assert kinds["alert_fired"] == kinds["alert_cleared"] == 4 * 250
        assert kinds["alerts_begun"] == GROUPS
        assert len(gate.post.alarms.groups) == GROUPS
        assert later < objects * 1.05, (objects, later)
        assert larger < size * 1.15, (size, larger)


async def test_triage_gets_one_message_for_each_group(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        bodies = _bodies(0)

        async def sender(some: list[dict[str, Any]]) -> None:
            for one in some:
                await stage.tocsin.hear(heard(one))

        await asyncio.gather(*(sender(bodies[first::2]) for first in (0, 0, 1, 1)))
        await stage.fast_forward(seconds=10)
        said = [card for *_, card in stage.standing()]
        assert len(said) == len(set(said)) == GROUPS
        for message in stage.of_tocsin(stage.triage):
            assert "Cleared" in message.text
        stage.expect_everything()
        await stage.fast_forward(minutes=61)
        assert stage.tocsin.post.alarms.groups == {}
        assert stage.tocsin.displays.showing.keys(HOUSE) == []
        stage.expect_everything()
