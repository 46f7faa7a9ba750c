"""Entries of the timeline that were corrected, taken back, or follow the message that they were taken from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from core.incident.events import EntryAmended, SourceEdited
from core.incident.evolve.grown import with_
from core.incident.state import AMENDED, RETIMED, Entry, Evidence, Incident
from core.incident.vocabulary import MessageRef, Person


def each_entry(incident: Incident, wanted: object, change: Callable[[Entry], Entry]) -> tuple[Entry, ...]:
    """The entries with those changed whose number or captured message is `wanted`."""
    return tuple(change(one) if wanted in (one.number, one.message) else one for one in incident.entries)


def source_edited(incident: Incident, event: SourceEdited) -> Incident:
    """What was captured follows its message; a decision keeps its words, and so does what was taken off the record."""
    if event.kept:
        return incident
    added = [one for one in incident.entries if one.kind == "item_added" and one.message == event.message]
    texts = {one.item: event.text for one in added if not one.withdrawn}
    items = {key: replace(item, text=texts.get(key, item.text)) for key, item in incident.items.items()}
    evidence = evidence_edited(incident.evidence, event.message, event.text)
    return replace(
        incident,
        evidence=evidence,
        items=items,
        entries=each_entry(incident, event.message, lambda one: reworded(one, event.text)),
    )


def amended(one: Entry, event: EntryAmended) -> Entry:
    """The entry as it was corrected."""
    corrected = AMENDED if one.note == AMENDED or event.text != one.text else RETIMED
    return replace(one, text=event.text, at=event.at or one.at, note=corrected)


def reworded(one: Entry, text: str) -> Entry:
    """The entry after its message was edited: what somebody corrected by hand stands."""
    if one.note == AMENDED:
        return one
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


def unseconded(one: Entry, who: Person) -> Entry:
    """The entry without one of those who marked it."""
    marked = [person for person in (one.marked_by, *one.also) if person is not None and not person.is_(who)]
    return replace(one, marked_by=marked[0], also=tuple(marked[1:]))


def evidence_edited(
    evidence: Mapping[MessageRef, Evidence], message: MessageRef, text: str | None
) -> Mapping[MessageRef, Evidence]:
    """The evidence with one message's words as they are now; `None` where the message was deleted."""
    if message not in evidence:
        return evidence
    was = evidence[message]
    return with_(evidence, message, replace(was, deleted=True) if text is None else replace(was, text=text))
