"""The field's words as types: phases, severities, roles, people, places and the things people grab.

The words are those of the Incident Command System (FEMA, NIMS ICS-100) and of the public incident-response guides
(PagerDuty's, Google's SRE workbook chapter 9); chat, code and stored events all use the same ones.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from core.incident.spelling import name_line


class Value(BaseModel):  # noqa: PLW1641: pydantic hashes what is frozen
    """An immutable value that events may carry: equal when its fields are, and refused when it has others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __eq__(self, other: object) -> bool:
        # Fields are all that there is of a value; pydantic's own comparison asks for more, and is asked at every look.
        return type(other) is type(self) and other.__dict__ == self.__dict__


class Phase(StrEnum):
    """Where an incident stands. `resolved`: users are served again. `closed`: the commander said that it is over."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Severity(StrEnum):
    """How bad it is for users; lower is worse, and when unsure one takes the worse (PagerDuty, "Severity Levels")."""

    SEV1 = "sev1"
    SEV2 = "sev2"
    SEV3 = "sev3"


class Role(StrEnum):
    """The separate calls of an incident, each with one holder."""

    IC = "ic"
    DIAGNOSIS = "diagnosis"
    UPDATES = "updates"
    RECOVERY = "recovery"
    SCRIBE = "scribe"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The role in full; newcomers do not know what "IC" means."""
        return ROLE_TITLES[self]


ROLE_TITLES: dict[Role, str] = {
    Role.IC: "incident commander",
    Role.DIAGNOSIS: "diagnosis lead",
    Role.UPDATES: "update owner",
    Role.RECOVERY: "recovery owner",
    Role.SCRIBE: "scribe",
}

ROLE_WORDS: dict[str, Role] = {
    "ic": Role.IC,
    "commander": Role.IC,
    "lead": Role.IC,
    "irc": Role.IC,
    "diagnosis": Role.DIAGNOSIS,
    "ops": Role.DIAGNOSIS,
    "tech": Role.DIAGNOSIS,
    "updates": Role.UPDATES,
    "comms": Role.UPDATES,
    "recovery": Role.RECOVERY,
    "rollback": Role.RECOVERY,
    "scribe": Role.SCRIBE,
}
"""Every word by which a role is understood (spec, section 3)."""

THREE_CALLS = frozenset({Role.DIAGNOSIS, Role.UPDATES, Role.RECOVERY})
"""One person may claim two of these, never all three (spec, section 3)."""


class ItemKind(StrEnum):
    """What stands on the shared list. A recovery action is the path: at most one is open."""

    HYPOTHESIS = "hypothesis"
    ACTION = "action"
    RECOVERY = "recovery"


class ItemStatus(StrEnum):
    """How an item ended, or that it has not."""

    OPEN = "open"
    DONE = "done"
    CONFIRMED = "confirmed"
    RULED_OUT = "ruled out"
    DROPPED = "dropped"
    DID_NOT_HELP = "did not help"
    STOPPED = "stopped"
    CARRIED = "carried over"


class Priority(StrEnum):
    """How soon a follow-up is due; lower is sooner."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Path(StrEnum):
    """The recovery owner's call: put back, mend, wait, or keep looking."""

    ROLLBACK = "rollback"
    FIX = "fix"
    PAUSE = "pause"
    DIG = "dig"


class Ring(StrEnum):
    """How far out people are called, in this order (spec, section 10)."""

    ON_CALL = "oncall"
    TEAM = "team"
    NEIGHBOURS = "neighbours"
    RESPONDERS = "responders"

    @property
    def words(self) -> str:
        return _RINGS[self]


_RINGS = {
    Ring.ON_CALL: "who is on call",
    Ring.TEAM: "the service's team",
    Ring.NEIGHBOURS: "the neighbouring teams",
    Ring.RESPONDERS: "everyone who responds",
}


class Account(Value):
    """Who a chat says somebody is. `id` is the chat's immutable id, the only thing that gives rights.

    The name is whatever somebody calls themselves: one short line is kept of it, or the id where nothing can be seen.
    """

    transport: str
    id: str
    name: str

    @field_validator("name")
    @classmethod
    def _shown(cls, name: str, given: ValidationInfo) -> str:
        return name_line(name) or str(given.data.get("id", ""))

    def __str__(self) -> str:
        return f"{self.transport}:{self.id}"


HOOK = "hook"
"""The transport of those who are no people: the hooks by which alerts come in."""


class Person(Value):
    """A person as known when an event was written: linked accounts are one person under one `key`."""

    key: str
    name: str
    initials: str
    account: Account
    others: tuple[Account, ...] = ()

    def on(self, transport: str) -> Account | None:
        """Their account in a chat, if they have one there."""
        return next((one for one in (self.account, *self.others) if one.transport == transport), None)

    @property
    def machine(self) -> bool:
        """Whether this is no human being but a hook, whose alerts began something."""
        return self.account.transport == HOOK

    def is_(self, other: Person | None) -> bool:
        """Whether both are the same human being, whatever account or name they act under."""
        return other is not None and self.key == other.key


class ChannelRef(Value):
    """A channel or room: `transport` as configured, `id` as that chat names it for ever."""

    transport: str
    id: str

    def __str__(self) -> str:
        return f"{self.transport}:{self.id}"


class MessageRef(Value):
    """A message in a channel; its id is the chat's own."""

    channel: ChannelRef
    id: str

    def __str__(self) -> str:
        return f"{self.channel}/{self.id}"


class FollowUpRef(Value):
    """A follow-up by its number in its incident, and that incident's own where it is named from elsewhere: `F2`, `7.F2`."""

    number: int
    incident: int | None = None

    def __str__(self) -> str:
        return f"F{self.number}" if self.incident is None else f"{self.incident}.F{self.number}"
