"""The record: notes, observations, impact, changes, and how an entry is corrected without losing what it said."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

from core.incident import refusals
from core.incident.commands import (
    AddNote,
    Amend,
    DeleteSource,
    EditSource,
    GiveEvidence,
    HideEntry,
    RecordChange,
    SetImpact,
    WithdrawEntry,
)
from core.incident.decide.act import Act, Events
from core.incident.decide.thresholds import say_the_rule
from core.incident.events import (
    Ask,
    ChangeRecorded,
    Drafted,
    EntryAmended,
    EntryHidden,
    EntrySeconded,
    EntryUnseconded,
    EntryWithdrawn,
    EvidenceGiven,
    ImpactSet,
    Noted,
    Settled,
    SourceDeleted,
    SourceEdited,
)
from core.incident.state import AMENDED, RETIMED, Change, Entry, Incident
from core.incident.vocabulary import MessageRef, Role

_TIME = re.compile(r"[0-9]{1,2}[:.][0-9]{2}(?: ?(?:utc|z))?", re.IGNORECASE)


def set_impact(incident: Incident, command: SetImpact) -> Events:
    return () if command.text == incident.impact else (ImpactSet(text=command.text),)


def add_note(incident: Incident, command: AddNote, act: Act) -> Events:
    quote = command.quote
    if quote is None:
        return (Noted(text=command.text, said_by=act.person, said_at=act.at),)
    standing = seconded(incident, quote.message, "noted", act)
    if standing is not None:
        return standing
    return (Noted(text=command.text, said_by=quote.by, said_at=quote.at, message=quote.message),)


def noted(incident: Incident, words: str, act: Act) -> Events:
    """Words that came with an act which changed nothing: they go on the timeline, so that none is acknowledged and lost."""
    # As a note, or as the reason that a change was given: `phase identified: tax rounding`.
    theirs = (one.text for one in incident.entries if act.person.is_(one.by))
    known = any(text == words or text.endswith(f": {words}") for text in theirs)
    return () if known or not words else (Noted(text=words, said_by=act.person, said_at=act.at),)


def record_change(incident: Incident, command: RecordChange, act: Act) -> Events:
    made_at = command.at or act.at
    latest = incident.change
    if latest is not None and (latest.what, latest.at) == (command.what, made_at):
        return ()
    newest = latest is None or made_at >= latest.at
    change = Change(command.what, made_at, act.person) if newest else latest
    return (ChangeRecorded(what=command.what, made_at=made_at), *say_the_rule(incident, change, list(incident.met)))


def seconded(incident: Incident, message: MessageRef, kind: str, act: Act) -> Events | None:
    """Another mark on a message whose entry of this kind stands already; `None` when there is no such entry."""
    for entry in _captured(incident, message):
        if entry.kind == kind and not entry.withdrawn:
            known = any(act.person.is_(one) for one in (entry.marked_by, *entry.also))
            return () if known else (EntrySeconded(entry=entry.number),)
    return None


def _captured(incident: Incident, message: MessageRef) -> tuple[Entry, ...]:
    return tuple(entry for entry in incident.entries if entry.message == message)


def amend(incident: Incident, command: Amend, act: Act) -> Events:
    """The scribe, the commander and the author of an entry may correct it."""
    if not 1 <= command.entry <= len(incident.entries):
        raise refusals.no_such_entry(command.entry, len(incident.entries))
    entry = incident.entries[command.entry - 1]
    _may_correct(incident, entry, act, "correct that entry")
    # A time alone is never what an entry said.
    if command.at is None and (not command.text or _TIME.fullmatch(command.text)):
        raise refusals.amend_needs(entry.number)
    text, at = command.text or entry.text, _meant(command.at, entry.at)
    if at > max(act.now, entry.at):
        raise refusals.still_to_come(entry.number, at)
    if (text, at) == (entry.text, entry.at):
        return ()
    return (EntryAmended(entry=entry.number, text=text, at=None if at == entry.at else at),)


def _meant(at: datetime | time | None, was: datetime) -> datetime:
    """A clock time is the one nearest to the entry's: timelines are put in order on the days after."""
    if not isinstance(at, time):
        return at or was
    days = (was.astimezone(at.tzinfo).date() + timedelta(days=days) for days in (-1, 0, 1))
    return min((datetime.combine(day, at) for day in days), key=lambda one: abs(one - was)).astimezone(UTC)


def hide(incident: Incident, command: HideEntry, act: Act) -> Events:
    """Left out of the postmortem, or in it again; the timeline keeps it."""
    if not 1 <= command.entry <= len(incident.entries):
        raise refusals.no_such_entry(command.entry, len(incident.entries))
    entry = incident.entries[command.entry - 1]
    _may_correct(incident, entry, act, "leave that entry out")
    return () if entry.hidden is command.hidden else (EntryHidden(entry=entry.number, hidden=command.hidden),)


def _may_correct(incident: Incident, entry: Entry, act: Act, what: str) -> None:
    """The scribe, the commander and the author of an entry."""
    me = act.person
    own = any(me.is_(author) for author in (entry.by, entry.marked_by))
    if not own and not incident.may(me, Role.SCRIBE) and not incident.may(me, Role.IC):
        asked = (*incident.deciders(Role.SCRIBE)[:1], *([entry.by] if entry.by else []))
        way = "" if incident.holder(Role.SCRIBE) else f"`claim {Role.SCRIBE}` takes it."
        raise refusals.not_yours(what, asked, "scribe, the commander or its author", way)


def give_evidence(incident: Incident, command: GiveEvidence) -> Events:
    """Words in an item's thread; those that were taken for something else are heard once all the same."""
    quote = command.quote
    if command.item not in incident.items or not command.text or quote.message in incident.evidence:
        return ()
    given = EvidenceGiven(
        item=command.item, text=command.text, said_by=quote.by, said_at=quote.at, message=quote.message
    )
    return (given,)


def withdraw_entry(incident: Incident, command: WithdrawEntry, act: Act) -> Events:
    """📌 or ⚖️ was taken back by who put it there, and nobody else has; an entry that was corrected since stays."""
    events: list[EntryWithdrawn | EntryUnseconded] = []
    for entry in _captured(incident, command.message):
        if entry.kind == command.kind and not entry.withdrawn and entry.note not in (AMENDED, RETIMED):
            others = [one for one in (entry.marked_by, *entry.also) if not act.person.is_(one)]
            if len(others) == len(entry.also):
                events.append((EntryUnseconded if others else EntryWithdrawn)(entry=entry.number))
    gone = [event.entry for event in events if isinstance(event, EntryWithdrawn)]
    moot = (one for one in incident.open_prompts(Ask.OBJECTION) if one.asked.entry in gone)
    return (*events, *(Settled(prompt=one.key, how="it was taken back") for one in moot))


def edit_source(incident: Incident, command: EditSource) -> Events:
    """A captured message was edited: what it made follows, a draft as the next one; once closed, only the log learns."""
    if not incident.captured(command.message) or not command.text:
        return ()
    draft, kept = incident.draft, incident.closed
    if kept or draft is None or draft.message != command.message or draft.wording.impact == command.text:
        return (SourceEdited(message=command.message, text=command.text, kept=kept),)
    # A new number, so that nobody publishes other words than those they read.
    again = Drafted(
        number=incident.drafts + 1,
        wording=draft.wording.model_copy(update={"impact": command.text}),
        message=command.message,
    )
    return (SourceEdited(message=command.message, text=command.text, kept=False), again)


def delete_source(incident: Incident, command: DeleteSource) -> Events:
    captured = _captured(incident, command.message) or command.message in incident.evidence
    return (SourceDeleted(message=command.message),) if captured else ()
