"""Answers to questions."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.refusals.refusal import Refusal, names
from core.incident.vocabulary import Person


def nothing_asked() -> Refusal:
    return Refusal("nothing-asked", "That question is settled; nothing changed.")


def nothing_asked_of_you() -> Refusal:
    """To a bare `yes` or `no` of somebody whom no open question is put to."""
    return Refusal("nothing-asked", "Nothing here waits for a yes or a no of yours; nothing changed.")


def not_asked_of_you(people: Sequence[Person]) -> Refusal:
    return Refusal("not-asked-of-you", f"That was asked of {names(people)}.")


def more_than_yes(form: str) -> Refusal:
    return Refusal("more-than-yes", "That takes more than a yes or a no.", f"Type `{form}`.")
