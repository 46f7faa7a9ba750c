"""Updates: drafted by one hand, published once, corrected in place, kept on time (spec, section 7)."""

from __future__ import annotations

from core.incident import base_update, refusals
from core.incident.commands import (
    CorrectUpdate,
    Discard,
    Draft,
    NoteAudiences,
    Publish,
    PublishUnchanged,
    WithdrawUpdate,
)
from core.incident.decide.act import Act, Events, settle
from core.incident.events import (
    Ask,
    AudiencesSet,
    Corrected,
    DraftDiscarded,
    Drafted,
    Published,
    Told,
    UpdateWithdrawn,
    Wording,
)
from core.incident.state import Incident, Update
from core.incident.vocabulary import Role
from core.incident.wording import Finding, blocking, findings

EMPTIED = ("-", "–", "—")
"""What empties a field that had words."""

FIELDS = ("headline", "impact", "affected", "working", "next")


def _merged(wording: Wording, command: Draft) -> Wording:
    """The wording with the fields that the command gives; a dash empties one."""
    said = {name: getattr(command, name) for name in FIELDS if getattr(command, name)}
    given = {name: "" if words in EMPTIED else words for name, words in said.items()}
    if command.every is not None:
        given["every"] = command.every.total_seconds()
    return wording.model_copy(update=given)


def draft(incident: Incident, command: Draft, act: Act) -> Events:
    """One pen: while there is an update owner, only they draft; while there is none, anyone may."""
    if incident.holder(Role.UPDATES) is not None and not incident.may(act.person, Role.UPDATES):
        owner = incident.deciders(Role.UPDATES)[:1]
        instead = f"Or `takeover {Role.UPDATES}`: {owner[0].name} is asked first."
        raise refusals.not_yours("draft an update", owner, Role.UPDATES.title, instead)
    if command == Draft():
        return (Told(what="form"),)
    in_hand = incident.draft.wording if incident.draft else Wording()
    wording = _merged(in_hand, command)
    if incident.draft is not None and wording == in_hand:
        return ()
    message = command.quote.message if command.quote else None
    if incident.draft is not None and not command.impact:
        message = incident.draft.message
    return (Drafted(number=incident.drafts + 1, wording=wording, message=message),)


def publish(incident: Incident, command: Publish, act: Act) -> Events:
    held = incident.draft
    if held is None:
        # A second 📤 on a draft that went out already is the same wish, granted.
        if incident.updates and command.draft is not None and command.draft <= incident.drafts:
            return ()
        raise refusals.no_draft()
    if command.draft is not None and command.draft != held.number:
        raise refusals.draft_moved_on(held.number)
    if held_back := blocking(findings(incident, held.wording, act.at)):
        raise refusals.update_held_back(held_back, "update")
    return _published(incident, held.wording, act, draft=held.number)


def _published(
    incident: Incident, wording: Wording, act: Act, *, draft: int | None = None, unchanged: bool = False
) -> Events:
    promised = base_update.promise(incident, wording, act.at)
    update = Published(
        number=len(incident.updates) + 1,
        text=base_update.text(wording, act.at, promised, unchanged=unchanged),
        wording=wording,
        promised_at=promised,
        draft=draft,
    )
    return (update, *settle(incident, [Ask.UPDATE], "published"))


def discard(incident: Incident, command: Discard) -> Events:
    held = incident.draft
    if held is None or command.draft not in (None, held.number):
        return ()
    return (DraftDiscarded(number=held.number),)


def _last(incident: Incident, verb: str) -> Update:
    last = incident.last_update
    if last is None:
        raise refusals.no_update_yet(verb)
    return last


def unchanged(incident: Incident, command: PublishUnchanged, act: Act) -> Events:
    """The same facts, said again, with a new time."""
    last = _last(incident, "repeat")
    reminder = incident.prompts.get(command.reminder)
    if reminder is not None and reminder.settled:
        return ()
    every = command.every.total_seconds() if command.every is not None else last.wording.every
    return _published(incident, last.wording.model_copy(update={"every": every}), act, unchanged=True)


def correct(incident: Incident, command: CorrectUpdate, act: Act) -> Events:
    """New words in every copy of the last update; its time of publishing stays."""
    last = _last(incident, "correct")
    wording = _merged(last.wording, command)
    if command == CorrectUpdate():
        return (Told(what="form", topic="correct"),)
    if wording == last.wording:
        return ()
    if held_back := _new(incident, last, wording):
        raise refusals.update_held_back(held_back, "correct")
    promised = last.promised_at if command.every is None else base_update.promise(incident, wording, last.at)
    if command.every is not None and promised is not None and promised <= act.at:
        raise refusals.promise_in_the_past(promised)
    repeated = last.text.partition("] ")[2].startswith(base_update.UNCHANGED)
    text = base_update.text(wording, last.at, promised, unchanged=repeated)
    # What was asked named the time that was promised then.
    moved = settle(incident, [Ask.UPDATE], "corrected") if promised != last.promised_at else ()
    return (Corrected(number=last.number, text=text, wording=wording, promised_at=promised), *moved)


def _new(incident: Incident, last: Update, wording: Wording) -> tuple[Finding, ...]:
    """What a correction brings that would be held back; what stands there already is out, and no correction's fault."""
    stands = {(one.rule, one.words) for one in findings(incident, last.wording, last.at)}
    return tuple(one for one in blocking(findings(incident, wording, last.at)) if (one.rule, one.words) not in stands)


def withdraw(incident: Incident, command: WithdrawUpdate) -> Events:
    last = _last(incident, "withdraw")
    return (UpdateWithdrawn(number=last.number, why=command.why), *settle(incident, [Ask.UPDATE], "withdrawn"))


def note_audiences(incident: Incident, command: NoteAudiences) -> Events:
    """The config has other audiences than this incident knows; what is over gets no new ones."""
    if incident.closed or command.audiences == incident.audiences:
        return ()
    return (AudiencesSet(audiences=command.audiences),)
