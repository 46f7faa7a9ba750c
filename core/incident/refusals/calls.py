"""The calls: decision points, the path, thresholds, objections, the freeze."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.incident.document import utc
from core.incident.refusals.refusal import Refusal, names
from core.incident.vocabulary import Person


def decision_in_the_past(at: datetime, now: datetime) -> Refusal:
    return Refusal(
        "decision-in-the-past",
        f"{utc(at)} has passed; it is {utc(now)} now.",
        "Name a time to come, like `15m`, or decide now: `path rollback`.",
    )


def no_decision_point() -> Refusal:
    return Refusal("no-decision-point", "No decision point is set.", "`decide-by 10:15 roll back if …` sets one.")


def no_such_decision_point(key: str, over: str, near: Sequence[str]) -> Refusal:
    why = f"{key} is over: {over}." if over else f"There is no decision point {key}."
    known = f"Open now: {', '.join(near)}." if near else "None is open; `decide-by 10:15 roll back if …` sets one."
    return Refusal("no-decision-point", why, known)


def say_why_unsafe(path: str) -> Refusal:
    return Refusal(
        "rollback-first",
        "Rolling back first is the rule here, and nothing has been chosen yet.",
        f"Say in one sentence why a rollback is unsafe: `path {path} WHY`. Or roll back: `path rollback`.",
    )


def nothing_to_object_to(window: str) -> Refusal:
    return Refusal(
        "nothing-to-object-to",
        f"No path or decision was chosen within the last {window}.",
        "Say it to the recovery owner; `note TEXT` puts it on the timeline.",
    )


def objected_already(asked: Sequence[Person]) -> Refusal:
    return Refusal(
        "objected-already",
        f"Somebody has objected to that already, and {names(asked)} was asked to break the tie.",
        "`note TEXT` puts your reason on the timeline.",
    )


def nobody_to_break_it(chooser: Person | None) -> Refusal:
    who = f"{chooser.name}'s choice stands" if chooser else "the choice stands"
    return Refusal(
        "no-tie-breaker",
        f"Nobody is there to break the tie but the two of you, so {who}.",
        "Talk to each other; `backup ic @who` names somebody for the next time.",
    )


def no_thresholds(service: str) -> Refusal:
    why = (
        f"The config has no thresholds for {service}."
        if service
        else "This incident is about no service of the config."
    )
    return Refusal("no-thresholds", why, "`note TEXT` puts what you see on the timeline.")


def no_such_threshold(words: str, known: Sequence[str]) -> Refusal:
    listed = " · ".join(f"{number} {sentence}" for number, sentence in enumerate(known, 1))
    return Refusal(
        "no-such-threshold",
        f"“{words[:60]}” is no one threshold of the service.",
        f"`met 1` or another number: {listed}.",
    )


def nothing_to_watch() -> Refusal:
    return Refusal(
        "nothing-to-watch",
        "No rollback or fix was chosen whose effect could be watched.",
        "`path rollback` or `path fix WHY` chooses one.",
    )


def not_frozen() -> Refusal:
    return Refusal("not-frozen", "Changes are not frozen.", "`freeze` freezes them.")
