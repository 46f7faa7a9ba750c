"""A hook's answer, stored, beside a bare aiohttp handler that commits one row: one sender alone, and four in a storm."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from aiohttp import web
from alert_hooks import alert, body
from bench_commit import BARE, bare_file
from bench_figures import Figure, Run, spread, timed
from hook_gate import Gate, open_gate

from bot.web.serve import serve

SENDERS, EACH, SECONDS = 4, 250, 10.0
"""The storm of the issue: 1,000 alerts in ten seconds from four senders at once, two and two of which say the same."""


@dataclass
class Both:
    """The hook and the bare handler, asked by turns, so that a busy machine is busy for both."""

    gate: Gate
    bare: str
    ours: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    async def ask(self, found: dict[str, Any]) -> None:
        self.plain.append(await timed(lambda: self._to_bare(found)))
        self.ours.append(await timed(lambda: self._to_hook(found)))

    async def _to_bare(self, found: dict[str, Any]) -> None:
        async with self.gate.client.post(self.bare, json=found) as answer:
            assert answer.status == 200

    async def _to_hook(self, found: dict[str, Any]) -> None:
        assert (await self.gate.alertmanager(found)).status == 200

    def figure(self, name: str) -> Figure:
        ours, plain = self.ours[20:], self.plain[20:]
        slow, slow_bare = quantiles(ours, n=100)[-1], quantiles(plain, n=100)[-1]
        detail = f"p99 {slow * 1000:.2f} ms over {slow_bare * 1000:.2f} ms; {spread(ours)} over {spread(plain)}"
        return Figure(f"{name} to a bare handler that commits one row, p99", slow / slow_bare, 5.0, "×", detail)


@asynccontextmanager
async def _both(folder: Path) -> AsyncIterator[Both]:
    folder.mkdir()
    bare, count = await bare_file(folder / "bare.db"), itertools.count()

    async def commit(request: web.Request) -> web.Response:
        found = await request.json()
        await bare.execute(BARE, (str(next(count)), "at", "alert_fired", json.dumps(found)))
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/bare", commit)
    try:
        async with serve(app, "127.0.0.1", 0) as port, open_gate(folder) as gate:
            yield Both(gate, f"http://127.0.0.1:{port}/bare")
    finally:
        await bare.close()


async def hooks(run: Run) -> list[Figure]:
    async with _both(run.home / "hooks") as alone:
        for index in range(max(run.samples * 10, 300)):
            await alone.ask(body(alert(instance=f"host-{index}"), group=f"group {index // 50}"))
    async with _both(run.home / "storm") as storm:
        await asyncio.gather(*(_sender(storm, number) for number in range(SENDERS)))
    return [
        alone.figure("a hook's answer"),
        storm.figure("the same in a storm of 1,000 alerts in 10 s from four senders,"),
    ]


async def _sender(storm: Both, number: int) -> None:
    """At its pace, whatever the answers take."""
    begun = asyncio.get_running_loop().time()
    for index in range(EACH):
        name = f"{number % 2}-{index}"
        await storm.ask(body(alert(instance=name), group=f"group {index % 20}"))
        left = begun + (index + 1) * SECONDS / EACH - asyncio.get_running_loop().time()
        await asyncio.sleep(max(left, 0.0))
