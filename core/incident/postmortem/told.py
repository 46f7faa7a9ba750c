"""The sections that tell what happened: summary, impact, course, timeline, updates, roles."""

from __future__ import annotations

from datetime import UTC, date
from typing import assert_never

from core.incident.course import Track
from core.incident.document import utc
from core.incident.events import CloseKind
from core.incident.postmortem.escaping import words
from core.incident.postmortem.telling import Rows, Telling, asked, table
from core.incident.state import Entry, Update
from core.incident.times import spell
from core.incident.vocabulary import Person, Role
from core.incident.workdays import day_words

ABOUT_ROLES = frozenset({"role_taken", "role_vacated", "backup_named"})
"""Entries after which somebody has another role than before."""


def summary(telling: Telling) -> Rows:
    incident = telling.incident
    rows = [f"- **Duration:** {_lasted(telling)}"]
    if incident.users_saw:
        rows.append(f"- **Impact:** {telling.typed(incident.users_saw)}")
    rows += [f"- **Severity:** {incident.severity.upper()}, {telling.typed(incident.response.means)}"]
    if incident.service:
        rows.append(f"- **Service:** {telling.typed(incident.service)}")
    rows += _ended(telling)
    for one in incident.reopenings:
        closed, again = telling.when(one.closed_at), telling.when(one.at)
        rows.append(f"- **Reopened:** {again}, closed before at {closed}: {telling.typed(one.why, one.at)}")
    return rows


def _ended(telling: Telling) -> Rows:
    """What was said at the close."""
    closing = telling.incident.closing
    if closing is None:
        return []
    match closing.how:
        case CloseKind.FALSE_ALARM:
            return [f"- **Cause:** a false alarm: {telling.typed(closing.cause)}"]
        case CloseKind.DUPLICATE:
            return [f"- **Cause:** a duplicate of incident {closing.of}; people went there"]
        case CloseKind.DRILL:
            return ["- **Cause:** the drill's time was over"]
        case CloseKind.DECLARED:
            said = {"Cause": closing.cause, "Fixed by": closing.fixed, "Next": closing.next}
            return [f"- **{label}:** {telling.typed(text)}" for label, text in said.items()]
        case _:
            assert_never(closing.how)


def _lasted(telling: Telling) -> str:
    incident = telling.incident
    begun, ended = incident.declared_at, incident.resolved_at
    day = day_words(begun.astimezone(UTC).date())
    if ended is None:
        return f"since {telling.when(begun)} UTC on {day}, and users are not served again yet"
    return f"{spell(ended - begun)}, from {telling.when(begun)} to {telling.when(ended)} UTC, declared on {day}"


def impact(telling: Telling) -> Rows:
    incident = telling.incident
    rows = [f"- {telling.typed(incident.users_saw)}"] if incident.users_saw else ["- Nobody wrote down what users saw."]
    last = incident.last_update
    for label, said in (("Affected", "affected"), ("Still worked", "working")):
        told = [getattr(one.wording, said) for one in incident.updates if not one.withdrawn]
        if found := next((text for text in reversed(told) if text), ""):
            rows.append(f"- {label}: {telling.typed(found)}")
    if last is not None:
        rows.append(f"- Told last, at {telling.when(last.at)}: {telling.typed(last.wording.impact, last.at)}")
    return [*rows, "", *asked("How many users, for how long, and what did it cost them and us?")]


def course(telling: Telling, picture: str) -> Rows:
    number = telling.incident.number
    alt = f"The course of incident {number} on one time axis: phases, roles, items, updates, decisions"
    return [f"![{alt}]({picture})"]


def timeline(telling: Telling) -> Rows:
    rows: Rows = []
    day: date | None = None
    shown = (one for one in telling.incident.entries if not one.hidden and not one.withdrawn)
    for entry in sorted(shown, key=lambda one: (one.at, one.number)):
        at = entry.at.astimezone(UTC)
        if at.date() != day:
            rows += [*([""] if rows else []), f"### {day_words(at.date())}", ""]
            day = at.date()
        rows.append(f"- **{at:%H:%M}** {entry_words(telling, entry)}")
    return rows


def entry_words(telling: Telling, entry: Entry) -> str:
    """An entry without its time: whose it is, its words, what became of it."""
    before = entry.kind in ABOUT_ROLES
    notes = [telling.typed(entry.note)] if entry.note else []
    if entry.kind == "decision_marked" and entry.marked_by and not entry.marked_by.is_(entry.by):
        notes.insert(0, f"marked by {telling.who(entry.marked_by, entry.at)}")
    who = f"{words(telling.naming.person(entry.by, entry.at, before=before))}: " if entry.by else ""
    return f"{who}{telling.typed(entry.text, entry.at, before=before)}" + (f" ({', '.join(notes)})" if notes else "")


def updates(telling: Telling) -> Rows:
    published = telling.incident.updates
    rows: Rows = []
    for one in published:
        rows += [*([""] if rows else []), f"- {_head(telling, one)}", "", f"  > {telling.typed(one.text, one.at)}"]
    promises = telling.incident.promises
    if promises.kept + promises.broken:
        rows += ["", f"Promises of a next update: {promises.kept} kept, {promises.broken} broken."]
    return rows or ["None was published."]


def _head(telling: Telling, one: Update) -> str:
    said = f"**{telling.when(one.at)}** update {one.number}, {telling.who(one.by, one.at)}"
    if one.promised_at is not None:
        said += f", the next promised for {utc(one.promised_at)}"
    if one.corrected_at is not None:
        said += f"; corrected {telling.when(one.corrected_at)}, and reads now"
    if one.withdrawn_at is not None:
        said += f"; withdrawn {telling.when(one.withdrawn_at)}: {telling.typed(one.withdrawn, one.withdrawn_at)}"
    return said


def roles(telling: Telling) -> Rows:
    rows: list[tuple[str, ...]] = []
    for role in Role:
        among: list[Person] = []
        for one, who in telling.held(Track.ROLE, role.value):
            if not any(who.is_(known) for known in among):
                among.append(who)
            name = words(telling.naming.holder(who, among))
            until = telling.when(one.until) if one.until else "goes on"
            rows.append((role.title, name, telling.when(one.since), until))
    if not rows:
        return ["Nobody held a role."]
    count = telling.incident.handoffs
    handed = f"{count} hand-off{'' if count == 1 else 's'}." if count else "No role was handed off."
    return [*table(("Role", "Who", "From", "Until"), rows), "", handed]
