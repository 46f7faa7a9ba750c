"""Incidents made of commands alone, without a chat: `Case` gives them to `decide` and folds what comes of it."""

from __future__ import annotations

from copy import copy
from datetime import datetime, timedelta

from pushed_clock import START

from core.incident import commands as c
from core.incident.deadlines import deadlines
from core.incident.decide import Act, Events, House, decide, declare
from core.incident.events import Event, Heard, Origin, Recorded, Refused
from core.incident.evolve import begin, evolve
from core.incident.policy import Audience, Policy
from core.incident.refusals import Refusal
from core.incident.runbook import Shelf
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person, Role

TRIAGE = ChannelRef(transport="sandbox", id="triage")
ROOM = ChannelRef(transport="sandbox", id="room")


def person(name: str) -> Person:
    account = Account(transport="sandbox", id=name.lower(), name=name)
    return Person(key=f"sandbox:{name.lower()}", name=name, initials=name[:2].upper(), account=account)


ANN, BOB, MIA, JON, LEAH = (person(name) for name in ("Ann", "Bob", "Mia", "Jon", "Leah"))
EVERYONE = (ANN, BOB, MIA, JON, LEAH)

MANY = 500
"""More deadlines than can be due at once, unless each brings about the next without an end."""


def message(name: str, channel: ChannelRef = ROOM) -> MessageRef:
    return MessageRef(channel=channel, id=name)


def policy() -> Policy:
    support = ChannelRef(transport="sandbox", id="support")
    return Policy(on_call=(ANN, BOB), audiences=(Audience(name="support", rooms=(support,), internal=True),))


class Case:
    """One incident and its record. `now` is the moment of the next act; each takes a second."""

    def __init__(
        self,
        by: Person = ANN,
        command: c.Declare | None = None,
        house: Policy | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.now = START
        self.policy = house or policy()
        self.shelf = shelf or Shelf()
        self.incident: Incident
        self.records: list[Recorded] = []
        self.spent: set[str] = set()
        act = Act(by, START, START, self.policy, self.shelf)
        events = declare(House(1), command or c.Declare(title="checkout fails"), act, self.policy, TRIAGE)
        assert isinstance(events, tuple)
        self._write(events, by, c.Declare(title="x"))
        self.does(None, c.NoteChannel(channel=ROOM))

    def decides(self, by: Person | None, command: c.AnyCommand, at: datetime | None = None) -> Events:
        """What would come of it. Raises `Refusal`."""
        return decide(self.incident, command, Act(by, at or self.now, self.now, self.policy, self.shelf))

    def does(self, by: Person | None, command: c.AnyCommand, at: datetime | None = None) -> Events:
        """Gives the command and keeps what comes of it, a refusal too."""
        try:
            events = self.decides(by, command, at)
        except Refusal as refusal:
            events = (Refused(rule=refusal.rule, answer=refusal.answer),)
        self._write(events, by, command)
        return events

    def passes(self, length: timedelta = timedelta()) -> Events:
        """Time goes by, and whatever is due is handed in as `core.timers` does it: soonest first, each key once for ever.

        Returns what came of it.
        """
        self.now += length
        happened: list[Event] = []
        for _ in range(MANY):
            due = [one for one in deadlines(self.incident) if one.at <= self.now and one.key not in self.spent]
            if not due:
                return tuple(happened)
            self.spent.add(due[0].key)
            happened += self.does(None, due[0].command) or self._write((Heard(),), None, due[0].command)
        raise AssertionError(f"deadlines without an end: {sorted(self.spent)}")

    def fork(self) -> Case:
        """The same incident, to see what would come of something."""
        other = copy(self)
        other.records, other.spent = [*self.records], {*self.spent}
        return other

    def _write(self, events: Events, by: Person | None, command: c.AnyCommand) -> Events:
        self.now += timedelta(seconds=1)
        for index, event in enumerate(events):
            first = index == 0
            version = len(self.records) + 1
            record = Recorded.model_validate(
                {
                    "stream": "inc-1",
                    "version": version,
                    "at": self.now,
                    "heard_at": self.now,
                    "by": by,
                    "source": f"test/{version}" if first else None,
                    "origin": Origin(kind="typed", message=message(f"typed-{version}")) if first else None,
                    "about": type(command).__name__ if first else "",
                    "event": event,
                }
            )
            # As it will be read back.
            record = Recorded.model_validate_json(record.model_dump_json(exclude_none=True))
            self.records.append(record)
            self.incident = evolve(self.incident, record) if version > 1 else begin(record)
        return events

    def refusal(self, by: Person | None, command: c.AnyCommand) -> Refusal | None:
        try:
            self.decides(by, command)
        except Refusal as refusal:
            return refusal
        return None


def team(house: Policy | None = None, title: str = "checkout fails") -> Case:
    """Ann commands; Mia has diagnosis, Jon updates and Leah recovery."""
    case = Case(ANN, c.Declare(title=title), house)
    for who, role in ((MIA, Role.DIAGNOSIS), (JON, Role.UPDATES), (LEAH, Role.RECOVERY)):
        case.does(who, c.Claim(role=role))
    return case
