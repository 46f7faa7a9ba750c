"""What every refusal is: a rule, and a sentence that names it and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.vocabulary import Person


class Refusal(Exception):
    """Turned down. `rule` is a stable word for tests and the log; `answer` is the whole sentence a person reads."""

    def __init__(self, rule: str, why: str, instead: str = "") -> None:
        self.rule = rule
        self.answer = f"{why} {instead}".strip()
        super().__init__(self.answer)


def names(people: Sequence[Person]) -> str:
    return " or ".join(dict.fromkeys(person.name for person in people))


def either(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1] if words else "nothing"
