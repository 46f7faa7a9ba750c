"""The postmortem: who writes it by when, the reminders, and that it is out; and the debrief's one change (spec, section 9)."""

from __future__ import annotations

from datetime import date, datetime

from core.incident import refusals
from core.incident.commands import AskPostmortem, Debrief, PublishPostmortem, RemindPostmortem, WaivePostmortem
from core.incident.decide.act import Act, Events, settle
from core.incident.events import (
    Ask,
    Asked,
    ChannelLocked,
    Debriefed,
    PostmortemAssigned,
    PostmortemDrafted,
    PostmortemPublished,
    PostmortemWaived,
)
from core.incident.state import Incident, Postmortem
from core.incident.vocabulary import Person, Role
from core.incident.workdays import business_day, day_of, morning


def due_after(at: datetime, act: Act) -> date:
    """The day by which a postmortem is due that is owed since a moment."""
    rules = act.policy.postmortems
    return business_day(day_of(at, act.policy.zone), rules.days, rules.holidays)


def owed(owner: Person, act: Act) -> Events:
    """At the close: somebody owes it, and has the record as a file to write it in."""
    return (PostmortemAssigned(owner=owner, due=due_after(act.at, act)), PostmortemDrafted())


def ask(incident: Incident, command: AskPostmortem, act: Act) -> Events:
    if incident.closed_at is None:
        raise refusals.no_postmortem_yet()
    duty = incident.postmortem
    owner = command.owner or (duty.owner if duty else act.person)
    # The day of one that was out or waived may have passed long ago.
    due = command.due or (duty.due if duty and duty.owed else due_after(act.at, act))
    if command.due is not None and due < day_of(act.at, act.policy.zone):
        raise refusals.day_has_passed(due)
    if duty is None or not duty.owed:
        moot = settle(incident, [Ask.POSTMORTEM], "asked anew")
        return (*moot, PostmortemAssigned(owner=owner, due=due), PostmortemDrafted())
    if command.owner is None and command.due is None:
        return (PostmortemDrafted(),)
    if owner.is_(duty.owner) and due == duty.due:
        return ()
    return (*settle(incident, [Ask.POSTMORTEM], "changed"), PostmortemAssigned(owner=owner, due=due))


def _may(incident: Incident, act: Act, what: str) -> None:
    """Its owner and the commander may say that it is out, or that there will be none."""
    duty = incident.postmortem
    if not incident.closed:
        # That of a close that did not last, too: where it was out, the channel would become read-only.
        raise refusals.no_postmortem_yet()
    if duty is None:
        raise refusals.no_postmortem_owed()
    if not act.person.is_(duty.owner) and not incident.may(act.person, Role.IC):
        raise refusals.not_yours(
            what, (duty.owner,), "its owner or the commander", "`postmortem @who` gives it to another."
        )


def publish(incident: Incident, command: PublishPostmortem, act: Act) -> Events:
    """It is out, and the channel has done its work (spec, section 4)."""
    _may(incident, act, "say that the postmortem is out")
    duty = incident.postmortem
    if duty is not None and duty.published_at is not None and command.where in ("", duty.where):
        return ()
    locked = () if incident.locked else (ChannelLocked(),)
    return (PostmortemPublished(where=command.where), *settle(incident, [Ask.POSTMORTEM], "it is out"), *locked)


def waive(incident: Incident, command: WaivePostmortem, act: Act) -> Events:
    _may(incident, act, "say that there will be no postmortem")
    duty = incident.postmortem
    if duty is None or duty.waived == command.why:
        return ()
    if duty.published_at is not None:
        raise refusals.postmortem_is_out()
    return (PostmortemWaived(why=command.why), *settle(incident, [Ask.POSTMORTEM], "there will be none"))


def reminders(incident: Incident) -> tuple[tuple[int, datetime], ...]:
    """When its owner is reminded: business days before it is due, and the morning of each."""
    duty, rules = incident.postmortem, incident.policy.postmortems
    if duty is None or not duty.owed:
        return ()
    zone = incident.policy.zone
    steps = sorted(set(rules.remind), reverse=True)
    days = ((days, duty.due if days == 0 else business_day(duty.due, -days, rules.holidays)) for days in steps)
    return tuple((step, morning(day, zone)) for step, day in days)


def reminded(incident: Incident, days: int) -> bool:
    """Whether this reminder of what is due then was said, or a later one."""
    duty = incident.postmortem
    asked = (prompt.asked for prompt in incident.prompts.values() if prompt.asked.ask is Ask.POSTMORTEM)
    return duty is not None and any(one.due == _due(incident, duty) and -one.step <= days for one in asked)


def _due(incident: Incident, duty: Postmortem) -> datetime:
    """The morning of the day by which it is due."""
    return morning(duty.due, incident.policy.zone)


def remind(incident: Incident, command: RemindPostmortem, act: Act) -> Events:
    """One reminder; of several that were missed, only the last."""
    duty = incident.postmortem
    if duty is None or not duty.owed or duty.due != command.due or reminded(incident, command.days):
        return ()
    past = [days for days, at in reminders(incident) if at <= act.now]
    if not past or command.days != past[-1]:
        return ()
    asked = Asked(
        ask=Ask.POSTMORTEM,
        number=incident.next_number(Ask.POSTMORTEM),
        to=(duty.owner,),
        step=-command.days,
        due=_due(incident, duty),
    )
    return (*settle(incident, [Ask.POSTMORTEM], "asked again"), asked)


def debrief(incident: Incident, command: Debrief) -> Events:
    """One change, not ten: another takes its place."""
    if not incident.closed:
        raise refusals.debrief_after_the_close()
    known = incident.lesson.text if incident.lesson else ""
    return () if command.change == known else (Debriefed(change=command.change),)
