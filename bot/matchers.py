"""Matchers of labels, written as Alertmanager writes them: `severity="critical"`, `team=~"payments|checkout-.*"`.

Rule: a pattern is words with `.*` between them, alternatives parted by `|`, and it fits the whole of a value; so matching
costs no more than reading, whatever anybody writes or sends. Other marks of regular expressions are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_MATCHER = re.compile(r'\s*([A-Za-z_][\w.:/-]{0,99})\s*(=~|!~|!=|=)\s*(?:"([^"]{0,500})"|([^"\s]{0,500}))\s*')
_MARKS = frozenset("^$+?()[]{}.*")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that is not there is empty. `patterns` are alternatives, each a list of words."""

    label: str
    patterns: tuple[tuple[str, ...], ...]
    negated: bool

    def fits(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.label, "")
        return any(_fits(words, value) for words in self.patterns) is not self.negated


def matcher(text: str) -> Matcher:
    """Reads one. Raises `ValueError` with what it should look like."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError('a matcher looks like severity="critical" or team=~"payments|checkout-.*"')
    label, sign, quoted, bare = found.groups()
    value = quoted if quoted is not None else bare or ""
    patterns = ((value,),) if sign in ("=", "!=") else tuple(_words(one) for one in value.split("|"))
    return Matcher(label, patterns, sign.startswith("!"))


def all_fit(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(one.fits(labels) for one in matchers)


def _words(pattern: str) -> tuple[str, ...]:
    words = []
    for part in pattern.split(".*"):
        plain = re.sub(r"\\(\W)", "", part)
        if _MARKS & set(plain) or plain.endswith("\\"):
            raise ValueError(r"a pattern is words with .* and |, as in payments|checkout-.*; a plain dot is written \.")
        words.append(re.sub(r"\\(\W)", r"\1", part))
    return tuple(words)


def _fits(words: tuple[str, ...], value: str) -> bool:
    """Whether the value is these words in this order with anything between them; the first place of each will do."""
    if len(words) == 1:
        return value == words[0]
    first, *between, last = words
    if len(value) < len(first) + len(last) or not (value.startswith(first) and value.endswith(last)):
        return False
    at, end = len(first), len(value) - len(last)
    for word in between:
        at = value.find(word, at, end)
        if at < 0:
            return False
        at += len(word)
    return True
