"""The draft, and every copy of every update: one base text, a frame around it, the same words everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident import base_update
from core.incident.cards.card import Card, card, choice
from core.incident.document import Document, Line, Strong, Struck, When, Who, line
from core.incident.state import DraftInHand, Incident, Update
from core.incident.vocabulary import Role


def drafts(incident: Incident) -> Iterator[Card]:
    """The draft exactly as it will be read; those before it folded to what became of them."""
    if incident.channel is None:
        return
    for number, how in incident.past_drafts.items():
        over = Document((line(f"Draft {number}: {how}."),))
        yield card(incident, incident.channel, f"draft/{number}", over)
    if incident.draft is not None:
        yield _draft(incident, incident.draft)


def _draft(incident: Incident, draft: DraftInHand) -> Card:
    assert incident.channel is not None, "drafts are shown in the incident's channel"
    promised = base_update.promise(incident, draft.wording, draft.at)
    text = base_update.text(draft.wording, draft.at, promised)
    lacking = base_update.missing(draft.wording)
    rows = [line(text, quote=True)]
    if draft.wording.headline:
        rows.append(line(draft.wording.headline, label="Headline"))
    if lacking:
        fields = " ".join(f"{name}=…" for name in lacking)
        rows.append(line(Strong(f"Before it can go out it needs {' and '.join(lacking)}"), f": update {fields}"))
    owner = incident.deciders(Role.UPDATES)[:1]
    rows.append(line("Publishing: ", Who(owner[0])) if owner else line("Publishing: whoever claims updates"))
    choices = (
        choice(incident, "publish", "publish", "publish"),
        choice(incident, "discard", "discard", "discard"),
    )
    title = line(Strong(f"Draft {draft.number}"), " by ", Who(draft.by), ", as it will be read").spans
    return card(
        incident,
        incident.channel,
        f"draft/{draft.number}",
        Document(tuple(rows), title),
        choices=() if lacking else choices,
    )


def _copy(update: Update, frame: str) -> Document:
    rows: list[Line] = [line(frame)] if frame else []
    if update.withdrawn:
        rows.append(line(Struck(update.text)))
        rows.append(line(Strong("Withdrawn"), f": {update.withdrawn}"))
    else:
        rows.append(line(update.text))
    if update.corrected_at is not None and not update.withdrawn:
        rows.append(line("Corrected ", When(update.corrected_at)))
    return Document(tuple(rows))


def copies(incident: Incident) -> Iterator[Card]:
    """The incident's own copy and one for each room of each audience."""
    for update in incident.updates:
        key = f"update/{update.number}"
        if incident.channel is not None:
            yield card(incident, incident.channel, key, _copy(update, f"Update {update.number}"), text=update.text)
        # Made once for each frame: of many rooms most have the same.
        framed = {frame: _copy(update, frame) for frame in dict.fromkeys(mirror.frame for mirror in update.mirrors)}
        for mirror in update.mirrors:
            yield card(incident, mirror.room, key, framed[mirror.frame], text=update.text)
