"""Timers: keeps the clock equal to what the incidents say is due, and hands each deadline in as an ordinary command.

APScheduler lives here only, as the ticker: it wakes this, decides nothing, and remembers nothing. Due is what the
injected clock says, looked at when the first deadline's moment has come and at every tick besides, so that a clock that
jumps delays nothing by more than one.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.activity_log import HOUSE, stream_of
from core.command_post import CommandPost, Order
from core.incident import commands as c
from core.incident.alerts import Group, about
from core.incident.alerts_due import due
from core.incident.commands import PostDigest
from core.incident.deadlines import Deadline, cover_ends, deadlines
from core.incident.digest import WEEK, weekly
from core.incident.events import CoverBegun, Recorded
from core.incident.state import Incident
from core.port import Clock, Fatal

log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds between two looks at the clock; the design allows one."""

BACKOFF = (1.0, 5.0, 30.0, 60.0, 300.0)
"""Seconds before a deadline is handed in again that ended in a bug."""


EPISODE = "alert/"
"""What is due of an episode of alerts stands under this and its number, beside the incidents and the house."""


class Timers:
    """The reconciler of what is due."""

    def __init__(self, post: CommandPost, clock: Clock) -> None:
        self._post = post
        self._clock = clock
        self._due: dict[str, dict[str, Deadline]] = {}
        self._week: dict[str, Deadline] = {}
        self._heap: list[tuple[float, str, str]] = []
        self._spent: set[tuple[str, str]] = set()
        # Deadlines that ended in a bug: how often, and when each is tried next.
        self._stumbled: dict[tuple[str, str], tuple[int, float]] = {}
        self._busy = False
        self._wake: Callable[[float], None] | None = None
        self._told: float | None = None

    def watch(self, stream: str, incident: Incident | None, records: Sequence[Recorded] = ()) -> None:
        """An incident is as it is now: what is due may have changed."""
        if incident is None:
            self._alerts(records)
            if any(isinstance(recorded.event, CoverBegun) for recorded in records):
                self._watch_covers()
            return
        self._set(stream, deadlines(incident))

    def watch_alerts(self) -> None:
        """All episodes of alerts: at start, and when a chat has told where their messages belong."""
        for group in self._post.alarms.groups.values():
            self._episode(group)

    def _alerts(self, records: Sequence[Recorded]) -> None:
        for number in {about(recorded) for recorded in records}:
            group = self._post.alarms.groups.get(number)
            if group is not None:
                self._episode(group)

    def _episode(self, group: Group) -> None:
        """Each is due by itself, so that a storm in one costs the others nothing."""
        stream = f"{EPISODE}{group.number}"
        if group.over_at is not None:
            self.forget(stream)
        else:
            there = self._post.places(group.channel) is not None
            self._set(stream, [one for one in due(group) if there or not isinstance(one.command, c.DeclareAlert)])

    def _set(self, stream: str, found: Iterable[Deadline]) -> None:
        before, now = self._due.get(stream, {}), {one.key: one for one in found}
        self._due[stream] = now
        for key, deadline in now.items():
            if key not in before or before[key].at != deadline.at:
                heapq.heappush(self._heap, (deadline.at.timestamp(), stream, key))
        self._look_ahead()

    def watch_house(self, after: datetime) -> None:
        """What is due in the house itself after a moment: the weekly list, one after the other; and each cover's end."""
        deadline = weekly(self._post.policy(), after)
        self._week = {deadline.key: deadline} if deadline else {}
        self._watch_covers()

    def _watch_covers(self) -> None:
        """And the ends of the covers that stand."""
        self._due[HOUSE] = self._week | {one.key: one for one in cover_ends(self._post.covers.standing)}
        for key, deadline in self._due[HOUSE].items():
            heapq.heappush(self._heap, (deadline.at.timestamp(), HOUSE, key))
        self._look_ahead()

    def forget(self, stream: str) -> None:
        """Nothing of this incident is due any more: it is over."""
        self._due.pop(stream, None)
        self._spent = {one for one in self._spent if one[0] != stream}
        self._stumbled = {one: tries for one, tries in self._stumbled.items() if one[0] != stream}

    async def tick(self) -> None:
        """Hands in everything that is due; never twice at once."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._heap and self._heap[0][0] <= self._clock.now().timestamp():
                at, stream, key = heapq.heappop(self._heap)
                deadline = self._due.get(stream, {}).get(key)
                if deadline is None or (stream, key) in self._spent or at not in self._moments(stream, deadline):
                    continue
                try:
                    where = self._addressed(stream, deadline)
                    await self._post.handle(Order(deadline.command, where, f"clock/{stream}/{key}", self._clock.now()))
                except sqlite3.OperationalError as error:
                    # Not recorded, so still due: the next tick tries again.
                    log.warning("a deadline waits for the database", incident=stream, reason=str(error))
                    heapq.heappush(self._heap, (at, stream, key))
                    return
                except Fatal:
                    # Whoever runs everything has heard of it too, and ends.
                    heapq.heappush(self._heap, (at, stream, key))
                    return
                except Exception:  # a loop's edge, design law 7: one deadline's bug must not silence the others
                    if (stream, key) not in self._stumbled:
                        log.exception("a deadline stumbled; it is tried again", incident=stream, deadline=key)
                    self._try_later(stream, key)
                    continue
                self._spent.add((stream, key))
                self._stumbled.pop((stream, key), None)
                if isinstance(deadline.command, PostDigest):
                    # Of weeks that were missed only the last is listed.
                    self.watch_house(max(deadline.at, self._clock.now() - WEEK))
        finally:
            self._busy = False
            self._look_ahead()

    def _addressed(self, stream: str, deadline: Deadline) -> str:
        """Whose record it is for: of what is due of alerts, one is their incident's to know."""
        if not stream.startswith(EPISODE):
            return stream
        group = self._post.alarms.groups.get(int(stream.removeprefix(EPISODE)))
        tells = isinstance(deadline.command, c.NoteAlert) and group is not None and group.incident
        return stream_of(group.incident) if tells and group is not None else HOUSE

    def _moments(self, stream: str, deadline: Deadline) -> tuple[float, float]:
        """When a deadline is handed in: as it stands now, and again after a bug. Other entries of the heap are outdated."""
        at, (_, again) = deadline.at.timestamp(), self._stumbled.get((stream, deadline.key), (0, 0.0))
        # Since the bug it may have moved to later than the next try.
        return at, max(at, again)

    def _try_later(self, stream: str, key: str) -> None:
        """Not recorded, or not known to be: it stays due, and is tried ever more rarely."""
        times, _ = self._stumbled.get((stream, key), (0, 0.0))
        again = self._clock.now().timestamp() + BACKOFF[min(times, len(BACKOFF) - 1)]
        self._stumbled[stream, key] = (times + 1, again)
        heapq.heappush(self._heap, (again, stream, key))

    @property
    def next_at(self) -> float | None:
        """When something is due next, as a timestamp."""
        return self._heap[0][0] if self._heap else None

    def tell(self, wake: Callable[[float], None] | None) -> None:
        """From now on `wake` is told what `next_at` is, whenever it is another moment than before; `None` ends that."""
        self._wake, self._told = wake, None
        self._look_ahead()

    def _look_ahead(self) -> None:
        # A tick that is under way looks ahead at its end. The same moment is not told twice: what could not be handed in
        # stays first, and waits for the next tick.
        first = self.next_at
        if self._wake is not None and not self._busy and first is not None and first != self._told:
            self._told = first
            self._wake(first)


class _Scheduler(AsyncIOScheduler):  # type: ignore[misc]
    """Ticks on when the machine's clock is set back: APScheduler reckons in wall time, and would sleep until it is caught up."""

    def __init__(self, seconds: float) -> None:
        super().__init__(timezone="UTC")
        self._seconds = seconds

    def _start_timer(self, wait_seconds: float | None) -> None:
        super()._start_timer(wait_seconds)
        # A tick is never more than one ahead, unless "now" is no longer what it was.
        if wait_seconds is not None and wait_seconds > 2 * self._seconds:
            self.reschedule_job("tick", trigger="interval", seconds=self._seconds)


class Ticker:
    """Wakes the timers at the first deadline's moment and at every tick: a memory store, nothing late, nothing twice."""

    def __init__(self, timers: Timers, seconds: float = TICK) -> None:
        self._timers = timers
        self._scheduler = _Scheduler(seconds)
        self._call("tick", "interval", seconds=seconds)

    def start(self) -> None:
        self._scheduler.start()
        self._timers.tell(self._wake_at)

    def stop(self) -> None:
        self._timers.tell(None)
        self._scheduler.shutdown(wait=False)

    def _wake_at(self, moment: float) -> None:
        # In wall time, which is the injected clock's except in a story: there it wakes for nothing, and the tick finds what
        # is due. Two instances, since the one that sets the next is not over yet; `Timers.tick` is never twice at once.
        self._call("first", "date", run_date=datetime.fromtimestamp(moment, UTC), max_instances=2)

    def _call(self, name: str, trigger: str, **when: object) -> None:
        self._scheduler.add_job(
            self._timers.tick, trigger, id=name, replace_existing=True, misfire_grace_time=None, coalesce=True, **when
        )
