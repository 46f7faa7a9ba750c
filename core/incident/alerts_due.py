"""What is due of an episode of alerts: that it declares, that its incident is told, that it is over.

Rule: as for incidents, a deadline follows from the record alone and is handed in as a command; its key is its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from core.incident.alerts import Group
from core.incident.commands import DeclareAlert, EndAlerts, NoteAlert
from core.incident.deadlines import Deadline

QUIET = timedelta(hours=1)
"""After so long without a firing alert an episode is over: what flaps within it goes on in its message."""

STALE = timedelta(days=7)
"""After so long without any news it is over as well, whatever still fires: nobody waits for that message any more."""

SETTLED = timedelta(minutes=2)
"""So long all has to be quiet before an incident is told: what flaps is no news to it."""


def due(group: Group) -> Iterator[Deadline]:
    """What is due of an episode; each key is unique within it for ever."""
    if group.over_at is not None:
        return
    if group.declare_at is not None and not group.incident:
        yield Deadline("declare", group.declare_at, DeclareAlert(alert=group.number))
    # At the end of a day: a storm of news moves it once a day.
    day = group.news_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    yield Deadline(f"stale/{day.isoformat()}", day + STALE, EndAlerts(alert=group.number, why="stale"))
    since = group.quiet_since
    if since is not None:
        over = EndAlerts(alert=group.number, why="quiet")
        yield Deadline(f"quiet/{since.isoformat()}", since + QUIET, over)
    if group.incident:
        yield from _told(group)


def _told(group: Group) -> Iterator[Deadline]:
    since = group.quiet_since
    if since is not None:
        note = NoteAlert(alert=group.number, title=group.title, firing=False, count=group.cleared, since=since)
        yield Deadline(f"cleared/{since.isoformat()}", since + SETTLED, note)
    elif group.stirred_at is not None:
        at, count = group.stirred_at, len(group.firing)
        note = NoteAlert(alert=group.number, title=group.title, firing=True, count=count, since=at)
        yield Deadline(f"firing/{at.isoformat()}", at, note)
