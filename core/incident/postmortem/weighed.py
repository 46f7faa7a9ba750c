"""The sections that tell what people thought and tried: hypotheses, actions, decisions, recovery; and what delayed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from core.incident.course import Track
from core.incident.delays import Delay, Kind, delays
from core.incident.postmortem.telling import Rows, Telling, asked, table
from core.incident.postmortem.told import entry_words
from core.incident.state import Entry, Evidence, Item
from core.incident.times import spell
from core.incident.vocabulary import ItemKind, ItemStatus

DECISIONS = frozenset(
    {"decision_marked", "path_chosen", "objected", "tie_broken", "signal_named", "signal_seen"}
    | {f"decision_point_{what}" for what in ("set", "moved", "withdrawn", "answered", "unanswered")}
    | {"threshold_met", "threshold_unmet", "frozen", "unfrozen"}
)
"""Kinds of entries that are decisions, or are about one."""

DID_IT_HELP = {
    ItemStatus.DONE: "done",
    ItemStatus.DID_NOT_HELP: "it did not help",
    ItemStatus.STOPPED: "stopped",
}

Given = Mapping[str, list[Evidence]]


def hypotheses(telling: Telling) -> Rows:
    rows = list(_items(telling, ItemKind.HYPOTHESIS))
    return rows or ["None is on the record.", "", *asked("What did people think it was, and what spoke for it?")]


def actions(telling: Telling) -> Rows:
    return list(_items(telling, ItemKind.ACTION))


def _items(telling: Telling, kind: ItemKind) -> Iterator[str]:
    items, given = telling.incident.items, _given(telling)
    children: dict[str, list[Item]] = {}
    for item in items.values():
        children.setdefault(item.parent if item.parent in items else "", []).append(item)
    # A stack, since a chain of items may be longer than functions may nest.
    waiting = [(item, 0) for item in reversed(children.get("", ())) if item.kind is kind]
    while waiting:
        item, depth = waiting.pop()
        yield from (f"{'  ' * depth}{row}" for row in _item(telling, item, given.get(item.key, ())))
        waiting += [(child, min(depth + 1, DEEPEST)) for child in reversed(children.get(item.key, ()))]


DEEPEST = 4
"""How far items of items are moved in; beyond that they stand under each other."""


def _given(telling: Telling) -> Given:
    found: dict[str, list[Evidence]] = {}
    for one in telling.incident.evidence.values():
        if not one.deleted:
            found.setdefault(one.item, []).append(one)
    return found


def _item(telling: Telling, item: Item, given: list[Evidence] | tuple[()]) -> Iterator[str]:
    spans = telling.spans(Track.ITEM, item.key)
    since = spans[0].since if spans else telling.incident.declared_at
    yield f"- **{item.key}** {telling.typed(item.text, since)} ({telling.who(item.said_by, since)}, {telling.when(since)})"
    yield from (f"  - {row}" for row in _course(telling, item))
    for one in sorted(given, key=lambda one: one.at):
        yield f"  - {telling.when(one.at)} {telling.who(one.by, one.at)}: {telling.typed(one.text, one.at)}"


def _course(telling: Telling, item: Item) -> Iterator[str]:
    """Who was on it, and how it ended."""
    spans, held = telling.spans(Track.ITEM, item.key), telling.held(Track.ITEM, item.key)
    for one, who in held:
        until = f" to {telling.when(one.until)}" if one.until else ""
        yield f"{telling.who(who, one.since)} was on it from {telling.when(one.since)}{until}"
    if not held:
        yield "nobody took it"
    yield _ended(telling, item, spans[-1].until if spans else None)


def _ended(telling: Telling, item: Item, at: datetime | None) -> str:
    if item.open:
        return "left open at the close" if telling.incident.closed else "still open"
    moment = at or telling.end
    how = DID_IT_HELP.get(item.status, item.status.value) if item.kind is ItemKind.RECOVERY else item.status.value
    by = f" by {telling.who(item.ended_by, moment)}" if item.ended_by else ""
    return f"**{how}** {telling.when(moment)}{by}" + (f": {telling.typed(item.result, moment)}" if item.result else "")


def decisions(telling: Telling) -> Rows:
    paths = list(telling.incident.items_of(ItemKind.RECOVERY))
    given, rows = _given(telling), list[str]()
    entries = (
        one for one in telling.incident.entries if one.kind in DECISIONS and not one.hidden and not one.withdrawn
    )
    for entry in sorted(entries, key=lambda one: (one.at, one.number)):
        rows.append(f"- **{telling.when(entry.at)}** {entry_words(telling, entry)}")
        path = _opened(telling, entry, paths) if entry.kind == "path_chosen" else None
        if path is not None:
            paths.remove(path)
            _, *below = _item(telling, path, given.get(path.key, ()))
            rows += below
    # What is left was opened by a path whose entry is not shown.
    rows += [row for path in paths for row in _item(telling, path, given.get(path.key, ()))]
    return rows or ["None is on the record.", "", *asked("What was decided, by whom, and why?")]


def _opened(telling: Telling, entry: Entry, paths: list[Item]) -> Item | None:
    """The recovery action that a choice of the path opened: it began in the same act."""
    for path in paths:
        spans = telling.spans(Track.ITEM, path.key)
        if spans and spans[0].since == (entry.put_at or entry.at):
            return path
    return None


def delayed(telling: Telling) -> Rows:
    found, left_out = _longest(delays(telling.incident), telling.end)
    rows = [(telling.when(one.at), spell(one.lasted(telling.end)), telling.typed(one.text, one.at)) for one in found]
    for kind, others in left_out.items():
        rows.append(("", spell(sum(others, timedelta())), f"{len(others)} more of this kind: {kind.value}"))
    told = table(("When", "How long", "What"), rows) if rows else ["Nothing on the record."]
    return [*told, "", *asked("What else made it longer, and what would have told us sooner?")]


SHOWN = 10
"""Delays of one kind with a row of their own: the longest."""


def _longest(found: Sequence[Delay], end: datetime) -> tuple[list[Delay], dict[Kind, list[timedelta]]]:
    """The delays to show, in the order of time, and how long the others of each kind took."""
    left_out: dict[Kind, list[timedelta]] = {}
    shown: list[Delay] = []
    for kind in Kind:
        mine = sorted((one for one in found if one.kind is kind), key=lambda one: one.lasted(end), reverse=True)
        shown += mine[:SHOWN]
        if mine[SHOWN:]:
            left_out[kind] = [one.lasted(end) for one in mine[SHOWN:]]
    return sorted(shown, key=lambda one: (one.at, one.kind)), left_out
