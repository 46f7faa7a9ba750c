"""How everything starts and stops: what was begun is ended, however far the start had come."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from stage import Stage

from bot import wiring

LIBRARIES = """
import asyncio, sys
from pathlib import Path
import bot.running
from bot.chats import transports
from bot.config import load
from core.clock import SystemClock

async def main():
    async with transports(load(Path(sys.argv[1])), SystemClock()) as chats:
        print(*chats, *sorted({name.partition(".")[0] for name in sys.modules} & {"discord", "holidays", "nio"}))

asyncio.run(main())
"""

MATRIX = """[transports.matrix]
homeserver = "https://matrix.example.org"
user_id = "@tocsin:example.org"
password = "p"
triage = ["#triage:example.org"]
"""

DISCORD = """[transports.discord]
token = "t"
guild = "1234"
triage = ["5678"]
"""


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


@pytest.mark.parametrize(
    ("config", "made"),
    [
        pytest.param(DISCORD, "discord discord", marks=pytest.mark.endure),
        pytest.param(MATRIX, "matrix nio", marks=pytest.mark.endure),
        pytest.param("[transports.sandbox]\nport = 0\n", "sandbox", marks=pytest.mark.endure),
        (DISCORD + MATRIX, "discord matrix discord nio"),
    ],
    ids=["discord", "matrix", "sandbox", "both"],
)
def test_what_is_off_is_not_imported(tmp_path: Path, config: str, made: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(config, encoding="utf-8")
    asked = subprocess.run([sys.executable, "-c", LIBRARIES, file], capture_output=True, text=True, check=False)
    assert asked.stdout.splitlines()[-1:] == [made], asked.stderr
