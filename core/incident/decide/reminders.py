"""Reminders of the next update: the owner before it and at it, then the backup, then the commander; put off for a while.

Rule: what is promised stays promised. A snooze moves the reminders alone, and never further than `times.snooze_limit`
after the promise.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.incident import refusals
from core.incident.commands import RemindUpdate, Snooze
from core.incident.decide.act import Act, Events, settle
from core.incident.document import utc
from core.incident.events import Ask, Asked, RemindersSnoozed
from core.incident.state import Incident
from core.incident.vocabulary import Person, Role


def offsets(incident: Incident) -> tuple[timedelta, ...]:
    """When each step falls, from the promised time: before it, at it, then the backup, then the commander (spec, section 7)."""
    times = incident.policy.times
    before = min(times.update_before, incident.every / 3) if incident.every else times.update_before
    return (-before, timedelta(), times.update_backup, times.update_commander)


def moments(incident: Incident, due: datetime) -> tuple[datetime, ...]:
    """When each step falls; after a snooze the owner comes first again, and the others as long after that."""
    snooze = incident.snoozed
    if snooze is None or snooze.due != due:
        return tuple(due + offset for offset in offsets(incident))
    later = max(due, snooze.until)
    return tuple(
        later + offset if offset > timedelta() else max(due + offset, snooze.until) for offset in offsets(incident)
    )


def said(incident: Incident, due: datetime) -> int:
    """The last step that was asked, since the last snooze; -1 for none."""
    snooze = incident.snoozed
    after = snooze.asked if snooze is not None and snooze.due == due else 0
    asked = [prompt.asked for prompt in incident.prompts.values() if prompt.asked.ask is Ask.UPDATE]
    return max((one.step for one in asked if one.due == due and one.number > after), default=-1)


def reminded(incident: Incident, step: int) -> tuple[Person, ...]:
    """Whom a step asks; nobody when there is no such person, or it is the one asked just before."""
    times = incident.policy.times
    waits = {0: times.update_before, 2: times.update_backup, 3: times.update_commander}
    if step in waits and not waits[step]:
        # "0s" turns a step off; at an offset of nothing it would take the owner's place.
        return ()
    owner = incident.deciders(Role.UPDATES)[:1]
    if step < 2:
        return owner
    late = incident.holding(Role.UPDATES).backup if step == 2 else incident.commander
    return () if late is None or any(late.is_(person) for person in owner) else (late,)


def remind(incident: Incident, command: RemindUpdate, act: Act) -> Events:
    """One reminder; when Tocsin was away for several steps, only the last of them is said."""
    to, due = reminded(incident, command.step), command.due
    if incident.update_due != due or not to:
        return ()
    at = moments(incident, due)
    if at[command.step] > act.now or command.step <= said(incident, due):
        # It was put off, and said, while this was on its way.
        return ()
    if any(reminded(incident, step) and at[step] <= act.now for step in range(command.step + 1, len(at))):
        return ()
    return (
        *settle(incident, [Ask.UPDATE], "asked again"),
        Asked(ask=Ask.UPDATE, number=incident.next_number(Ask.UPDATE), to=to, step=command.step, due=due),
    )


def unpromised(incident: Incident, how: str) -> Events:
    """Settles what was asked of an update that nobody has promised: it is due at another time now, or no more."""
    return settle(incident, [Ask.UPDATE], how) if incident.update_due != incident.promised_at else ()


def snooze(incident: Incident, command: Snooze, act: Act) -> Events:
    """The reminders come later; what was asked is settled."""
    due, times = incident.update_due, incident.policy.times
    if due is None:
        raise refusals.nothing_to_snooze()
    latest = due + times.snooze_limit
    until = act.at + (command.length or times.snooze)
    if command.length is None:
        until = min(until, latest)
    # Both are read to the minute.
    if until.replace(second=0, microsecond=0) > latest or until <= act.at:
        raise refusals.snoozed_too_long(due, latest, latest > act.at)
    coming = [at for step, at in enumerate(moments(incident, due)) if step > said(incident, due)]
    if not incident.open_prompts(Ask.UPDATE) and min(coming, default=until) >= until:
        raise refusals.no_reminder_before(until, min(coming, default=None))
    who = f" by {act.by.name}" if act.by else ""
    return (
        RemindersSnoozed(due=due, until=until),
        *settle(incident, [Ask.UPDATE], f"put off until {utc(until)}{who}"),
    )
