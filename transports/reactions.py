"""What an emoji means where it stands: `REACTIONS`, a row for every emoji of the spec (section 5), and how emoji compare.

Rule: a row names an act and the text command that does the same; what comes of it is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import groupby

from core.incident.emoji import EMOJI, STEPS, THRESHOLDS


class Where(StrEnum):
    """The places where an emoji has a meaning, in the words of the table that people read."""

    TRIAGE = "any message in a triage channel"
    BOARD = "the board"
    NOTICE = "the notice"
    MESSAGE = "any message in the incident channel"
    ITEM = "an item's card"
    DRAFT = "an update draft"
    UPDATE_REMINDER = "an update reminder"
    CLOSE_PROMPT = "the close prompt"
    DECISION = "a decision point"
    TIE = "an objection"
    WORKED = "the question whether the path worked"
    THRESHOLDS = "the thresholds' card"
    PROMPT = "anything Tocsin asks you to confirm"
    WATCH = "the watch after *resolved*"
    PAGE = "a page"
    RUNBOOK = "a runbook's card"
    POSTMORTEM = "the postmortem's card, and its reminders"


@dataclass(frozen=True, slots=True)
class Reaction:
    """One row. `action` is its stable name, also in `[reactions]`; `command` is its twin in text; `who` may, if not all."""

    where: Where
    emoji: str
    action: str
    does: str
    command: str
    who: str = ""


_UPDATER = "update owner or backup"
_DECIDER = "recovery owner or backup; the tie-breaker when asked"
_TIE_BREAKER = "the tie-breaker, when asked"
_WATCHER = "who watches"

REACTIONS: tuple[Reaction, ...] = (
    Reaction(Where.TRIAGE, "🚨", "declare", "declare an incident from it", "declare TITLE"),
    Reaction(Where.BOARD, "🧭", "claim_ic", "claim commander", "claim ic"),
    Reaction(Where.BOARD, "🔎", "claim_diagnosis", "claim diagnosis", "claim diagnosis"),
    Reaction(Where.BOARD, "📣", "claim_updates", "claim updates", "claim updates"),
    Reaction(Where.BOARD, "⏪", "claim_recovery", "claim recovery", "claim recovery"),
    Reaction(Where.BOARD, "✍️", "claim_scribe", "claim scribe", "claim scribe"),
    Reaction(
        Where.BOARD, "🧊", "freeze", "freeze changes (lifted with `unfreeze`, or by taking it back and confirming)",
        "freeze [why]", "commander or recovery owner",
    ),
    Reaction(Where.BOARD, "🆘", "widen", "widen the circle: call the next group", "widen"),
    Reaction(Where.NOTICE, "🧭", "claim_ic", "claim commander", "claim ic"),
    Reaction(Where.MESSAGE, "💡", "hypothesis", "it is a hypothesis: make its card and thread", "hypothesis TEXT"),
    Reaction(Where.MESSAGE, "🛠️", "action", "it is an action: make its card and thread", "action TEXT"),
    Reaction(Where.MESSAGE, "⚖️", "decision", "it is a decision: record it word for word", "decide TEXT"),
    Reaction(Where.MESSAGE, "📌", "pin", "it is a key observation: put it on the timeline, at the time it was written", "note TEXT"),
    Reaction(Where.MESSAGE, "📢", "draft", "draft the next update from it", "draft impact=…", "update owner"),
    Reaction(Where.ITEM, "✋", "grab", "grab it; taking it back lets it go", "grab ITEM"),
    Reaction(Where.ITEM, "✅", "done", "done; for a hypothesis: confirmed", "done ITEM"),
    Reaction(Where.ITEM, "❌", "cross_off", "dropped; for a hypothesis: ruled out; for a recovery action: it did not help", "drop ITEM"),
    Reaction(Where.DRAFT, "📤", "publish", "publish", "publish", _UPDATER),
    Reaction(Where.DRAFT, "❌", "discard", "discard", "discard", _UPDATER),
    Reaction(
        Where.UPDATE_REMINDER, "🔁", "unchanged", 'publish "impact is unchanged" with the same facts and a new time',
        "unchanged", _UPDATER,
    ),
    Reaction(Where.CLOSE_PROMPT, "🏁", "close", "close", "close", "commander"),
    Reaction(Where.DECISION, "⏪", "path_rollback", "roll back", "path rollback", _DECIDER),
    Reaction(Where.DECISION, "🔧", "path_fix", "ship the fix", "path fix", _DECIDER),
    Reaction(Where.DECISION, "⏸️", "path_pause", "hold five minutes", "path pause", _DECIDER),
    Reaction(Where.DECISION, "🔎", "path_dig", "keep digging", "path dig", _DECIDER),
    Reaction(Where.TIE, "👍", "yes", "the choice stands", "yes", _TIE_BREAKER),
    Reaction(Where.TIE, "❌", "no", "it is overturned", "no", _TIE_BREAKER),
    Reaction(Where.TIE, "⏪", "path_rollback", "it is overturned: roll back", "path rollback", _TIE_BREAKER),
    Reaction(Where.TIE, "🔧", "path_fix", "it is overturned: ship the fix", "path fix", _TIE_BREAKER),
    Reaction(Where.TIE, "⏸️", "path_pause", "it is overturned: hold five minutes", "path pause", _TIE_BREAKER),
    Reaction(Where.TIE, "🔎", "path_dig", "it is overturned: keep digging", "path dig", _TIE_BREAKER),
    Reaction(Where.WORKED, "👍", "yes", "it worked", "yes", _WATCHER),
    Reaction(Where.WORKED, "❌", "no", "it did not help", "no", _WATCHER),
    *(
        Reaction(Where.THRESHOLDS, EMOJI[action], action, "that sentence is met; taking it back unmarks it", f"met {number}")
        for action, number in THRESHOLDS.items()
    ),
    *(
        Reaction(Where.RUNBOOK, EMOJI[action], action, "make an action of that step, once", f"step {number}")
        for action, number in STEPS.items()
    ),
    Reaction(Where.RUNBOOK, "▶️", "next_page", "show the next section", "runbook NAME 2"),
    Reaction(Where.PROMPT, "👍", "yes", "yes (doing it a second time, or the command named there, is yes too)", "yes", "who was asked"),
    Reaction(Where.PAGE, "👍", "yes", "I have it, and come", "yes", "who is paged"),
    Reaction(Where.PAGE, "❌", "no", "I cannot come: the next is called", "no", "who is paged"),
    Reaction(Where.WATCH, "↩️", "came_back", "it came back", "came-back"),
    Reaction(Where.POSTMORTEM, "✅", "published", "it is out", "postmortem published", "its owner or the commander"),
)  # fmt: skip

TWINS: tuple[tuple[str, ...], ...] = (
    ("📢", "📣"),
    ("🛠", "🔧"),
    ("🔎", "🔍"),
    ("📌", "📍"),
    ("✅", "☑", "✔"),
    ("❌", "✖"),
)
"""Emoji so alike that in one place they are the same; each folded."""


def together(rows: Iterable[Reaction]) -> Iterator[tuple[Reaction, ...]]:
    """Rows beside each other that say the same, as one."""
    for _, alike in groupby(rows, key=lambda row: (row.where, row.does)):
        yield tuple(alike)


def few(shown: Sequence[str]) -> str:
    """What such rows have of their own, or the first two of it: `1️⃣ 2️⃣ …`."""
    return " ".join(shown if len(shown) <= 2 else [*shown[:2], "…"])


_DRESS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_CUSTOM = re.compile(r"<a?:\w+:\d+>")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")


def fold(emoji: str) -> str:
    """An emoji without skin tone and variation selector; joined sequences stay whole."""
    return _DRESS.sub("", emoji).strip()


class Table:
    """The emoji in force: the rows, with those of `[reactions]` in their place. Raises `ValueError` for a wrong override."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        chosen = {_action(action): _emoji(action, emoji) for action, emoji in (overrides or {}).items()}
        self._emoji = {row.action: chosen.get(row.action, row.emoji) for row in REACTIONS}
        self._actions: dict[tuple[Where, str], str] = {}
        for row in REACTIONS:
            emoji = self._emoji[row.action]
            taken = self._actions.setdefault((row.where, fold(emoji)), row.action)
            if taken != row.action:
                raise ValueError(f"reactions: {taken} and {row.action} stand in one place and cannot both be {emoji}")
        for row in REACTIONS:
            for twin in _twins(self._emoji[row.action]):
                # Its own row goes before a likeness to another.
                self._actions.setdefault((row.where, twin), row.action)

    def action(self, where: Where, emoji: str) -> str | None:
        """The act that an emoji asks for in a place."""
        return self._actions.get((where, fold(emoji)))

    def asks(self, where: Where, action: str) -> bool:
        """Whether an act can be asked for in a place."""
        return any(row.where is where and row.action == action for row in REACTIONS)

    def means(self, emoji: str) -> bool:
        """Whether it means something in some place."""
        return any(known == fold(emoji) for _, known in self._actions)

    def emoji(self, action: str) -> str:
        """The emoji of an act, as it is shown and seeded."""
        return self._emoji[action]

    def seeds(self, where: Where) -> tuple[str, ...]:
        """The emoji of a place, in the order of the rows."""
        return tuple(self._emoji[row.action] for row in REACTIONS if row.where is where)

    def meanings(self, where: Where) -> str:
        """What does mean something in a place, in a sentence."""
        rows = together(row for row in REACTIONS if row.where is where)
        said = (f"{few([self._emoji[row.action] for row in alike])} {alike[0].does}" for alike in rows)
        return f"On {where}: " + ", ".join(said) + "."


def _twins(emoji: str) -> tuple[str, ...]:
    return next((group for group in TWINS if fold(emoji) in group), ())


def _action(name: str) -> str:
    known = list(dict.fromkeys(row.action for row in REACTIONS))
    if name in known:
        return name
    near = get_close_matches(name, known, n=1)
    raise ValueError(
        f"reactions.{name} is no act; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")
    )


def _emoji(action: str, emoji: str) -> str:
    emoji = emoji.strip()
    if (
        _CUSTOM.fullmatch(emoji)
        or _KEYCAP.fullmatch(emoji)
        or (fold(emoji) and not emoji.isascii() and len(emoji) <= 16 and not re.search(r"[\w\s]", emoji, re.ASCII))
    ):
        return emoji
    raise ValueError(f"reactions.{action} must be one emoji, not {emoji[:20]!r}")
