"""Incidents made of commands alone, without a chat: `Case` gives them to `decide` and folds what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pushed_clock import START

from core.incident import commands as c
from core.incident.decide import Act, Events, House, decide, declare
from core.incident.events import Origin, Recorded, Refused
from core.incident.evolve import begin, evolve
from core.incident.policy import Audience, Policy
from core.incident.refusals import Refusal
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person

TRIAGE = ChannelRef(transport="sandbox", id="triage")
ROOM = ChannelRef(transport="sandbox", id="room")


def person(name: str) -> Person:
    account = Account(transport="sandbox", id=name.lower(), name=name)
    return Person(key=f"sandbox:{name.lower()}", name=name, initials=name[:2].upper(), account=account)


ANN, BOB, MIA, JON, LEAH = (person(name) for name in ("Ann", "Bob", "Mia", "Jon", "Leah"))
EVERYONE = (ANN, BOB, MIA, JON, LEAH)


def message(name: str, channel: ChannelRef = ROOM) -> MessageRef:
    return MessageRef(channel=channel, id=name)


def policy() -> Policy:
    support = ChannelRef(transport="sandbox", id="support")
    return Policy(on_call=(ANN, BOB), audiences=(Audience(name="support", rooms=(support,), internal=True),))


class Case:
    """One incident and its record. `now` is the moment of the next act; each takes a second."""

    def __init__(self, by: Person = ANN, command: c.Declare | None = None) -> None:
        self.now = START
        self.incident: Incident
        self.records: list[Recorded] = []
        events = declare(
            House(1), command or c.Declare(title="checkout fails"), Act(by, START, START, policy()), policy(), TRIAGE
        )
        assert isinstance(events, tuple)
        self._write(events, by, c.Declare(title="x"))
        self.does(None, c.NoteChannel(channel=ROOM))

    def decides(self, by: Person | None, command: c.AnyCommand, at: datetime | None = None) -> Events:
        """What would come of it. Raises `Refusal`."""
        return decide(self.incident, command, Act(by, at or self.now, self.now, policy()))

    def does(self, by: Person | None, command: c.AnyCommand, at: datetime | None = None) -> Events:
        """Gives the command and keeps what comes of it, a refusal too."""
        try:
            events = self.decides(by, command, at)
        except Refusal as refusal:
            events = (Refused(rule=refusal.rule, answer=refusal.answer),)
        self._write(events, by, command)
        return events

    def _write(self, events: Sequence[object], by: Person | None, command: c.AnyCommand) -> None:
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

    def refusal(self, by: Person | None, command: c.AnyCommand) -> Refusal | None:
        try:
            self.decides(by, command)
        except Refusal as refusal:
            return refusal
        return None
