"""The weekly list: what incidents left behind that is still open, and which postmortems are late (spec, section 9).

Rule: a week's list has what was there at its moment and is open when it is posted, so that one that is late is no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from core.incident.audience import open_to_all
from core.incident.commands import PostDigest
from core.incident.deadlines import Deadline
from core.incident.events import DigestPosted, OpenFollowUp, OwedPostmortem
from core.incident.policy import Policy
from core.incident.state import Incident
from core.incident.vocabulary import FollowUpRef
from core.incident.workdays import day_of, moment_of

WEEK = timedelta(days=7)


def weekly(policy: Policy, after: datetime) -> Deadline | None:
    """The first list that is due after a moment; `None` where the house wants none."""
    when = policy.weekly
    if when is None:
        return None
    day = day_of(after, policy.zone)
    day += timedelta(days=(when.weekday - day.weekday()) % 7)
    if moment_of(day, when.at, policy.zone) <= after:
        day += WEEK
    at = moment_of(day, when.at, policy.zone)
    return Deadline(f"digest/{day.isoformat()}", at, PostDigest(week=day, at=at))


def digest(incidents: Iterable[Incident], week: date, at: datetime) -> DigestPosted | None:
    """The list of a week, of what was there at a moment; `None` when nothing is open."""
    # The list is read in triage: what a private one left behind is on its own channel's cards.
    known = [one for one in incidents if open_to_all(one) and one.drill is None]
    open_ones = sorted((row for one in known for row in _follow_ups(one, at)), key=lambda row: (row.due, row.priority))
    owed = sorted((row for one in known for row in _postmortems(one, week)), key=lambda row: row.due)
    return DigestPosted(week=week, follow_ups=tuple(open_ones), postmortems=tuple(owed)) if open_ones or owed else None


def _follow_ups(incident: Incident, at: datetime) -> Iterator[OpenFollowUp]:
    for one in incident.follow_ups.values():
        if one.open and one.at <= at:
            yield OpenFollowUp(
                ref=FollowUpRef(number=one.number, incident=incident.number),
                text=one.text,
                owner=one.owner,
                due=one.due,
                priority=one.priority,
                triage=incident.triage,
            )


def _postmortems(incident: Incident, week: date) -> Iterator[OwedPostmortem]:
    """Those that are late: before that their owner is reminded, and nobody else."""
    duty = incident.postmortem
    if duty is not None and duty.owed and duty.due < week:
        yield OwedPostmortem(
            incident=incident.number, title=incident.title, owner=duty.owner, due=duty.due, triage=incident.triage
        )
