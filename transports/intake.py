"""Intake: a chat's signals become commands for the command post; what cannot be read gets one clear answer.

Rule: a signal counts as handled when what it meant is durable. While the database cannot be written, intake waits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial

import structlog

from core.activity_log import HOUSE, stream_of
from core.incident import commands as c
from core.incident.decide.asking import find
from core.incident.decide.declaring import same_title
from core.incident.decide.paging import ONCALL, TEAM
from core.incident.events import Ask, Drafted, Origin, Recorded
from core.incident.refusals import Refusal
from core.incident.spelling import legible
from core.incident.state import Prompt
from core.incident.vocabulary import Account, ChannelRef
from core.patience import patiently
from core.port import Fatal
from transports.arguments import number
from transports.composing import composed
from transports.phrases import TYPED_LIMIT, Context, given, read
from transports.prefix import begins, prefix
from transports.reacted import Reacted
from transports.reception import Reception, Unanswered
from transports.signals import (
    ChannelLost,
    CommandGiven,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    PersonLeft,
    ReactionAdded,
    ReactionRemoved,
    Signal,
    ThreadLost,
    Unpinned,
)

log = structlog.get_logger(__name__)

_GROUPS = (ONCALL, TEAM)

EMOJI_LIMIT = 64
"""Code points of a reaction, which on Matrix may be any text; a family of four with skin tones takes eleven."""

_NAME = re.compile(r"(?<!\S)#?(inc-\d{4}-\d\d-\d\d-[a-z0-9-]+)")
"""An incident's name as it stands in a text."""


@dataclass
class Intake:
    """One for all chats: words, edits and deletions here, reactions in `reacted`. `zone` is how clock times are meant."""

    reception: Reception
    reacted: Reacted
    zone: tzinfo = UTC

    async def take(self, signal: Signal) -> None:
        """Handles a signal; returns when what it meant is on the record."""
        try:
            await patiently(self.reception.clock, partial(self._take, signal))
        except Fatal:
            raise  # the process ends, and the act is heard again by the next one
        except Unanswered as failure:
            log.warning("an act could not be handled", source=signal.source, reason=str(failure))
            await self._answer(
                signal, "The chat does not tell Tocsin what it needs for that, so nothing was done. Type it instead."
            )
        except Exception:  # one of the three loops' edges: a bug answers whoever asked, and the next act is handled
            name = self.reception.displays.bug_id()
            log.exception("bug", id=name, source=signal.source)
            await self._answer(
                signal, f"Something went wrong in Tocsin; look whether it was done. Its log has it under {name}."
            )

    async def _answer(self, signal: Signal, words: str) -> None:
        await patiently(self.reception.clock, partial(self.reception.answer, signal, words))

    async def _take(self, told: Signal) -> None:
        channel = _channel(told)
        if channel is not None and channel not in self.reception.triage:
            await self.reception.displays.known(channel)
        match signal := _legible(told):
            case MessageSent():
                words = await self._asked(signal)
                if words is not None:
                    await self._typed(signal, words, "typed")
                else:
                    await self._testified(signal)
                await self._spoke(signal)
            case MessageEdited():
                await self._edited(signal)
            case MessageDeleted():
                await self._deleted(signal)
            case ReactionAdded():
                await self.reacted.added(signal)
            case ReactionRemoved():
                await self.reacted.taken_back(signal)
            case CommandGiven():
                await self._given(signal)
            case Unpinned() | ThreadLost() | ChannelLost() | PersonLeft():
                await self._noticed(signal)

    async def _asked(self, signal: MessageSent | MessageEdited) -> str | None:
        """The command in a message's words; `None` where it is talk."""
        words = prefix(signal.text)
        if words is None and signal.aside and begins(signal.text):
            return signal.text.strip()  # said to Tocsin alone: who else could be meant
        if words is None and (lines := composed(signal.text)) and await self.reception.composes(signal.thread):
            return lines
        return words

    async def _noticed(self, signal: Unpinned | ThreadLost | ChannelLost | PersonLeft) -> None:
        """Something is not where it was."""
        match signal:
            case Unpinned():
                await self.reception.displays.undone.unpinned(signal.message)
            case ThreadLost():
                await self.reception.displays.undone.unhung(signal.message)
            case ChannelLost():
                stream = await self.reception.post.log.stream_in(signal.channel)
                if stream is not None:
                    await self.reception.hand_in(signal, c.LoseChannel(channel=signal.channel), stream, None, None)
            case PersonLeft():
                stream = await self.reception.stream(signal.channel)
                if stream is not None:
                    await self.reception.hand_in(signal, c.NoteLeft(), stream, signal.who)

    async def _testified(self, signal: MessageSent) -> None:
        """What a responder writes in an item's thread is evidence for that item."""
        item, text = await self.reception.item_of(signal.thread), _cut(signal.text)
        stream = await self.reception.stream(signal.message.channel) if item and text else None
        person = self.reception.roster.person(signal.author)
        incident = await self.reception.post.incident(stream) if stream else None
        if stream is not None and await self.reception.seems_to_respond(person, incident):
            quote = c.Quote(message=signal.message, by=person, at=signal.at)
            await self.reception.hand_in(
                signal, c.GiveEvidence(item=item, text=text, quote=quote), stream, signal.author
            )

    async def _spoke(self, signal: MessageSent) -> None:
        """Whoever says anything at all is there; a holder whose role somebody wants to take over is not silent."""
        person = self.reception.roster.person(signal.author)
        for stream, incident in self.reception.post.awake():
            if incident.channel != signal.message.channel:
                continue
            for prompt in incident.open_prompts(Ask.TAKEOVER):
                # What was written before they were asked may be heard once more, and is no answer.
                if person.is_(prompt.asked.to[0]) and signal.at >= prompt.at:
                    here = replace(signal, source=f"{signal.source}/here")
                    await self.reception.hand_in(here, c.Claim(role=prompt.asked.roles[0]), stream, signal.author)
            # Who was paged and says anything has answered.
            paged = any(person.is_(one) for prompt in incident.open_prompts(Ask.PAGE) for one in prompt.asked.to)
            new = not incident.closed and (paged or not any(person.is_(one) for one in incident.present))
            # A stranger who chats in there asked for nothing, and is told nothing.
            if new and await self.reception.seems_to_respond(person, incident):
                there = replace(signal, source=f"{signal.source}/there")
                await self.reception.hand_in(there, c.NoteArrival(), stream, signal.author)

    # --- words --------------------------------------------------------------------------------------------------------

    async def _typed(self, signal: MessageSent | MessageEdited, words: str, kind: str) -> None:
        origin = Origin.model_validate(
            {"kind": kind, "message": signal.message, "thread": signal.thread, "typed": words[:TYPED_LIMIT]}
        )
        command = await self._words(signal, words)
        await self._command(signal, command, signal.message.channel, signal.author, origin)

    async def _words(self, signal: MessageSent | MessageEdited, words: str) -> c.AnyCommand:
        """The command that a message's words mean where it stands."""
        item = await self.reception.item_of(signal.thread)
        command = read(words, await self._context(words, signal.at, signal.mentions, item, signal.author))
        match command:
            case c.AddItem():
                return command.model_copy(update={"parent": item})
            case c.Declare() | c.Drill():
                return command.model_copy(update={"typed": signal.message, "aside": signal.aside})
            case _:
                return command

    async def _given(self, signal: CommandGiven) -> None:
        item = await self.reception.item_of(signal.thread)
        words = " ".join(signal.options.values())
        context = await self._context(words, signal.at, signal.mentions, item, signal.by)
        command = given(signal.verb, signal.options, context)
        if isinstance(command, c.AddItem):
            command = command.model_copy(update={"parent": item})
        elif isinstance(command, c.Declare | c.Drill):
            command = command.model_copy(update={"aside": signal.aside})
        origin = Origin(
            kind="typed", message=signal.answer, answer=signal.answer, thread=signal.thread, typed=signal.verb
        )
        await self._command(signal, command, signal.channel, signal.by, origin)

    async def _context(
        self, words: str, at: datetime, mentions: tuple[Account, ...], item: str, author: Account
    ) -> Context:
        people = tuple(self.reception.roster.person(account) for account in mentions)
        names = {name: await self.reception.numbered(name, author) for name in _NAME.findall(words)}
        return Context(
            now=at,
            zone=self.zone,
            mentions=people,
            named=self.reception.roster.named,
            numbered=lambda word: names.get(word) or number(word),
            item=item,
            groups=(*_GROUPS, *self.reception.post.policy().groups),
        )

    async def _command(
        self, signal: Signal, command: c.AnyCommand, channel: ChannelRef, author: Account, origin: Origin
    ) -> None:
        stream = await self.reception.stream(channel)
        stream, command = _addressed(stream, command)
        waiting = self._same_or_new(channel, author)
        if isinstance(command, c.Decline) and stream is not None:
            waiting = await self._declined(command, stream, author)
        if waiting is not None and isinstance(command, c.Confirm):
            stream = waiting[0]
            command = c.Confirm(prompt=command.prompt or waiting[1].key)
        elif waiting is not None and _wants_a_new_one(command, waiting[1]):
            await self.reacted.anew(signal, author, *waiting, origin)
            return
        await self.reception.hand_in(signal, command, stream or HOUSE, author, origin, channel=channel)

    async def _declined(self, command: c.Decline, stream: str, account: Account) -> tuple[str, Prompt] | None:
        """The same question, where a no in the incident's own channel is one to that: it makes a new incident there, too."""
        incident = await self.reception.post.incident(stream)
        person = self.reception.roster.person(account)
        try:
            prompt = find(incident, command.prompt, person) if incident else None
        except Refusal:
            return None
        if prompt is None or prompt.settled or prompt.asked.ask is not Ask.SAME or not person.is_(prompt.asked.to[0]):
            return None
        return stream, prompt

    def _same_or_new(self, channel: ChannelRef, account: Account) -> tuple[str, Prompt] | None:
        """Where it waits in triage for this person's word whether that is the same, or a new one."""
        person = self.reception.roster.person(account)
        return next(
            (
                (stream, prompt)
                for stream, incident in self.reception.post.awake()
                for prompt in incident.open_prompts(Ask.SAME)
                if prompt.asked.message is not None
                and prompt.asked.message.channel == channel
                and person.is_(prompt.asked.to[0])
            ),
            None,
        )

    # --- edits and deletions ------------------------------------------------------------------------------------------

    async def _edited(self, signal: MessageEdited) -> None:
        """Words that were captured follow their message; a command that could not be read is read again."""
        words = await self._asked(signal)
        if words is not None:
            return await self._corrected(signal, words)
        stream = await self.reception.stream(signal.message.channel)
        incident = await self.reception.post.incident(stream) if stream else None
        if stream and incident and incident.captured(signal.message):
            edit = c.EditSource(message=signal.message, text=_cut(signal.text))
            await self.reception.hand_in(signal, edit, stream, signal.author)
        return None

    async def _corrected(self, signal: MessageEdited, words: str) -> None:
        """A typed command was edited: what it put on the record follows; what it did stands, and that is said."""
        typed = [act for act in await self.reception.post.log.acts_on(signal.message) if _is_typed(act)]
        if all(act.event.kind == "refused" for act in typed):
            return await self._typed(signal, words, "edited")
        last = typed[-1]
        if last.origin is not None and last.origin.typed == words[:TYPED_LIMIT]:
            return None
        origin = Origin(kind="chat", message=signal.message, thread=signal.thread, typed=words[:TYPED_LIMIT])
        new: c.AnyCommand = await self._words(signal, words)
        if isinstance(new, c.AddNote | c.AddItem | c.MarkDecision) and type(new).__name__ == last.about:
            new = c.EditSource(message=signal.message, text=new.text)
        elif isinstance(new, c.Draft) and await self._is_in_hand(last):
            return await self._typed(signal, words, "edited")
        else:
            new = c.Misread(
                answer="What that said before is done, and an edit does not undo it. Type the command anew."
            )
        await self.reception.hand_in(signal, new, last.stream, signal.author, origin)
        return None

    async def _is_in_hand(self, act: Recorded) -> bool:
        """Whether this act made the draft that waits."""
        incident = await self.reception.post.incident(act.stream)
        draft = incident.draft if incident else None
        return draft is not None and isinstance(act.event, Drafted) and act.event.number == draft.number

    async def _deleted(self, signal: MessageDeleted) -> None:
        if await self.reception.displays.undone.card_deleted(signal.message):
            return
        stream = await self.reception.stream(signal.message.channel)
        incident = await self.reception.post.incident(stream) if stream else None
        if stream and incident and incident.captured(signal.message):
            await self.reception.hand_in(signal, c.DeleteSource(message=signal.message), stream, signal.by)


def _wants_a_new_one(command: c.AnyCommand, prompt: Prompt) -> bool:
    """Whether that says "a new one" to "the same, or a new one?"."""
    match command:
        case c.Declare():
            return same_title(command.title, prompt.asked.title)
        case c.Decline():
            return command.prompt in ("", prompt.key)
        case _:
            return False


def _addressed(stream: str | None, command: c.AnyCommand) -> tuple[str | None, c.AnyCommand]:
    """The incident that a command names from outside, as in triage, and the command.

    In an incident's own channel no command needs a number: a figure there begins the text.
    """
    number = c.incident_named(command)
    if number is None or stream in (None, stream_of(number)):
        return stream if number is None else stream_of(number), command
    match command:
        case c.Reopen(why=words) | c.WaivePostmortem(why=words):
            return stream, type(command)(why=f"{number} {words}")
        case c.PublishPostmortem():
            # A link never begins with a figure: it is another incident's, and must not end this one's.
            return stream, c.Misread(
                answer=f"This is not the channel of incident {number}. Say `postmortem published {number} LINK` there, or in triage."
            )
        case _:
            # `7.F1` is that one wherever it is said.
            return stream_of(number), command


def _legible(signal: Signal) -> Signal:
    """The signal as it can be put on the record, whatever letters a chat told of."""
    match signal:
        case MessageSent() | MessageEdited():
            return replace(signal, text=legible(signal.text))
        case CommandGiven():
            return replace(signal, options={name: legible(value) for name, value in signal.options.items()})
        case ReactionAdded():
            return replace(signal, emoji=legible(signal.emoji[:EMOJI_LIMIT]))
        case _:
            return signal


def _channel(signal: Signal) -> ChannelRef | None:
    """Where it was done; `None` where that does not matter."""
    match signal:
        case CommandGiven() | ChannelLost() | PersonLeft():
            return signal.channel
        case ReactionRemoved():
            return None
        case _:
            return signal.message.channel


def _is_typed(act: Recorded) -> bool:
    return act.origin is not None and act.origin.kind in ("typed", "edited")


def _cut(text: str) -> str:
    return c.one_line(text)[: c.TEXT_LIMIT]
