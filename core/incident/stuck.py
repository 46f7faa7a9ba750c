"""Stuck signs: `SIGNS`, a row for each, with its evidence on the record and what to do about it (spec, section 8).

Rule: evidence is what the record shows, never chatter; no evidence, no sign.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from core.incident.fixes import ANSWERS, FIXES, OTHER_MOVES, PATCHES, ROLLBACKS, SAFE_MOVES, speaks_of, untried
from core.incident.state import Incident, Item
from core.incident.vocabulary import ItemKind, ItemStatus, Path, Role


@dataclass(frozen=True, slots=True)
class Sign:
    """`evidence` is in words, empty while there is none; `advice` is what to do. `since` is when it counts from, and
    `wait` how long it takes from then to be a sign; a wait of zero turns it off where there is one.
    """

    name: str
    means: str
    evidence: Callable[[Incident], str]
    advice: Callable[[Incident], str]
    since: Callable[[Incident], datetime] = lambda incident: incident.begun_at
    wait: Callable[[Incident], timedelta] | None = None


def _under_way(incident: Incident, words: re.Pattern[str], path: Path) -> list[Item]:
    """Actions in somebody's hands, and the open path, that speak of this."""
    return [
        item
        for item in incident.items.values()
        if item.open
        and ((item.kind is ItemKind.ACTION and item.holder and speaks_of(item, words)) or item.path is path)
    ]


def _named(items: list[Item]) -> str:
    return " and ".join(f"{item.key} ({item.holder.name if item.holder else item.said_by.name})" for item in items)


def _two_fixes(incident: Incident) -> str:
    fixes = [
        item for item in incident.items_of(ItemKind.ACTION) if item.open and item.holder and speaks_of(item, FIXES)
    ]
    hands = {item.holder.key for item in fixes if item.holder}
    return (
        f"{_named(fixes)} are fixes in two people's hands, and no path is chosen"
        if len(hands) > 1 and incident.open_path is None
        else ""
    )


def _patch_and_rollback(incident: Incident) -> str:
    patches = _under_way(incident, PATCHES, Path.FIX)
    rollbacks = [item for item in _under_way(incident, ROLLBACKS, Path.ROLLBACK) if item not in patches]
    if not patches or not rollbacks:
        return ""
    return f"{_named(patches[:1])} patches while {_named(rollbacks[:1])} rolls back"


def _quiet(incident: Incident) -> str:
    return "" if incident.alone else "nothing new is on the record"


def _last_entry(incident: Incident) -> datetime:
    # What was heard late was put on the record late, so none of the older ones is newer by much.
    return max((entry.put_at or entry.at for entry in incident.entries[-LATE:]), default=incident.begun_at)


LATE = 50
"""Entries among which the newest is looked for."""


@lru_cache(maxsize=8192)
def plain_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold())) - {"the", "a", "an", "is", "it", "maybe", "in", "of"}


def _same_twice(incident: Incident) -> str:
    known: dict[frozenset[str], Item] = {}
    for item in incident.items_of(ItemKind.HYPOTHESIS):
        words = plain_words(item.text)
        if words and words in known and (item.open or known[words].open):
            return f"{known[words].key} and {item.key} say the same"
        known.setdefault(words, item)
    return ""


def _two_voices(incident: Incident) -> str:
    answering = [
        item for item in incident.items_of(ItemKind.ACTION) if item.open and item.holder and speaks_of(item, ANSWERS)
    ]
    owner = incident.holder(Role.UPDATES)
    voices = {item.holder.key for item in answering if item.holder} | ({owner.key} if owner else set())
    return (
        f"{_named(answering)}"
        + (f", and {owner.name} owns the updates" if owner else "")
        + ": customers are answered by two"
        if answering and len(voices) > 1
        else ""
    )


def _no_mitigation(incident: Incident) -> str:
    moves = [item for item in incident.items_of(ItemKind.ACTION) if item.holder or item.status is ItemStatus.DONE]
    known = (FIXES, OTHER_MOVES, *(words for _, words in SAFE_MOVES))
    tried = incident.items_of(ItemKind.RECOVERY) or any(speaks_of(item, words) for item in moves for words in known)
    return "" if tried else "no mitigation was tried yet"


def _moves(incident: Incident) -> str:
    moves = ", ".join(untried(tuple(incident.items.values())))
    return f"safe to try before the cause is known: {moves}; `path rollback` or `path fix WHY` begins one"


def _recovery(incident: Incident) -> str:
    owner = incident.holder(Role.RECOVERY)
    return f"{owner.name} should" if owner else "recovery is yours while nobody holds it:"


SIGNS: tuple[Sign, ...] = (
    Sign(
        "two fixes", "two people test fixes and no path is chosen", _two_fixes,
        lambda incident: f"{_recovery(incident)} choose one: `path fix WHY`",
    ),
    Sign(
        "patch and rollback", "a patch and a rollback are both under way", _patch_and_rollback,
        lambda incident: f"{_recovery(incident)} stop one: `drop ITEM`",
    ),
    Sign(
        "quiet record", "no new entry on the record", _quiet,
        lambda _: "say what is being checked: `note TEXT`, or 📌 on what somebody wrote",
        since=_last_entry, wait=lambda incident: incident.policy.times.quiet_record,
    ),
    Sign("same twice", "the same hypothesis was added twice", _same_twice, lambda _: "cross one off, ❌ on its card, so that nobody checks it twice"),
    Sign(
        "two voices", "two people answer customers", _two_voices,
        lambda _: "let one person speak: `assign updates @who`; the others point to the last update",
    ),
    Sign(
        "no mitigation", "no mitigation was tried", _no_mitigation, _moves,
        wait=lambda incident: incident.policy.times.no_mitigation,
    ),
)  # fmt: skip
"""Each is told once to the commander."""
