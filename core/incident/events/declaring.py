"""An incident begins, and people come into it."""

from __future__ import annotations

from typing import Literal

from core.incident.drill import Scenario
from core.incident.events.alerts import Alarm
from core.incident.events.happened import Happened
from core.incident.policy import Policy
from core.incident.vocabulary import ChannelRef, MessageRef, Person, Severity


class Declared(Happened):
    """The first event of an incident, written into the house's stream as well. `alarm` is the alert that it was made of.

    `drill`: nothing of it is real, and this is what is played. `private`: by invitation only, and `name` is a code name. `last_time` is the one change that the debrief of the incident `last_time_of` chose.
    """

    kind: Literal["declared"] = "declared"
    number: int
    name: str
    title: str
    severity: Severity
    policy: Policy
    triage: ChannelRef
    message: MessageRef | None = None
    reported_by: Person | None = None
    service: str = ""
    last_time: str = ""
    last_time_of: int = 0
    private: bool = False
    alarm: Alarm | None = None
    drill: Scenario | None = None


class Joined(Happened):
    """A person was brought in. `again` says that they had declared the same thing.

    `invited`: somebody asked for that by name. `trusted`: the commander of a private incident did, and so they count as a
    responder of it.
    """

    kind: Literal["joined"] = "joined"
    who: Person
    again: bool = False
    invited: bool = False
    trusted: bool = False


class PutOut(Happened):
    """The commander put somebody out of a private incident."""

    kind: Literal["put_out"] = "put_out"
    who: Person
