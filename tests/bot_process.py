"""The real thing: a config on disk and `tocsin …` as processes of their own, started, asked, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds after which a process that has to be ready, or to end, has not."""

TOCSIN = (sys.executable, "-m", "bot")
ROOT = Path(__file__).parent.parent


class BotProcess:
    """`tocsin run -c config.toml`, and the other commands beside it. What every process wrote is kept."""

    def __init__(self, home: Path, config: str) -> None:
        self.home = home
        self.port = _free_port()
        self.config = home / "config.toml"
        self.output = home / "output.log"
        self._process: asyncio.subprocess.Process | None = None
        self._ready_after = 0
        home.mkdir(parents=True, exist_ok=True)
        self.config.touch(0o600)  # it holds a secret
        self.config.write_text(f"{config}\n[web]\ninternal_port = {self.port}\n", encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was never started"
        return self._process.pid

    async def launch(self, *more: str) -> None:
        """Start it, and return at once."""
        self._ready_after = len(self.logged())
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *TOCSIN,
                "run",
                "-c",
                str(self.config),
                *more,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=_environment(),
            )

    async def start(self, *more: str) -> None:
        """Start it, and return when it says that it is ready."""
        await self.launch(*more)
        until = time.monotonic() + PATIENCE
        while not any(line.get("event") == "ready" for line in self.logged()[self._ready_after :]):
            assert self._process is not None
            assert self._process.returncode is None, f"it ended:\n{self.text()[-3000:]}"
            assert time.monotonic() < until, f"it is not ready:\n{self.text()[-3000:]}"
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """SIGKILL, as a power cut would; nothing when it does not run."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to end: the status it ends with, and after how many seconds."""
        assert self._process is not None, "it was never started"
        began = time.monotonic()
        self._process.send_signal(how)
        return await self.ended(), time.monotonic() - began

    async def ended(self) -> int:
        """The status with which it ends by itself."""
        assert self._process is not None, "it was never started"
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    def text(self) -> str:
        """All that every process so far has written."""
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""

    def logged(self) -> list[dict[str, Any]]:
        """The log, a line each. A line that is not JSON is one that only says `plain`."""
        found = []
        for row in self.text().splitlines():
            try:
                found.append(json.loads(row))
            except ValueError:
                found.append({"plain": row})
        return found

    async def tocsin(self, *words: str, prefix: tuple[str, ...] = ()) -> tuple[int, str, str]:
        """Another command on the same config: its status, what it printed, what it complained of."""
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *TOCSIN,
            *words,
            "-c",
            str(self.config),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=_environment(),
        )
        async with asyncio.timeout(2 * PATIENCE):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()


def _environment() -> dict[str, str]:
    # Settings of whoever runs the tests are none of the bot's.
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")} | {"PYTHONUTF8": "1"}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def without_override() -> tuple[str, ...]:
    """What to put before a command so that a file's rights bind it, even where the tests run as root."""
    # PR_CAPBSET_DROP (24) of CAP_DAC_OVERRIDE (1), see prctl(2); nobody but root has it, or may drop it.
    drop = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"
    return (sys.executable, "-c", drop)
