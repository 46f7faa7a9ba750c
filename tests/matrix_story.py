"""The checkout story on Matrix: its cast as ordinary clients around a real Tocsin, and what they see in all their rooms."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot_process import BotProcess
from matrix_person import Event, Person, Refused
from synapse import Synapse

from bot.story import CAST, ON_CALL, STORY, Beat

PATIENCE = 60.0
"""Seconds after which something that has to be seen is not there."""

MARK = "dev.tocsin"
FRAME = "For support: reuse the text as it stands."


class Eyes:
    """Everything that one person's client sees, room by room, as it comes."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._seen: dict[str, dict[str, Event]] = {}
        self._state: dict[str, dict[tuple[str, str], Event]] = {}
        self.invited: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._task = asyncio.create_task(self._look())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        query = {"timeout": "10000", "filter": '{"room":{"timeline":{"limit":100}}}'}
        while True:
            try:
                answer = await self._person.call("GET", "/sync", **query)
            except (OSError, Refused, ValueError):
                await asyncio.sleep(0.2)  # the homeserver is away
                continue
            query["since"] = answer["next_batch"]
            rooms = answer.get("rooms", {})
            self.invited |= set(rooms.get("invite", {}))
            for room, news in rooms.get("join", {}).items():
                seen = self._seen.setdefault(room, {})
                if news["timeline"]["limited"]:
                    seen |= {event["event_id"]: event for event in await self._person.history(room)}
                for event in (*news["state"]["events"], *news["timeline"]["events"]):
                    if event["type"] == "m.room.redaction" and event.get("redacts") in seen:
                        seen[event["redacts"]] = {**seen[event["redacts"]], "content": {}}
                    seen[event["event_id"]] = event

    def events(self, room: str) -> list[Event]:
        """The oldest first."""
        return sorted(self._seen.get(room, {}).values(), key=lambda event: int(event["origin_server_ts"]))

    def cards(self, room: str) -> list[Event]:
        """The bot's messages as they were first sent, cards and answers."""
        return [event for event in self.events(room) if MARK in event["content"] and not _is_edit(event)]

    def card(self, room: str, key: str) -> Event | None:
        return next((event for event in self.cards(room) if event["content"][MARK]["card"] == key), None)

    def edits(self, room: str, event_id: str) -> list[Event]:
        """The replacements of a message, the oldest first."""
        return [
            event
            for event in self.events(room)
            if _is_edit(event) and event["content"]["m.relates_to"]["event_id"] == event_id
        ]

    def reads(self, room: str, key: str) -> str:
        """A card as it reads now, nothing when it is not there."""
        card = self.card(room, key)
        if card is None:
            return ""
        edits = self.edits(room, card["event_id"])
        return str((edits[-1]["content"]["m.new_content"] if edits else card["content"])["body"])

    def reactions(self, room: str, event_id: str) -> list[tuple[str, str]]:
        """Who put what on a message, as (sender, key)."""
        relations = [
            (event["sender"], event["content"].get("m.relates_to", {}))
            for event in self.events(room)
            if event["type"] == "m.reaction"
        ]
        return [(who, relation["key"]) for who, relation in relations if relation.get("event_id") == event_id]


def _is_edit(event: Event) -> bool:
    return bool(event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace")


class Company:
    """The cast, its rooms and the bot that serves them. `moment` is called between any two acts."""

    def __init__(self, server: Synapse, home: Path, stack: AsyncExitStack) -> None:
        self.server = server
        self.home = home
        self._stack = stack
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, str] = {}
        self.incident = ""
        self.named: dict[str, str] = {}
        self.acts: list[str] = []

    async def open(self, extra: str = "", **triage: Any) -> Company:
        """Everybody is there and the bot is invited; it does not run yet."""
        self.account = self.server.register("tocsin")
        for name in CAST:
            user = self.server.register(name.lower())
            self.people[name] = await self._stack.enter_async_context(Person(self.server, user))
        ann = self.people[ON_CALL]
        self.rooms["triage"] = await self._room("Triage", CAST, **triage)
        self.rooms["support"] = await self._room("Support", (ON_CALL, "Sam"))
        self.rooms["leadership"] = await self._room("Leadership", (ON_CALL,))
        self.eyes = Eyes(ann)
        self.eyes.open()
        self._stack.push_async_callback(self.eyes.close)
        self.bot = BotProcess(self.home, self._config() + extra)
        self._stack.push_async_callback(self.bot.kill)
        return self

    async def _room(self, name: str, people: tuple[str, ...], **settings: Any) -> str:
        ann, others = self.people[ON_CALL], [self.people[who] for who in people if who != ON_CALL]
        room = await ann.create(name=name, invite=[self.account.id, *(who.id for who in others)], **settings)
        for who in others:
            await who.join(room)
        return room

    def _config(self) -> str:
        people = "".join(f'[[people]]\nname = "{name}"\nmatrix = "{one.id}"\n' for name, one in self.people.items())
        return (
            f"""
            database = "tocsin.db"
            [transports.matrix]
            homeserver = "{self.server.url}"
            user_id = "{self.account.id}"
            password = "{self.account.password}"
            triage = ["{self.rooms["triage"]}"]
            [groups]
            oncall = ["{ON_CALL}"]
            [audiences.support]
            rooms = ["matrix:{self.rooms["support"]}"]
            frame = "{FRAME}"
            [audiences.leadership]
            rooms = ["matrix:{self.rooms["leadership"]}"]
        """
            + people
            + '[times]\nsignal = "1s"\n'
        )

    # --- playing ------------------------------------------------------------------------------------------------------

    async def play(self, between: Callable[[int], Awaitable[None]] | None = None) -> None:
        """The whole story, as fast as the chat allows; `between` is called after each act with its number."""
        for number, beat in enumerate(STORY):
            await self.do(beat)
            if between is not None:
                await between(number)
        await self.sees(lambda: all(self.eyes.card(room, "summary") for room in self.rooms.values()), "the summary")

    async def do(self, beat: Beat) -> None:
        """One act, once the card it needs is there; acts in different rooms wait for what went before, as people do."""
        who = self.people[beat.who]
        room = self.rooms["triage"] if beat.where == "triage" or beat.on == "alarm" else await self.incident_room()
        target = await self._target(room, beat.on) if beat.on else ""
        if beat.says.startswith("/inc watch"):
            # Whoever answers has read the question.
            await self._target(room, "prompt/signal-1")
        if beat.reacts:
            event = await who.react(room, target, beat.reacts)
        else:
            thread = {"rel_type": "m.thread", "event_id": target} if target else {}
            words = as_typed(beat.says)
            event = await who.say(room, words, **({"m.relates_to": thread} if thread else {}))
            if words.startswith("!inc"):
                self.acts.append(event)
        self.named[beat.name] = event

    async def _target(self, room: str, on: str) -> str:
        if on in self.named:
            return self.named[on]
        await self.sees(lambda: self.eyes.card(room, on) is not None, on)
        card = self.eyes.card(room, on)
        assert card is not None
        return str(card["event_id"])

    async def incident_room(self) -> str:
        """Where the notice leads; everybody goes in."""
        if not self.incident:
            await self.sees(lambda: bool(self.eyes.invited), "the invitation")
            self.incident = self.rooms["incident"] = min(self.eyes.invited)
            for person in self.people.values():
                # Those in triage are let in by its membership, without an invitation.
                await person.join(self.incident)
            await self.sees(lambda: self.eyes.card(self.incident, "board") is not None, "the board")
        return self.incident

    async def sees(self, holds: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
        """Wait until Ann sees it."""
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, f"nobody saw {what}; the bot wrote:\n{self.bot.text()[-3000:]}"
            await asyncio.sleep(0.02)

    async def ticks(self, command: str) -> None:
        """Wait until Ann sees the bot's ✅ on a command."""
        tick = (self.account.id, "✅")
        await self.sees(lambda: tick in self.eyes.reactions(self.incident, command), f"✅ on {command}", within=60)

    async def reads(self, where: str, key: str, words: str) -> None:
        """Wait until a card reads so."""
        room = self.rooms[where]
        await self.sees(lambda: words in self.eyes.reads(room, key), f"{words!r} on the {key} in {where}")

    # --- what must hold -----------------------------------------------------------------------------------------------

    async def twice(self) -> Mapping[tuple[str, str, str], int]:
        """The cards and answers that stand in a room more than once, by room, incident and key."""
        counted: Counter[tuple[str, str, str]] = Counter()
        for name, room in self.rooms.items():
            for event in await self.people[ON_CALL].history(room):
                if MARK in event["content"] and not _is_edit(event):
                    mark = event["content"][MARK]
                    counted[name, mark["incident"], mark["card"]] += 1
        return {card: count for card, count in counted.items() if count > 1}

    async def unticked(self) -> list[str]:
        """The commands without the bot's ✅, or with more than one."""
        ann = self.people[ON_CALL]
        ticks = Counter(
            event["content"]["m.relates_to"]["event_id"]
            for event in await ann.history(self.incident)
            if event["type"] == "m.reaction"
            and event["sender"] == self.account.id
            and event["content"]
            and event["content"]["m.relates_to"]["key"] == "✅"
        )
        return [(await ann.event(self.incident, act))["content"]["body"] for act in self.acts if ticks[act] != 1]


def as_typed(says: str) -> str:
    """A story's words on Matrix: its prefix, a clock time that is two minutes ago whenever the test runs, and times to come
    that nobody has to wait for; how long a signal is watched, the company's config says.
    """
    ago = (datetime.now(UTC) - timedelta(minutes=2)).strftime("%H:%M")
    for words, now in {
        "/inc ": "!inc ",
        "release 214 10:02": f"release 214 {ago}",
        "decide-by 10:11": "decide-by 2s",
        " for 1m": "",
    }.items():
        says = says.replace(words, now, 1)
    return says
