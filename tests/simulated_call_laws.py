"""The laws of the calls: decision points, one path, objections, nudges, and the roles of those who leave.

Rule: as in `simulated_laws`, they read the record alone; who may decide is reckoned here once more, and not asked of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from itertools import pairwise

from core.incident.deadlines import deadlines
from core.incident.decide.points import TIE
from core.incident.events import Ask, DecisionPointAnswered, Left, Nudged, PathChosen, Recorded
from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, Person, Role


class CallLaws:
    """Is told of every record with the incident before and after it."""

    def __init__(self, break_: Callable[[str, str], None]) -> None:
        self._break = break_
        self._decided: Counter[tuple[str, str]] = Counter()
        self._nudged: Counter[tuple[str, str]] = Counter()
        self._before: dict[str, Incident] = {}

    def recorded(self, before: Incident, record: Recorded, after: Incident) -> None:
        """After every record; `about` stands at the first of an act, and an act is decided on what was before it."""
        if record.about:
            self._before[record.stream] = before
        match record.event:
            case PathChosen(point=point):
                self._decision(record, point)
            case DecisionPointAnswered(key=point):
                self._decision(record, point)
            case Nudged(row=row):
                self._nudge(record.stream, row, after)
            case Left():
                self._left(record.by, after)
            case _:
                pass

    def _decision(self, record: Recorded, point: str) -> None:
        before = self._before[record.stream]
        if record.by is None or not any(record.by.is_(person) for person in _entitled(before)):
            who = record.by.name if record.by else "nobody"
            self._break("only who is entitled decides", f"{who}, in {record.stream} {record.version}")
        if point and record.heard_at - record.at > before.policy.times.stale_act:
            self._break("an old answer is asked again", f"{record.at:%H:%M:%S}, in {record.stream} {record.version}")
        self._decided[record.stream, point] += bool(point)
        if self._decided[record.stream, point] > 1:
            self._break("a decision point is answered once", f"{point} anew in {record.stream} {record.version}")

    def _nudge(self, stream: str, row: str, after: Incident) -> None:
        self._nudged[stream, row] += 1
        if self._nudged[stream, row] > 1:
            self._break("nobody is nudged twice about one thing", f"{row} in {stream}")
        newest = after.nudges[-1]
        mine = [card.at for card in after.nudges if card.to.is_(newest.to)]
        if any(later - sooner < after.policy.times.nudge_gap for sooner, later in pairwise(mine)):
            self._break("who was nudged is left alone for a while", f"{newest.to.name}, in {stream}: {mine}")

    def _left(self, who: Person | None, after: Incident) -> None:
        assert who is not None, "somebody leaves"
        mine = [str(role) for role, holding in after.roles.items() if who.is_(holding.holder)]
        mine += [item.key for item in after.items.values() if item.open and who.is_(item.holder)]
        if mine:
            self._break("who left has nothing in hand", f"{who.name}: {mine}")

    def committed(self, incidents: Mapping[str, Incident]) -> None:
        """After every commit."""
        for stream, incident in incidents.items():
            paths = [one.key for one in incident.items.values() if one.open and one.kind is ItemKind.RECOVERY]
            if len(paths) > 1:
                self._break("one path at a time", f"{paths} in {stream}")

    def settled(self, stream: str, incident: Incident, now: datetime, sources: Collection[str]) -> None:
        """Once all has settled: what was due has been done, whatever became of the processes meanwhile."""
        for deadline in deadlines(incident):
            if deadline.at < now and f"clock/{stream}/{deadline.key}" not in sources:
                self._break("no deadline is lost", f"{deadline.key} of {deadline.at:%H:%M:%S}, in {stream}")
        for point in incident.points.values():
            # Where nobody has the call there is nobody to ask: that it stays open is on the record, and on the board.
            if point.open and point.at < now and not (incident.asked_about(point) or point.unanswered):
                self._break("every decision point that is due is asked about", f"{point.key} in {stream}")
        for prompt in incident.prompts.values():
            tie = prompt.asked.ask is Ask.OBJECTION and not prompt.settled
            if tie and now - prompt.at > incident.policy.times.tie_break:
                self._break("an objection has its time, and no more", f"{prompt.key} in {stream}")


def _entitled(incident: Incident) -> list[Person]:
    """Holder and backup of the recovery call, or of command; and who was asked to break a tie, or to decide as last."""
    holding = incident.roles.get(Role.RECOVERY)
    if holding is None or holding.holder is None:
        holding = incident.roles.get(Role.IC)
    people = [holding.holder, holding.backup] if holding else []
    for prompt in incident.prompts.values():
        asked = prompt.asked
        if not prompt.settled and (asked.ask is Ask.OBJECTION or (asked.ask is Ask.DECISION and asked.step == TIE)):
            people += asked.to
    return [person for person in people if person is not None]
