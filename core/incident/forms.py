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
    LENGTH = "length of time"
    PHASE = "phase"
    SEVERITY = "severity"
    PATH = "path"
    INCIDENT = "incident's number"
    ENTRY = "timeline entry"
    PROMPT = "question"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Argument:
    """One slot. `name` is its name as a slash command's option, `into` the command's field it fills (the same, mostly).

    `shown` is how it stands in a usage line: upper case for what is replaced, lower case for what is typed.
    """

    name: str
    kind: Kind
    shown: str
    into: str
    required: bool = True

    @property
    def usage(self) -> str:
        return self.shown if self.required else f"[{self.shown}]"


def argument(name: str, kind: Kind, shown: str = "", into: str = "") -> Argument:
    """A required argument, shown in upper case and kept under its own name unless said otherwise."""
    return Argument(name, kind, shown or name.upper(), into or name)


def optional(slot: Argument, shown: str = "") -> Argument:
    """The same argument where it may be left out; an optional text is shown in lower case, as in the spec."""
    if not shown:
        shown = slot.shown.lower() if slot.kind is Kind.WORDS else slot.shown
    return replace(slot, shown=shown, required=False)


class Group(StrEnum):
    """The level under which Discord lists a verb, and its grouped spelling in text (`role claim ic`)."""

    DIRECT = "direct"
    ROLE = "role"
    ITEM = "item"
    CALL = "call"
    UPDATE = "update"
    PEOPLE = "people"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Verb:
    """One row. `fixed` are the command's fields that the verb itself decides; `does` is its help in one line.

    A word with a space (`close false-alarm`) is a form of its own; a word in two rows is read by the first that fits.
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

    @property
    def path(self) -> str:
        """The verb with its group, which no other row has: `role release`, `item release`, `close`."""
        return self.word if self.group is Group.DIRECT else f"{self.group} {self.word}"

    @property
    def usage(self) -> str:
        """The form on one line: `assign ROLE @who`, `close [cause=… fixed=…]`."""
        keys = " ".join(f"{slot.name}={slot.shown}" for slot in self.fields)
        words = [slot.usage for slot in self.arguments]
        if keys:
            # A flag stands last, as people type it: declare TITLE sev1 service=shop private.
            flags = [slot.usage for slot in self.arguments if slot.kind is Kind.FLAG]
            words = [*(word for word in words if word not in flags), f"[{keys}]", *flags]
        return " ".join([self.word, *words])

    def build(self, values: Mapping[str, Any]) -> AnyCommand:
        """The command from what was read, by field. Raises pydantic's `ValidationError`: too long, or no words."""
        return self.command.model_validate({**self.fixed, **values})
