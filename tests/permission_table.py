"""Who may do what, as people type it: one table for every chat, written from the spec, section 3, and from nothing else.

A row is an act, who may, and what makes it possible again for the next of them. `play` tries every cell, act × kind of
person, in one incident: what is allowed takes effect, and what is refused changes nothing and says whom to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from core.incident.state import Incident
from core.incident.vocabulary import ItemKind, Severity

KINDS: dict[str, str] = {
    "commander": "Ann",
    "commander's backup": "Bob",
    "diagnosis": "Mia",
    "diagnosis' backup": "Dan",
    "updates": "Jon",
    "updates' backup": "Kim",
    "recovery": "Leah",
    "recovery's backup": "Sam",
    "scribe": "Pip",
    "scribe's backup": "Eli",
    "responder": "Zoe",
    "tie-breaker": "Tia",
    "author": "Una",
    "assignee": "Vic",
    "former holder": "Wes",
    "left": "Xav",
    "stranger": "Ned",
}
"""One person of every kind. Xav wrote an entry and has an item in his hands, and is no responder any more."""

OUTSIDE = frozenset({"left", "stranger"})
ANYONE = frozenset(KINDS) - OUTSIDE
COMMAND = frozenset({"commander", "commander's backup"})
DIAGNOSIS = frozenset({"diagnosis", "diagnosis' backup"})
UPDATES = frozenset({"updates", "updates' backup"})
RECOVERY = frozenset({"recovery", "recovery's backup"})
SCRIBE = frozenset({"scribe", "scribe's backup"})
HOLDERS = COMMAND | DIAGNOSIS | UPDATES | RECOVERY | SCRIBE

Turn = tuple[str, str]
"""A kind of person and what they type."""

SETUP: tuple[Turn, ...] = (
    ("commander", "claim ic"),
    ("diagnosis", "claim diagnosis"),
    ("former holder", "claim updates"),
    ("commander", "assign updates {updates}"),
    ("recovery", "claim recovery"),
    ("scribe", "claim scribe"),
    ("commander", "backup ic {commander's backup}"),
    ("commander", "backup diagnosis {diagnosis' backup}"),
    ("commander", "backup updates {updates' backup}"),
    ("commander", "backup recovery {recovery's backup}"),
    ("commander", "backup scribe {scribe's backup}"),
    ("author", "note errors began at ten, says the author"),
    ("left", "note errors began before ten"),
    ("assignee", "hypothesis held by the assignee"),
    ("assignee", "grab {H}"),
    ("left", "hypothesis held by who left"),
    ("left", "grab {H}"),
    ("recovery", "path rollback release 214"),
    ("recovery", "drop {R}"),
    ("updates", "draft impact=some users cannot pay next=we test a rollback every=15m"),
    ("updates", "publish"),
)
"""All roles held, with backups, and one of everything that an act can be about."""


@dataclass(frozen=True)
class Row:
    """`makes` is the event that an allowed act puts on the record; `before` and `after` are typed around each of them.

    `moot`: who may, and for whom there is nothing in it just now (the scribe takes over the scribe). `public`: whom a refusal
    may name, where that is not whoever may.
    """

    words: str
    may: frozenset[str]
    makes: str
    before: tuple[Turn, ...] = ()
    after: tuple[Turn, ...] = ()
    moot: frozenset[str] = frozenset()
    asks: frozenset[str] = frozenset()


def ends(words: str, kind: str) -> Row:
    return Row(words, ANYONE, "item_ended", (("{me}", f"{kind} for {{me}} {{n}}"),))


SCRIBE_AGAIN: tuple[Turn, ...] = (
    ("commander", "assign scribe {scribe}"),
    ("commander", "backup scribe {scribe's backup}"),
)
PATH_OVER: tuple[Turn, ...] = (("recovery", "drop {R}"),)
DRAFTED: tuple[Turn, ...] = (("updates", "draft impact=draft {n} of the updates next=we test a rollback every=15m"),)

TABLE: tuple[Row, ...] = (
    # Any responder.
    Row("hypothesis a guess, {n}", ANYONE, "item_added"),
    Row("action a task, {n}", ANYONE, "item_added"),
    Row("note this is {n}", ANYONE, "noted"),
    Row("changed release {n}", ANYONE, "change_recorded"),
    Row("decide that we wait, {n}", ANYONE, "decision_marked"),
    Row("followup alert {n} owner={responder} due={day}", ANYONE, "follow_up_added"),
    Row("board", ANYONE, "told"),
    Row("timeline", ANYONE, "told"),
    Row("help close", ANYONE, "told"),
    Row("grab {H}", ANYONE, "item_grabbed|asked", (("{me}", "hypothesis for {me} {n}"),), (("{me}", "drop {H}"),)),
    ends("drop {A}", "action"),
    ends("done {A}", "action"),
    ends("confirm {H}", "hypothesis"),
    ends("rule-out {H}", "hypothesis"),
    Row(
        "claim scribe", ANYONE, "role_taken", (("commander", "vacate scribe"),), SCRIBE_AGAIN,
    ),
    Row("takeover scribe", ANYONE, "asked|role_taken", after=SCRIBE_AGAIN, moot=frozenset({"scribe"})),
    Row("came-back it fails", ANYONE, "came_back", (("recovery", "resolve rolled back"),)),
    Row(
        "reopen it is real after all", ANYONE, "reopened",
        (("commander", "close false-alarm the probe was down"),),
    ),
    # The commander.
    Row("assign scribe {responder}", COMMAND, "role_taken", after=SCRIBE_AGAIN),
    Row("vacate scribe", COMMAND, "role_vacated", after=SCRIBE_AGAIN),
    Row("sev {other}", COMMAND, "severity_set"),
    Row("status {phase}", COMMAND, "phase_set"),
    Row("close false-alarm the probe was down", COMMAND, "closed", after=(("responder", "reopen it is real after all"),)),
    # The commander or the recovery owner.
    Row("resolve rolled back", COMMAND | RECOVERY, "resolved", after=(("responder", "came-back it fails"),)),
    Row("freeze until payments work", COMMAND | RECOVERY, "frozen", after=(("commander", "unfreeze"),)),
    Row("unfreeze", COMMAND | RECOVERY, "unfrozen", (("commander", "freeze"),)),
    # The calls.
    Row("impact nobody can pay, {n}", COMMAND | DIAGNOSIS | UPDATES, "impact_set"),
    Row(
        "decide-by 2h roll back if payments fail", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_set",
        after=(("commander", "withdraw-decision"),),
    ),
    Row(
        "move-decision 3h", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_moved",
        (("commander", "decide-by 2h roll back"),), (("commander", "withdraw-decision"),),
    ),
    Row(
        "withdraw-decision", COMMAND | DIAGNOSIS | RECOVERY, "decision_point_withdrawn",
        (("commander", "decide-by 2h roll back"),),
    ),
    Row("path rollback release {n}", RECOVERY, "path_chosen", after=PATH_OVER, asks=RECOVERY),
    # The words outside.
    Row("draft impact=few can pay, {n} next=we test a rollback", UPDATES, "drafted", after=(("updates", "discard"),)),
    Row("publish", UPDATES, "published", DRAFTED),
    Row("discard", UPDATES, "draft_discarded", DRAFTED),
    Row("unchanged 15m", UPDATES, "published"),
    Row("correct impact=all users cannot pay, {n}", UPDATES, "corrected"),
    Row("correct headline=Payments fail, {n}", UPDATES, "corrected"),
    Row("withdraw it was wrong", UPDATES, "update_withdrawn", (*DRAFTED, ("updates", "publish"))),
    # The record and one's own role.
    Row("amend {entry} errors began at {n}", COMMAND | SCRIBE | {"author"}, "entry_amended"),
    Row("handoff {responder} scribe", frozenset({"scribe"}), "asked", after=(("responder", "no"),), asks=SCRIBE),
    Row("release scribe", frozenset({"scribe"}), "role_vacated", after=SCRIBE_AGAIN, asks=SCRIBE),
    Row(
        "backup scribe {responder}", COMMAND | {"scribe"}, "backup_named",
        after=(("commander", "backup scribe {scribe's backup}"),),
    ),
    # Last: after an objection the tie-breaker is asked, and then may choose the path.
    Row(
        "object we lose orders", HOLDERS, "objected", (("recovery", "path rollback release {n}"),), PATH_OVER,
        moot=frozenset({"recovery"}),
    ),
)  # fmt: skip


ALSO_CHANGES = ("version", "changed_at", "letters", "present", "people", "left", "deliveries", "arrived", "remade")


@dataclass(frozen=True)
class Answer:
    """What came of an act: the kinds of its events, and the refusal's words where it was turned down."""

    kinds: tuple[str, ...]
    refusal: str = ""


class Door(Protocol):
    """One way in to one incident that Ann has declared."""

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


def cells(kinds: frozenset[str]) -> tuple[int, int]:
    """How many cells are allowed and refused, for so many kinds of people."""
    allowed = sum(len((row.may - row.moot) & kinds) for row in TABLE)
    return allowed, sum(len(kinds - row.may) for row in TABLE)


async def play(door: Door, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    """Every cell of the table for these kinds of people. The refused ones late, all at once: they change nothing."""
    tried = await prepare(door, kinds)
    for row in TABLE:
        if row is TABLE[-1]:
            await all_refused(door, tried, kinds)
        await _all_allowed(door, tried, row, kinds)
    return tried


async def prepare(door: Door, kinds: frozenset[str]) -> Tried:
    """The incident in which the cells are tried."""
    tried = Tried()
    for turn in SETUP:
        if turn[0] in kinds:
            await _done(door, tried, turn)
    if (leave := getattr(door, "leave", None)) is not None:
        await leave("Xav")
    return tried


async def play_allowed(door: Door, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    tried = await prepare(door, kinds)
    for row in TABLE:
        await _all_allowed(door, tried, row, kinds)
    return tried


async def play_refused(door: Door, share: int, shares: int, kinds: frozenset[str] = frozenset(KINDS)) -> Tried:
    """Every so many-th refused cell: each stands as a letter, and each commit looks at all letters of its incident."""
    tried = await prepare(door, kinds)
    await all_refused(door, tried, kinds, share, shares)
    return tried


async def _all_allowed(door: Door, tried: Tried, row: Row, kinds: frozenset[str]) -> None:
    for turns in _batches(row, sorted(row.may & kinds - row.moot)):
        answers = await _done(door, tried, *(turn for turn, _ in turns))
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
    elif "{H}" in said or "{A}" in said:
        # Everyone's own item is there before it is named.
        yield from (list(chain.from_iterable(parts[stage] for parts in typed)) for stage in range(3))
    else:
        yield list(chain.from_iterable(chain.from_iterable(typed)))


async def all_refused(door: Door, tried: Tried, kinds: frozenset[str], share: int = 0, shares: int = 1) -> None:
    before = dict(shown(door.incident()))
    all_cells = [(row, kind) for row in TABLE for kind in sorted(kinds - row.may)][share::shares]
    turns = [(KINDS[kind], _words(door, tried, row.words, kind)) for row, kind in all_cells]
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


async def _done(door: Door, tried: Tried, *turns: Turn) -> list[Answer]:
    typed = [(KINDS[kind], _words(door, tried, words, kind)) for kind, words in turns]
    answers = await door.act(typed) if typed else []
    for (who, words), answer in zip(typed, answers, strict=True):
        assert answer.kinds, f"{who} {words}: nothing came of it"
        assert answer.kinds[0] != "refused", f"{who} {words}: {answer.refusal}"
    return answers


def _words(door: Door, tried: Tried, words: str, kind: str) -> str:
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
    entry = next((at for at, each in enumerate(incident.entries, 1) if "says the author" in each.text), 1)
    tried.counted += 1
    fixed = {
        "{n}": f"number {tried.counted}",
        "{entry}": str(entry),
        "{other}": "2" if incident.severity is Severity.SEV1 else "1",
        "{phase}": "identified" if incident.phase == "investigating" else "investigating",
        "{day}": "2027-06-01",
    }
    for mark, value in fixed.items():
        words = words.replace(mark, value)
    return words
