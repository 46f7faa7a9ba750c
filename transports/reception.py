"""What every signal needs on its way in: which incident it is about, whether the person may act, and the handing in.

Rule: a chat that is away is waited for; a chat that answers, but not about this one thing, holds up nobody else for long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from core.activity_log import HOUSE, stream_of
from core.command_post import CommandPost, Order, Outcome
from core.displays import Displays
from core.incident import commands as c
from core.incident.audience import Eyes, Sight, audience
from core.incident.events import Origin, Told
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from core.port import Clock, Permanent, Said, Temporary, Transport, TransportFailure
from core.roster import Roster
from core.shown import Shown
from transports.signals import CommandGiven, MessageEdited, MessageSent, ReactionAdded, Signal

T = TypeVar("T")

log = structlog.get_logger(__name__)

AGAIN = 2.0
"""Seconds before a chat is asked again for what it could not tell, unless it said when."""

TRIES = 8
"""How often, on end, a chat that answers something else may leave one question unanswered."""


THEIRS = c.EditSource | c.DeleteSource | c.NoteTakenBack | c.NoteArrival | c.NoteLeft | c.GiveEvidence
"""What needs no right: whoever wrote what others captured may edit it, anyone takes back what was theirs, comes and goes.

Evidence is heard of responders alone, and of others in silence: intake has looked that up.
"""

GIVING = c.Assign | c.Cover | c.NameBackup | c.HandOff | c.AddItem | c.WatchSignal
"""What gives somebody something to do, which takes a responder."""

OWNED = c.Close | c.AskPostmortem | c.FollowUp | c.MoveFollowUp
"""The same for what comes after: who owes it says how it ended."""


COMPOSED_ON = ("draft/", "prompt/update-")
"""How the cards are called in whose threads an update is written."""


class Unanswered(Exception):
    """The chat is there, and does not tell what an act needs: whoever did it is told, and the next act is handled."""


@dataclass
class Reception:
    """One for all chats. `triage` are the channels where incidents are declared, `responders` who may act at all."""

    post: CommandPost
    displays: Displays
    transports: Mapping[str, Transport]
    roster: Roster
    clock: Clock
    triage: set[ChannelRef] = field(default_factory=set)
    responders: frozenset[str] = frozenset({"triage"})

    # --- where --------------------------------------------------------------------------------------------------------

    async def stream(self, channel: ChannelRef) -> str | None:
        """The incident whose channel this is."""
        return None if channel in self.triage else await self.post.log.stream_in(channel)

    async def numbered(self, name: str, account: Account) -> int | None:
        """The number of the incident of this name, for whoever may know that it is there."""
        number = await self.post.log.number_of(name)
        incident = await self.post.incident(stream_of(number)) if number is not None else None
        known = incident is not None and audience(incident, Eyes(self.roster.person(account))) is Sight.WHOLE
        return number if known else None

    async def card(self, message: MessageRef) -> Shown | None:
        """The row of the card that a message is; `None` when it is none. Raises `Unanswered`."""
        transport = self.transports[message.channel.transport]
        return await self._asked(transport, lambda: self.displays.find(message))

    async def item_of(self, root: MessageRef | None) -> str:
        """The key of the item in whose thread something stands; empty where it is in none. Raises `Unanswered`."""
        row = await self.card(root) if root is not None else None
        return row.card.removeprefix("item/") if row is not None and row.card.startswith("item/") else ""

    async def composes(self, root: MessageRef | None) -> bool:
        """Whether an update is written in the thread of this message: a draft, a reminder, a bare `update`. Raises `Unanswered`."""
        row = await self.card(root) if root is not None else None
        if row is not None:
            return row.card.startswith(COMPOSED_ON)
        acts = await self.post.log.acts_on(root) if root is not None else []
        # The form of a correction is one too, and has its topic.
        return any(isinstance(act.event, Told) and act.event.what == "form" and not act.event.topic for act in acts)

    async def said(self, message: MessageRef) -> Said | None:
        """A message's words; `None` when it is gone. Raises `Unanswered`."""
        transport = self.transports[message.channel.transport]
        try:
            return await self._asked(transport, lambda: transport.read(message))
        except Permanent as failure:
            log.info("a message could not be read", message=str(message), reason=str(failure))
            return None

    async def _asked(self, transport: Transport, ask: Callable[[], Awaitable[T]]) -> T:
        """What a chat answers, for as long as it takes it to come back. Raises `Unanswered` and `Permanent`."""
        evaded, waited = 0, False
        while True:
            try:
                return await ask()
            except Temporary as failure:
                if not waited:
                    log.warning("a chat does not tell what an act needs", chat=transport.name, reason=str(failure))
                    waited = True
                # What it did not answer while it was away says nothing about the question.
                evaded = evaded + 1 if await self._is_there(transport) else 0
                if evaded == TRIES:
                    raise Unanswered(str(failure)) from failure
                await self.clock.sleep(failure.retry_after or AGAIN)

    async def _is_there(self, transport: Transport) -> bool:
        try:
            await transport.open_to_public()
        except Temporary:
            return False
        return True

    # --- who ----------------------------------------------------------------------------------------------------------

    async def may_act(self, person: Person, incident: Incident | None = None) -> bool:
        """Whether this is a responder, now, or counts as one in this incident. Raises `Unanswered`."""
        trusted = incident is not None and incident.trusts(person)
        return trusted or await self._responds(person, self._standing)

    async def seems_to_respond(self, person: Person, incident: Incident | None) -> bool:
        """The same, as far as it is known at once: for what is not worth waiting for. In a private one, its members alone."""
        if incident is not None and audience(incident, Eyes(person)) is not Sight.WHOLE:
            return False
        try:
            if incident is not None and incident.trusts(person):
                return True
            return await self._responds(person, lambda transport, account: transport.standing(account.id))
        except TransportFailure as failure:
            log.info("not known whether this is a responder", account=str(person.account), reason=str(failure))
            return False

    async def _responds(
        self, person: Person, standing: Callable[[Transport, Account], Awaitable[frozenset[str]]]
    ) -> bool:
        accounts = tuple(dict.fromkeys((person.account, *person.others)))
        if {person.key, *map(str, accounts)} & self.responders:
            return True
        for account in accounts:
            transport = self.transports.get(account.transport)
            if transport is not None and await standing(transport, account) & self.responders:
                return True
        return False

    async def _standing(self, transport: Transport, account: Account) -> frozenset[str]:
        return await self._asked(transport, lambda: transport.standing(account.id))

    # --- handing in ---------------------------------------------------------------------------------------------------

    async def hand_in(
        self,
        signal: Signal,
        command: c.AnyCommand,
        stream: str,
        account: Account | None,
        origin: Origin | None = None,
        *,
        channel: ChannelRef | None = None,
    ) -> Outcome:
        """Checks that the person is a responder, now, and gives the command to the command post. Raises `Unanswered`."""
        by = self.roster.person(account) if account else None
        incident = await self.post.incident(stream)
        if by is not None and not isinstance(command, THEIRS) and not await self.may_act(by, incident):
            command = c.DenyStranger(wanted=type(command).__name__)
        given = command.who if isinstance(command, GIVING) else command.owner if isinstance(command, OWNED) else None
        if given and not await self.may_act(given, incident):
            command = c.Misread(answer=f"{given.name} is no responder, and could do nothing with it. Name one who is.")
        if isinstance(command, c.Invite) and not await self.may_act(command.who):
            command = command.model_copy(update={"guest": True})
        triage = channel if channel in self.triage else None
        if isinstance(command, c.Declare | c.Drill) and command.private and command.aside:
            # From wherever nobody else reads along, also from another incident's channel.
            triage, stream = channel, HOUSE
        return await self._post(Order(command, stream, signal.source, signal.at, by, origin, triage))

    async def answer(self, signal: Signal, words: str) -> None:
        """Tells whoever did it why nothing came of it, also where their rights could not be looked up."""
        account, message = _who_and_where(signal)
        if account is not None and message is not None:
            stream = await self.stream(message.channel) or HOUSE
            origin = Origin(kind="typed", message=message)
            source = f"{signal.source}/answer"
            by = self.roster.person(account)
            await self._post(Order(c.Misread(answer=words), stream, source, signal.at, by, origin, None))

    async def _post(self, order: Order) -> Outcome:
        with structlog.contextvars.bound_contextvars(incident=order.stream):
            outcome = await self.post.handle(order)
            log.debug("handled", command=type(order.command).__name__, repeated=outcome.repeated)
        return outcome


def _who_and_where(signal: Signal) -> tuple[Account | None, MessageRef | None]:
    match signal:
        case MessageSent() | MessageEdited():
            return signal.author, signal.message
        case ReactionAdded():
            return signal.by, signal.answer or signal.message
        case CommandGiven():
            return signal.by, signal.answer
        case _:
            return None, None
