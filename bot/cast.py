"""The cast: does what `bot.story` says in the sandbox, each act once the card it needs is there.

Rule: the cast yields. What a person took is theirs: the cast says whose turn it is, waits for a while, and goes on only
when nothing comes, as a commander would (the call is given to somebody else) or a colleague (who ends the item).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.story import CAST, ON_CALL, SERVICES, STORY, Beat
from core.clock import ScaledClock, SystemClock
from core.incident.policy import Audience, Policy, Service
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person, Role
from core.roster import Member, Roster
from transports.sandbox.places import Kind
from transports.sandbox.world import World

T = TypeVar("T")

REAL = SystemClock()
"""What waits for the machine or for you counts real seconds; the story's clock stands still meanwhile."""

PATIENCE = 20.0
"""Real seconds for which the cast waits for a card, when nobody else keeps it from coming."""

SPARE = 30.0
"""Real seconds for which something is left to whoever watches: to take it, or to do what they took it for."""

HEARD = 0.5
"""Real seconds after which an act that changed nothing is taken as heard."""

LOOK = 0.005
"""Real seconds between two looks at the chat."""


QUESTION = "prompt/"
"""What the keys of the cards that ask something begin with."""


class Stuck(Exception):
    """What the cast waited for did not come; the message is the one line that says so."""


@dataclass
class Stage:
    """The sandbox with its house and cast."""

    clock: ScaledClock
    world: World
    triage: ChannelRef
    cast: dict[str, Account]

    @classmethod
    def build(cls, clock: ScaledClock) -> Stage:
        # The era keeps the ids of this play apart from those that an open tab remembers of an earlier one.
        world = World(clock, era=f"{secrets.token_hex(4)}-")
        triage = world.create_channel("triage")
        for name in ("support", "leadership"):
            world.create_channel(name, Kind.AUDIENCE)
        return cls(clock, world, triage, {name: world.create_person(name) for name in CAST})

    def roster(self) -> Roster:
        return Roster([Member(name, {"sandbox": account.id}) for name, account in self.cast.items()])

    def policy(self, roster: Roster) -> Policy:
        on_call = roster.named(ON_CALL)
        return Policy(
            on_call=(on_call,) if on_call else (),
            audiences=(
                *(
                    Audience(name=name, rooms=(ChannelRef(transport="sandbox", id=name),), frame=frame, internal=True)
                    for name, frame in (
                        ("support", "For support: reuse the text as it stands."),
                        ("leadership", "For leadership, as sent to customers:"),
                    )
                ),
                Audience(name="customers", status_page=True),
            ),
            services=tuple(Service(name=name) for name in SERVICES),
        )

    def find(self, channel: ChannelRef | None, key: str) -> MessageRef | None:
        """The card of this key in a channel."""
        for message in self.world.said(channel) if channel else ():
            if message.post is not None and message.post.card == key:
                return message.ref
        return None


class Cast:
    """Plays the story, beat by beat. `spare` is for how long it leaves things to whoever watches; zero when nobody does."""

    def __init__(self, stage: Stage, incident: Callable[[], Incident | None], spare: float = 0.0) -> None:
        self._stage = stage
        self._incident = incident
        self._spare = spare
        self._named: dict[str, MessageRef] = {}
        self._spared: dict[str, asyncio.Task[bool]] = {}
        self._never: set[str] = set()
        self.left_out: list[str] = []

    async def play(self, story: Sequence[Beat] = STORY) -> None:
        """The whole story. Raises `Stuck` when nobody watches and what a beat needs does not come."""
        began = self._stage.clock.now()
        try:
            for beat in story:
                wait = (began + beat.at - self._stage.clock.now()).total_seconds()
                await self._stage.clock.sleep(max(wait, 0.0))
                if beat.spare and self._spare:
                    self._spared[beat.takes] = asyncio.create_task(self._later(beat))
                    continue
                with self._stage.clock.still():
                    if beat.needs in self._spared:
                        await self._spared[beat.needs]
                    if not await self._do(beat):
                        self._leave_out(beat)
        finally:
            for task in self._spared.values():
                task.cancel()

    async def _later(self, beat: Beat) -> bool:
        await REAL.sleep(self._spare)
        return await self._do(beat)

    def _leave_out(self, beat: Beat) -> None:
        self.left_out.append(beat.says or f"{beat.reacts} on {beat.on}")
        # Nobody waits for what cannot come any more.
        self._never |= {beat.name, beat.gives} - {""}

    async def _do(self, beat: Beat) -> bool:
        """Does a beat, unless a person did it; False when what it needs is not to be had."""
        who, world = self._stage.cast[beat.who], self._stage.world
        if beat.where != "incident":
            self._named[beat.name] = world.say(who, self._stage.triage, beat.says)
            return True
        if self._spare and beat.on.startswith(QUESTION) and not await self._look(lambda: self._shown(beat.on), HEARD):
            # Whoever watches did something else, and so it is never asked.
            if not beat.says:
                return False
            beat = replace(beat, reacts="", on="")
        if beat.needs and await self._theirs(beat):
            return True
        target = await self._target(beat) if beat.on else None
        if beat.on and target is None:
            return False
        if self._done(beat) or (beat.takes and self._taken(beat.takes, beat)):
            return True
        incident = self._incident()
        if beat.reacts and target is not None:
            world.react(who, target, beat.reacts)
        else:
            channel = await self._until(self._channel, f"{beat.who} waited for the incident's channel")
            if channel is None:
                return False
            self._named[beat.name] = world.say(who, channel, beat.says, thread=target)
        if beat.reacts or beat.says.startswith("/"):
            await self._heard(incident)
        if beat.reacts and beat.says and target and not await self._look(lambda: self._done(beat), HEARD):
            world.say(who, target.channel, beat.says)
        return True

    # What a person took

    def _taken(self, what: Role | str, beat: Beat) -> Person | None:
        """Who has the call or the item, if it is not whose beat this is."""
        incident = self._incident()
        if incident is None:
            return None
        item = incident.items.get(what)
        holder = incident.holder(what) if isinstance(what, Role) else item.holder if item else None
        return holder if holder is not None and holder.account != self._stage.cast[beat.who] else None

    def _done(self, beat: Beat) -> bool:
        """Whether there is nothing left to do, since somebody did it."""
        if beat.gives:
            return self._shown(beat.gives) is not None
        incident = self._incident()
        item = incident.items.get(beat.on.removeprefix("item/")) if incident and beat.reacts else None
        return item is not None and not item.open

    async def _theirs(self, beat: Beat) -> bool:
        """Leaves a beat to the person who took what it needs; True when they did it."""
        holder, channel, incident = self._taken(beat.needs, beat), self._channel(), self._incident()
        if self._done(beat):
            return True
        if holder is None or channel is None or incident is None:
            return False
        known, world = len(incident.entries), self._stage.world
        world.say(self._stage.cast[beat.who], channel, f"@{holder.name}, {_turn(beat)}")

        def acted() -> bool:
            now = self._incident()
            fresh = now.entries[known:] if now and not beat.gives else ()
            return self._done(beat) or any(holder.is_(entry.by) for entry in fresh)

        if await self._look(acted, self._spare):
            return True
        if isinstance(beat.needs, Role) and beat.needs is not Role.IC:
            world.say(self._stage.cast[ON_CALL], channel, f"/inc assign {beat.needs} @{beat.who}")
            await self._look(lambda: self._taken(beat.needs, beat) is None, HEARD)
        return False

    # Waiting

    def _channel(self) -> ChannelRef | None:
        incident = self._incident()
        return incident.channel if incident else None

    async def _target(self, beat: Beat) -> MessageRef | None:
        if beat.on in self._named:
            return self._named[beat.on]
        if beat.on in self._never:
            return None
        return await self._until(lambda: self._shown(beat.on), f"{beat.who} waited for the card {beat.on}")

    def _shown(self, key: str) -> MessageRef | None:
        """The card of this key in the incident's channel."""
        return self._stage.find(self._channel(), key)

    async def _heard(self, before: Incident | None) -> None:
        """Gives the bot the moment that a person would, so that acts do not trip over each other at a high speed."""
        version = before.version if before else 0

        def heard() -> bool:
            now = self._incident()
            return now is not None and now.version > version

        await self._look(heard, HEARD)

    async def _until(self, look: Callable[[], T | None], waited: str) -> T | None:
        """What is there at last. Raises `Stuck` when nobody watches, and so nobody but the bot can be the cause."""
        if found := await self._look(look, PATIENCE):
            return found
        if not self._spare:
            raise Stuck(f"{waited} until {self._stage.clock.now():%H:%M} UTC, and it did not come")
        return None

    async def _look(self, look: Callable[[], T], seconds: float) -> T:
        for _ in range(int(seconds / LOOK)):
            if found := look():
                return found
            await REAL.sleep(LOOK)
        return look()


def _turn(beat: Beat) -> str:
    """Whose turn it is, in words."""
    what = f"{beat.needs} is yours"
    if not beat.reacts:
        return f"{what}. I would write: {beat.says}"
    names = {"draft/": "the draft", QUESTION: "Tocsin's question"}
    card = next((name for key, name in names.items() if beat.on.startswith(key)), f"{beat.on[len('item/') :]}'s card")
    return f"{what}. I would put {beat.reacts} on {card}."
