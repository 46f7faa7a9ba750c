"""The parts of a question's card: whom it asks, and the yes that answers it."""

from __future__ import annotations

from core.incident.cards.card import choice
from core.incident.document import Choice, Line, Who, Words
from core.incident.state import Incident, Prompt
from core.incident.vocabulary import Person

Asking = tuple[list[Line], tuple[Choice, ...]]
"""What a question says, and its choices."""


def people(asked: tuple[Person, ...]) -> list[Words]:
    words: list[Words] = []
    for person in asked:
        words += [", ", Who(person)] if words else [Who(person)]
    return words


def name(prompt: Prompt) -> str:
    """The question as people type it: `handoff-1`."""
    return prompt.key.removeprefix("prompt/")


def yes(incident: Incident, prompt: Prompt, label: str) -> tuple[Choice, ...]:
    return (choice(incident, "yes", label, f"yes {name(prompt)}"),)


def no(incident: Incident, prompt: Prompt, label: str) -> tuple[Choice, ...]:
    return (choice(incident, "no", label, f"no {name(prompt)}"),)
