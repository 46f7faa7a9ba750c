"""The checkout outage, played by its cast in the sandbox while you watch and take part.

The cast does what `bot.story` says, each act once the card it needs is there; what a person took, the cast leaves to
them. `--headless` plays it without a browser and judges how it ended.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import TypeVar

import typer

from bot.story import BEGIN, CAST, ON_CALL, STORY, Beat
from bot.wiring import Plan, Tocsin
from core.activity_log import stream_of
from core.clock import ScaledClock, SystemClock
from core.database import open_file
from core.incident.cards.letters import timeline_document
from core.incident.cards.summary import document as summary_document
from core.incident.document import plain
from core.incident.policy import Audience, Policy
from core.incident.state import Incident
from core.incident.vocabulary import Account, ChannelRef, ItemStatus, MessageRef, Phase
from core.roster import Member, Roster
from transports.sandbox.places import Kind
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World

T = TypeVar("T")

REAL = SystemClock()
"""What waits for the machine or for you counts real seconds."""

PACE = 5.0
"""Story minutes in a real one: the fifteen minutes take three."""

PATIENCE = 20.0
"""Real seconds for which the cast waits for a card, when nobody else keeps it from coming."""

HEARD_LOOKS = 100
"""Looks after which an act that changed nothing is taken as heard."""

LOOK = 0.005
"""Real seconds between two looks at the chat."""


@dataclass
class Stage:
    """The sandbox with its house and cast."""

    clock: ScaledClock
    world: World
    triage: ChannelRef
    cast: dict[str, Account]

    @classmethod
    def build(cls, clock: ScaledClock) -> Stage:
        # The era keeps ids of this play apart from those of an earlier one on the same data.
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
            audiences=tuple(
                Audience(name=name, rooms=(ChannelRef(transport="sandbox", id=name),), frame=frame, internal=True)
                for name, frame in (
                    ("support", "For support: reuse the text as it stands."),
                    ("leadership", "For leadership, as sent to customers:"),
                )
            ),
        )

    def find(self, channel: ChannelRef | None, key: str) -> MessageRef | None:
        """The card of this key in a channel."""
        for message in self.world.said(channel) if channel else ():
            if message.post is not None and message.post.card == key:
                return message.ref
        return None


class Cast:
    """Plays the story, beat by beat."""

    def __init__(self, stage: Stage, incident: Callable[[], Incident | None]) -> None:
        self._stage = stage
        self._incident = incident
        self._named: dict[str, MessageRef] = {}
        self.left_out: list[str] = []

    async def play(self, story: Sequence[Beat] = STORY) -> None:
        began = self._stage.clock.now()
        for beat in story:
            wait = (began + beat.at - self._stage.clock.now()).total_seconds()
            await self._stage.clock.sleep(max(wait, 0.0))
            with self._stage.clock.still():
                done = await self._do(beat)
            if not done:
                self.left_out.append(beat.says or f"{beat.reacts} on {beat.on}")

    async def _do(self, beat: Beat) -> bool:
        """Does a beat; False when it is not this person's to do, or what it needs never came."""
        who, world = self._stage.cast[beat.who], self._stage.world
        if beat.where != "incident":
            self._named[beat.name] = world.say(who, self._stage.triage, beat.says)
            return True
        target = await self._target(beat) if beat.on else None
        incident = self._incident()
        if beat.on and target is None:
            return False
        if beat.needs is not None and incident is not None:
            holder = incident.holder(beat.needs)
            if holder is not None and holder.account != who:
                return False
        if beat.reacts and target is not None:
            world.react(who, target, beat.reacts)
        elif beat.says:
            channel = await self._until(self._channel)
            if channel is None:
                return False
            self._named[beat.name] = world.say(who, channel, beat.says, thread=target)
        return await self._heard(incident)

    def _channel(self) -> ChannelRef | None:
        incident = self._incident()
        return incident.channel if incident else None

    async def _target(self, beat: Beat) -> MessageRef | None:
        if beat.on in self._named:
            return self._named[beat.on]
        return await self._until(lambda: self._stage.find(self._channel(), beat.on))

    async def _heard(self, before: Incident | None) -> bool:
        """Gives the bot the moment that a person would, so that acts do not trip over each other at a high speed."""
        version = before.version if before else 0
        for _ in range(HEARD_LOOKS):
            now = self._incident()
            if now is not None and now.version > version:
                break
            await REAL.sleep(LOOK)
        return True

    async def _until(self, look: Callable[[], T | None]) -> T | None:
        for _ in range(int(PATIENCE / LOOK)):
            if found := look():
                return found
            await REAL.sleep(LOOK)
        return None


def verdict(incident: Incident | None) -> list[str]:
    """What did not end as it should; nothing when it did."""
    if incident is None:
        return ["no incident was declared"]
    wrong = []
    if incident.phase is not Phase.CLOSED:
        wrong.append(f"the incident is {incident.phase}, not closed")
    if incident.deliveries:
        wrong += [f"{late.card} is {late.state} in {late.channel}" for late in incident.deliveries]
    endings = {key: item.status for key, item in incident.items.items()}
    story = {
        "H1": ItemStatus.RULED_OUT,
        "H2": ItemStatus.CONFIRMED,
        "R1": ItemStatus.DID_NOT_HELP,
        "R2": ItemStatus.DONE,
    }
    wrong += [
        f"{key} is {endings.get(key, 'not there')}, not {status}"
        for key, status in story.items()
        if endings.get(key) != status
    ]
    if len(incident.updates) < 3:
        wrong.append(f"{len(incident.updates)} updates went out, not 3")
    return wrong


async def play(*, headless: bool, speed: float | None, port: int, data: Path) -> int:
    """Plays the demo; the exit status is 0 only when a headless play closed as it should."""
    clock = ScaledClock(BEGIN, speed or PACE)
    stage = Stage.build(clock)
    database = await open_file(data / "demo.db")
    roster = stage.roster()
    transport = SandboxTransport(Server(stage.world, SystemRandom()))
    tocsin = Tocsin(
        Plan(database, clock, {"sandbox": transport}, {"sandbox": ["triage"]}, roster, stage.policy(roster))
    )
    before = await tocsin.log.streams()
    stream = stream_of(sum(name.startswith("inc-") for name in before) + 1)
    cast = Cast(stage, lambda: dict(tocsin.post.awake()).get(stream))
    running = asyncio.create_task(tocsin.run())
    try:
        await _first(running, tocsin.ticking.wait())
        if headless:
            await _first(running, cast.play())
            incident = await _settled(stage, lambda: dict(tocsin.post.awake()).get(stream))
            return _report(incident, cast.left_out)
        await _in_the_browser(stage, cast, running, port)
        return 0
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()


async def _first(running: asyncio.Task[None], work: Awaitable[object]) -> None:
    """Waits for the work, and ends with the bot if that ends first."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait((running, task), return_when=asyncio.FIRST_COMPLETED)
    if task not in done:
        task.cancel()
    for one in done:
        one.result()


async def _settled(stage: Stage, incident: Callable[[], Incident | None]) -> Incident | None:
    """The incident, once its summary stands everywhere or nothing more is coming."""
    rooms = [room.ref for room in stage.world.channels.values()]
    for _ in range(int(PATIENCE / LOOK / 4)):
        if all(stage.find(room, "summary") for room in rooms):
            break
        await REAL.sleep(LOOK)
    return incident()


def _report(incident: Incident | None, left_out: list[str]) -> int:
    if incident is not None:
        typer.echo(plain(timeline_document(incident, limit=len(incident.entries))))
        if incident.closing is not None:
            typer.echo("\n" + plain(summary_document(incident, incident.closing)))
    wrong = verdict(incident) + [f"left out: {words}" for words in left_out]
    for words in wrong:
        typer.echo(f"not as it should be: {words}", err=True)
    return 1 if wrong else 0


async def _in_the_browser(stage: Stage, cast: Cast, running: asyncio.Task[None], port: int) -> None:
    # Imported here: a headless play serves no page.
    from transports.sandbox.page import serve

    site = await serve(stage.world, "127.0.0.1", port, secrets.token_urlsafe(16))
    typer.echo(f"The checkout outage is about to begin. Open {site.url}")
    typer.echo("Choose who you are, claim what nobody holds, grab an item, react to anything. Ctrl-C ends it.")
    try:
        playing = asyncio.create_task(_when_watched(cast, site.watched))
        await asyncio.wait((running, playing), return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
            typer.echo("The story is over; the chat stays open for you. Ctrl-C ends it.")
        await running
    finally:
        await site.close()


async def _when_watched(cast: Cast, watched: asyncio.Event) -> None:
    await watched.wait()
    await REAL.sleep(1)
    await cast.play()
