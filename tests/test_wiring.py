"""How everything starts and stops: what was begun is ended, however far the start had come."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from stage import Stage

from bot import wiring


@pytest.mark.parametrize("patience", [30.0, 0.0], ids=["waiting for the chat", "going on without it"])
async def test_a_stop_before_a_chat_is_there_leaves_nothing_running(
    tmp_path: Path, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "CATCH_UP", patience)
    stage = Stage(tmp_path)
    before = asyncio.all_tasks()
    stage.faults.outage = True
    await stage.start()
    await stage.stop()
    left = [task.get_coro() for task in asyncio.all_tasks() - before if not task.done()]
    assert left == []
