"""From one event to the next state: pure, total, and the only way an incident changes.

`replay` folds a whole stream; a live incident and a replayed one are equal, which every test asserts after every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import TypeVar, assert_never

from core.incident import called, letters
from core.incident.commands import AskSameOrNew, SettleSameOrNew
from core.incident.events import (
    Arrived,
    Ask,
    Asked,
    BackupNamed,
    ChangeRecorded,
    ChannelGone,
    ChannelLocked,
    ChannelOpened,
    Closed,
    Corrected,
    DecisionMarked,
    DecisionPointAnswered,
    DecisionPointMoved,
    DecisionPointSet,
    DecisionPointUnanswered,
    DecisionPointWithdrawn,
    Declared,
    DeliveryNoted,
    DraftDiscarded,
    Drafted,
    EntryAmended,
    EntrySeconded,
    EntryUnseconded,
    EntryWithdrawn,
    FrozenChanges,
    Heard,
    How,
    ImpactSet,
    ItemAdded,
    ItemEnded,
    ItemGrabbed,
    ItemLetGo,
    Joined,
    Left,
    Noted,
    Nudged,
    Objected,
    PathChosen,
    PhaseSet,
    Published,
    Recorded,
    Refused,
    RelapseSeen,
    Remade,
    Reopened,
    Resolved,
    RightGiven,
    RightMissing,
    RoleTaken,
    RoleVacated,
    Settled,
    SeveritySet,
    SignalNamed,
    SignalSeen,
    SourceDeleted,
    SourceEdited,
    ThresholdMet,
    ThresholdUnmet,
    TieBroken,
    Told,
    UnfrozenChanges,
    UpdateWithdrawn,
)
from core.incident.state import (
    AMENDED,
    Change,
    Delivery,
    DraftInHand,
    Entry,
    Freeze,
    Holding,
    Incident,
    Item,
    Passed,
    Promises,
    Prompt,
    Reopening,
    Update,
)
from core.incident.timeline import entry
from core.incident.vocabulary import Person, Phase, Role

OUTSIDE = (AskSameOrNew.__name__, SettleSameOrNew.__name__)
"""Acts that are recorded here without making whoever did them one of the incident's people."""

K = TypeVar("K")
V = TypeVar("V")


def begin(recorded: Recorded) -> Incident:
    """The incident that a `Declared` begins. Raises `ValueError` for a stream that begins with anything else."""
    event = recorded.event
    if not isinstance(event, Declared) or recorded.by is None:
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
        message=event.message,
        reported_by=event.reported_by,
        service=event.service,
        vacant_since=recorded.at,
    )
    first = entry(incident, recorded)
    return replace(
        incident,
        entries=(first,) if first else (),
        people=(recorded.by,),
        present=(recorded.by,),
        version=recorded.version,
        changed_at=recorded.at,
    )


def replay(records: Iterable[Recorded]) -> Incident | None:
    """The incident that a stream tells of; `None` for an empty one."""
    incident: Incident | None = None
    for recorded in records:
        incident = begin(recorded) if incident is None else evolve(incident, recorded)
    return incident


def evolve(incident: Incident, recorded: Recorded) -> Incident:
    """The incident after one more event."""
    new = entry(incident, recorded)
    after = _evolve(incident, recorded)
    people, present, gone = after.people, after.present, after.gone
    if (
        recorded.by is not None
        and not isinstance(recorded.event, Refused | SourceEdited | SourceDeleted | Left)
        and recorded.about not in OUTSIDE
    ):
        people, present = with_person(people, recorded.by), with_person(present, recorded.by)
        gone = without(gone, recorded.by)
    return replace(
        after,
        entries=(*after.entries, new) if new else after.entries,
        people=people,
        present=present,
        gone=gone,
        version=recorded.version,
        changed_at=recorded.at,
        letters=letters.after(incident.letters, recorded),
    )


def with_person(people: tuple[Person, ...], person: Person) -> tuple[Person, ...]:
    return people if any(known.is_(person) for known in people) else (*people, person)


def without(people: tuple[Person, ...], who: Person) -> tuple[Person, ...]:
    return tuple(known for known in people if not known.is_(who))


def _with(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    return {**mapping, key: value}


def _take_role(incident: Incident, event: RoleTaken, recorded: Recorded) -> Incident:
    role, who, how = event.role, event.who, event.how
    before = incident.holding(role)
    # A backup who takes the role leaves its own place empty; any other backup stays.
    backup = None if before.backup is not None and before.backup.is_(who) else before.backup
    passed = before.holder is not None and not before.holder.is_(who)
    aloud = how in (How.ASSIGNED, How.TOOK_OVER, How.AMONG)
    told = Passed(len(incident.passed) + 1, role, who, how, before.holder, recorded.by, event.others)
    after = replace(
        incident,
        roles=_with(incident.roles, role, Holding(who, backup, recorded.at)),
        passed=(*incident.passed, told) if aloud else incident.passed,
        people=with_person(incident.people, who),
        handoffs=incident.handoffs + (passed and how in (How.HANDED_OFF, How.TOOK_OVER)),
    )
    if role is Role.IC:
        after = replace(after, commanded_at=after.commanded_at or recorded.at, vacant_since=None)
    return after


def _vacate(incident: Incident, role: Role, recorded: Recorded) -> Incident:
    roles = _with(incident.roles, role, Holding())
    after = replace(incident, roles=roles)
    if role is not Role.IC:
        return after
    return replace(after, vacant_since=recorded.at, vacant_after=incident.next_number(Ask.COMMANDER) - 1)


def _left(incident: Incident, who: Person) -> Incident:
    """Whoever left is nobody's backup; their roles and items are other events."""
    roles = {
        role: replace(holding, backup=None) if who.is_(holding.backup) else holding
        for role, holding in incident.roles.items()
    }
    return replace(incident, roles=roles, present=without(incident.present, who), gone=with_person(incident.gone, who))


def _item(incident: Incident, item: Item) -> Incident:
    return replace(incident, items=_with(incident.items, item.key, item))


def _past_draft(incident: Incident, how: str) -> Mapping[int, str]:
    return _with(incident.past_drafts, incident.draft.number, how) if incident.draft else incident.past_drafts


def _published(incident: Incident, event: Published, recorded: Recorded, by: Person) -> Incident:
    due, kept = incident.promised_at, incident.promises
    if due is not None:
        # Both are read to the minute: "[10:17 UTC]" keeps "Next update 10:17 UTC".
        on_time = recorded.at.replace(second=0, microsecond=0) <= due
        kept = Promises(kept.kept + on_time, kept.broken + (not on_time))
    sent = event.draft is not None
    source = incident.draft.message if sent and incident.draft else None
    update = Update(event.number, event.text, event.wording, recorded.at, by, event.promised_at, message=source)
    return replace(
        incident,
        updates=(*incident.updates, update),
        promises=kept,
        headline=event.wording.headline or incident.headline,
        draft=None if sent else incident.draft,
        past_drafts=_past_draft(incident, f"published as update {event.number}") if sent else incident.past_drafts,
    )


def _missed(incident: Incident, recorded: Recorded) -> Promises:
    """The promises, with the one that stands counted as broken when its minute is over and nothing came."""
    due, said = incident.promised_at, incident.promises
    late = due is not None and recorded.at.replace(second=0, microsecond=0) > due
    return Promises(said.kept, said.broken + late)


def _update(incident: Incident, number: int, change: Callable[[Update], Update]) -> tuple[Update, ...]:
    return tuple(change(update) if update.number == number else update for update in incident.updates)


def _entry(incident: Incident, wanted: object, change: Callable[[Entry], Entry]) -> tuple[Entry, ...]:
    """The entries with those changed whose number or captured message is `wanted`."""
    return tuple(change(one) if wanted in (one.number, one.message) else one for one in incident.entries)


def _source_edited(incident: Incident, event: SourceEdited) -> Incident:
    """What was captured follows its message; a decision keeps its words, and so does what was taken off the record."""
    if event.kept:
        return incident
    edited = [one for one in incident.entries if one.message == event.message and not one.withdrawn]
    texts = {one.item: event.text for one in edited}
    items = {key: replace(item, text=texts.get(key, item.text)) for key, item in incident.items.items()}
    return replace(
        incident, items=items, entries=_entry(incident, event.message, lambda one: _reworded(one, event.text))
    )


def _reworded(one: Entry, text: str) -> Entry:
    match one.kind:
        case "decision_marked":
            return one if one.withdrawn else replace(one, note="later edited")
        case "noted":
            return one if one.withdrawn else replace(one, text=text, note="edited")
        case "item_added":
            head, colon, _ = one.text.partition(": ")
            return replace(one, text=f"{head}{colon}{text}", note="edited")
        case _:
            return one


def _unseconded(one: Entry, who: Person) -> Entry:
    """The entry without one of those who marked it."""
    marked = [person for person in (one.marked_by, *one.also) if person is not None and not person.is_(who)]
    return replace(one, marked_by=marked[0], also=tuple(marked[1:]))


def _well_again(incident: Incident, at: datetime) -> Incident:
    """Users are served since the first that said so."""
    if incident.resolved_at is not None:
        return incident
    return replace(incident, resolved_at=at, resolved_after=len(incident.updates))


def _open_again(incident: Incident, at: datetime) -> Incident:
    return replace(
        incident,
        phase=Phase.INVESTIGATING,
        begun_at=at,
        begun_after=len(incident.updates),
        resolved_at=None,
        fixed="",
        closed_at=None,
        closed_by=None,
        closing=None,
        locked=False,
    )


def _evolve(incident: Incident, recorded: Recorded) -> Incident:
    event, by = recorded.event, recorded.by or incident.declared_by
    match event:
        case Joined():
            return replace(incident, people=with_person(incident.people, event.who))
        case SeveritySet():
            return replace(incident, severity=event.severity, response=event.response, paced_at=recorded.at)
        case PhaseSet():
            return replace(incident, phase=event.phase)
        case ImpactSet():
            return replace(incident, impact=event.text, impact_after=len(incident.updates))
        case ChangeRecorded():
            # Somebody may remember an older one later.
            newer = incident.change is None or event.made_at >= incident.change.at
            return replace(incident, change=Change(event.what, event.made_at, by)) if newer else incident
        case EntryAmended():
            return replace(
                incident, entries=_entry(incident, event.entry, lambda one: replace(one, text=event.text, note=AMENDED))
            )
        case EntryWithdrawn():
            return replace(incident, entries=_entry(incident, event.entry, lambda one: replace(one, withdrawn=True)))
        case EntrySeconded():
            return replace(
                incident, entries=_entry(incident, event.entry, lambda one: replace(one, also=(*one.also, by)))
            )
        case EntryUnseconded():
            return replace(incident, entries=_entry(incident, event.entry, lambda one: _unseconded(one, by)))
        case SourceEdited():
            return _source_edited(incident, event)
        case SourceDeleted():
            return replace(
                incident,
                entries=_entry(incident, event.message, lambda one: replace(one, note="its message was deleted")),
            )
        case RoleTaken():
            return _take_role(incident, event, recorded)
        case RoleVacated():
            return _vacate(incident, event.role, recorded)
        case BackupNamed():
            roles = _with(incident.roles, event.role, replace(incident.holding(event.role), backup=event.who))
            return replace(incident, roles=roles, people=with_person(incident.people, event.who))
        case ItemAdded():
            item = Item(event.key, event.item, event.text, event.said_by, event.message, event.parent, event.path)
            return replace(incident, items=_with(incident.items, event.key, item))
        case ItemGrabbed():
            return replace(
                _item(incident, replace(incident.items[event.key], holder=event.who)),
                people=with_person(incident.people, event.who),
            )
        case ItemLetGo():
            return _item(incident, replace(incident.items[event.key], holder=None))
        case ItemEnded():
            ended = replace(incident.items[event.key], status=event.status, result=event.result, ended_by=by)
            return _item(incident, ended)
        case (
            (DecisionPointSet() | DecisionPointMoved() | DecisionPointWithdrawn() | DecisionPointAnswered())
            | (DecisionPointUnanswered() | ThresholdMet() | ThresholdUnmet() | SignalNamed() | SignalSeen())
            | (Objected() | TieBroken() | PathChosen() | Nudged())
        ):
            return called.after(incident, event, recorded, by)
        case Left():
            return _left(incident, by)
        case FrozenChanges():
            return replace(incident, frozen=Freeze(by, recorded.at, event.why))
        case UnfrozenChanges():
            return replace(incident, frozen=None)
        case Drafted():
            draft = DraftInHand(event.number, event.wording, by, recorded.at, event.message)
            past = _past_draft(incident, f"replaced by draft {event.number}")
            return replace(incident, draft=draft, drafts=event.number, past_drafts=past)
        case DraftDiscarded():
            return replace(incident, draft=None, past_drafts=_past_draft(incident, "discarded"))
        case Published():
            return _published(incident, event, recorded, by)
        case Corrected():
            updates = _update(
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
                headline=event.wording.headline or incident.headline,
                promises=_missed(incident, recorded) if moved else incident.promises,
            )
        case UpdateWithdrawn():
            return replace(
                incident, updates=_update(incident, event.number, lambda update: replace(update, withdrawn=event.why))
            )
        case Resolved():
            return replace(_well_again(incident, recorded.at), phase=Phase.RESOLVED, fixed=event.fixed)
        case RelapseSeen():
            return _open_again(incident, recorded.at)
        case Reopened():
            before = Reopening(incident.closed_at or recorded.at, recorded.at, event.why)
            after = replace(_open_again(incident, recorded.at), opened_after=len(incident.updates))
            return replace(after, reopenings=(*incident.reopenings, before))
        case Closed():
            return replace(
                _well_again(incident, recorded.at),
                promises=_missed(incident, recorded),
                phase=Phase.CLOSED,
                closed_at=recorded.at,
                closed_by=by,
                closing=event,
            )
        case Asked():
            key = f"prompt/{event.ask}-{event.number}"
            asked = replace(incident, prompts=_with(incident.prompts, key, Prompt(key, event, recorded.at)))
            # Who is asked for a call is brought in, a tie-breaker too whom nobody has called yet.
            called_in = event.to if event.ask in (Ask.DECISION, Ask.RULE, Ask.OBJECTION, Ask.WORKED) else ()
            return replace(asked, people=reduce(with_person, called_in, incident.people))
        case Settled():
            prompt = replace(incident.prompts[event.prompt], settled=event.how)
            return replace(incident, prompts=_with(incident.prompts, event.prompt, prompt))
        case ChannelOpened():
            return replace(incident, channel=event.channel, crowding=event.crowding)
        case ChannelGone():
            return replace(incident, channel=None)
        case ChannelLocked():
            return replace(incident, locked=True)
        case DeliveryNoted():
            others = tuple(one for one in incident.deliveries if (one.card, one.channel) != (event.card, event.channel))
            late = Delivery(event.card, event.channel, event.state, event.reason)
            return replace(incident, deliveries=others if event.state == "delivered" else (*others, late))
        case RightMissing():
            return replace(incident, missing_rights=(*incident.missing_rights, event.right))
        case RightGiven():
            return replace(incident, missing_rights=tuple(one for one in incident.missing_rights if one != event.right))
        case Remade():
            return replace(incident, remade=(*incident.remade, event.what))
        case Declared() | Noted() | DecisionMarked() | Told() | Heard() | Refused() | Arrived():
            return incident
        case _:
            assert_never(event)
