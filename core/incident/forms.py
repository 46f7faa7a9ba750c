"""The form of a command as data: its word, its arguments and their kinds, its `key=value` fields, one example.

Rule: nothing here reads text. A chat's parser, its slash commands, the help and the README all follow the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from core.incident.commands import AnyCommand


class Kind(StrEnum):
    """What an argument holds, by the word that names it to people (`claim` needs a role)."""

    WORDS = "some words"
    ROLE = "role"
    ITEM = "item"
    WHO = "person"
    TIME = "time"
    MOMENT = "time to come"
    POINT = "decision point"
    LENGTH = "length of time"
    PHASE = "phase"
    SEVERITY = "severity"
    PATH = "path"
    INCIDENT = "incident's number"
    ENTRY = "timeline entry"
    PROMPT = "question"
    FLAG = "flag"
    WHEN = "time that was"
    DATE = "day"
    FOLLOW_UP = "follow-up"
    PRIORITY = "priority"
    CALLED = "person or group"


@dataclass(frozen=True, slots=True)
class Argument:
    """One slot. `name` is its name as a slash command's option, `into` the command's field it fills (the same, mostly).

    `shown` is how it stands in a usage line: upper case for what is replaced, lower case for what is typed. `asks` is what
    a person who fills it in is asked for, where its kind alone does not tell; a `rare` one has no place on a form.
    """

    name: str
    kind: Kind
    shown: str
    into: str
    required: bool = True
    asks: str = ""
    rare: bool = False

    @property
    def asked(self) -> str:
        """What it asks for, in a few words."""
        return self.asks or ASKS[self.kind]

    @property
    def usage(self) -> str:
        return self.shown if self.required else f"[{self.shown}]"


def argument(name: str, kind: Kind, shown: str = "", into: str = "", *, asks: str = "", rare: bool = False) -> Argument:
    """A required argument, shown in upper case and kept under its own name unless said otherwise."""
    return Argument(name, kind, shown or name.upper(), into or name, asks=asks, rare=rare)


def optional(slot: Argument, shown: str = "") -> Argument:
    """The same argument where it may be left out; an optional text is shown in lower case, as in the spec."""
    if not shown:
        shown = slot.shown.lower() if slot.kind is Kind.WORDS else slot.shown
    return replace(slot, shown=shown, required=False)


ASKS: dict[Kind, str] = {
    Kind.WORDS: "in your own words",
    Kind.ROLE: "which role",
    Kind.ITEM: "which one, like H2 or A3",
    Kind.WHO: "who",
    Kind.TIME: "when, like 10:02 or 5m ago",
    Kind.MOMENT: "when, like 10:15 or 15m",
    Kind.POINT: "which decision point, like D1",
    Kind.LENGTH: "how long, like 15m",
    Kind.PHASE: "where it stands now",
    Kind.SEVERITY: "how bad it is for users; 1 is the worst",
    Kind.PATH: "roll back, ship a fix, pause, or keep digging",
    Kind.INCIDENT: "which incident, by its number",
    Kind.ENTRY: "which timeline entry, by its number",
    Kind.PROMPT: "which question",
    Kind.FLAG: "yes or no",
    Kind.WHEN: "when it was, like 10:02",
    Kind.DATE: "which day, like Friday or 12 May",
    Kind.FOLLOW_UP: "which follow-up, like F2",
    Kind.PRIORITY: "how soon: P0, P1, P2 or P3",
    Kind.CALLED: "who, or which group",
}
"""What a slot of each kind asks for, where it does not say it in its own words."""


class Group(StrEnum):
    """The level under which Discord lists a verb, and its grouped spelling in text (`role claim ic`)."""

    DIRECT = "direct"
    ROLE = "role"
    ITEM = "item"
    CALL = "call"
    UPDATE = "update"
    PEOPLE = "people"
    AFTER = "after"

    @property
    def does(self) -> str:
        """What its verbs are about, in one line."""
        return GROUP_DOES[self]


GROUP_DOES: dict[Group, str] = {
    Group.DIRECT: "run an incident",
    Group.ROLE: "who makes which call",
    Group.ITEM: "hypotheses and actions: add, grab, cross off",
    Group.CALL: "decisions, the recovery path, the freeze",
    Group.UPDATE: "the one text for everybody outside",
    Group.PEOPLE: "who else is called",
    Group.AFTER: "the record, and what comes next",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """One row. `fixed` are the command's fields that the verb itself decides; `does` is its help in one line.

    A word with a space (`close false-alarm`) is a form of its own; a word in two rows is read by the first that fits.
    Of its fields, those named in `needs` are asked for where they are left out.
    """

    word: str
    group: Group
    command: type[AnyCommand]
    does: str
    example: str
    arguments: tuple[Argument, ...] = ()
    fields: tuple[Argument, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The verb with its group, which no other row has: `role release`, `item release`, `close`."""
        return self.word if self.group is Group.DIRECT else f"{self.group} {self.word}"

    @property
    def usage(self) -> str:
        """The form on one line: `assign ROLE @who`, `close [cause=… fixed=…]`."""
        needed = [f"{slot.name}={slot.shown}" for slot in self.fields if slot.name in self.needs]
        keys = " ".join(f"{slot.name}={slot.shown}" for slot in self.fields if slot.name not in self.needs)
        words = [slot.usage for slot in self.arguments]
        if self.fields:
            # A flag stands last, as people type it: declare TITLE sev1 service=shop private.
            flags = [slot.usage for slot in self.arguments if slot.kind is Kind.FLAG]
            words = [*(word for word in words if word not in flags), *needed, f"[{keys}]", *flags]
        return " ".join([self.word, *words])

    @property
    def form(self) -> tuple[Argument, ...]:
        """The slots that a form has to be filled in by somebody who gave none; empty for a verb without fields."""
        return tuple(slot for slot in (*self.arguments, *self.fields) if not slot.rare) if self.fields else ()

    def build(self, values: Mapping[str, Any]) -> AnyCommand:
        """The command from what was read, by field. Raises pydantic's `ValidationError`: too long, or no words."""
        return self.command.model_validate({**self.fixed, **values})
