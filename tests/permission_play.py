"""Plays the permission table through a door: every cell, act × kind of person, in one incident.

What is allowed takes effect; what is refused changes nothing and says whom to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from permission_table import AFTER, ANYONE, KINDS, ONCE_CLOSED, OUTSIDE, SETUP, TABLE, Row, Turn

from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, Severity

ALSO_CHANGES = ("version", "changed_at", "letters", "present", "people", "left", "deliveries", "arrived", "remade")


@dataclass(frozen=True)
class Answer:
    """What came of an act: the kinds of its events, and the refusal's words where it was turned down."""

    kinds: tuple[str, ...]
    refusal: str = ""


class Door(Protocol):
    """One way in to one incident that Ann has declared. `sibling` is the number of another."""

    sibling: int

    def incident(self) -> Incident: ...

    def mention(self, name: str) -> str: ...

    async def act(self, turns: Sequence[Turn]) -> list[Answer]:
        """What came of each; they are typed at once, and by whom they name, never by a kind."""
        ...


@dataclass
class Tried:
    """The cells that were tried, and the first names in them."""

    allowed: set[tuple[str, str]] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)
    counted: int = 0

    def __str__(self) -> str:
        return f"{len(self.allowed)} allowed and {len(self.refused)} refused cells"


def cells(kinds: frozenset[str], table: Sequence[Row] = (*TABLE, *AFTER)) -> tuple[int, int]:
    """How many cells are allowed and refused, for so many kinds of people."""
    allowed = sum(len((row.may - row.moot) & kinds) for row in table)
    return allowed, sum(len(kinds - row.may) for row in table)


async def play(door: Door, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    """Every cell of the table for these kinds of people. The refused ones late, all at once: they change nothing."""
    tried = await prepare(door, kinds)
    for row in TABLE:
        if row is TABLE[-1]:
            await all_refused(door, tried, kinds)
        await _all_allowed(door, tried, row, kinds)
    await play_after(door, tried, kinds)
    return tried


async def play_after(door: Door, tried: Tried, kinds: frozenset[str]) -> None:
    """What there is to do once it is closed."""
    await done(door, tried, *ONCE_CLOSED)
    await all_refused(door, tried, kinds, AFTER)
    for row in AFTER:
        await _all_allowed(door, tried, row, kinds)


async def prepare(door: Door, kinds: frozenset[str], tried: Tried | None = None) -> Tried:
    """The incident in which the cells are tried."""
    tried = tried or Tried()
    for turn in SETUP:
        if turn[0] in kinds:
            await done(door, tried, turn)
    if (leave := getattr(door, "leave", None)) is not None:
        await leave("Xav")
    return tried


async def play_allowed(door: Door, share: int, shares: int, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    """The allowed cells of every so many-th row; the first share has what comes after the close."""
    tried = await prepare(door, kinds)
    for row in TABLE[share::shares]:
        await _all_allowed(door, tried, row, kinds)
    if not share:
        await play_after(door, tried, kinds)
    return tried


async def play_refused(door: Door, share: int, shares: int, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    """Every so many-th refused cell: each stands as a letter, and each commit looks at all letters of its incident."""
    tried = await prepare(door, kinds)
    await all_refused(door, tried, kinds, share=share, shares=shares)
    return tried


async def _all_allowed(door: Door, tried: Tried, row: Row, kinds: frozenset[str]) -> None:
    for turns in _batches(row, sorted(row.may & kinds - row.moot)):
        answers = await done(door, tried, *(turn for turn, _ in turns))
        for ((kind, _), mine), answer in zip(turns, answers, strict=True):
            if mine:
                assert {*answer.kinds} & {*row.makes.split("|")}, f"{kind} {row.words}: {answer.kinds}"
                tried.allowed.add((row.words, kind))


def _batches(row: Row, kinds: Sequence[str]) -> Iterator[list[tuple[Turn, bool]]]:
    """What is typed at once, in order, and whether it is the act itself: as much as can be said before its answers are seen."""
    typed = [
        [
            [(_by(turn, kind), False) for turn in row.before],
            [((kind, row.words), True)],
            [(_by(turn, kind), False) for turn in row.after],
        ]
        for kind in kinds
    ]
    said = " ".join([row.words, *(words for _, words in (*row.before, *row.after))])
    if any(mark in said for mark in ("{R}", "{other}", "{phase}")):
        yield from ([turn] for parts in typed for part in parts for turn in part)
    elif any(mark in said for mark in ("{H}", "{A}", "{F}")):
        # Everyone's own item is there before it is named.
        yield from (list(chain.from_iterable(parts[stage] for parts in typed)) for stage in range(3))
    else:
        yield list(chain.from_iterable(chain.from_iterable(typed)))


async def all_refused(
    door: Door, tried: Tried, kinds: frozenset[str], table: Sequence[Row] = TABLE, *, share: int = 0, shares: int = 1
) -> None:
    before = dict(shown(door.incident()))
    all_cells = [(row, kind) for row in table for kind in sorted(kinds - row.may)][share::shares]
    turns = [(KINDS[kind], words_of(door, tried, row.words, kind)) for row, kind in all_cells]
    answers = await door.act(turns)
    for (row, kind), (_, words), answer in zip(all_cells, turns, answers, strict=True):
        assert answer.kinds == ("refused",), f"{kind} {words}: {answer}"
        named = {each for each, name in KINDS.items() if name in answer.refusal}
        assert kind not in named, f"{kind} is told to ask themselves: {answer.refusal}"
        if kind not in OUTSIDE and row.may != ANYONE:
            assert named & row.may, f"{kind} {words}: {answer.refusal}"
        else:
            assert "Only responders may do that. Please ask Ann" in answer.refusal, f"{kind} {words}: {answer.refusal}"
        tried.refused.add((row.words, kind))
    changed = {name: value for name, value in shown(door.incident()) if value != before[name]}
    assert not changed, "a refused act changed something"


def shown(incident: Incident) -> Iterator[tuple[str, object]]:
    """All that an incident is, but for who was answered, who is there, and what chats tell of what they show."""
    for name in incident.__dataclass_fields__:
        if name not in ALSO_CHANGES:
            yield name, getattr(incident, name)


def _by(turn: Turn, kind: str) -> Turn:
    who, words = turn
    return (kind if who == "{me}" else who), words.replace("{me}", KINDS[kind])


async def done(door: Door, tried: Tried, *turns: Turn) -> list[Answer]:
    typed = [(KINDS[kind], words_of(door, tried, words, kind)) for kind, words in turns]
    answers = await door.act(typed) if typed else []
    for (who, words), answer in zip(typed, answers, strict=True):
        assert answer.kinds, f"{who} {words}: nothing came of it"
        assert answer.kinds[0] != "refused", f"{who} {words}: {answer.refusal}"
    return answers


def words_of(door: Door, tried: Tried, words: str, kind: str) -> str:
    """What is typed, with all that is only known now."""
    incident = door.incident()
    for each, name in KINDS.items():
        if f"{{{each}}}" in words:
            words = words.replace(f"{{{each}}}", door.mention(name))
    items = incident.items.values()
    for letter, of in (("H", ItemKind.HYPOTHESIS), ("A", ItemKind.ACTION), ("R", ItemKind.RECOVERY)):
        keys = [item.key for item in items if item.kind is of]
        keys += [item.key for item in items if item.kind is of and f"for {KINDS[kind]} " in item.text]
        words = words.replace(f"{{{letter}}}", keys[-1] if keys else f"{letter}1")
    owed = [each for each in incident.follow_ups.values() if f"for {KINDS[kind]} " in each.text]
    follow_up = owed[-1].number if owed else 1
    held = next((item.key for item in items if item.text == "hypothesis held by the assignee"), "H1")
    entry = next((at for at, each in enumerate(incident.entries, 1) if each.by and each.by.name == KINDS["author"]), 1)
    tried.counted += 1
    fixed = {
        "{n}": f"number {tried.counted}",
        "{entry}": str(entry),
        # Another promise each time: the same one is put off once.
        "{minutes}": str(15 + tried.counted % 7),
        "{F}": f"F{follow_up}",
        "{held}": held,
        "{sibling}": str(door.sibling),
        "{other}": "2" if incident.severity is Severity.SEV1 else "1",
        "{phase}": "identified" if incident.phase == "investigating" else "investigating",
        "{day}": "2027-06-01",
    }
    for mark, value in fixed.items():
        words = words.replace(mark, value)
    return words
