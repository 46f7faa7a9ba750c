"""Follow-ups, the postmortem, the debrief."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.incident.refusals.refusal import Refusal
from core.incident.vocabulary import Person, Priority
from core.incident.workdays import day_words


def follow_up_needs(text: str, owner: Person | None, due: date | None, priority: Priority | None) -> Refusal:
    """The answer is the whole line to type, with what was said in its place."""
    who = f"@{owner.name}" if owner else "@who"
    line = f"followup {text} owner={who} due={due or 'DATE'} priority={priority or 'P0..P3'}"
    return Refusal(
        "follow-up-needs",
        "A follow-up has an owner, a day and a priority, or nobody does it.",
        f"Type `{line}`, a day as in `due=Friday`; without a priority it is that of the incident.",
    )


def day_has_passed(day: date) -> Refusal:
    return Refusal("day-passed", f"{day_words(day)} has passed.", "Name a day to come, as in `due=Friday`.")


def no_such_follow_up(number: int, known: Sequence[int]) -> Refusal:
    there = ", ".join(f"F{one}" for one in known)
    way = (
        f"There are {there}: `followup-done F{known[0]}`."
        if there
        else "There are none yet; `followup TEXT owner=@who due=DATE` adds one."
    )
    return Refusal("no-such-follow-up", f"There is no F{number} in this incident.", way)


def of_which_incident(line: str) -> Refusal:
    """Said in triage, where only its number tells one incident from another; `line` is for incident 7."""
    return Refusal("of-which-incident", "Of which incident?", f"Here its number goes with it: `{line}` for incident 7.")


def follow_up_is_over(number: int, over: str) -> Refusal:
    return Refusal("follow-up-over", f"F{number} is {over}.", "`followup TEXT owner=@who due=DATE` adds another.")


def move_needs(number: int) -> Refusal:
    return Refusal(
        "move-needs",
        f"To which day, or to whom, does F{number} go?",
        f"`followup-move F{number} due=Friday owner=@who`.",
    )


def drop_needs(number: int) -> Refusal:
    return Refusal(
        "drop-needs", "Please say why it is dropped:", f"`followup-drop F{number} the service is going away`."
    )


def no_postmortem_yet() -> Refusal:
    return Refusal(
        "no-postmortem-yet",
        "The postmortem is written from the record, after the close.",
        "`close owner=@who` names who writes it; `timeline` shows the record so far.",
    )


def no_postmortem_owed() -> Refusal:
    return Refusal("no-postmortem-owed", "Nobody owes a postmortem of this.", "`postmortem @who` asks somebody for it.")


def postmortem_is_out() -> Refusal:
    return Refusal("postmortem-out", "The postmortem is out already.", "`postmortem` asks for another.")


def debrief_after_the_close() -> Refusal:
    return Refusal(
        "debrief-after-close", "The debrief comes after the close.", "`note TEXT` keeps the thought until then."
    )
