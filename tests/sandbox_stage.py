"""The sandbox on a stage: a clock that one pushes, the cast, and the posts of the checkout story as a bot would send them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pushed_clock
from pushed_clock import START

from core.incident.document import Choice, Document, Jump, Post, Strong, When, Who, line
from core.incident.vocabulary import Account, ChannelRef, MessageRef, Person
from core.port import ChannelPlan
from transports.sandbox.faults import Faults
from transports.sandbox.places import Kind
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World


class PushedClock(pushed_clock.PushedClock):
    """The clock that remembers how long everybody slept, and lets what can run, run when it is pushed."""

    def __init__(self, at: datetime = START) -> None:
        super().__init__(at)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.slept.append(seconds)
        await super().sleep(seconds)

    async def push(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))
        await settle()


class Notes:
    """A notebook in memory, which remembers every cursor it was given."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.written: list[str] = []

    async def read(self, key: str) -> str | None:
        return self.pages.get(key)

    async def heard(self, prefix: str) -> tuple[str, ...]:
        return ()  # the sandbox has names for its acts

    async def write(self, key: str, value: str) -> None:
        self.pages[key] = value
        self.written.append(value)


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(20):
        await asyncio.sleep(0)


@dataclass
class Stage:
    """A sandbox with its channels and the cast of the story (spec, section 14)."""

    clock: PushedClock = field(default_factory=PushedClock)
    seed: int = 1
    era: str = ""

    def __post_init__(self) -> None:
        self.world = World(self.clock, self.era)
        self.faults = Faults()
        self.server = Server(self.world, Random(self.seed), self.faults)
        self.bot = SandboxTransport(self.server)
        self.triage = self.world.create_channel("triage")
        self.support = self.world.create_channel("support", Kind.AUDIENCE)
        self.leadership = self.world.create_channel("leadership", Kind.AUDIENCE)
        self.ann, self.mia, self.jon, self.leah, self.sam = (
            self.world.create_person(name) for name in ("Ann", "Mia", "Jon", "Leah", "Sam from support")
        )

    def plan(self, name: str = "inc-2026-05-02-checkout-down") -> ChannelPlan:
        return ChannelPlan(name, name, "Incident 7", self.triage)

    async def incident(self) -> ChannelRef:
        return await self.bot.open_channel(self.plan())


def person(account: Account) -> Person:
    return Person(key=str(account), name=account.name, initials=account.name[:2].upper(), account=account)


def post(text: str = "Hello", card: str = "board", **rest: Any) -> Post:
    return Post(Document((line(text),)), "inc-2026-05-02-checkout-down", card, **rest)


def at(minute: int) -> datetime:
    return START.replace(minute=minute)


def board(stage: Stage) -> Post:
    ann, mia, jon, leah = (person(one) for one in (stage.ann, stage.mia, stage.jon, stage.leah))
    return Post(
        Document(
            title=(Strong("SEV1 · investigating · Checkout fails after payment"),),
            lines=(
                line(Who(ann), " (backup Bob)", label="Commander"),
                line("Diagnosis ", Who(mia), " · Updates ", Who(jon), " · Recovery ", Who(leah), label="Calls"),
                line("some users cannot pay since ", When(at(2)), "; sign-in works", label="Impact"),
                line("H2 tax rounding in the 10:02 release · latest change 10:02 release 214 (Cam)", label="Theory"),
                line(When(at(15)), " roll back if payment errors stay above 20 % (", Who(leah), ")", label="Next"),
                line(When(at(5)), ", next due ", When(at(10)), label="Last update"),
                line("undecided · changes frozen since ", When(at(4)), " (", Who(ann), ")", label="Recovery"),
                line(
                    "H1 cache eviction: ruled out (BO) · H2 tax rounding: MI on it · H3 provider: free",
                    label="Hypotheses",
                ),
                line("A1 compare config with 09:55: done (MI)", label="Actions"),
            ),
        ),
        "inc-2026-05-02-checkout-down",
        "board",
        seeds=("🧭", "🔎", "📣", "⏪", "✍️", "🧊", "🆘"),
    )


async def checkout(stage: Stage) -> tuple[ChannelRef, MessageRef]:
    """The first minutes of the checkout story; the incident's channel and its board."""
    world, bot, clock = stage.world, stage.bot, stage.clock
    incident = "inc-2026-05-02-checkout-down"
    await clock.push(60)
    alarm = world.say(
        stage.sam, stage.triage, "Payments are failing for several customers, they see a blank page after “Pay”"
    )
    world.react(stage.ann, alarm, "🚨")
    room = await stage.incident()
    for one in (stage.ann, stage.mia, stage.jon, stage.leah):
        await bot.invite(room, one.id)
    standing = await bot.send(room, board(stage), "board")
    await bot.pin(standing)
    await bot.send(
        stage.triage,
        Post(
            Document(
                title=(Strong("SEV1 · Checkout fails after payment"),),
                lines=(
                    line(Who(person(stage.ann)), " holds it · investigating · next update ", When(at(10))),
                    line(Jump(standing, "Go to the incident")),
                ),
            ),
            incident,
            "notice",
            reply_to=alarm,
        ),
        "notice",
    )
    for emoji in board(stage).seeds:
        await bot.react(standing, emoji, f"seed{emoji}")
    for one, emoji in ((stage.ann, "🧭"), (stage.mia, "🔎"), (stage.jon, "📣"), (stage.leah, "⏪"), (stage.ann, "🧊")):
        world.react(one, standing, emoji)
    await clock.push(45)
    world.say(stage.ann, room, "@Mia can you look at what changed since 09:55? I keep the phone.")
    await clock.push(20)
    asked = world.say(stage.mia, room, "Release 214 went out at 10:02, it touches tax rounding")
    world.say(stage.mia, room, "comparing config with 09:55 now")
    world.react(stage.leah, asked, "💡")
    world.react(stage.mia, asked, "👀")
    item = await bot.send(
        room,
        Post(
            Document(
                (line("free · ✋ grabs it"),), title=(Strong("H2"), *line(" tax rounding in the 10:02 release").spans)
            ),
            incident,
            "item/H2",
            choices=(
                Choice("✋", "grab it", "/inc grab H2"),
                Choice("✅", "confirmed", "/inc confirm H2"),
                Choice("❌", "ruled out", "/inc rule-out H2"),
            ),
            reply_to=asked,
        ),
        "item",
    )
    world.react(stage.mia, item, "✋")
    world.say(stage.mia, room, "Totals differ by one cent for orders with three or more lines", thread=item)
    world.say(stage.leah, room, "That matches the errors: 400 from the provider, amount mismatch", thread=item)
    await clock.push(55)
    world.say(
        stage.jon,
        room,
        "/inc update impact=Some users cannot pay working=Sign-in works next=We are testing a rollback every=5m",
    )
    words = "[10:05 UTC] Some users cannot pay. Sign-in works. We are testing a rollback. Next update 10:10 UTC."
    for place in (room, stage.support, stage.leadership):
        await bot.send(
            place,
            Post(Document((line(words, quote=True),), title=(Strong("Update 1"),)), incident, "update/1", text=words),
            f"update{place.id}",
        )
    await clock.push(60)
    await bot.send(
        room,
        Post(
            Document(
                (
                    line("Payment errors are above 20 %. Which path do we take?"),
                    line("no answer keeps it open", bullet=True),
                ),
                title=(Strong("Decision point"), *line(" for ").spans, Who(person(stage.leah))),
            ),
            incident,
            "prompt/decision-1",
            pings=(person(stage.leah),),
            choices=(
                Choice("⏪", "roll back", "/inc path rollback"),
                Choice("🔧", "ship the fix", "/inc path fix"),
                Choice("⏸️", "hold five minutes", "/inc path pause"),
                Choice("🔎", "keep digging", "/inc path dig"),
            ),
        ),
        "prompt",
    )
    return room, standing
