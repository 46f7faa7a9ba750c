"""What comes after the close, and what was written in items' threads."""

from __future__ import annotations

from dataclasses import replace

from core.incident.events import (
    Debriefed,
    EntryHidden,
    EvidenceGiven,
    FollowUpAdded,
    FollowUpEnded,
    FollowUpMoved,
    PostmortemAssigned,
    PostmortemDrafted,
    PostmortemPublished,
    PostmortemWaived,
    Recorded,
)
from core.incident.evolve.grown import with_, with_person
from core.incident.evolve.record import each_entry
from core.incident.parts import DONE, DROPPED
from core.incident.state import Evidence, FollowUp, Incident, Lesson, Postmortem
from core.incident.vocabulary import ItemStatus, Person

After = (
    (FollowUpAdded | FollowUpMoved | FollowUpEnded | Debriefed | EntryHidden | EvidenceGiven)
    | (PostmortemAssigned | PostmortemDrafted | PostmortemPublished | PostmortemWaived)
)  # fmt: skip


def after(incident: Incident, event: After, recorded: Recorded, by: Person) -> Incident:
    match event:
        case FollowUpAdded():
            return _added(incident, event, recorded, by)
        case FollowUpMoved():
            one = replace(incident.follow_ups[event.number], owner=event.owner, due=event.due)
            return _owed(replace(incident, people=with_person(incident.people, event.owner)), one)
        case FollowUpEnded():
            over = DONE if event.done else DROPPED
            return _owed(incident, replace(incident.follow_ups[event.number], over=over, why=event.why))
        case Debriefed():
            return replace(incident, lesson=Lesson(event.change, by, incident.number))
        case EntryHidden():
            hidden = each_entry(incident, event.entry, lambda one: replace(one, hidden=event.hidden))
            return replace(incident, entries=hidden)
        case EvidenceGiven():
            given = Evidence(event.item, event.text, event.said_by, event.said_at)
            return replace(incident, evidence=with_(incident.evidence, event.message, given))
        case _:
            return _postmortem(incident, event, recorded)


def _added(incident: Incident, event: FollowUpAdded, recorded: Recorded, by: Person) -> Incident:
    one = FollowUp(event.number, event.text, event.owner, event.due, event.priority, recorded.at, event.item)
    incident = replace(incident, people=with_person(incident.people, event.owner))
    if event.item:
        item = replace(incident.items[event.item], status=ItemStatus.CARRIED, result=f"F{event.number}", ended_by=by)
        incident = replace(incident, items=with_(incident.items, item.key, item))
    return _owed(incident, one)


def _owed(incident: Incident, one: FollowUp) -> Incident:
    return replace(incident, follow_ups=with_(incident.follow_ups, one.number, one))


def _postmortem(
    incident: Incident,
    event: PostmortemAssigned | PostmortemDrafted | PostmortemPublished | PostmortemWaived,
    recorded: Recorded,
) -> Incident:
    duty = incident.postmortem
    if isinstance(event, PostmortemAssigned):
        drafts = duty.drafts if duty else ()
        people = with_person(incident.people, event.owner)
        return replace(incident, people=people, postmortem=Postmortem(event.owner, event.due, drafts))
    assert duty is not None, "a postmortem is assigned before anything becomes of it"
    if isinstance(event, PostmortemDrafted):
        after = replace(duty, drafts=(*duty.drafts, recorded.at))
    elif isinstance(event, PostmortemPublished):
        after = replace(duty, published_at=recorded.at, where=event.where, waived="")
    else:
        after = replace(duty, waived=event.why)
    return replace(incident, postmortem=after)
