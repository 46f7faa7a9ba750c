"""A draft as the check reads it: sentence by sentence, field by field, with what the incident knows beside it.

Rule: what is found stands in the draft letter for letter, so that people see the words at fault as they wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from core.incident import base_update
from core.incident.events import Wording
from core.incident.state import Incident

FIELDS = ("headline", "impact", "affected", "working", "next")
"""The fields that are read by people, in the order in which they are."""

MOST = 50
"""Sentences of a field that are read; a field of more than these is too long, which is said."""

_END = re.compile(r"(?<=[.!?…;])\s+")

_PLAIN = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)} | {ord("’"): "'"}
"""Letter by letter, so that a place in the plain text is the same place in the text."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of one field. `plain` is the same in small letters and with straight apostrophes."""

    field: str
    text: str

    @cached_property
    def plain(self) -> str:
        return self.text.translate(_PLAIN)

    @cached_property
    def bare(self) -> str:
        """The plain words without what ends them."""
        return self.plain.strip(" .!?…;:")


@dataclass(frozen=True)
class Reading:
    """A draft and its incident, at a moment."""

    incident: Incident
    wording: Wording
    at: datetime

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(
            Sentence(field, text)
            for field in FIELDS
            for text in _END.split(getattr(self.wording, field), maxsplit=MOST)[:MOST]
            if text
        )

    def of(self, *fields: str) -> tuple[Sentence, ...]:
        return tuple(one for one in self.sentences if one.field in fields)

    @cached_property
    def promised_at(self) -> datetime | None:
        return base_update.promise(self.incident, self.wording, self.at)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words to look for. Where none of the `hints` stands, the pattern is not tried: most sentences cost nothing."""

    words: re.Pattern[str]
    hints: Sequence[str]

    def among(self, sentence: Sentence) -> Iterator[re.Match[str]]:
        if any(hint in sentence.plain for hint in self.hints):
            yield from self.words.finditer(sentence.plain)


def pattern(words: str, *hints: str) -> Pattern:
    """A pattern on plain text, with the words of which one has to be there."""
    return Pattern(re.compile(words), hints)
