"""The ways in to one incident, for the permission table: the rules alone, and the whole bot on a chat (`permission_chats`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, timedelta
from typing import Any

from incidents import Case, person, policy
from permission_play import Answer
from permission_table import KINDS, Turn
from running import until

from bot.wiring import Tocsin
from core.activity_log import stream_of
from core.clock import SystemClock
from core.command_post import Order
from core.incident import commands as c
from core.incident.events import Refused
from core.incident.evolve import replay
from core.incident.policy import Policy, Service
from core.incident.runbook import Page, Runbook, RunbookLine, Shelf
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from core.proof import prove
from transports.phrases import Context, read

WITHIN = 60.0
"""Seconds for all the answers to what was typed at once."""

TITLE = "checkout fails"
SIBLING = "mail is late"

SHELF = Shelf(
    (
        Runbook(
            name="checkout",
            title="Checkout",
            digest="x",
            pages=(Page(heading="Fix", lines=(RunbookLine(text="roll back", step=1),)),),
        ),
    )
)


def person_of(transport: str, account_id: str, name: str) -> Person:
    account = Account(transport=transport, id=account_id, name=name)
    return Person(key=str(account), name=name, initials=name[:2].upper(), account=account)


def house_of(transport: str, ids: dict[str, str]) -> Policy:
    """A tie-breaker, a service with a threshold, and two rings of people who are never there."""
    near, far = (person_of(transport, ids["Ned"] + "0" * count, f"Far{count}") for count in (1, 2))
    return Policy(
        tie_breaker=person_of(transport, ids["Tia"], "Tia"),
        services=(
            Service(name="checkout", thresholds=("payments fail",), neighbours=("search",)),
            Service(name="search", team=(near,)),
        ),
        responders=(far,),
    )


class RulesDoor:
    """Commands in words, decided by the rules alone. Who is no responder never gets this far, and is not asked."""

    sibling = 2

    def __init__(self) -> None:
        self._people = {name: person(name) for name in KINDS.values()}
        mine = house_of("sandbox", {name: one.account.id for name, one in self._people.items()})
        rules = {name: getattr(mine, name) for name in ("tie_breaker", "services", "responders")}
        self.case = Case(self._people["Ann"], c.Declare(title=TITLE), policy().model_copy(update=rules), SHELF)

    def incident(self) -> Incident:
        return self.case.incident

    def mention(self, name: str) -> str:
        return f"@{name.lower()}"

    def person(self, name: str) -> Person:
        return self._people[name]

    async def act(self, turns: Sequence[Turn]) -> list[Answer]:
        return [self._act(*turn) for turn in turns]

    def _act(self, name: str, words: str) -> Answer:
        events = self.case.does(self._people[name], self.read(words))
        kinds = tuple(each.kind for each in events) or ("heard",)
        return Answer(kinds, getattr(events[0], "answer", "") if events else "")

    def read(self, words: str) -> c.AnyCommand:
        named = {self.mention(each): who for each, who in self._people.items()}
        return read(words, Context(now=self.case.now, zone=UTC, named=named.get))


class ChatDoor:
    """The whole bot on a chat: what is typed there, and what is on the record of it. Its incident is the newest."""

    sibling = 1

    def __init__(
        self,
        tocsin: Tocsin,
        *,
        say: Callable[[str, str], Awaitable[str]],
        mention: Callable[[str], str],
        press: Callable[[str, MessageRef, str], Awaitable[object]],
        person: Callable[[str], Person],
        leave: Callable[[str], Awaitable[None]] | None = None,
        replied: Callable[[], Awaitable[set[str]]] | None = None,
        machine: Callable[[str], Awaitable[object]] | None = None,
    ) -> None:
        self.tocsin = tocsin
        self._say = say
        self._press = press
        self.mention = mention
        self.leave = leave
        self._replied = replied
        self.machine = machine
        self.person = person
        self._answers: dict[str, Answer] = {}
        self._heard = asyncio.Event()
        self.refused: list[str] = []
        tocsin.post.listeners.append(self._hear)

    def incident(self) -> Incident:
        return max((one for _, one in self.tocsin.post.awake()), key=lambda one: one.number)

    async def act(self, turns: Sequence[Turn]) -> list[Answer]:
        return await self._answered(turns, [await self._say(name, f"!inc {words}") for name, words in turns])

    async def press(
        self, card: str, presses: Sequence[tuple[str, str]], where: ChannelRef | None = None
    ) -> list[Answer]:
        """What comes of it when each of these presses their emoji on a card, once it stands there."""
        incident = self.incident()
        channel = where or incident.channel
        assert channel is not None

        def stands() -> MessageRef | None:
            row = self.tocsin.displays.showing.row(stream_of(incident.number), card, channel)
            return row.message if row.hash else None

        await until(lambda: stands() is not None)
        message = stands()
        assert message is not None
        return await self.react(message, presses)

    async def react(self, message: MessageRef, presses: Sequence[tuple[str, str]]) -> list[Answer]:
        """What comes of it when each of these puts their emoji on a message."""
        for name, emoji in presses:
            await self._press(name, message, emoji)
        pressed = [_pressed(self.person(name), message, emoji) for name, emoji in presses]
        return await self._answered(presses, pressed)

    async def give(self, command: c.AnyCommand, name: str = "", ago: timedelta = timedelta()) -> None:
        """Hands in what nobody types: the clock's own, or what somebody did so long ago."""
        now = SystemClock().now()
        by, source = (self.person(name), f"test/{now.timestamp()}") if name else (None, None)
        outcome = await self.tocsin.post.handle(
            Order(command, stream_of(self.incident().number), source, now - ago, by)
        )
        assert outcome.records, command
        assert not outcome.refused, f"{command}: {outcome.refused}"

    async def _answered(self, acts: Sequence[Turn], names: Sequence[str]) -> list[Answer]:
        try:
            async with asyncio.timeout(WITHIN):
                while not all(each in self._answers for each in names):
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            unheard = [act for act, each in zip(acts, names, strict=True) if each not in self._answers]
            raise AssertionError(f"nothing is on the record of {unheard}") from None
        return [self._answers[each] for each in names]

    async def finish(self) -> None:
        """Every refusal is answered where it was typed; the record is whole, and is the incident."""
        assert self._replied is not None
        missing: set[str] = set(self.refused)
        for _ in range(600):
            missing = set(self.refused) - await self._replied()
            if not missing:
                break
            await asyncio.sleep(0.1)
        assert not missing, f"{len(missing)} of {len(self.refused)} refusals are not answered"
        assert await prove(self.tocsin.log._database) == []
        live = self.incident()
        assert replay(await self.tocsin.log.load(stream_of(live.number))) == live

    def _hear(self, stream: str, _incident: Incident | None, records: Sequence[Any]) -> None:
        first = records[0]
        origin = first.origin
        if origin is None or origin.message is None or origin.kind not in ("typed", "reacted"):
            return
        refusal = first.event.answer if isinstance(first.event, Refused) else ""
        typed = origin.kind == "typed"
        name = origin.message.id if typed else _pressed(first.by, origin.message, origin.emoji)
        if name in self._answers:
            return  # what else the act brought about, in another incident
        self._answers[name] = Answer(tuple(each.event.kind for each in records), refusal)
        self._heard.set()
        if refusal and typed:
            self.refused.append(name)


def _pressed(by: Person, card: MessageRef, emoji: str) -> str:
    """The name of a press: nobody presses one thing twice on a card."""
    return f"{by.account.id} {emoji} {card.id}"
