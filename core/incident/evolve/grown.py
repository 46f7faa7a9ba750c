"""Frozen mappings and people, with one more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from core.incident.vocabulary import Person

K = TypeVar("K")
V = TypeVar("V")


def with_person(people: tuple[Person, ...], person: Person) -> tuple[Person, ...]:
    return people if any(known.is_(person) for known in people) else (*people, person)


def with_(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    return {**mapping, key: value}
