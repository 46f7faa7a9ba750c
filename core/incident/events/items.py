"""The shared list."""

from __future__ import annotations

from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import ItemKind, ItemStatus, MessageRef, Path, Person


class ItemAdded(Happened):
    """An item on the shared list, by its key (`H2`, `A3`, `R1`)."""

    kind: Literal["item_added"] = "item_added"
    key: str
    item: ItemKind
    text: str
    said_by: Person
    message: MessageRef | None = None
    parent: str = ""
    path: Path | None = None


class ItemGrabbed(Happened):
    kind: Literal["item_grabbed"] = "item_grabbed"
    key: str
    who: Person


class ItemLetGo(Happened):
    kind: Literal["item_let_go"] = "item_let_go"
    key: str
    who: Person


class ItemEnded(Happened):
    kind: Literal["item_ended"] = "item_ended"
    key: str
    status: ItemStatus
    result: str = ""
