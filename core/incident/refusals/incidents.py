"""Which incident, where, and by whom at all."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from core.incident.refusals.refusal import Refusal, names
from core.incident.vocabulary import Person, Role


def no_such_incident(number: int) -> Refusal:
    return Refusal("no-such-incident", f"There is no incident {number}.", "Its number is on its board's first line.")


def not_in_an_incident(alarm: str, known: Sequence[str] = ()) -> Refusal:
    """`alarm` is the emoji that declares; `known` are the channels of those that everybody here knows to be open."""
    there = f"Type it in {', '.join(f'`{name}`' for name in known)}. " if known else ""
    return Refusal(
        "not-in-an-incident",
        "That belongs in an incident's own channel.",
        f"{there}To begin {'another' if known else 'one'}, type `declare TITLE` in the triage channel or react {alarm} "
        "to the message that tells of it.",
    )


def declare_in_triage() -> Refusal:
    return Refusal("declare-in-triage", "Incidents are declared in the triage channel.", "Type `declare TITLE` there.")


def private_in_public() -> Refusal:
    return Refusal(
        "private-in-public",
        "A private incident is not declared where others read along. Everybody here can read what you wrote: delete it.",
        "Then type `declare TITLE private` to Tocsin alone, in a direct message; on Discord, use it as a slash command.",
    )


def for_members() -> Refusal:
    return Refusal(
        "members-only",
        "This incident is private, and you are none of its members.",
        "Its commander can type `invite @who`.",
    )


def guests_of_the_commander(who: Person) -> Refusal:
    return Refusal(
        "guest",
        f"{who.name} is no responder, and into a private incident the commander alone invites such.",
        "Ask the commander to type `invite @who`.",
    )


def open_to_triage() -> Refusal:
    return Refusal(
        "open-incident",
        "This incident is open to everybody in triage, so nobody can be put out of it.",
        "`vacate ROLE` takes a role from somebody.",
    )


def no_member(who: Person) -> Refusal:
    return Refusal("no-member", f"{who.name} is no member of this incident.", "`timeline` shows who was invited.")


def commander_stays(who: Person) -> Refusal:
    return Refusal(
        "commander-stays", f"{who.name} commands this incident.", "Hand command over first: `handoff @who ic`."
    )


def already_here(name: str) -> Refusal:
    return Refusal("already-here", f"This is the channel of {name}.", "Declare another incident in the triage channel.")


def not_a_responder(ask: Sequence[Person]) -> Refusal:
    whom = names(ask) if ask else "somebody in the triage channel"
    return Refusal("responders-only", f"Only responders may do that. Please ask {whom}.")


def not_yours(act: str, holders: Sequence[Person], who: str, instead: str = "") -> Refusal:
    """`act` belongs to `who` (a role in words), now held by `holders`."""
    if holders:
        return Refusal("not-your-call", f"To {act} is the call of the {who}: please ask {names(holders)}.", instead)
    way = instead or f"`claim {Role.IC}` takes command, and with it every call that nobody holds."
    return Refusal("not-your-call", f"To {act} is the call of the {who}, which nobody holds.", way)


def closed_already() -> Refusal:
    return Refusal("closed", "This incident is closed.", "If it came back, type `reopen WHY`.")


def raised_again(number: int, duplicate_of: int | None) -> Refusal:
    """An alarm whose incident is closed."""
    if duplicate_of is not None:
        return Refusal(
            "closed",
            f"Incident {number} is a duplicate of incident {duplicate_of}.",
            "Join that one; `board` in its channel tells how it stands.",
        )
    return Refusal("closed", f"Incident {number} is closed.", f"If it came back, type `reopen {number} WHY`.")


def no_such_service(name: str, known: Sequence[str]) -> Refusal:
    near = get_close_matches(name.casefold(), {one.casefold(): one for one in known}, n=1)
    meant = [one for one in known if one.casefold() in near]
    hint = f"Did you mean `service={meant[0]}`?" if meant else f"There are {', '.join(f'`{one}`' for one in known)}."
    return Refusal("no-such-service", f"The config has no service {name}.", hint)
