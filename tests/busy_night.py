"""A busy incident: everybody acts at once, all the time, whether or not the bot is there; and a ledger of what they did.

Rule: people go by what they see in the chat. What the ledger holds must be on the record and in the rooms, once each.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from bot_process import BotProcess
from kept_record import record_of

M = TypeVar("M")
"""A message, as the chat's people hold it."""

UNHURRIED = (0.15, 1.1)
"""Seconds between two acts of one person, at least and at most: together some four a second."""

PATIENCE = 300.0
"""Seconds that the bot may take to catch up on everything once nobody kills it any more."""


class Room(Protocol[M]):
    """The incident's channel, and the hands that people have there."""

    async def say(self, who: str, words: str) -> M: ...

    async def react(self, who: str, message: M, emoji: str) -> Callable[[], Awaitable[None]]:
        """Returns what takes it back."""

    def card(self, key: str) -> M | None:
        """The bot's message of this card, if it stands there."""

    def copies(self, key: str) -> list[str]:
        """A card as it reads in every room that shows it."""


@dataclass
class Ledger:
    """What people did, in the words that the record has for it. `undone`: taken back before anybody could rely on it."""

    entries: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.entries) + len(self.undone)


class Night(Generic[M]):
    """The people's parts. `go` plays them until `over` is set; each ends what it has begun."""

    def __init__(self, room: Room[M], seed: int) -> None:
        self.room = room
        self.ledger = Ledger()
        self.over = asyncio.Event()
        self._rng = Random(seed)

    async def go(self) -> None:
        parts = (self._bo_notes, self._sam_and_ann_mark, self._jon_thinks_twice, self._mia_wonders, self._jon_writes)
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(self._on_and_on(part))

    async def _on_and_on(self, part: Callable[[int], Awaitable[None]]) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            await asyncio.sleep(self._rng.uniform(*UNHURRIED))
            await part(number)

    async def _there(self, key: str) -> M:
        """A card, once it stands there, however often the bot is killed meanwhile."""
        end = time.monotonic() + PATIENCE
        while (card := self.room.card(key)) is None:
            assert time.monotonic() < end, f"nobody saw {key}"
            await asyncio.sleep(0.05)
        return card

    async def _bo_notes(self, number: int) -> None:
        await self.room.say("Bo", f"!inc note graph {number} is flat")
        self.ledger.entries.append(f"graph {number} is flat")

    async def _sam_and_ann_mark(self, number: int) -> None:
        said = await self.room.say("Sam", f"customer {number} calls")
        await self.room.react("Ann", said, "📌")
        self.ledger.entries.append(f"customer {number} calls")

    async def _jon_thinks_twice(self, number: int) -> None:
        said = await self.room.say("Leah", f"rumour {number}")
        take_back = await self.room.react("Jon", said, "📌")
        await asyncio.sleep(self._rng.uniform(0, 1))
        await take_back()
        self.ledger.undone.append(f"rumour {number}")

    async def _mia_wonders(self, number: int) -> None:
        idea = await self.room.say("Mia", f"idea {number}")
        await self.room.react("Mia", idea, "💡")
        self.ledger.entries.append(f"H{number} hypothesis: idea {number}")
        card = await self._there(f"item/H{number}")
        await self.room.react("Leah", card, "✋")
        await asyncio.sleep(self._rng.uniform(*UNHURRIED))
        await self.room.react("Leah", card, "❌")
        self.ledger.entries.append(f"H{number} ruled out: idea {number}")

    async def _jon_writes(self, number: int) -> None:
        words = f"{number} in a hundred cannot pay."
        await self.room.say("Jon", f"!inc update impact={words} next=We are on it. every=30m")
        await self.room.react("Jon", await self._there(f"draft/{number}"), "📤")
        self.ledger.updates.append(words)
        await self._there(f"update/{number}")

    # --- the reckoning ------------------------------------------------------------------------------------------------

    async def reckoned(self, bot: BotProcess) -> dict[str, Any]:
        """The record, once everything that people did is on it; then it has to stay so."""
        end = time.monotonic() + PATIENCE
        while self._lost(await record_of(bot)):
            assert time.monotonic() < end, f"lost: {self._lost(await record_of(bot))[:20]}"
            await asyncio.sleep(1)
        await asyncio.sleep(3)
        record = await record_of(bot)
        assert self._lost(record) == []
        assert self._twice(record) == {}
        assert [text for text in self._standing(record) if text in set(self.ledger.undone)] == []
        for number, words in enumerate(self.ledger.updates, 1):
            copies = self.room.copies(f"update/{number}")
            assert len(copies) == 3
            assert all(words in copy for copy in copies)
        return record

    def _lost(self, record: dict[str, Any]) -> list[str]:
        known = self._standing(record)
        missing = [text for text in self.ledger.entries if text not in known]
        return missing + [
            f"update {n}" for n in range(1, len(self.ledger.updates) + 1) if not self.room.card(f"update/{n}")
        ]

    def _twice(self, record: dict[str, Any]) -> dict[str, int]:
        return {text: count for text, count in self._standing(record).items() if count > 1 and self._whose(text)}

    @staticmethod
    def _standing(record: dict[str, Any]) -> Counter[str]:
        return Counter(entry["text"] for entry in record["entries"] if not entry["withdrawn"])

    @staticmethod
    def _whose(text: str) -> bool:
        """Whether it is of the ledger, and not of the checklist or the like."""
        return re.search(r"\d", text) is not None
