"""A card for each hypothesis, action and path: the root of its own thread."""

from __future__ import annotations

from collections.abc import Iterator

from core.incident.cards.card import Card, card, choice
from core.incident.document import Document, Jump, Line, Strong, Who, Words, line
from core.incident.state import Incident, Item
from core.incident.vocabulary import ItemKind, ItemStatus

_WORDS = {ItemKind.HYPOTHESIS: "Hypothesis", ItemKind.ACTION: "Action", ItemKind.RECOVERY: "Recovery path"}
_ENDINGS = {
    ItemKind.HYPOTHESIS: ("confirmed", "ruled out"),
    ItemKind.ACTION: ("done", "dropped"),
    ItemKind.RECOVERY: ("done", "it did not help"),
}


def _state(item: Item, *, over: bool) -> Line:
    words: list[Words] = []
    if not item.open:
        words = [Strong(item.status.capitalize())]
        # Not "did not help by Leah".
        says = ", says " if item.status is ItemStatus.DID_NOT_HELP else " by "
        words += [says, Who(item.ended_by)] if item.ended_by else []
        words += [f": {item.result}"] if item.result else []
    elif over:
        words = ["open at the close"]
    elif item.holder is not None:
        words = [Strong(item.holder.initials), " ", Who(item.holder), " is on it"]
    else:
        words = ["free to grab"]
    return line(*words)


def document(item: Item, *, over: bool) -> Document:
    origin: list[Words] = ["from ", Who(item.said_by)]
    if item.parent:
        origin += [f", under {item.parent}"]
    if item.message is not None:
        origin += [" · ", Jump(item.message, "the message")]
    title = line(Strong(f"{item.key} {_WORDS[item.kind]}"), f": {item.text}").spans
    return Document((_state(item, over=over), line(*origin)), title)


def item_cards(incident: Incident) -> Iterator[Card]:
    if incident.channel is None:
        return
    for item in incident.items.values():
        done, crossed = _ENDINGS[item.kind]
        choices = (
            choice(incident, "grab", "grab it", f"grab {item.key}"),
            choice(incident, "done", done, f"done {item.key}"),
            choice(incident, "cross_off", crossed, f"drop {item.key}"),
        )
        yield card(
            incident,
            incident.channel,
            f"item/{item.key}",
            document(item, over=incident.closed),
            # Only the first sending calls anybody: who was given it.
            pings=(item.holder,) if item.open and item.holder and not item.holder.is_(item.said_by) else (),
            topic=f"{item.key} {item.text}",
            choices=choices if item.open and not incident.closed else (),
        )
