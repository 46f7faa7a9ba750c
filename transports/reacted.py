"""Reactions as commands: on Tocsin's cards, on what people wrote, and taken back again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import ValidationError

from core.activity_log import HOUSE
from core.incident import commands as c
from core.incident.alerts import Group, sender
from core.incident.emoji import CLAIMS
from core.incident.events import Ask, Origin
from core.incident.spelling import legible
from core.incident.state import Prompt
from core.incident.vocabulary import Account
from core.port import Said
from core.shown import Shown
from transports import reading
from transports.reactions import Table, Where
from transports.reception import Reception
from transports.signals import ReactionAdded, ReactionRemoved, Signal

_NOWHERE = "That means nothing here: incidents are declared in a triage channel, all else belongs in an incident's own."


@dataclass
class Reacted:
    """What people click, by the table in force."""

    reception: Reception
    table: Table

    async def added(self, signal: ReactionAdded) -> None:
        """A reaction on a card is that card's; on anything else it takes what somebody wrote."""
        row = await self.reception.card(signal.message)
        origin = Origin(kind="reacted", message=signal.message, answer=signal.answer, emoji=signal.emoji)
        if row is not None and not signal.action and await self._on_card(signal, row, origin):
            return
        stream = await self.reception.stream(signal.message.channel)
        action = self._action(Where.MESSAGE if stream else Where.TRIAGE, signal)
        if action is not None and (stream is not None or signal.message.channel in self.reception.triage):
            await self._captured(signal, action, stream, row, origin)
        elif (
            action is None
            and not signal.action
            and row is not None
            and (where := reading.place(row.card))
            and where is not Where.NOTICE
        ):
            answer = f"That emoji means nothing here. {self.table.meanings(where)}"
            await self.reception.hand_in(signal, c.Misread(answer=answer), row.stream, signal.by, origin)
        elif signal.answer is not None:
            # Whoever pressed a button waits for a word.
            await self.reception.hand_in(signal, c.Misread(answer=_NOWHERE), stream or HOUSE, signal.by, origin)

    def _action(self, where: Where, signal: ReactionAdded) -> str | None:
        if signal.action:
            return signal.action if self.table.asks(where, signal.action) else None
        return self.table.action(where, signal.emoji)

    async def _on_card(self, signal: ReactionAdded, row: Shown, origin: Origin) -> bool:
        """Whether the emoji has a meaning on this card; then it is handed in."""
        where = reading.place(row.card)
        if row.card.startswith(f"prompt/{Ask.SAME}-") and self.table.action(Where.TRIAGE, signal.emoji) == "declare":
            incident = await self.reception.post.incident(row.stream)
            if incident is not None:
                await self.anew(signal, signal.by, row.stream, incident.prompts[row.card], origin)
                return True
        if where is None:
            return False
        action = self.table.action(where, signal.emoji)
        others = tuple(self.reception.roster.person(account) for account in signal.others)
        command = reading.on_card(action, row.card, others) if action else None
        if command is not None:
            await self.reception.hand_in(signal, command, row.stream, signal.by, origin)
        return command is not None

    async def _captured(
        self, signal: ReactionAdded, action: str, stream: str | None, row: Shown | None, origin: Origin
    ) -> None:
        """An action that takes a message's words: read them, and make the command."""
        said = await self.reception.said(signal.message)
        said = said and replace(said, text=legible(said.text))
        if said is None:
            if signal.answer is not None:
                gone = c.Misread(answer="That message is gone, and so nothing was taken from it.")
                await self.reception.hand_in(signal, gone, stream or HOUSE, signal.by, origin)
            return
        alert = await self._alert(row) if said.ours and stream is None else None
        if alert is not None:
            command: c.AnyCommand = c.Declare(
                title=alert.title,
                severity=alert.severity,
                service=alert.service,
                quote=c.Quote(message=said.ref, by=sender(alert.hook), at=said.at),
                alarm=alert.alarm,
            )
        elif said.ours:
            command = c.Misread(answer="That is Tocsin's own. React to what somebody wrote.")
            if stream is None and row is not None and row.stream != HOUSE:
                # An alarm on what tells of an incident is about that one.
                command, stream = c.Join(), row.stream
        else:
            command = await self._made_of(said, action, stream)
        origin = origin.model_copy(update={"thread": said.thread})
        channel = signal.message.channel
        await self.reception.hand_in(signal, command, stream or HOUSE, signal.by, origin, channel=channel)

    async def _alert(self, row: Shown | None) -> Group | None:
        """The alerts that a card tells of."""
        if row is None or row.stream != HOUSE or not row.card.startswith("alert/"):
            return None
        return await self.reception.post.alarms.read(int(row.card.removeprefix("alert/")))

    async def _made_of(self, said: Said, action: str, stream: str | None) -> c.AnyCommand:
        quote = c.Quote(message=said.ref, by=self.reception.roster.person(said.author), at=said.at)
        try:
            if stream is None:
                return c.Declare(title=_title(said.text), quote=quote)
            return reading.on_message(action, quote, said.text, await self.reception.item_of(said.thread))
        except ValidationError:
            size = len(said.text)
            why = f"That message has {size} characters, and at most {c.TEXT_LIMIT} fit on the record."
            why = why if size else "That message has no words to take."
            return c.Misread(answer=f"{why} Write what matters in one line and react to that.")

    async def anew(self, signal: Signal, by: Account, stream: str, prompt: Prompt, origin: Origin) -> None:
        """🚨 on "the same, or a new one?", or `declare` with its title: a new one."""
        asked, person, hand_in = prompt.asked, self.reception.roster.person(by), self.reception.hand_in
        if asked.message is None or not any(person.is_(one) for one in asked.to):
            await hand_in(signal, c.Misread(answer=f"That was asked of {asked.to[0].name}."), stream, by, origin)
            return
        said = await self.reception.said(asked.message)
        author = self.reception.roster.person(said.author) if said else person
        quote = c.Quote(message=asked.message, by=author, at=said.at if said else signal.at)
        declare = c.Declare(title=asked.title, quote=quote, anew=True)
        await hand_in(signal, declare, HOUSE, by, origin, channel=asked.message.channel)
        incident = await self.reception.post.incident(stream)
        for other in incident.open_prompts(Ask.SAME) if incident else ():
            # Whoever else raised that alarm is asked no more: it has its incident, and they are brought into it.
            if other.asked.message == asked.message:
                who, source = other.asked.to[0].account, f"{signal.source}/{other.asked.number}"
                joined, settled = replace(signal, source=source), replace(signal, source=f"{source}/settled")
                await hand_in(joined, declare, HOUSE, who, channel=asked.message.channel)
                await hand_in(settled, c.SettleSameOrNew(ask=other.asked.number, new=True), stream, who)

    async def taken_back(self, signal: ReactionRemoved) -> None:
        """What a reaction did is undone where it stands on nothing but that reaction."""
        post = self.reception.post
        act = await post.log.act(signal.undoes)
        if act is None or act.origin is None or act.origin.message is None:
            return
        incident = await post.incident(act.stream)
        claimed = CLAIMS.get(self.table.action(Where.BOARD, act.origin.emoji) or "")
        command = reading.taken_back(act, incident, claimed) if incident else None
        if command is None:
            await self.reception.hand_in(signal, c.NoteTakenBack(), act.stream, signal.by)
        else:
            origin = Origin(kind="chat", message=act.origin.message, emoji=act.origin.emoji)
            await self.reception.hand_in(signal, command, act.stream, signal.by, origin)


def _title(text: str) -> str:
    """The first line of the message, as far as a title goes."""
    first = next((row for row in text.splitlines() if row.strip()), "")
    return c.one_line(first)[: c.TITLE_LIMIT]
