"""Updates: drafted, published, promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.incident.document import utc
from core.incident.refusals.refusal import Refusal


def no_draft() -> Refusal:
    return Refusal(
        "no-draft", "There is no draft.", "Write one: `update impact=what users see next=what happens next every=15m`."
    )


def draft_moved_on(number: int) -> Refusal:
    return Refusal("draft-moved-on", "That draft has been replaced.", f"Read draft {number}; `publish` sends it.")


def update_incomplete(missing: Sequence[str]) -> Refusal:
    fields = " ".join(f"{name}=…" for name in missing)
    return Refusal("update-incomplete", f"The update lacks {' and '.join(missing)}.", f"Add it: `update {fields}`.")


def promise_in_the_past(at: datetime) -> Refusal:
    return Refusal(
        "promise-in-the-past",
        f"Counted from that update, the next one would have been due at {utc(at)} already.",
        "Publish a new one: `unchanged 15m` or `update …`.",
    )


def no_update_yet(verb: str) -> Refusal:
    return Refusal("no-update-yet", f"There is no update to {verb}.", "Write the first: `update impact=…`.")
