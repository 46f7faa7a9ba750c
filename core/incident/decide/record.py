"""The record: notes, observations, impact, changes, and how an entry is corrected without losing what it said."""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import AddNote, Amend, DeleteSource, EditSource, RecordChange, SetImpact, WithdrawEntry
from core.incident.decide.act import Act, Events
from core.incident.events import (
    ChangeRecorded,
    EntryAmended,
    EntryWithdrawn,
    ImpactSet,
    Noted,
    SourceDeleted,
    SourceEdited,
)
from core.incident.state import AMENDED, Entry, Incident
from core.incident.vocabulary import MessageRef, Role


def set_impact(incident: Incident, command: SetImpact) -> Events:
    return () if command.text == incident.impact else (ImpactSet(text=command.text),)


def add_note(incident: Incident, command: AddNote, act: Act) -> Events:
    quote = command.quote
    if quote is None:
        return (Noted(text=command.text, said_by=act.person, said_at=act.at),)
    for entry in _captured(incident, quote.message):
        if entry.kind == "noted" and not entry.withdrawn:
            return ()
    return (Noted(text=command.text, said_by=quote.by, said_at=quote.at, message=quote.message),)


def record_change(incident: Incident, command: RecordChange, act: Act) -> Events:
    made_at = command.at or act.at
    latest = incident.change
    if latest is not None and (latest.what, latest.at) == (command.what, made_at):
        return ()
    return (ChangeRecorded(what=command.what, made_at=made_at),)


def _captured(incident: Incident, message: MessageRef) -> tuple[Entry, ...]:
    return tuple(entry for entry in incident.entries if entry.message == message)


def amend(incident: Incident, command: Amend, act: Act) -> Events:
    """The scribe, the commander and the author of an entry may correct it."""
    if not 1 <= command.entry <= len(incident.entries):
        raise refusals.no_such_entry(command.entry, len(incident.entries))
    entry, me = incident.entries[command.entry - 1], act.person
    own = any(me.is_(author) for author in (entry.by, entry.marked_by))
    if not own and not incident.may(me, Role.SCRIBE) and not incident.may(me, Role.IC):
        asked = (*incident.deciders(Role.SCRIBE)[:1], *([entry.by] if entry.by else []))
        raise refusals.not_yours("correct that entry", asked, "scribe, the commander or its author")
    return () if entry.text == command.text else (EntryAmended(entry=command.entry, text=command.text),)


def withdraw_entry(incident: Incident, command: WithdrawEntry, act: Act) -> Events:
    """📌 or ⚖️ was taken back by who put it there; an entry that was corrected since has been built on, and stays."""
    return tuple(
        EntryWithdrawn(entry=entry.number)
        for entry in _captured(incident, command.message)
        if entry.kind in ("noted", "decision_marked")
        and not entry.withdrawn
        and entry.note != AMENDED
        and act.person.is_(entry.marked_by)
    )


def edit_source(incident: Incident, command: EditSource) -> Events:
    """A captured message was edited: its entry follows, unless it is a decision, published since, or closed."""
    captured = _captured(incident, command.message)
    if not captured or not command.text:
        return ()
    published_since = any(update.at >= captured[0].at for update in incident.updates)
    kept = incident.closed or published_since or any(entry.kind == "decision_marked" for entry in captured)
    return (SourceEdited(message=command.message, text=command.text, kept=kept),)


def delete_source(incident: Incident, command: DeleteSource) -> Events:
    captured = _captured(incident, command.message)
    return (SourceDeleted(message=command.message),) if captured else ()
