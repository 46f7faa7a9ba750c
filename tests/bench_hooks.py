"""A hook's answer, stored, beside a bare aiohttp handler that commits one row: the slowest of a hundred of each."""

from __future__ import annotations

import json
from statistics import quantiles

from aiohttp import web
from alert_hooks import alert, body
from bench_commit import BARE, bare_file
from bench_figures import Figure, Run, spread, timed
from hook_gate import open_gate

from bot.web.serve import serve


async def hooks(run: Run) -> list[Figure]:
    folder = run.home / "hooks"
    folder.mkdir()
    bare = await bare_file(folder / "bare.db")

    async def commit(request: web.Request) -> web.Response:
        found = await request.json()
        await bare.execute(BARE, (found["alerts"][0]["fingerprint"], "at", "alert_fired", json.dumps(found)))
        return web.Response(text="stored\n")

    app = web.Application()
    app.router.add_post("/bare", commit)
    ours, plain = [], []
    try:
        async with serve(app, "127.0.0.1", 0) as port, open_gate(folder) as gate:
            for index in range(max(run.samples * 10, 300)):
                found = body(alert(instance=f"host-{index}"), group=f"group {index // 50}")

                async def to_bare(found: dict[str, object] = found) -> None:
                    async with gate.client.post(f"http://127.0.0.1:{port}/bare", json=found) as answer:
                        assert answer.status == 200

                async def to_hook(found: dict[str, object] = found) -> None:
                    assert (await gate.alertmanager(found)).status == 200

                plain.append(await timed(to_bare))
                ours.append(await timed(to_hook))
    finally:
        await bare.close()
    slow, slow_bare = quantiles(ours[20:], n=100)[-1], quantiles(plain[20:], n=100)[-1]
    detail = f"p99 {slow * 1000:.2f} ms over {slow_bare * 1000:.2f} ms; {spread(ours[20:])} over {spread(plain[20:])}"
    return [Figure("a hook's answer to a bare handler that commits one row, p99", slow / slow_bare, 5.0, "×", detail)]
