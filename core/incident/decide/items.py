"""The shared list: hypotheses and actions that people add, grab and cross off; one pair of hands each."""

from __future__ import annotations

from core.incident import refusals
from core.incident.commands import AddItem, EndItem, Grab, LetGo
from core.incident.decide.act import Act, Events
from core.incident.events import Again, Ask, Asked, ItemAdded, ItemEnded, ItemGrabbed, ItemLetGo, Settled, SignalNamed
from core.incident.state import Incident, Item
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Phase, Role

WATCHED = (Path.ROLLBACK, Path.FIX)
"""Paths after which a signal shows whether they worked."""

LETTERS = {ItemKind.HYPOTHESIS: "H", ItemKind.ACTION: "A", ItemKind.RECOVERY: "R"}

ENDINGS: dict[ItemKind, dict[ItemStatus, ItemStatus]] = {
    ItemKind.HYPOTHESIS: {
        ItemStatus.DONE: ItemStatus.CONFIRMED,
        ItemStatus.CONFIRMED: ItemStatus.CONFIRMED,
        ItemStatus.DROPPED: ItemStatus.RULED_OUT,
        ItemStatus.RULED_OUT: ItemStatus.RULED_OUT,
    },
    ItemKind.ACTION: {ItemStatus.DONE: ItemStatus.DONE, ItemStatus.DROPPED: ItemStatus.DROPPED},
    ItemKind.RECOVERY: {ItemStatus.DONE: ItemStatus.DONE, ItemStatus.DROPPED: ItemStatus.DID_NOT_HELP},
}
"""What ✅ (done) and ❌ (dropped) mean on each kind of card (spec, section 5)."""


def next_key(incident: Incident, kind: ItemKind) -> str:
    return f"{LETTERS[kind]}{len(incident.items_of(kind)) + 1}"


def _item(incident: Incident, key: str) -> Item:
    item = incident.items.get(key)
    if item is None:
        raise refusals.no_such_item(key, [one.key for one in incident.items.values() if one.open])
    return item


def _open(incident: Incident, key: str) -> Item:
    item = _item(incident, key)
    if not item.open:
        raise refusals.item_ended(item.key, item.status)
    return item


def add(incident: Incident, command: AddItem, act: Act) -> Events:
    quote = command.quote
    if quote is not None:
        for item in incident.items_of(command.kind):
            if item.message == quote.message:
                return ()
    if command.parent:
        _item(incident, command.parent)
    key = next_key(incident, command.kind)
    added = ItemAdded(
        key=key,
        item=command.kind,
        text=command.text,
        said_by=quote.by if quote else act.person,
        message=quote.message if quote else None,
        parent=command.parent,
    )
    return (added, ItemGrabbed(key=key, who=command.who)) if command.who else (added,)


def grab(incident: Incident, command: Grab, act: Act, *, sure: bool = False) -> Events:
    """One check each: a second one is confirmed while somebody else is free. `sure`: they were asked, and said yes."""
    item = _open(incident, command.item)
    if item.holder is not None and not item.holder.is_(act.person):
        raise refusals.item_in_hands(item.key, item.holder)
    if item.holder is not None:
        return ()
    here = [one for one in incident.open_prompts(Ask.SECOND) if one.asked.item == item.key]
    asked = [one for one in incident.open_prompts(Ask.SECOND) if act.person.is_(one.asked.to[0])]
    mine = [one for one in here if one in asked]
    others = [person for person in incident.idle if not person.is_(act.person)]
    if item.kind is ItemKind.RECOVERY or not incident.busy_with(act.person) or not others or mine or sure:
        # Doing it a second time is yes too; and whoever else was asked about it needs no answer any more.
        over = (Settled(prompt=one.key, how=f"{act.person.name} is on {item.key}") for one in here)
        return (ItemGrabbed(key=item.key, who=act.person), *over)
    again = Again(command=Grab.__name__, fields=command.model_dump_json())
    number = incident.next_number(Ask.SECOND)
    return (
        Asked(ask=Ask.SECOND, number=number, to=(act.person,), again=again, item=item.key),
        *(Settled(prompt=one.key, how="asked about another") for one in asked),
    )


def let_go(incident: Incident, command: LetGo, act: Act) -> Events:
    item = _item(incident, command.item)
    if not item.open or item.holder is None:
        return ()
    # The commander may free what an absent person took.
    if not item.holder.is_(act.person) and not incident.may(act.person, Role.IC):
        raise refusals.not_in_your_hands(item.key, item.holder, incident.commander)
    return (ItemLetGo(key=item.key, who=item.holder),)


def _watched(incident: Incident, item: Item, act: Act) -> Events:
    """A path is done: once, it is asked what will show that it worked, and who watches that; of nobody who is alone.

    A signal that was named before is watched for its time from now.
    """
    known = incident.signal_of(item)
    if known is not None:
        until = act.at + (known.until - known.at)
        return (SignalNamed(item=item.key, signal=known.text, who=known.who, until=until),)
    if incident.alone or item.path not in WATCHED or incident.phase is Phase.RESOLVED:
        return ()
    to = incident.deciders(Role.RECOVERY)[:1] or (act.person,)
    return (Asked(ask=Ask.SIGNAL, number=incident.next_number(Ask.SIGNAL), to=to, item=item.key),)


def end(incident: Incident, command: EndItem, act: Act) -> Events:
    item = _item(incident, command.item)
    status = ENDINGS[item.kind].get(command.status)
    if status is None:
        verb, instead = ("confirm", "done") if command.status is ItemStatus.CONFIRMED else ("rule-out", "drop")
        raise refusals.wrong_kind(item.key, verb, instead)
    if item.status is status:
        # The evidence often comes after the ✅; what was acknowledged is on the record.
        if command.result and command.result != item.result:
            return (ItemEnded(key=item.key, status=status, result=command.result),)
        return ()
    if item.status is ItemStatus.DONE and status is ItemStatus.DID_NOT_HELP:
        # A path that was gone to its end may turn out not to have helped.
        asked = (*incident.open_prompts(Ask.SIGNAL), *incident.open_prompts(Ask.WORKED))
        return (
            ItemEnded(key=item.key, status=status, result=command.result),
            *(Settled(prompt=one.key, how="it did not help") for one in asked if one.asked.item == item.key),
        )
    _open(incident, item.key)
    over = tuple(
        Settled(prompt=one.key, how=f"{item.key}: {status}")
        for ask in (Ask.SECOND, Ask.STOP)
        for one in incident.open_prompts(ask)
        if one.asked.item == item.key
    )
    signal = _watched(incident, item, act) if status is ItemStatus.DONE else ()
    return (ItemEnded(key=item.key, status=status, result=command.result), *over, *signal)
