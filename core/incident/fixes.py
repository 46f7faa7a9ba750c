"""What an item's words say is being done: `PATCHES`, `FIXES`, `ROLLBACKS`, `ANSWERS` and the `SAFE_MOVES`, as words of the trade.

Rule: a false alarm is the worse mistake. So the act itself has to lead: "patch the rounding" and "clear the cache and restart
the workers" are one, "review Mia's patch" and "write the rollback plan" are none; and neither is a check, a question or a
denial, nor an act upon something else ("fix the dashboard", "raise a ticket").
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.incident.state import Item

_LEADS = r"(?:^|\b(?:and|then)\s+|[,;:/+]\s*)(?:(?:now|please|we|let'?s)\s+)*"
_TAIL = r"(?![\w'’])"
_ASIDE = (
    r"(?!.*\b(?:tickets?|dashboards?|graphs?|alerts?|monitor(?:s|ing)?|vpn|laptops?|browsers?|typos?|docs?|wiki|runbooks?"
    r"|status page|postmortem|bridge|calls?|channels?|priority|severity|issue with|log level)\b)"
)
"""What is fixed, raised or restarted without any effect on the outage."""

_PATCHES = (
    r"hot-?fix(?:ing)?|patch(?:ing)?|fix(?:ing)?|(?:ship|deploy|roll out)(?:p?ing)? (?:a|the) (?:fix|patch|hotfix)"
)
_LIMITS = (
    r"(?:rais(?:e|ing)|lower(?:ing)?|increas(?:e|ing)|reduc(?:e|ing)|bump(?:ing)?|doubl(?:e|ing))\b.*"
    r"\b(?:limits?|size|memory|heap|pool|timeouts?|quotas?|capacity|connections?|threads?|workers|replicas|version|ttl|rate)"
)
PATCHES = re.compile(f"{_LEADS}{_ASIDE}(?:{_PATCHES}){_TAIL}", re.IGNORECASE)
FIXES = re.compile(
    f"{_LEADS}{_ASIDE}(?:{_PATCHES}|put(?:ting)? back|restart(?:ing)?|reboot(?:ing)?|{_LIMITS}){_TAIL}", re.IGNORECASE
)
ROLLBACKS = re.compile(
    f"{_LEADS}(?:roll(?:ing)?[ -]?back|revert(?:ing)?(?! to)|tak(?:e|ing) back (?:the )?release"
    rf"|undo(?:ing)? (?:the )?(?:release|deploy)){_TAIL}(?! (?:plan|steps|script|doc))",
    re.IGNORECASE,
)
ANSWERS = re.compile(
    f"{_LEADS}(?:(?:answer(?:ing)?|reply(?:ing)? to|respond(?:ing)? to|tell(?:ing)?|writ(?:e|ing) to|call(?:ing)? back|e?mail(?:ing)?"
    r"|updat(?:e|ing)) (?:(?:the|all|our|those|these|any) )*(?:(?!(?:which|what|how|who|whose|that|if|with|about|for)\b)[\w-]+ )?"
    r"(?:customers?|users?|clients?|tickets?|phones?|support (?:requests?|tickets?|queue|mails?))"
    r"(?!['’]| (?:table|service|database|db|schema|api|page|index|list|count|id)s?\b)"
    rf"|(?:reply(?:ing)?|answer(?:ing)?|respond(?:ing)?|post(?:ing)?) on (?:the )?(?:twitter|forum|mastodon|facebook|reddit|social media)){_TAIL}",
    re.IGNORECASE,
)
_SAID_OF_ROLLBACKS = re.compile(r"\b(?:roll(?:ing)?[ -]?back|rollback|revert(?:ing)?)\b", re.IGNORECASE)
_NOT_DOING = re.compile(
    r"\?\s*$|^(?:is|was|did|does|do we|can|could|should|check|see|look|find out|ask|compare|test whether|verify|why|who|when)\b"
    r"|\b(?:don'?t|do not|no|not|never|without|instead of|after the|before the|since the)\b",
    re.IGNORECASE,
)

OTHER_MOVES = re.compile(
    f"{_LEADS}{_ASIDE}(?:re-?deploy(?:ing)?|deploy(?:ing)?|downgrad(?:e|ing)|pin(?:ning)?|restor(?:e|ing)|drain(?:ing)?|kill(?:ing)?|remov(?:e|ing)"
    rf"|flush(?:ing)?|clear(?:ing)?|tak(?:e|ing)\b.*\bout of|isolat(?:e|ing)|evict(?:ing)?){_TAIL}",
    re.IGNORECASE,
)
"""What mitigates and is neither a fix nor one of the safe moves."""

SAFE_MOVES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("roll back", _SAID_OF_ROLLBACKS),
    (
        "flip the flag",
        re.compile(
            r"\b(?:flip(?:ping)?|turn(?:ing)?|switch(?:ing)?|toggl(?:e|ing)|set(?:ting)?)\b.*\b(?:flags?|off)\b"
            r"|\bkill ?switch\b|\bdisabl(?:e|ing)\b|\bfeature off\b",
            re.IGNORECASE,
        ),
    ),
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
    return _says(item.text, words)


@lru_cache(maxsize=8192)
def _says(text: str, words: re.Pattern[str]) -> bool:
    # Asked of every item after every act.
    return words.search(text) is not None and _NOT_DOING.search(text) is None


def untried(items: tuple[Item, ...]) -> tuple[str, ...]:
    """The safe moves that no item speaks of yet."""
    return tuple(name for name, words in SAFE_MOVES if not any(words.search(item.text) for item in items))
