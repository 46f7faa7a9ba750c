"""From one event to the next state: pure, total, and the only way an incident changes.

`replay` folds a whole stream; a live incident and a replayed one are equal, which every test asserts after every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import assert_never

from core.incident import events as e
from core.incident import letters
from core.incident.commands import AskSameOrNew, SettleSameOrNew
from core.incident.evolve import after as aftermath
from core.incident.evolve import calls, course
from core.incident.evolve.grown import with_, with_person
from core.incident.evolve.people import joined, left, put_out
from core.incident.evolve.phases import open_again, reopening, well_again
from core.incident.evolve.record import amended, each_entry, evidence_edited, source_edited, unseconded
from core.incident.evolve.roles import take_role, vacate
from core.incident.evolve.shifts import covered
from core.incident.evolve.updates import (
    audiences_set,
    delivery_noted,
    each_update,
    missed,
    past_draft,
    published,
    snoozed,
)
from core.incident.state import (
    AlertState,
    Change,
    DraftInHand,
    Freeze,
    Incident,
    Item,
    Lesson,
    Played,
    Prompt,
)
from core.incident.timeline import entry
from core.incident.vocabulary import Person, Phase

OUTSIDE = (AskSameOrNew.__name__, SettleSameOrNew.__name__)
"""Acts that are recorded here without making whoever did them one of the incident's people."""

CALLED_IN = (e.Ask.DECISION, e.Ask.RULE, e.Ask.OBJECTION, e.Ask.WORKED, e.Ask.HANDOFF, e.Ask.PAGE)
"""Who is asked for a call, or offered one, is brought in: a tie-breaker too whom nobody has called yet."""


def begin(recorded: e.Recorded) -> Incident:
    """The incident that a `Declared` begins. Raises `ValueError` for a stream that begins with anything else."""
    event = recorded.event
    if not isinstance(event, e.Declared) or recorded.by is None:
        raise ValueError(f"{recorded.stream} does not begin with a declaration")
    incident = Incident(
        number=event.number,
        name=event.name,
        title=event.title,
        severity=event.severity,
        response=event.policy.responses[event.severity],
        policy=event.policy,
        triage=event.triage,
        declared_at=recorded.at,
        declared_by=recorded.by,
        begun_at=recorded.at,
        paced_at=recorded.at,
        audiences=event.policy.audiences,
        message=event.message,
        reported_by=event.reported_by,
        service=event.service,
        private=event.private,
        drill=event.drill,
        vacant_since=recorded.at,
        last_time=Lesson(event.last_time, of=event.last_time_of) if event.last_time else None,
        alarm=event.alarm,
        alerts={event.alarm.number: AlertState(event.alarm.title, True, recorded.at)} if event.alarm else {},
    )
    first = entry(incident, recorded)
    return replace(
        incident,
        course=course.begun(incident),
        entries=(first,) if first else (),
        people=() if recorded.by.machine else (recorded.by,),
        version=recorded.version,
        changed_at=recorded.at,
    )


def replay(records: Iterable[e.Recorded]) -> Incident | None:
    """The incident that a stream tells of; `None` for an empty one."""
    incident: Incident | None = None
    for recorded in records:
        incident = begin(recorded) if incident is None else evolve(incident, recorded)
    return incident


def evolve(incident: Incident, recorded: e.Recorded) -> Incident:
    """The incident after one more event."""
    new = entry(incident, recorded)
    after = _evolve(incident, recorded)
    people, present, gone = after.people, after.present, after.left
    if (
        recorded.by is not None
        and not recorded.by.machine
        and not isinstance(recorded.event, e.Refused | e.SourceEdited | e.SourceDeleted | e.Left)
        and recorded.about not in OUTSIDE
        # Nobody comes into a private incident by what they do.
        and (not incident.private or incident.has_member(recorded.by))
    ):
        people = with_person(people, recorded.by)
        if not incident.left_after(recorded.by, recorded.at):
            present = with_person(present, recorded.by) if _is_there(incident, recorded.event, recorded.by) else present
            gone = {key: at for key, at in gone.items() if key != recorded.by.key} if gone else gone
    # Whoever was put out comes back by an invitation alone, whatever is still theirs.
    people = tuple(one for one in people if not any(one.is_(out) for out in after.put_out)) if after.put_out else people
    return replace(
        after,
        course=course.after(incident, after, recorded.at),
        left=gone,
        entries=(*after.entries, new) if new else after.entries,
        people=people,
        present=present,
        version=recorded.version,
        changed_at=recorded.at,
        letters=letters.after(incident.letters, recorded),
    )


def _is_there(incident: Incident, event: e.Event, by: Person) -> bool:
    """Whether somebody who does this is there: an alarm raised in triage alone is none of the work."""
    if incident.channel is None:
        return isinstance(event, e.RoleTaken) and event.who.is_(by)
    return not isinstance(event, e.Joined)


def _item(incident: Incident, item: Item) -> Incident:
    return replace(incident, items=with_(incident.items, item.key, item))


def _evolve(incident: Incident, recorded: e.Recorded) -> Incident:
    event, by = recorded.event, recorded.by or incident.declared_by
    match event:
        case e.Joined():
            return joined(incident, event)
        case e.PutOut():
            return put_out(incident, event, recorded.at)
        case e.SeveritySet():
            return replace(incident, severity=event.severity, response=event.response, paced_at=recorded.at)
        case e.PhaseSet():
            return replace(incident, phase=event.phase)
        case e.ImpactSet():
            return replace(incident, impact=event.text, impact_after=len(incident.updates))
        case e.ChangeRecorded():
            # Somebody may remember an older one later.
            newer = incident.change is None or event.made_at >= incident.change.at
            return replace(incident, change=Change(event.what, event.made_at, by)) if newer else incident
        case e.EntryAmended():
            return replace(incident, entries=each_entry(incident, event.entry, lambda one: amended(one, event)))
        case e.EntryWithdrawn():
            return replace(
                incident, entries=each_entry(incident, event.entry, lambda one: replace(one, withdrawn=True))
            )
        case e.EntrySeconded():
            return replace(
                incident, entries=each_entry(incident, event.entry, lambda one: replace(one, also=(*one.also, by)))
            )
        case e.EntryUnseconded():
            return replace(incident, entries=each_entry(incident, event.entry, lambda one: unseconded(one, by)))
        case e.SourceEdited():
            return source_edited(incident, event)
        case e.SourceDeleted():
            return replace(
                incident,
                entries=each_entry(incident, event.message, lambda one: replace(one, note="its message was deleted")),
                evidence=evidence_edited(incident.evidence, event.message, None),
            )
        case e.RoleTaken():
            return take_role(incident, event, recorded)
        case e.RoleVacated():
            return vacate(incident, event.role, recorded)
        case e.RunbookShown():
            return replace(incident, runbooks=(*incident.runbooks, event))
        case e.CoverBegun():
            return covered(incident, event, by)
        case e.BackupNamed():
            roles = with_(incident.roles, event.role, replace(incident.holding(event.role), backup=event.who))
            return replace(incident, roles=roles, people=with_person(incident.people, event.who))
        case e.ItemAdded():
            item = Item(event.key, event.item, event.text, event.said_by, event.message, event.parent, event.path)
            return replace(incident, items=with_(incident.items, event.key, item))
        case e.ItemGrabbed():
            taken = _item(incident, replace(incident.items[event.key], holder=event.who))
            checked = incident.checked or not (taken.alone or taken.idle)
            return replace(taken, people=with_person(incident.people, event.who), checked=checked)
        case e.ItemLetGo():
            return _item(incident, replace(incident.items[event.key], holder=None))
        case e.ItemEnded():
            # Of a pause that is over, nobody.
            ended = replace(incident.items[event.key], status=event.status, result=event.result, ended_by=recorded.by)
            return _item(incident, ended)
        case (
            (e.DecisionPointSet() | e.DecisionPointMoved() | e.DecisionPointWithdrawn() | e.DecisionPointAnswered())
            | (e.DecisionPointUnanswered() | e.ThresholdMet() | e.ThresholdUnmet() | e.SignalNamed() | e.SignalSeen())
            | (e.Objected() | e.TieBroken() | e.PathChosen() | e.Nudged())
        ):
            return calls.after(incident, event, recorded, by)
        case e.Left():
            return left(incident, by, recorded.at)
        case e.FrozenChanges():
            return replace(incident, frozen=Freeze(by, recorded.at, event.why))
        case e.UnfrozenChanges():
            return replace(incident, frozen=None)
        case e.Drafted():
            draft = DraftInHand(event.number, event.wording, by, recorded.at, event.message)
            past = past_draft(incident, f"replaced by draft {event.number}")
            return replace(incident, draft=draft, drafts=event.number, past_drafts=past)
        case e.DraftDiscarded():
            return replace(incident, draft=None, past_drafts=past_draft(incident, "discarded"))
        case e.Published():
            return published(incident, event, recorded, by)
        case e.Corrected():
            updates = each_update(
                incident,
                event.number,
                lambda update: replace(
                    update,
                    text=event.text,
                    wording=event.wording,
                    corrected_at=recorded.at,
                    promised_at=event.promised_at,
                ),
            )
            moved = event.promised_at != incident.promised_at
            return replace(
                incident,
                updates=updates,
                promises=missed(incident, recorded) if moved else incident.promises,
            )
        case e.UpdateWithdrawn():
            return replace(
                incident,
                updates=each_update(
                    incident,
                    event.number,
                    lambda update: replace(update, withdrawn=event.why, withdrawn_at=recorded.at),
                ),
            )
        case e.AudiencesSet():
            return audiences_set(incident, event)
        case e.RemindersSnoozed():
            return snoozed(incident, event, recorded, by)
        case e.Resolved():
            return replace(well_again(incident, recorded.at), phase=Phase.RESOLVED, fixed=event.fixed)
        case e.RelapseSeen():
            return open_again(incident, recorded.at)
        case e.Reopened():
            before = reopening(incident, recorded.at, event.why)
            after = replace(open_again(incident, recorded.at), opened_after=len(incident.updates))
            return replace(after, reopenings=(*incident.reopenings, before))
        case e.Closed():
            return replace(
                well_again(incident, recorded.at),
                promises=missed(incident, recorded),
                phase=Phase.CLOSED,
                closed_at=recorded.at,
                # The clock that ends a drill is nobody.
                closed_by=recorded.by,
                closing=event,
            )
        case e.Asked():
            key = f"prompt/{event.ask}-{event.number}"
            asked = replace(incident, prompts=with_(incident.prompts, key, Prompt(key, event, recorded.at)))
            # Who is asked for a call is brought in, a tie-breaker too whom nobody has called yet.
            called_in = event.to if event.ask in CALLED_IN else ()
            return replace(asked, people=reduce(with_person, called_in, incident.people))
        case e.Settled():
            prompt = replace(incident.prompts[event.prompt], settled=event.how)
            return replace(incident, prompts=with_(incident.prompts, event.prompt, prompt))
        case e.ChannelOpened():
            return replace(incident, channel=event.channel, crowding=event.crowding)
        case e.ChannelGone():
            return replace(incident, channel=None)
        case e.ChannelLocked():
            return replace(incident, locked=True)
        case e.DeliveryNoted():
            return delivery_noted(incident, event, recorded)
        case e.RightMissing():
            return replace(incident, missing_rights=(*incident.missing_rights, event.right))
        case e.RightGiven():
            return replace(incident, missing_rights=tuple(one for one in incident.missing_rights if one != event.right))
        case e.Remade():
            return replace(incident, remade=(*incident.remade, event.what))
        case (
            e.FollowUpAdded()
            | e.FollowUpMoved()
            | e.FollowUpEnded()
            | e.Debriefed()
            | e.EntryHidden()
            | e.EvidenceGiven()
        ) | (e.PostmortemAssigned() | e.PostmortemDrafted() | e.PostmortemPublished() | e.PostmortemWaived()):
            return aftermath.after(incident, event, recorded, by)
        case e.Injected():
            played = Played(event.number, event.says, event.words, recorded.at)
            return replace(incident, injected=(*incident.injected, played))
        case e.PageTried():
            return replace(incident, tries=(*incident.tries, event))
        case e.PageAnswered() | e.PageUnanswered() | e.Widened():
            return incident
        case e.AlertNoted():
            state = AlertState(event.title, event.firing, event.since)
            return replace(incident, alerts=with_(incident.alerts, event.number, state))
        case (
            e.Declared()
            # The house's own.
            | (e.AlertsBegun() | e.AlertFired() | e.AlertCleared() | e.AlertsLinked() | e.AlertsOver())
            | e.Noted()
            | e.DecisionMarked()
            | e.Told()
            | e.Heard()
            | e.Refused()
            | e.Arrived()
            | e.DigestPosted()
            | e.OnCallTold()
            | e.DrillsTold()
            | e.CoverEnded()
        ):
            return incident
        case _:
            assert_never(event)
