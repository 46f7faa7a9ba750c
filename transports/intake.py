"""Intake: a chat's signals become commands for the command post; what cannot be read gets one clear answer.

Rule: a signal counts as handled when what it meant is durable. While the database cannot be written, intake waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import structlog
from pydantic import ValidationError

from core.activity_log import HOUSE, stream_of
from core.command_post import CommandPost, Order, Outcome
from core.displays import Displays
from core.incident import commands as c
from core.incident.decide.declaring import same_title
from core.incident.emoji import CLAIMS
from core.incident.events import Ask, Origin, Recorded
from core.incident.state import Prompt
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from core.patience import patiently
from core.port import Clock, Fatal, Permanent, Said, Temporary, Transport
from core.roster import Roster
from transports import reading
from transports.arguments import number
from transports.phrases import TYPED_LIMIT, Context, prefix, read
from transports.reactions import Table, Where
from transports.signals import (
    ChannelLost,
    CommandGiven,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    ReactionAdded,
    ReactionRemoved,
    Signal,
)

log = structlog.get_logger(__name__)

_NAME = re.compile(r"(?<!\S)#?(inc-\d{4}-\d\d-\d\d-[a-z0-9-]+)")
"""An incident's name as it stands in a text."""

READ_AGAIN = 2.0
"""Seconds before a message is asked for again that the chat could not give."""


@dataclass
class Intake:
    """One for all chats. `triage` are the channels where incidents are declared, `responders` who may act at all."""

    post: CommandPost
    displays: Displays
    transports: Mapping[str, Transport]
    roster: Roster
    table: Table
    clock: Clock
    triage: set[ChannelRef] = field(default_factory=set)
    responders: frozenset[str] = frozenset({"triage"})

    async def take(self, signal: Signal) -> None:
        """Handles a signal; returns when what it meant is on the record."""
        try:
            await patiently(self.clock, partial(self._take, signal))
        except Fatal:
            raise  # the process ends, and the act is heard again by the next one
        except Exception:  # one of the three loops' edges: a bug answers whoever asked, and the next act is handled
            name = self.displays.bug_id()
            log.exception("bug", id=name, source=signal.source)
            await patiently(self.clock, partial(self._bug, signal, name))

    async def _take(self, signal: Signal) -> None:
        match signal:
            case MessageSent():
                await self._spoke(signal)
                words = prefix(signal.text)
                if words is not None:
                    await self._typed(signal, words, "typed")
            case MessageEdited():
                await self._edited(signal)
            case MessageDeleted():
                await self._deleted(signal)
            case ReactionAdded():
                await self._reacted(signal)
            case ReactionRemoved():
                await self._taken_back(signal)
            case CommandGiven():
                await self._given(signal)
            case ChannelLost():
                stream = await self.post.log.stream_in(signal.channel)
                if stream is not None:
                    await self._hand_in(signal, c.LoseChannel(channel=signal.channel), stream, None, None)

    async def _spoke(self, signal: MessageSent) -> None:
        """A holder whose role somebody wants to take over, and who says anything at all, is not silent."""
        person = self.roster.person(signal.author)
        for stream, incident in self.post.awake():
            if incident.channel == signal.message.channel:
                for prompt in incident.open_prompts(Ask.TAKEOVER):
                    if person.is_(prompt.asked.to[0]) and prefix(signal.text) is None:
                        here = replace(signal, source=f"{signal.source}/here")
                        await self._hand_in(here, c.Claim(role=prompt.asked.roles[0]), stream, signal.author)

    # --- words --------------------------------------------------------------------------------------------------------

    async def _typed(self, signal: MessageSent | MessageEdited, words: str, kind: str) -> None:
        origin = Origin.model_validate(
            {"kind": kind, "message": signal.message, "thread": signal.thread, "typed": words[:TYPED_LIMIT]}
        )
        command = await self._words(signal, words)
        await self._command(signal, command, signal.message.channel, signal.author, origin)

    async def _words(self, signal: MessageSent | MessageEdited, words: str) -> c.AnyCommand:
        """The command that a message's words mean where it stands."""
        item = await self._item_of(signal.thread) if signal.thread else ""
        command = await self._read(words, signal.at, signal.mentions, item)
        match command:
            case c.AddItem():
                return command.model_copy(update={"parent": item})
            case c.Declare():
                return command.model_copy(update={"typed": signal.message})
            case _:
                return command

    async def _given(self, signal: CommandGiven) -> None:
        command = await self._read(signal.text, signal.at, signal.mentions, "")
        origin = Origin(kind="chat", message=signal.on, typed=signal.text[:TYPED_LIMIT])
        await self._command(signal, command, signal.channel, signal.by, origin)

    async def _read(self, words: str, at: datetime, mentions: tuple[Account, ...], item: str) -> c.AnyCommand:
        people = tuple(self.roster.person(account) for account in mentions)
        names = {name: await self.post.log.number_of(name) for name in _NAME.findall(words)}
        return read(
            words,
            Context(
                now=at,
                mentions=people,
                named=self.roster.named,
                numbered=lambda word: names.get(word) or number(word),
                item=item,
            ),
        )

    async def _command(
        self, signal: Signal, command: c.AnyCommand, channel: ChannelRef, author: Account, origin: Origin
    ) -> None:
        stream = await self._stream(channel)
        if isinstance(command, c.Reopen) and command.number is not None:
            if stream in (None, stream_of(command.number)):
                stream = stream_of(command.number)
            else:
                # In an incident's own channel no command needs a number: a figure there begins the reason.
                command = c.Reopen(why=f"{command.number} {command.why}")
        waiting = self._same_or_new(channel, author)
        if waiting is not None and isinstance(command, c.Confirm):
            stream = waiting[0]
            command = c.Confirm(prompt=command.prompt or waiting[1].key)
        elif (
            waiting is not None and isinstance(command, c.Declare) and same_title(command.title, waiting[1].asked.title)
        ):
            await self._anew(signal, author, *waiting, origin)
            return
        await self._hand_in(signal, command, stream or HOUSE, author, origin, channel=channel)

    def _same_or_new(self, channel: ChannelRef, account: Account) -> tuple[str, Prompt] | None:
        """Where it waits in triage for this person's word whether that is the same, or a new one."""
        person = self.roster.person(account)
        return next(
            (
                (stream, prompt)
                for stream, incident in self.post.awake()
                for prompt in incident.open_prompts(Ask.SAME)
                if prompt.asked.message is not None
                and prompt.asked.message.channel == channel
                and person.is_(prompt.asked.to[0])
            ),
            None,
        )

    async def _item_of(self, root: MessageRef) -> str:
        row = await self.displays.find(root)
        return row.card.removeprefix("item/") if row is not None and row.card.startswith("item/") else ""

    async def _stream(self, channel: ChannelRef) -> str | None:
        return None if channel in self.triage else await self.post.log.stream_in(channel)

    # --- edits and deletions ------------------------------------------------------------------------------------------

    async def _edited(self, signal: MessageEdited) -> None:
        """Words that were captured follow their message; a command that could not be read is read again."""
        words = prefix(signal.text)
        if words is not None:
            return await self._corrected(signal, words)
        stream = await self._stream(signal.message.channel)
        incident = await self.post.incident(stream) if stream else None
        if stream and incident and incident.captured(signal.message):
            edit = c.EditSource(message=signal.message, text=_cut(signal.text))
            await self._hand_in(signal, edit, stream, signal.author)
        return None

    async def _corrected(self, signal: MessageEdited, words: str) -> None:
        """A typed command was edited: what it put on the record follows; what it did stands, and that is said."""
        typed = [act for act in await self.post.log.acts_on(signal.message) if _is_typed(act)]
        if all(act.event.kind == "refused" for act in typed):
            return await self._typed(signal, words, "edited")
        last = typed[-1]
        if last.origin is not None and last.origin.typed == words[:TYPED_LIMIT]:
            return None
        origin = Origin(kind="chat", message=signal.message, thread=signal.thread, typed=words[:TYPED_LIMIT])
        new: c.AnyCommand = await self._words(signal, words)
        if isinstance(new, c.AddNote | c.AddItem | c.MarkDecision) and type(new).__name__ == last.about:
            new = c.EditSource(message=signal.message, text=new.text)
        else:
            new = c.Misread(
                answer="What that said before is done, and an edit does not undo it. Type the command anew."
            )
        await self._hand_in(signal, new, last.stream, signal.author, origin)
        return None

    async def _deleted(self, signal: MessageDeleted) -> None:
        if await self.displays.card_deleted(signal.message):
            return
        stream = await self._stream(signal.message.channel)
        incident = await self.post.incident(stream) if stream else None
        if stream and incident and incident.captured(signal.message):
            await self._hand_in(signal, c.DeleteSource(message=signal.message), stream, signal.by)

    # --- reactions ----------------------------------------------------------------------------------------------------

    async def _reacted(self, signal: ReactionAdded) -> None:
        row = await self.displays.find(signal.message)
        origin = Origin(kind="reacted", message=signal.message, emoji=signal.emoji)
        where = reading.place(row.card) if row is not None else None
        action = self.table.action(where, signal.emoji) if where else None
        if row is not None and row.card.startswith(f"prompt/{Ask.SAME}-"):
            incident = await self.post.incident(row.stream)
            if incident is not None and self.table.action(Where.TRIAGE, signal.emoji) == "declare":
                return await self._anew(signal, signal.by, row.stream, incident.prompts[row.card], origin)
        if row is not None and where and action:
            command = reading.on_card(action, row.card)
            if command is not None:
                await self._hand_in(signal, command, row.stream, signal.by, origin)
            return None
        stream = await self._stream(signal.message.channel)
        action = self.table.action(Where.MESSAGE if stream else Where.TRIAGE, signal.emoji)
        if action is None:
            if row is not None and where:
                await self._hand_in(
                    signal, c.Misread(answer=_meanings(self.table, where)), row.stream, signal.by, origin
                )
            return None
        if stream is None and signal.message.channel not in self.triage:
            return None
        await self._captured(signal, action, stream, origin)
        return None

    async def _captured(self, signal: ReactionAdded, action: str, stream: str | None, origin: Origin) -> None:
        """An action that takes a message's words: read them, and make the command."""
        said = await self._said(signal.message)
        if said is None:
            return
        quote = c.Quote(message=said.ref, by=self.roster.person(said.author), at=said.at)
        origin = origin.model_copy(update={"thread": said.thread})
        try:
            if said.ours:
                command: c.AnyCommand = c.Misread(answer="That is Tocsin's own. React to what somebody wrote.")
                row = await self.displays.find(signal.message)
                if stream is None and row is not None and row.stream != HOUSE:
                    # An alarm on what tells of an incident is about that one.
                    command, stream = c.Join(), row.stream
            elif stream is None:
                command = c.Declare(title=_title(said.text), quote=quote)
            else:
                parent = await self._item_of(said.thread) if said.thread else ""
                command = reading.on_message(action, quote, said.text, parent)
        except ValidationError:
            size = len(said.text)
            why = (
                f"That message has {size} characters, and at most {c.TEXT_LIMIT} fit on the record."
                if size
                else ("That message has no words to take.")
            )
            command = c.Misread(answer=f"{why} Write what matters in one line and react to that.")
        await self._hand_in(signal, command, stream or HOUSE, signal.by, origin, channel=signal.message.channel)

    async def _anew(self, signal: Signal, by: Account, stream: str, prompt: Prompt, origin: Origin) -> None:
        """🚨 on "the same, or a new one?", or `declare` with its title: a new one."""
        asked, person = prompt.asked, self.roster.person(by)
        if asked.message is None or not any(person.is_(one) for one in asked.to):
            await self._hand_in(signal, c.Misread(answer=f"That was asked of {asked.to[0].name}."), stream, by, origin)
            return
        said = await self._said(asked.message)
        author = self.roster.person(said.author) if said else person
        quote = c.Quote(message=asked.message, by=author, at=said.at if said else signal.at)
        declare = c.Declare(title=asked.title, quote=quote, anew=True)
        await self._hand_in(signal, declare, HOUSE, by, origin, channel=asked.message.channel)
        incident = await self.post.incident(stream)
        for other in incident.open_prompts(Ask.SAME) if incident else ():
            # Whoever else raised that alarm is asked no more: it has its incident, and they are brought into it.
            if other.asked.message == asked.message:
                who, source = other.asked.to[0].account, f"{signal.source}/{other.asked.number}"
                joined, settled = replace(signal, source=source), replace(signal, source=f"{source}/settled")
                await self._hand_in(joined, declare, HOUSE, who, channel=asked.message.channel)
                await self._hand_in(settled, c.SettleSameOrNew(ask=other.asked.number, new=True), stream, who)

    async def _taken_back(self, signal: ReactionRemoved) -> None:
        act = await self.post.log.act(signal.undoes)
        incident = await self.post.incident(act.stream) if act else None
        if act is None or incident is None or act.origin is None or act.origin.message is None:
            return
        claimed = CLAIMS.get(self.table.action(Where.BOARD, act.origin.emoji) or "")
        command = reading.taken_back(act, incident, claimed)
        if command is not None:
            origin = Origin(kind="chat", message=act.origin.message, emoji=act.origin.emoji)
            await self._hand_in(signal, command, act.stream, signal.by, origin)

    async def _said(self, message: MessageRef) -> Said | None:
        """A message's words, for as long as the chat needs to give them; `None` when it is gone."""
        while True:
            try:
                return await self.transports[message.channel.transport].read(message)
            except Temporary as failure:
                await self.clock.sleep(failure.retry_after or READ_AGAIN)
            except Permanent as failure:
                log.info("a message could not be read", message=str(message), reason=str(failure))
                return None

    # --- handing in ---------------------------------------------------------------------------------------------------

    async def _hand_in(
        self,
        signal: Signal,
        command: c.AnyCommand,
        stream: str,
        account: Account | None,
        origin: Origin | None = None,
        *,
        channel: ChannelRef | None = None,
    ) -> Outcome:
        """Checks that the person is a responder, now, and gives the command to the command post."""
        by = self.roster.person(account) if account else None
        # Whoever wrote what others captured may edit it; the rest is for responders.
        theirs = isinstance(command, c.EditSource | c.DeleteSource)
        if by is not None and not theirs and not await self._may_act(by):
            command = c.DenyStranger(wanted=type(command).__name__)
        given = isinstance(command, c.Assign | c.NameBackup | c.HandOff | c.AddItem) and command.who
        if given and not await self._may_act(given):
            command = c.Misread(answer=f"{given.name} is no responder, and could do nothing with it. Name one who is.")
        triage = channel if channel in self.triage else None
        order = Order(command, stream, signal.source, signal.at, by, origin, triage)
        with structlog.contextvars.bound_contextvars(incident=stream):
            outcome = await self.post.handle(order)
            log.debug("handled", command=type(command).__name__, repeated=outcome.repeated, refused=outcome.refused)
        return outcome

    async def _may_act(self, person: Person) -> bool:
        if {person.key, *map(str, (person.account, *person.others))} & self.responders:
            return True
        for account in dict.fromkeys((person.account, *person.others)):
            if account.transport in self.transports and await self._standing(account) & self.responders:
                return True
        return False

    async def _standing(self, account: Account) -> frozenset[str]:
        while True:
            try:
                return await self.transports[account.transport].standing(account.id)
            except Temporary as failure:
                await self.clock.sleep(failure.retry_after or READ_AGAIN)

    async def _bug(self, signal: Signal, name: str) -> None:
        """Whoever asked is told the id under which it was logged."""
        if isinstance(signal, MessageSent | ReactionAdded):
            account = signal.author if isinstance(signal, MessageSent) else signal.by
            answer = f"Something went wrong in Tocsin and nothing was done. Its log has it under {name}."
            origin = Origin(kind="typed", message=signal.message)
            stream = await self._stream(signal.message.channel) or HOUSE
            await self._hand_in(signal, c.Misread(answer=answer), stream, account, origin)


def _is_typed(act: Recorded) -> bool:
    return act.origin is not None and act.origin.kind in ("typed", "edited")


def _cut(text: str) -> str:
    return c.one_line(text)[: c.TEXT_LIMIT]


def _title(text: str) -> str:
    """The first line of the message, as far as a title goes."""
    first = next((row for row in text.splitlines() if row.strip()), "")
    return c.one_line(first)[: c.TITLE_LIMIT]


def _meanings(table: Table, where: Where) -> str:
    return f"That emoji means nothing here. {table.meanings(where)}"
