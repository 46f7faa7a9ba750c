"""The draft, and every copy of every update: one base text, a frame around it, the same words everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.incident import base_update
from core.incident.cards.card import Card, card, choice
from core.incident.document import Document, Line, Strong, Struck, When, Who, Words, line
from core.incident.policy import Check
from core.incident.state import DraftInHand, Incident, Update
from core.incident.vocabulary import Role
from core.incident.wording import Finding, blocking, findings


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
    rows = [line(text, quote=True)]
    if draft.wording.headline:
        rows.append(line(draft.wording.headline, label="Headline"))
    found = findings(incident, draft.wording, draft.at)
    rows += _checked(found)
    if where := _goes_to(incident):
        rows.append(line(f"Goes to: {', '.join(where)}"))
    rows.append(line("Publishing: ", *_pens(incident)))
    held = bool(blocking(found))
    choices = [
        choice(incident, action, action, action) for action in ("publish", "discard") if action != "publish" or not held
    ]
    title = line(Strong(f"Draft {draft.number}"), " by ", Who(draft.by), ", as it will be read").spans
    return card(
        incident,
        incident.channel,
        f"draft/{draft.number}",
        Document(tuple(rows), title),
        choices=tuple(choices),
    )


def _pens(incident: Incident) -> list[Words]:
    """Who may publish it: the owner, and whoever may take the pen without debate."""
    pens = incident.deciders(Role.UPDATES)
    named: list[Words] = [word for person in pens for word in (" or ", Who(person))]
    return named[1:] or ["whoever claims updates"]


def _checked(found: Sequence[Finding]) -> Iterator[Line]:
    """What the wording check found: first what is missing, then each of the words at fault with the better form."""
    lacking = [one for one in found if one.lacks and one.level is Check.BLOCK]
    if lacking:
        fields = " and ".join(one.lacks.partition("=")[0] for one in lacking)
        form = " ".join(one.lacks for one in lacking)
        yield line(Strong(f"Before it can go out it needs {fields}"), f": update {form}")
    for one in found:
        if one not in lacking:
            lead = "Before it can go out" if one.level is Check.BLOCK else "Wording"
            yield line(Strong(lead), f": {one.quoted}. Better: {one.better}")


def _goes_to(incident: Incident) -> list[str]:
    """Who will read it, by name."""
    where = [audience.name for audience in incident.audiences if audience.rooms]
    if incident.response.status_page and any(audience.status_page for audience in incident.audiences):
        where.append("the status page")
    return where


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
