"""The shared list: adding, grabbing, crossing off."""

from __future__ import annotations

from typing import Literal

from core.incident.commands.wish import Command, Maybe, Quote, Words
from core.incident.vocabulary import ItemKind, ItemStatus, Person


class AddItem(Command):
    kind: Literal[ItemKind.HYPOTHESIS, ItemKind.ACTION]
    text: Words
    who: Person | None = None
    quote: Quote | None = None
    parent: str = ""


class Grab(Command):
    item: str


class LetGo(Command):
    item: str


class EndItem(Command):
    """Cross an item off. `status` of `None` is ✅ or ❌ on its card: what that means depends on the item's kind."""

    item: str
    status: Literal[ItemStatus.DONE, ItemStatus.CONFIRMED, ItemStatus.RULED_OUT, ItemStatus.DROPPED]
    result: Maybe = ""
