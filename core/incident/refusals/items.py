"""The shared list: one pair of hands each."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.refusals.refusal import Refusal
from core.incident.vocabulary import Person


def no_such_item(key: str, near: Sequence[str]) -> Refusal:
    known = f"Open now: {', '.join(near)}." if near else "Nothing is on the list yet: `hypothesis TEXT`, `action TEXT`."
    return Refusal("no-such-item", f"There is no item {key}.", known)


def item_ended(key: str, status: str) -> Refusal:
    return Refusal("item-ended", f"{key} is over: {status}.", "If it is still open in truth, add it again.")


def wrong_kind(key: str, verb: str, instead: str) -> Refusal:
    return Refusal("wrong-kind", f"`{verb}` is for hypotheses, and {key} is none.", f"Type `{instead} {key}`.")


def item_in_hands(key: str, holder: Person) -> Refusal:
    return Refusal(
        "one-pair-of-hands",
        f"{holder.name} is on {key}.",
        f"{holder.name} or the commander lets it go: `release {key}`.",
    )


def not_in_your_hands(key: str, holder: Person, commander: Person | None) -> Refusal:
    who = "the commander" if commander is None else f"{commander.name} as commander"
    return Refusal("not-in-your-hands", f"{holder.name} is on {key}.", f"{holder.name} or {who} may `release {key}`.")
