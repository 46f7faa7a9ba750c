"""Roles: one holder, two of three, and how one is passed on."""

from __future__ import annotations

from collections.abc import Sequence

from core.incident.refusals.refusal import Refusal
from core.incident.vocabulary import Person, Role


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


def hand_offs_cross(receiver: Person, prompt: str) -> Refusal:
    return Refusal(
        "hand-offs-cross",
        f"{receiver.name} is handing over to you already, and two hand-offs that cross help nobody.",
        f"Answer that first: `yes {prompt}` or `no {prompt}`.",
    )


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
