"""How each event reads on the timeline: `words` gives its line, or nothing for what is no news.

Rule: a line is a whole sentence without its subject; whose act it is stands beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from core.incident import deliveries
from core.incident.document import utc
from core.incident.events import (
    AlertNoted,
    Ask,
    Asked,
    AudiencesSet,
    BackupNamed,
    ChangeRecorded,
    ChannelGone,
    ChannelLocked,
    ChannelOpened,
    Closed,
    CloseKind,
    Corrected,
    CoverBegun,
    Debriefed,
    DecisionMarked,
    DecisionPointAnswered,
    DecisionPointMoved,
    DecisionPointSet,
    DecisionPointUnanswered,
    DecisionPointWithdrawn,
    Declared,
    DeliveryNoted,
    Event,
    FollowUpAdded,
    FollowUpEnded,
    FollowUpMoved,
    FrozenChanges,
    How,
    ImpactSet,
    Injected,
    ItemAdded,
    ItemEnded,
    ItemGrabbed,
    ItemLetGo,
    Joined,
    Left,
    Noted,
    Objected,
    PageAnswered,
    PageTried,
    PageUnanswered,
    PathChosen,
    PhaseSet,
    PostmortemAssigned,
    PostmortemPublished,
    PostmortemWaived,
    Published,
    PutOut,
    Recorded,
    RelapseSeen,
    Remade,
    RemindersSnoozed,
    Reopened,
    Resolved,
    RightGiven,
    RightMissing,
    RoleTaken,
    RoleVacated,
    RunbookShown,
    SeveritySet,
    SignalNamed,
    SignalSeen,
    ThresholdMet,
    ThresholdUnmet,
    TieBroken,
    UnfrozenChanges,
    UpdateWithdrawn,
    Widened,
)
from core.incident.state import Entry, Incident
from core.incident.vocabulary import ItemKind, ItemStatus, MessageRef, Path, Person
from core.incident.workdays import day_words

PATH_WORDS = {
    Path.ROLLBACK: "roll back",
    Path.FIX: "ship a fix",
    Path.PAUSE: "hold five minutes",
    Path.DIG: "keep digging",
}


def _why(why: str) -> str:
    return f": {why}" if why else ""


def _who(who: Person, by: Person | None) -> str:
    """The person, unless it is whose line this is."""
    return "" if who.is_(by) else f"{who.name} "


def _role_taken(event: RoleTaken, by: Person | None) -> str:
    who = _who(event.who, by)
    if event.how is How.AMONG:
        names = ", ".join(person.name for person in event.others)
        return f"{who}is {event.role.title} ({event.how}, as did {names})"
    if event.how in (How.DECLARED, How.PRIVATELY, How.CLAIMED):
        return f"{who}is {event.role.title} ({event.how})"
    giver = f" from {event.before.name}" if event.before else ""
    doer = f" by {by.name}" if event.how is How.ASSIGNED and by else ""
    return f"{who}is {event.role.title} ({event.how}{giver}{doer})"


def _path_chosen(incident: Incident, event: PathChosen) -> str:
    notes = [event.item] if event.item else []
    if event.point:
        notes.append(f"decides {event.point}: {incident.points[event.point].condition}")
    if event.unsafe:
        notes.append("why rolling back is unsafe")
    return f"path: {PATH_WORDS[event.path]}{_why(event.why)}" + (f" ({'; '.join(notes)})" if notes else "")


def _audiences_set(incident: Incident, event: AudiencesSet) -> str:
    """Which rooms came, and which went; nothing where only what stands around an update changed."""
    before = {(one.name, room) for one in incident.audiences for room in one.rooms}
    after = {(one.name, room) for one in event.audiences for room in one.rooms}
    changes = [f"{name} also in {room}" for name, room in sorted(after - before, key=str)]
    changes += [f"{name} no longer in {room}" for name, room in sorted(before - after, key=str)]
    return f"updates go to other rooms now: {'; '.join(changes)}" if changes else ""


def _undeliverable(incident: Incident, event: DeliveryNoted) -> str:
    mirrors = [mirror for update in incident.updates for mirror in update.mirrors]
    where = deliveries.place_name(mirrors, event.channel)
    return f"{event.card.replace('/', ' ')} cannot be delivered to {where}{_why(event.reason)}"


def corrected_close(incident: Incident) -> str:
    """What the close's line was corrected to say; empty while it says what the commander said."""
    closing = incident.closing
    line = next((one for one in reversed(incident.entries) if one.kind == "closed"), None)
    return "" if closing is None or line is None or line.text == closed_words(closing) else line.text


def closed_words(event: Closed) -> str:
    match event.how:
        case CloseKind.FALSE_ALARM:
            return f"closed as a false alarm: {event.cause}"
        case CloseKind.DUPLICATE:
            return f"closed as a duplicate of incident {event.of}"
        case CloseKind.DRILL:
            return "closed: the drill's time was over"
        case CloseKind.DECLARED:
            return f"closed. Cause: {event.cause}. Fixed by: {event.fixed}. Next: {event.next}"
        case _:
            assert_never(event.how)


def _by(event: FollowUpAdded) -> str:
    return f"{event.priority}, due {day_words(event.due)}"


def _ended(event: ItemEnded, item_text: str) -> str:
    word = {ItemStatus.CONFIRMED: "confirmed", ItemStatus.RULED_OUT: "ruled out"}.get(event.status, str(event.status))
    return f"{event.key} {word}: {item_text}" + (f" ({event.result})" if event.result else "")


def _words(incident: Incident, event: Event, by: Person | None) -> str:
    match event:
        case Declared():
            reported = f", reported by {event.reported_by.name}" if event.reported_by else ""
            return f"declared {event.severity.upper()}: {event.title}{reported}"
        case AlertNoted():
            return f"alert {event.title} {'fires again' if event.firing else 'has cleared'} ({event.count})"
        case Left():
            return "left the channel"
        case Joined(invited=True):
            return f"{event.who.name} was invited"
        case PutOut():
            return f"{event.who.name} was put out"
        case Joined(again=True):
            return f"{event.who.name} declared the same and joined"
        case SeveritySet():
            return f"severity is {event.severity.upper()}"
        case PhaseSet():
            return f"{event.phase}{_why(event.why)}"
        case ImpactSet():
            return f"impact: {event.text}"
        case Injected():
            return f"{event.says} says: {event.words}"
        case Noted():
            return event.text
        case DecisionMarked():
            return f"decision: {event.text}"
        case ChangeRecorded():
            return f"latest change: {event.what} at {utc(event.made_at)}"
        case RoleTaken():
            return _role_taken(event, by)
        case RoleVacated():
            return f"{_who(event.who, by)}is no longer {event.role.title} ({event.how})"
        case BackupNamed():
            return f"{event.who.name} is backup {event.role.title}"
        case RunbookShown():
            return f"looked into the runbook {event.name}" + (f": {event.shown.heading}" if event.shown else "")
        case CoverBegun():
            return f"{event.by.name} takes {event.who.name}'s pages until {utc(event.until)}"
        case Asked(ask=Ask.SHIFT) if event.by is not None:
            return f"{event.to[0].name} is on call no more, {event.by.name} is: offered to hand over"
        case ItemAdded(item=ItemKind.RECOVERY):
            return ""
        case ItemAdded():
            return f"{event.key} {event.item}: {event.text}"
        case ItemGrabbed():
            return f"{_who(event.who, by)}is on {event.key}"
        case ItemLetGo():
            return (
                f"let go of {event.key}" if event.who.is_(by) else f"{event.key} taken out of {event.who.name}'s hands"
            )
        case ItemEnded():
            return _ended(event, incident.items[event.key].text)
        case PathChosen():
            return _path_chosen(incident, event)
        case DecisionPointSet():
            return f"{event.key} to be decided by {utc(event.at)}: {event.condition}"
        case DecisionPointMoved():
            return f"{event.key} moved to {utc(event.at)}: {incident.points[event.key].condition}"
        case DecisionPointWithdrawn():
            return f"{event.key} withdrawn{_why(event.why)}"
        case DecisionPointAnswered():
            return f"{event.key} decided: {PATH_WORDS[event.path]}, as is under way"
        case DecisionPointUnanswered():
            return f"{event.key} is undecided: nobody who was asked has answered"
        case ThresholdMet():
            return f"threshold {event.number} is met: {event.text}"
        case ThresholdUnmet():
            return f"threshold {event.number} is not met after all: {event.text}"
        case SignalNamed():
            return f"{event.who.name} watches until {utc(event.until)} whether {event.item} worked: {event.signal}"
        case SignalSeen():
            return f"{event.item} worked" + (f": {incident.signal.text}" if incident.signal else "")
        case Objected():
            return f"objects to “{incident.entries[event.entry - 1].text}”: {event.why}"
        case TieBroken():
            how = (
                "overturned"
                if event.overturned
                else "it stands"
                if by
                else "no answer from the tie-breaker, so it stands"
            )
            return f"“{incident.entries[event.entry - 1].text}”: {how}"
        case Asked(ask=Ask.RULE):
            return f"rolling back first is the rule: {event.title} came within an hour before it began"
        case Asked(ask=Ask.PAGE):
            return f"paged {', '.join(person.name for person in event.to)}{_why(event.why)}"
        case PageTried():
            return f"called {event.to.name} by {event.via}{'' if event.sent else f', which failed: {event.why}'}"
        case PageAnswered():
            return "answered the page"
        case PageUnanswered():
            return f"no answer to the page from {', '.join(person.name for person in event.who)}"
        case Widened():
            return f"the circle is widened: {event.ring.words}"
        case FrozenChanges():
            return f"changes frozen{_why(event.why)}"
        case UnfrozenChanges():
            return f"freeze lifted{_why(event.why)}"
        case Published():
            return f"update {event.number} published: {event.text}"
        case Corrected():
            return f"update {event.number} corrected: {event.text}"
        case UpdateWithdrawn():
            return f"update {event.number} withdrawn: {event.why}"
        case AudiencesSet():
            return _audiences_set(incident, event)
        case RemindersSnoozed():
            return f"reminders of the update due {utc(event.due)} put off until {utc(event.until)}"
        case Resolved():
            return f"resolved{_why(event.fixed)}"
        case RelapseSeen():
            return f"it came back{_why(event.why)}"
        case Closed():
            return closed_words(event)
        case FollowUpAdded():
            over = f", carried over from {event.item}" if event.item else ""
            return f"follow-up F{event.number} for {event.owner.name}: {event.text} ({_by(event)}){over}"
        case FollowUpMoved():
            return f"F{event.number} is {event.owner.name}'s, due {day_words(event.due)}{_why(event.why)}"
        case FollowUpEnded():
            return f"F{event.number} {'done' if event.done else 'dropped'}{_why(event.why)}"
        case PostmortemAssigned():
            return f"{event.owner.name} writes the postmortem by {day_words(event.due)}"
        case PostmortemPublished():
            return f"the postmortem is out{_why(event.where)}"
        case PostmortemWaived():
            return f"there will be no postmortem{_why(event.why)}"
        case Debriefed():
            return f"debrief: {event.change}"
        case Reopened():
            return f"reopened: {event.why}"
        case ChannelOpened():
            return "the channel is open" if incident.channel is None else "the channel was made again"
        case ChannelGone():
            return "the channel is gone"
        case ChannelLocked():
            return "the channel is read-only"
        case DeliveryNoted(state="impossible"):
            return _undeliverable(incident, event)
        case RightMissing():
            return f"Tocsin lacks a right: {event.right}"
        case Remade():
            return f"{event.what} was deleted, and made again"
        case RightGiven():
            return f"Tocsin has the right again: {event.right}"
        case _:
            return ""


def entry(incident: Incident, recorded: Recorded) -> Entry | None:
    """The event's line on the timeline, given the incident just before it; `None` for what is no news."""
    event = recorded.event
    text = _words(incident, event, recorded.by)
    if not text:
        return None
    number = len(incident.entries) + 1
    at: datetime = recorded.at
    by, message = recorded.by, None
    if isinstance(event, Noted | DecisionMarked):
        at, by, message = event.said_at, event.said_by, event.message
    elif isinstance(event, ItemAdded):
        by, message = event.said_by, event.message
    return Entry(
        number,
        at,
        text,
        by,
        recorded.by,
        event.kind,
        message or _typed_in(recorded),
        version=recorded.version,
        item=_about(event),
        put_at=recorded.at,
    )


def _about(event: Event) -> str:
    """The key of the item that it is about."""
    match event:
        case ItemAdded() | ItemGrabbed() | ItemLetGo() | ItemEnded():
            return event.key
        case PathChosen() | SignalNamed() | SignalSeen() | FollowUpAdded():
            return event.item
        case _:
            return ""


def _typed_in(recorded: Recorded) -> MessageRef | None:
    """The message that somebody typed the command in: its entry is marked when that is deleted."""
    origin = recorded.origin
    return origin.message if origin is not None and origin.kind in ("typed", "edited") else None
