"""Updates that were published or corrected, and what became of the promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from core.incident.events import Ask, AudiencesSet, DeliveryNoted, Published, Recorded, RemindersSnoozed
from core.incident.evolve.grown import with_
from core.incident.policy import Audience
from core.incident.state import Delivery, Incident, Mirror, Promises, Snooze, Update
from core.incident.vocabulary import ChannelRef, Person


def past_draft(incident: Incident, how: str) -> Mapping[int, str]:
    return with_(incident.past_drafts, incident.draft.number, how) if incident.draft else incident.past_drafts


def published(incident: Incident, event: Published, recorded: Recorded, by: Person) -> Incident:
    due, kept = _unjudged(incident), incident.promises
    if due is not None:
        # Both are read to the minute: "[10:17 UTC]" keeps "Next update 10:17 UTC".
        on_time = recorded.at.replace(second=0, microsecond=0) <= due
        kept = Promises(kept.kept + on_time, kept.broken + (not on_time))
    sent = event.draft is not None
    source = incident.draft.message if sent and incident.draft else None
    update = Update(
        event.number,
        event.text,
        event.wording,
        recorded.at,
        by,
        event.promised_at,
        message=source,
        phase=incident.phase,
        mirrors=mirrors(incident.audiences),
        on_page=_on_page(incident),
    )
    return replace(
        incident,
        updates=(*incident.updates, update),
        promises=kept,
        draft=None if sent else incident.draft,
        past_drafts=past_draft(incident, f"published as update {event.number}") if sent else incident.past_drafts,
    )


def _unjudged(incident: Incident) -> datetime | None:
    """The promise that stands, unless an update that was withdrawn since has kept or broken it."""
    last = incident.last_update
    return incident.promised_at if last is not None and last.number == len(incident.updates) else None


def missed(incident: Incident, recorded: Recorded) -> Promises:
    """The promises, with the one that stands counted as broken when its minute is over and nothing came."""
    due, said = _unjudged(incident), incident.promises
    late = due is not None and recorded.at.replace(second=0, microsecond=0) > due
    return Promises(said.kept, said.broken + late)


def each_update(incident: Incident, number: int, change: Callable[[Update], Update]) -> tuple[Update, ...]:
    return tuple(change(update) if update.number == number else update for update in incident.updates)


def mirrors(audiences: Iterable[Audience]) -> tuple[Mirror, ...]:
    """Each room once: one that two audiences share is the first one's."""
    found: dict[ChannelRef, Mirror] = {}
    for audience in audiences:
        for room in audience.rooms:
            found.setdefault(room, Mirror(audience.name, room, audience.frame))
    return tuple(found.values())


def _on_page(incident: Incident) -> bool:
    return incident.response.status_page and any(audience.status_page for audience in incident.audiences)


def audiences_set(incident: Incident, event: AudiencesSet) -> Incident:
    """A room that is new gets the update that stands; one that is gone keeps what it has, and that stays true."""
    now, last = replace(incident, audiences=event.audiences), incident.last_update
    if last is None:
        return now
    there = {mirror.room for mirror in last.mirrors}
    new = tuple(mirror for mirror in mirrors(event.audiences) if mirror.room not in there)
    page = last.on_page or _on_page(now)
    grown = replace(last, mirrors=(*last.mirrors, *new), on_page=page)
    return replace(now, updates=each_update(now, last.number, lambda _: grown))


def delivery_noted(incident: Incident, event: DeliveryNoted, recorded: Recorded) -> Incident:
    """A copy that is there is missed no more; that it came after all is kept."""
    noted = Delivery(event.card, event.channel, event.state, event.reason, recorded.at, event.stale)

    def others(those: Iterable[Delivery]) -> tuple[Delivery, ...]:
        return tuple(one for one in those if (one.card, one.channel) != (noted.card, noted.channel))

    late, there = others(incident.deliveries), others(incident.arrived)
    if event.state == "delivered":
        return replace(incident, deliveries=late, arrived=(*there, noted))
    return replace(incident, deliveries=(*late, noted), arrived=there)


def snoozed(incident: Incident, event: RemindersSnoozed, recorded: Recorded, by: Person) -> Incident:
    asked = incident.next_number(Ask.UPDATE) - 1
    return replace(incident, snoozed=Snooze(event.due, event.until, by, recorded.at, asked))
