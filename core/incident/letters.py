"""Letters: the answers to one person, which of them still apply, and what settles them.

Rule: a letter follows from the record of a refusal alone, in an incident's stream and in the house's alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.incident.commands import Misread
from core.incident.events import Closed, Recorded, Refused
from core.incident.vocabulary import MessageRef, Person


@dataclass(frozen=True, slots=True)
class Letter:
    """An answer to one person, keyed by the act it answers; `number` is that act's place on the record."""

    number: int
    to: Person
    answer: str
    about: str
    reply_to: MessageRef | None
    settled: bool = False
    thread: MessageRef | None = None


Letters = Mapping[str, Letter]
"""By the source of the act that each answers."""


def after(letters: Letters, recorded: Recorded) -> Letters:
    """The letters after one more record: folded away once that person did what they were about, or all is over."""
    event, by, source = recorded.event, recorded.by, recorded.source
    if isinstance(event, Closed):
        return {source: replace(letter, settled=True) for source, letter in letters.items()}
    if by is None or not recorded.about:
        return letters
    over = {key for key, letter in letters.items() if not letter.settled and _settles(letter, recorded, by)}
    kept = {key: replace(one, settled=True) for key, one in letters.items() if key in over}
    if isinstance(event, Refused) and source:
        thread = recorded.origin.thread if recorded.origin else None
        kept[source] = Letter(recorded.version, by, event.answer, recorded.about, _where(recorded), thread=thread)
    return {**letters, **kept} if kept else letters


def _where(recorded: Recorded) -> MessageRef | None:
    return recorded.origin.reply_to if recorded.origin else None


def _settles(letter: Letter, recorded: Recorded, by: Person) -> bool:
    """The same person tried it again, acted in the same place, or typed what could be read."""
    if not letter.to.is_(by):
        return False
    place = letter.reply_to is not None and letter.reply_to == _where(recorded)
    read = letter.about == Misread.__name__ and recorded.origin is not None and recorded.origin.kind != "reacted"
    return place or letter.about == recorded.about or read
