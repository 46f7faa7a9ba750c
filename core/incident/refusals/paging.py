"""Answers to pages that cannot be made."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.refusals.refusal import Refusal, names
from core.incident.vocabulary import Person


def nobody_in_group(group: str) -> Refusal:
    return Refusal("nobody-in-group", f"Nobody is in the group {group}.", "`page @who` calls one person.")


def is_paged_already(people: Sequence[Person]) -> Refusal:
    return Refusal("paged-already", f"A page to {names(people)} waits for an answer already.")


def nobody_but_by_name() -> Refusal:
    return Refusal("by-name", "Into a private incident nobody comes but by name.", "`page @who` calls one person.")


def nobody_further_out() -> Refusal:
    return Refusal(
        "nobody-further-out", "Everybody the config knows has been called.", "`page @who` calls somebody by name."
    )
