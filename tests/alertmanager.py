"""The real Alertmanager, Debian's, as a process of its own: configured, told of alerts, killed and started again."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession

PROGRAM = Path("/usr/bin/prometheus-alertmanager")

NEEDS_ALERTMANAGER = pytest.mark.skipif(
    not PROGRAM.exists() and "CI" not in os.environ, reason="needs Debian's prometheus-alertmanager"
)

PATIENCE = 30.0

CONFIG = """
route:
  receiver: tocsin
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: {repeat}
  routes:
  - receiver: nobody
    matchers: ['to="nobody"']
receivers:
- name: nobody
- name: tocsin
  webhook_configs:
  - url: {url}
    send_resolved: true
    http_config:
      authorization:
        credentials: {secret}
"""


class Alertmanager:
    """One process; its storage outlives it."""

    def __init__(self, home: Path, url: str, secret: str, *, repeat: str = "1h") -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.port, self.gossip = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        (home / "alertmanager.yml").write_text(CONFIG.format(url=url, secret=secret, repeat=repeat), encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, peers: Sequence[Alertmanager] = (), alone: bool = True) -> None:
        listen = "" if alone else f"127.0.0.1:{self.gossip}"
        with (self.home / "output.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                str(PROGRAM),
                f"--config.file={self.home / 'alertmanager.yml'}",
                f"--storage.path={self.home / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--cluster.listen-address={listen}",
                "--cluster.advertise-address=127.0.0.1:" + str(self.gossip),
                "--cluster.settle-timeout=1s",
                "--cluster.peer-timeout=300ms",
                *(f"--cluster.peer=127.0.0.1:{peer.gossip}" for peer in peers),
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + PATIENCE
        while not await self._ready():
            assert self._process.returncode is None, (self.home / "output.log").read_text()[-2000:]
            assert time.monotonic() < until, (self.home / "output.log").read_text()[-2000:]
            await asyncio.sleep(0.05)

    async def _ready(self) -> bool:
        try:
            async with ClientSession() as client, client.get(f"{self.base}/-/ready") as answer:
                return answer.status == 200
        except (ClientError, OSError):
            return False

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """As an operator does: it writes down what it has notified of."""
        assert self._process is not None, "it was never started"
        self._process.terminate()
        await self._process.wait()

    async def told(self, *names: str, firing: bool = True, began: datetime, **labels: str) -> None:
        """As Prometheus tells it, each at each evaluation: an alert that does not fire ended a moment ago."""
        alerts: list[dict[str, Any]] = []
        for name in names:
            alertname, _, instance = name.partition("/")
            ends = datetime.now(UTC) + (timedelta(minutes=4) if firing else timedelta(seconds=-1))
            alerts.append(
                {
                    "labels": {"alertname": alertname, "instance": instance or "a", **labels},
                    "annotations": {"summary": f"{alertname} is high"},
                    "startsAt": began.isoformat(),
                    "endsAt": ends.isoformat(),
                }
            )
        async with ClientSession() as client, client.post(f"{self.base}/api/v2/alerts", json=alerts) as answer:
            assert answer.status == 200, await answer.text()

    async def has(self, count: int) -> None:
        """Until it has so many for us: it sorts what it is told into groups a moment later."""
        query = {"receiver": "tocsin"}
        async with asyncio.timeout(PATIENCE), ClientSession() as client:
            while True:
                async with client.get(f"{self.base}/api/v2/alerts/groups", params=query) as answer:
                    if sum(len(group["alerts"]) for group in await answer.json()) == count:
                        return
                await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
