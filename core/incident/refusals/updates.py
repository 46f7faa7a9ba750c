"""Updates: drafted, published, promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from core.incident.document import utc
from core.incident.refusals.refusal import Refusal

if TYPE_CHECKING:
    # It reads the incident, whose modules refuse things.
    from core.incident.wording import Finding


def no_draft() -> Refusal:
    return Refusal(
        "no-draft", "There is no draft.", "Write one: `update impact=what users see next=what happens next every=15m`."
    )


def draft_moved_on(number: int) -> Refusal:
    return Refusal("draft-moved-on", "That draft has been replaced.", f"Read draft {number}; `publish` sends it.")


def update_held_back(found: Sequence[Finding], verb: str) -> Refusal:
    """What the wording check holds back: the words, what is wrong with them, and the better form."""
    lacking = [one for one in found if one.lacks]
    if len(lacking) == len(found):
        what = " and ".join(one.lacks.partition("=")[0].replace("every", "the next time") for one in lacking)
        return Refusal(
            "update-incomplete",
            f"The update lacks {what}.",
            f"Add it: `{verb} {' '.join(one.lacks for one in lacking)}`.",
        )
    faults = "; ".join(one.quoted for one in found)
    better = " ".join(f"Better: {one.better.removesuffix('.')}." for one in found)
    return Refusal("update-held-back", f"The update is held back by the wording check: {faults}.", better)


def promise_in_the_past(at: datetime) -> Refusal:
    return Refusal(
        "promise-in-the-past",
        f"Counted from that update, the next one would have been due at {utc(at)} already.",
        "Publish a new one: `unchanged 15m` or `update …`.",
    )


def no_update_yet(verb: str) -> Refusal:
    return Refusal("no-update-yet", f"There is no update to {verb}.", "Write the first: `update impact=…`.")


def nothing_to_snooze() -> Refusal:
    return Refusal(
        "nothing-to-snooze", "No update is due, so there are no reminders to put off.", "`update …` writes one."
    )


def snoozed_too_long(due: datetime, latest: datetime, possible: bool) -> Refusal:
    if not possible:
        why = f"The update due {utc(due)} cannot be put off any longer."
        return Refusal("snoozed-too-long", why, "`unchanged 15m`.")
    why = f"The reminders of the update due {utc(due)} can be put off until {utc(latest)} at the latest."
    return Refusal("snoozed-too-long", why, "Name less, or publish: `unchanged 15m`.")


def no_reminder_before(until: datetime, coming: datetime | None) -> Refusal:
    first = f" The next is at {utc(coming)}." if coming else ""
    return Refusal(
        "no-reminder-before",
        f"No reminder would come before {utc(until)}.{first}",
        "`unchanged` or `update …` restarts the clock.",
    )
