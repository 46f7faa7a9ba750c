"""The episodes of alerts that go on, as the house's record has them: in memory, each found by its group or by one of its alerts.

Rule: what is over is found by nobody, and stays only until its message says so (`let_go`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet

from core.activity_log import HOUSE, ActivityLog
from core.incident.alerts import Group, about, after, begin
from core.incident.commands import HearAlerts
from core.incident.decide import Act, alerts
from core.incident.events import AlertsBegun, AlertsOver, Recorded


class Alarms:
    """Kept by the command post, under the house's lock."""

    def __init__(self, log: ActivityLog) -> None:
        self._log = log
        self.groups: dict[int, Group] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._aliases: dict[tuple[str, str], int] = {}
        self._alerts: dict[tuple[str, str], int] = {}

    async def load(self) -> None:
        """At start: the episodes that are open, and the ones that ended too lately to know whether that was shown."""
        for number in await self._log.episodes():
            group = await self.read(number)
            if group is not None:
                self._keep(group)

    async def read(self, number: int) -> Group | None:
        """An episode, from the log where it is over; `None` when there is none of this number."""
        if number in self.groups:
            return self.groups[number]
        group: Group | None = None
        for recorded in await self._log.episode(number):
            group = begin(recorded) if group is None else after(group, recorded)
        return group

    async def hear(self, command: HearAlerts, act: Act, is_closed: Callable[[int], Awaitable[bool]]) -> list[Recorded]:
        """The records of what is new of these alerts; each has a source of its own, so that no repeat counts."""
        known = await self._log.known([source for one in command.alerts for source in alerts.sources(one)])
        fresh = [*{one.source: one for one in command.alerts if one.source not in known}.values()]
        if not fresh:
            return []
        version, group, over = await self._log.version(HOUSE), self._find(command), tuple[AlertsOver, ...]()
        if (
            group is not None
            and group.incident
            and any(one.firing for one in fresh)
            and await is_closed(group.incident)
        ):
            # Where something fires anew after the close that is another alarm.
            over, group = (AlertsOver(number=group.number, why="closed"),), None
        ended = over[0].number if over else 0
        heard = alerts.hear(
            command,
            fresh,
            known=known,
            group=group,
            stands_in=lambda fingerprint: self._stands_in(command.hook, fingerprint, but=ended),
            version=version + len(over) + 1,
        )
        return [
            Recorded(
                stream=HOUSE,
                version=version + index,
                at=min(news.at, act.now) if news else act.at,
                heard_at=act.now,
                source=news.source if news else None,
                about=type(command).__name__,
                event=event,
            )
            for index, (news, event) in enumerate([*((None, one) for one in over), *heard], 1)
        ]

    def take_in(self, recorded: Recorded) -> None:
        """One more record of the house."""
        number = about(recorded)
        group = self.groups.get(number)
        if isinstance(recorded.event, AlertsBegun):
            self._keep(begin(recorded))
        elif group is not None:
            self._keep(after(group, recorded))

    def _find(self, command: HearAlerts) -> Group | None:
        """The open episode of a group: by its own name, else by the other one, where one of both lacks its own."""
        number = self._keys.get((command.hook, command.key), 0) if command.key else 0
        if not number:
            alias = self.groups.get(self._aliases.get((command.hook, command.alias), 0))
            number = alias.number if alias is not None and not (alias.key and command.key) else 0
        return self.groups.get(number)

    def _stands_in(self, hook: str, fingerprint: str, but: int = 0) -> int:
        """The open episode `but` one in which an alert is, whatever its group is called by now; 0 for none."""
        number = self._alerts.get((hook, fingerprint), 0)
        group = self.groups.get(number)
        return number if number != but and group is not None and fingerprint in group.alerts else 0

    def let_go(self, number: int) -> None:
        """Its message says that it is over."""
        self.groups.pop(number, None)

    def _keep(self, group: Group) -> None:
        before = self.groups.get(group.number)
        self.groups[group.number] = group
        self._index(before.alerts.keys() if before else set(), group)
        for names, name in ((self._keys, group.key), (self._aliases, group.alias)):
            if group.over_at is None and name:
                names[group.hook, name] = group.number
            elif names.get((group.hook, name)) == group.number:
                del names[group.hook, name]

    def _index(self, before: AbstractSet[str], group: Group) -> None:
        now = group.alerts.keys() if group.over_at is None else set[str]()
        for fingerprint in before - now:
            if self._alerts.get((group.hook, fingerprint)) == group.number:
                del self._alerts[group.hook, fingerprint]
        for fingerprint in now - before:
            self._alerts[group.hook, fingerprint] = group.number
