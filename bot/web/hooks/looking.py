"""A look at what Alertmanager still has: at start, every few minutes, and whenever something of it did not arrive.

Rule: it goes down the road of what is sent, under the same names, so that it adds what was missed and nothing else. What
fires here and is not there any more has cleared unseen, unless Alertmanager has just started and does not know yet.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.config.hooks import Hook
from bot.web.hooks.asking import Active, Asking, Unseen
from bot.web.hooks.batch import Batch, Rules, Told, alias, news, stamp
from bot.web.hooks.door import NotReady
from core.alarms import Alarms
from core.incident import commands as c
from core.incident.alerts import Alert
from core.patience import until
from core.port import Clock

log = structlog.get_logger(__name__)

SOON = 5.0
"""Seconds between being told that something did not arrive and the look: it may be many at once."""

GROWN = timedelta(minutes=10)
"""An Alertmanager that started later than this ago may not have been told of all that fires (it keeps no alerts)."""


@dataclass
class Look:
    """One Alertmanager. `hear` has a command on the record when it returns."""

    hook: Hook
    rules: Rules
    alarms: Alarms
    asking: Asking
    clock: Clock
    hear: Callable[[c.HearAlerts], Awaitable[object]]
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _failed: str = ""

    def soon(self) -> None:
        """Something did not arrive."""
        self._wanted.set()

    async def run(self) -> None:
        """Looks, until cancelled."""
        while True:
            self._wanted.clear()
            try:
                await self.look()
            except (Unseen, NotReady, sqlite3.Error) as failure:
                if str(failure) != self._failed:
                    log.warning("alerts could not be looked up; tried again", hook=self.hook.name, reason=str(failure))
                self._failed = str(failure)
            except Exception:  # a loop's edge: a bug, or a database in trouble, is no reason to look no more
                log.exception("looking up alerts stumbled; tried again", hook=self.hook.name)
            else:
                self._failed = ""
            await until(self.clock, self._wanted, self.hook.every.total_seconds())
            if self._wanted.is_set():
                await self.clock.sleep(SOON)

    async def look(self) -> None:
        """Raises `Unseen`."""
        known = self._known()
        began = self.clock.now()
        groups = await self.asking.active()
        seen = {one.fingerprint for group in groups for one in group.alerts}
        for group in groups:
            alerts = [told for one in group.alerts if (told := self._told(one, known))]
            for first in range(0, len(alerts), 500):
                batch = Batch("", alias(group.receiver.name, group.labels), alerts[first : first + 500])
                await self.hear(self.rules.command(batch))
        gone = {name: one for name, one in known.items() if one.firing and name not in seen}
        if gone and began - await self.asking.started() >= GROWN:
            for name, one in gone.items():
                await self.hear(self.rules.command(Batch("", "", [_cleared(name, one, began)])))

    def _known(self) -> dict[str, Alert]:
        return {
            name: one
            for group in self.alarms.groups.values()
            if group.hook == self.hook.name and group.over_at is None
            for name, one in group.alerts.items()
        }

    def _told(self, one: Active, known: dict[str, Alert]) -> Told | None:
        if one.status.state != "active":
            return None
        here, name = known.get(one.fingerprint), news(one.fingerprint, one.startsAt, firing=True)
        again = here is not None and not here.firing and here.starts_at == stamp(one.startsAt)
        if again and here is not None:
            name = f"{name}/again/{here.times}"
        return Told(
            news=name,
            fingerprint=one.fingerprint,
            firing=True,
            starts_at=one.startsAt,
            at=one.startsAt,
            labels=one.labels,
            annotations=one.annotations,
            link=one.generatorURL,
            again=again,
        )


def _cleared(fingerprint: str, one: Alert, now: datetime) -> Told:
    # Not by the name of what its sender would have said, who may know better: then that is news again.
    name = f"{news(fingerprint, one.starts_at, firing=False)}/unseen/{one.times}"
    labels = {"alertname": one.name}
    return Told(name, fingerprint, False, one.starts_at, now, labels, unseen=True)
