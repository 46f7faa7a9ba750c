"""Why a command is turned down: every refusal names the rule, who may, and what to type instead.

A refusal is an answer to a person, never a fault of the program; `decide` raises it and the command post records it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

from core.incident.document import utc
from core.incident.vocabulary import Person, Role


class Refusal(Exception):
    """Turned down. `rule` is a stable word for tests and the log; `answer` is the whole sentence a person reads."""

    def __init__(self, rule: str, why: str, instead: str = "") -> None:
        self.rule = rule
        self.answer = f"{why} {instead}".strip()
        super().__init__(self.answer)


def _names(people: Sequence[Person]) -> str:
    return " or ".join(dict.fromkeys(person.name for person in people))


def no_such_incident(number: int) -> Refusal:
    return Refusal("no-such-incident", f"There is no incident {number}.", "Its number is on its board's first line.")


def not_in_an_incident(alarm: str) -> Refusal:
    """`alarm` is the emoji that declares."""
    return Refusal(
        "not-in-an-incident",
        "That belongs in an incident's own channel.",
        f"To begin one, type `declare TITLE` in the triage channel or react {alarm} to the message that tells of it.",
    )


def declare_in_triage() -> Refusal:
    return Refusal("declare-in-triage", "Incidents are declared in the triage channel.", "Type `declare TITLE` there.")


def already_here(name: str) -> Refusal:
    return Refusal("already-here", f"This is the channel of {name}.", "Declare another incident in the triage channel.")


def not_a_responder(ask: Sequence[Person]) -> Refusal:
    whom = _names(ask) if ask else "somebody in the triage channel"
    return Refusal("responders-only", f"Only responders may do that. Please ask {whom}.")


def not_yours(act: str, holders: Sequence[Person], who: str, instead: str = "") -> Refusal:
    """`act` belongs to `who` (a role in words), now held by `holders`."""
    if holders:
        return Refusal("not-your-call", f"To {act} is the call of the {who}: please ask {_names(holders)}.", instead)
    return Refusal("not-your-call", f"To {act} is the call of the {who}, which nobody holds.", instead)


def closed_already() -> Refusal:
    return Refusal("closed", "This incident is closed.", "If it came back, type `reopen WHY`.")


def raised_again(number: int, duplicate_of: int | None) -> Refusal:
    """An alarm whose incident is closed."""
    if duplicate_of is not None:
        return Refusal("closed", f"Incident {number} is a duplicate of incident {duplicate_of}.", "Join that one.")
    return Refusal("closed", f"Incident {number} is closed.", f"If it came back, type `reopen {number} WHY`.")


def no_such_service(name: str, known: Sequence[str]) -> Refusal:
    near = get_close_matches(name.casefold(), {one.casefold(): one for one in known}, n=1)
    meant = [one for one in known if one.casefold() in near]
    hint = f"Did you mean `service={meant[0]}`?" if meant else f"There are {', '.join(f'`{one}`' for one in known)}."
    return Refusal("no-such-service", f"The config has no service {name}.", hint)


def said_at_the_close(entry: int) -> Refusal:
    return Refusal(
        "closed",
        "This incident is closed, and its summary is out.",
        f"`amend {entry} TEXT` corrects what the close says.",
    )


def not_from_here(phase: str, wanted: str, ways: Sequence[str]) -> Refusal:
    return Refusal("transition", f"An incident that is {phase} cannot become {wanted}.", f"It may become {_or(ways)}.")


def _or(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + (" or " if len(words) > 1 else "") + words[-1] if words else "nothing"


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


def role_held(role: Role, holder: Person) -> Refusal:
    return Refusal(
        "one-holder",
        f"{holder.name} is {role.title}.",
        f"To take it, type `takeover {role}` ({holder.name} is asked first), or ask for a hand-off.",
    )


def three_calls(held: Sequence[Role], wanted: Role, of: Person | None = None) -> Refusal:
    """`of` is who would hold all three, when that is not who asked."""
    mine = " and ".join(held)
    if of is not None:
        return Refusal(
            "two-of-three",
            f"One person holds two of diagnosis, updates and recovery at most, and {of.name} has {mine} already.",
            f"Give {wanted} to somebody else, or let {of.name} type `release {held[0]}` first; "
            "a call that nobody holds is the commander's.",
        )
    return Refusal(
        "two-of-three",
        f"One person holds two of diagnosis, updates and recovery at most, and you hold {mine}.",
        f"Hand one over first (`handoff @who {held[0]}`) or let go of it (`release {held[0]}`), then claim {wanted}; "
        "a call that nobody holds is the commander's.",
    )


def not_held(role: Role, holder: Person | None) -> Refusal:
    if holder is None:
        return Refusal("not-held", f"Nobody is {role.title}.", f"Type `claim {role}` to take it.")
    return Refusal("not-held", f"You are not {role.title}; {holder.name} is.", f"To take it, type `takeover {role}`.")


def command_is_handed_off() -> Refusal:
    return Refusal(
        "command-is-handed-off",
        "Command is handed off, not released, so that somebody always has it.",
        "Type `handoff @who ic`, or let your backup type `takeover ic`.",
    )


def holds_nothing() -> Refusal:
    return Refusal("holds-nothing", "You hold no role to hand off.", "`board` shows who holds what.")


def to_yourself(act: str) -> Refusal:
    return Refusal("to-yourself", f"You cannot {act} yourself.", "Name somebody else.")


def backup_is_holder(who: Person, role: Role) -> Refusal:
    return Refusal("backup-is-holder", f"{who.name} is {role.title} already.", "Name somebody else as backup.")


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
        f"Somebody has objected to that already, and {_names(asked)} was asked to break the tie.",
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
        "no-such-threshold", f"No single threshold is meant by “{words[:60]}”.", f"`met 1` or so; there are: {listed}."
    )


def nothing_to_watch() -> Refusal:
    return Refusal(
        "nothing-to-watch",
        "No rollback or fix was chosen whose effect could be watched.",
        "`path rollback` or `path fix WHY` chooses one.",
    )


def hand_offs_cross(receiver: Person, prompt: str) -> Refusal:
    return Refusal(
        "hand-offs-cross",
        f"{receiver.name} is handing over to you already, and two hand-offs that cross help nobody.",
        f"Answer that first: `yes {prompt}` or `no {prompt}`.",
    )


def more_than_yes(form: str) -> Refusal:
    return Refusal("more-than-yes", "That takes more than a yes or a no.", f"Type `{form}`.")


def not_frozen() -> Refusal:
    return Refusal("not-frozen", "Changes are not frozen.", "`freeze` freezes them.")


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


def not_in_this_version(what: str, instead: str) -> Refusal:
    return Refusal("not-in-this-version", f"{what} is not in this version of Tocsin.", instead)


def nothing_asked() -> Refusal:
    return Refusal("nothing-asked", "That question is settled; nothing changed.")


def not_asked_of_you(people: Sequence[Person]) -> Refusal:
    return Refusal("not-asked-of-you", f"That was asked of {_names(people)}.")


def claim_stays(role: Role | None, alarm: str) -> Refusal:
    if role is None:
        return Refusal(
            "alarm-stays", f"Taking {alarm} back changes nothing.", "The commander ends it: `close false-alarm WHY`."
        )
    return Refusal(
        "claim-stays",
        f"Taking the reaction back changes nothing: you are still {role.title}.",
        f"Hand it off with `handoff @who {role}`" + ("." if role is Role.IC else f", or let go with `release {role}`."),
    )
