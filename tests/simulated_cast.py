"""The people of the simulated story: what each can see in the chat, and what each can do there.

Rule: nobody here knows of the bot's insides, so the same people play while it lives, dies and comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from core.incident.vocabulary import Account, ChannelRef, MessageRef
from transports.sandbox.places import Channel, Happening, Kind, Message
from transports.sandbox.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """An act that must be honoured: its source, and the message that a command was typed in."""

    label: str
    source: str
    typed: MessageRef | None = None


@dataclass
class Cast:
    """Everybody, in a world with a triage channel and two audiences."""

    world: World
    done: list[Done] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        self.triage = world.create_channel("triage")
        self.support = world.create_channel("support", Kind.AUDIENCE)
        self.leadership = world.create_channel("leadership", Kind.AUDIENCE)
        self.ann, self.mia, self.jon, self.leah, self.bob, self.sam = (
            world.create_person(name) for name in ("Ann", "Mia", "Jon", "Leah", "Bob", "Sam")
        )
        self._looking: list[asyncio.Future[None]] = []
        self._assured: set[str] = set()
        world.subscribe(self._changed)

    # --- eyes ---------------------------------------------------------------------------------------------------------

    def _changed(self, happening: Happening) -> None:
        looking, self._looking = self._looking, []
        for one in looking:
            if not one.done():
                one.set_result(None)

    async def see(self, look: Callable[[], T | None]) -> T:
        """Watches the chat until there is what `look` is for."""
        while True:
            found = look()
            if found:
                return found
            change = asyncio.get_running_loop().create_future()
            self._looking.append(change)
            await change

    @property
    def room(self) -> Channel | None:
        return next((room for room in self.world.channels.values() if room.incident and not room.gone), None)

    def card(self, name: str, *words: str, without: str = "\0", room: Channel | None = None) -> Message | None:
        """The bot's message of this card as people see it now, once it says all of `words`."""
        room = room or self.room
        found = [one for one in self.world.said(room.ref) if one.post and one.post.card == name] if room else []
        return (
            found[-1]
            if found and all(word in found[-1].text for word in words) and without not in found[-1].text
            else None
        )

    def chat(self, words: str) -> Message | None:
        """What somebody wrote that begins with these words."""
        said = self.world.said(self.room.ref) if self.room else []
        return next((one for one in said if one.post is None and one.text.startswith(words)), None)

    def standing(self, start: str, words: str) -> Message | None:
        """The newest of the bot's cards of a kind that says this: who is asked a second time answers there."""
        said = self.world.said(self.room.ref) if self.room else []
        found = [one for one in said if one.post and one.post.card.startswith(start) and words in one.text]
        return found[-1] if found else None

    # --- hands --------------------------------------------------------------------------------------------------------

    async def at(self, seconds: float) -> None:
        """Not before this moment of the story."""
        await asyncio.sleep(max(0.0, seconds - asyncio.get_running_loop().time()))

    def _did(self, label: str, typed: MessageRef | None = None) -> None:
        signal = next(one.signal for one in reversed(self.world.history) if one.signal)
        self.done.append(Done(label, signal.source, typed))

    async def types(self, who: Account, channel: ChannelRef, text: str) -> MessageRef:
        message = self.world.say(who, channel, text)
        self._did(f"{who.name} types {text}", message)
        return message

    async def reacts(self, who: Account, message: Message, emoji: str) -> None:
        while message.deleted and message.post is not None:
            name = message.post.card
            message = await self.see(lambda name=name: self.card(name))  # type: ignore[misc]
        self.world.react(who, message.ref, emoji)
        self._did(f"{who.name} puts {emoji} on {message.post.card if message.post else 'a message'}")

    async def takes_back(self, who: Account, message: Message, emoji: str) -> None:
        self.world.unreact(who, message.ref, emoji)
        self._did(f"{who.name} takes {emoji} back")

    async def leaves(self, who: Account, channel: ChannelRef) -> None:
        self.world.leave(who, channel)
        self._did(f"{who.name} leaves")

    async def chooses(self, who: Account, channel: ChannelRef, words: str, item: str) -> Message:
        """`path`, to the card of what it opens: if another is open it is stopped."""
        path = "ship a fix" if words.startswith("fix") else "roll back"

        def asked() -> Message | None:
            return self.card(item) or self.standing("prompt/stop-", f"Stop it and {path}?")

        await self.types(who, channel, f"!inc path {words}")
        found = await self.see(asked)
        if found.post and found.post.card != item:
            await self.reacts(who, found, "👍")
        return await self.see(lambda: self.card(item))

    # --- habits -------------------------------------------------------------------------------------------------------

    async def answer_when_asked_again(self) -> None:
        """Acts that reach outside are asked again when the bot was away for long: whoever is asked says yes."""
        while True:
            asked = await self.see(self._still_wanted)
            self._assured.add(asked.ref.id)
            await asyncio.sleep(3)
            if not asked.deleted and "Still?" in asked.text:
                person = self.world.people[asked.pings[0]]
                if person.id not in asked.who("👍"):
                    await self.reacts(person, asked, "👍")

    def _still_wanted(self) -> Message | None:
        room = self.room
        said = self.world.said(room.ref) if room else []
        new = (one for one in said if one.post and one.post.card.startswith("prompt/stale") and "Still?" in one.text)
        return next((one for one in new if one.ref.id not in self._assured), None)
