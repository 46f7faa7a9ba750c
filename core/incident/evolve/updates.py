"""Updates that were published or corrected, and what became of the promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from core.incident.events import Published, Recorded
from core.incident.evolve.grown import with_
from core.incident.state import Incident, Promises, Update
from core.incident.vocabulary import Person


def past_draft(incident: Incident, how: str) -> Mapping[int, str]:
    return with_(incident.past_drafts, incident.draft.number, how) if incident.draft else incident.past_drafts


def published(incident: Incident, event: Published, recorded: Recorded, by: Person) -> Incident:
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
        past_drafts=past_draft(incident, f"published as update {event.number}") if sent else incident.past_drafts,
    )


def missed(incident: Incident, recorded: Recorded) -> Promises:
    """The promises, with the one that stands counted as broken when its minute is over and nothing came."""
    due, said = incident.promised_at, incident.promises
    late = due is not None and recorded.at.replace(second=0, microsecond=0) > due
    return Promises(said.kept, said.broken + late)


def each_update(incident: Incident, number: int, change: Callable[[Update], Update]) -> tuple[Update, ...]:
    return tuple(change(update) if update.number == number else update for update in incident.updates)
