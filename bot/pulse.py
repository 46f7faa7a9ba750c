"""What a service manager is told (sd_notify(3)): that the bot is up, that its loop turns, that it ends.

Rule: the sign of life comes from the loop itself, so a loop that stands still is seen: by the watchdog, which starts the
bot anew, and in the metrics and the log once it turns again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from core.port import Clock

log = structlog.get_logger(__name__)

BEAT = 1.0
"""Seconds between two signs of life."""

STALL = 1.0
"""Seconds that a beat may be late before it is said."""


def notify(state: str) -> None:
    """Tells the service manager, where there is one; a manager that does not listen is no reason to end."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # An @ stands for the null byte that an abstract socket's name begins with.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        manager.sendto(state.encode(), name)


class Pulse:
    """The loop's signs of life, and how late they come."""

    def __init__(self, numbers: CollectorRegistry) -> None:
        self._lag = Gauge("tocsin_loop_lag_seconds", "How late the loop's last beat was.", registry=numbers)
        self._stalls = Counter("tocsin_loop_stalls", "Beats over a second late.", registry=numbers)

    async def beat(self, clock: Clock) -> None:
        """Beats until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            notify("WATCHDOG=1")
            due = loop.time() + BEAT
            await clock.sleep(BEAT)
            late = max(0.0, loop.time() - due)
            self._lag.set(late)
            if late > STALL:
                self._stalls.inc()
                log.warning("the loop stood still", seconds=round(late, 1))
