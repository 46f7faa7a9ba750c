"""Phases, the close, and opening again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from core.incident.document import utc
from core.incident.refusals.refusal import Refusal, either


def said_at_the_close(entry: int) -> Refusal:
    return Refusal(
        "closed",
        "This incident is closed, and its summary is out.",
        f"`amend {entry} TEXT` corrects what the close says.",
    )


def not_from_here(phase: str, wanted: str, ways: Sequence[str]) -> Refusal:
    return Refusal(
        "transition", f"An incident that is {phase} cannot become {wanted}.", f"It may become {either(ways)}."
    )


def not_open_to_reopen() -> Refusal:
    return Refusal("transition", "Only a closed incident can be reopened; this one is open.")


def reopen_too_late(days: str) -> Refusal:
    return Refusal(
        "reopen-window", f"It was closed more than {days} ago.", "Declare a new incident and name this one in it."
    )


def reason_too_short(least: int) -> Refusal:
    return Refusal(
        "reason", f"Please say why in {least} characters or more:", "`reopen payments fail again since 10:40`."
    )


def close_needs(known: Mapping[str, str]) -> Refusal:
    """`known` has what was said and what the record says, by field; the answer is the whole line to type."""
    fields = " ".join(f"{name}={words or '…'}" for name, words in known.items())
    return Refusal(
        "close-needs",
        "A close says what happened, what fixed it and what comes next.",
        f"Type `close {fields}`; `cause=unknown yet` will do.",
    )


def duplicate_of_itself() -> Refusal:
    return Refusal(
        "duplicate-of-itself", "An incident is no duplicate of itself.", "`close duplicate-of N` names the other."
    )


def no_such_entry(number: int, last: int) -> Refusal:
    span = f"They run from 1 to {last}" if last else "There are none yet"
    return Refusal("no-such-entry", f"There is no timeline entry {number}.", f"{span}; `timeline` shows them.")


def still_to_come(number: int, at: datetime) -> Refusal:
    return Refusal(
        "still-to-come",
        f"{utc(at)} is still to come.",
        f"Say when it was, as in `amend {number} time=10:02`; with its day where that is another, `time=2026-05-02T10:02`.",
    )


def amend_needs(number: int) -> Refusal:
    return Refusal(
        "amend-needs",
        f"What shall entry {number} say, or when was it?",
        f"`amend {number} TEXT` or `amend {number} time=10:02`.",
    )
