"""What an item's words say is being done: `FIXES`, `ROLLBACKS`, `ANSWERS` and the `SAFE_MOVES`, as words of the trade.

Rule: a false alarm is the worse mistake, so only whole words that people use for the act itself count, and a check, a
question or a denial ("is it the rollback?", "do not deploy") is none.
"""

from __future__ import annotations

import re

from core.incident.state import Item

FIXES = re.compile(
    r"\b(?:hot-?fix(?:ing)?|patch(?:ing)?|fix(?:ing)?|ship(?:ping)? (?:a|the) (?:fix|patch)|deploy(?:ing)? (?:a|the) (?:fix|patch)"
    r"|put(?:ting)? back|restart(?:ing)?|raise|lower|increase|bump)\b",
    re.IGNORECASE,
)
ROLLBACKS = re.compile(
    r"\b(?:roll(?:ing)?[ -]?back|rollback|revert(?:ing)?|tak(?:e|ing) back (?:the )?release|undo(?:ing)? (?:the )?(?:release|deploy))\b",
    re.IGNORECASE,
)
ANSWERS = re.compile(
    r"\b(?:answer(?:ing)?|reply(?:ing)?(?: to)?|tell(?:ing)?|write(?: to)?|writing to|call(?:ing)? back)\b.*"
    r"\b(?:customers?|users?|clients?|tickets?|twitter|support requests?)\b",
    re.IGNORECASE,
)
_NOT_DOING = re.compile(
    r"\?\s*$|^(?:is|was|did|does|do we|can|could|should|check|see|look|find out|ask|compare|test whether|verify|why|who|when)\b"
    r"|\b(?:don'?t|do not|no|not|never|without|instead of|after the|before the|since the)\b",
    re.IGNORECASE,
)

SAFE_MOVES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("roll back", ROLLBACKS),
    ("flip the flag", re.compile(r"\b(?:flags?|toggle|kill ?switch|feature off)\b", re.IGNORECASE)),
    (
        "scale up",
        re.compile(
            r"\b(?:scal(?:e|ing)|more (?:instances|replicas|capacity|workers)|add (?:instances|replicas|capacity|nodes))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "block",
        re.compile(
            r"\b(?:block(?:ing)?|ban(?:ning)?|rate[ -]?limit(?:ing)?|throttl(?:e|ing)|shed(?:ding)?)\b", re.IGNORECASE
        ),
    ),
    (
        "fail over",
        re.compile(
            r"\b(?:fail(?:ing)?[ -]?over|switch(?:ing)? (?:to|over to) (?:the )?(?:standby|secondary|replica|backup|other region))\b",
            re.IGNORECASE,
        ),
    ),
)
"""Mitigations that are safe to try before the cause is known, in the order in which they are offered (spec, section 8)."""


def speaks_of(item: Item, words: re.Pattern[str]) -> bool:
    """Whether an item says that this is being done."""
    return words.search(item.text) is not None and _NOT_DOING.search(item.text) is None


def untried(items: tuple[Item, ...]) -> tuple[str, ...]:
    """The safe moves that no item speaks of yet."""
    return tuple(name for name, words in SAFE_MOVES if not any(words.search(item.text) for item in items))
