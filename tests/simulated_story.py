"""The checkout story (spec, section 14) played by people who only look at the chat: each waits for what they see, then acts.

Rule: nobody here knows of the bot's insides, so the same story is played while it lives, dies and comes back.
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

TITLE = "Payments are failing for several customers"


@dataclass(frozen=True, slots=True)
class Done:
    """An act that must be honoured: its source, and the message that a command was typed in."""

    label: str
    source: str
    typed: MessageRef | None = None


@dataclass
class Story:
    """The cast, in a world with a triage channel and two audiences."""

    world: World
    done: list[Done] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.world
        self.triage = world.create_channel("triage")
        self.support = world.create_channel("support", Kind.AUDIENCE)
        self.leadership = world.create_channel("leadership", Kind.AUDIENCE)
        self.ann, self.mia, self.jon, self.leah, self.sam = (
            world.create_person(name) for name in ("Ann", "Mia", "Jon", "Leah", "Sam")
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

    # --- parts --------------------------------------------------------------------------------------------------------

    async def play(self) -> None:
        """All of it, to the close; ends when the channel is read-only."""
        habit = asyncio.ensure_future(self._answer_when_asked_again())
        await asyncio.gather(self._sam(), self._ann(), self._mia(), self._jon(), self._leah())
        await self.see(lambda: self.room is not None and self.room.locked)
        habit.cancel()

    async def encore(self) -> None:
        """It comes back when everybody, the bot too, had forgotten about it; and is closed again."""
        habit = asyncio.ensure_future(self._answer_when_asked_again())
        await self.types(self.ann, self.triage, "!inc reopen 1 payments fail again")
        room = await self.see(lambda: self.room if self.room and not self.room.locked else None)
        await self.see(lambda: self.card("board", without="closed"))
        await self.types(
            self.ann, room.ref, "!inc close cause=the rollback was undone by a deploy fixed=rolled back again"
        )
        await self.see(lambda: self.card("board", "closed"))
        habit.cancel()

    async def _answer_when_asked_again(self) -> None:
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

    async def _sam(self) -> None:
        await self.at(60)
        self.alarm = self.world.say(self.sam, self.triage, f"{TITLE}, they see a blank page")
        await self.at(64)
        await self.types(self.sam, self.triage, "!inc help close")
        await self.at(66)
        await self.types(self.sam, self.triage, "!inc board")

    async def _ann(self) -> None:
        world, ann = self.world, self.ann
        await self.at(70)
        await self.reacts(ann, world.look(self.alarm), "🚨")
        board = await self.see(lambda: self.card("board"))
        await self.reacts(ann, board, "🧊")
        await self.types(ann, board.ref.channel, "!inc changed release 214 at 10:02")
        item = await self.see(lambda: self.card("item/H1", "free"))
        await self.reacts(ann, item, "✋")
        await self.see(lambda: self.card("item/H1", "is on it"))
        await self.reacts(ann, item, "❌")
        gone = await self.see(lambda: self.card("item/H3"))
        if not any(one.deleted for one in world.messages.values() if one.mark == gone.mark):
            world.delete(ann, gone.ref)
        await self.see(lambda: self.card("item/H3"))
        decided = await self.see(lambda: self._chat("We roll back"))
        await self.reacts(ann, decided, "⚖️")
        await self.see(lambda: self.card("item/R2", "Done"))
        await self.see(lambda: self.card("item/H2", "Confirmed"))
        await self.types(ann, board.ref.channel, "!inc resolve rolled back release 214")
        over = await self.see(lambda: self._standing("prompt/close-", "is it over"))
        await self.reacts(ann, over, "🏁")
        await self.see(lambda: self.card("board", "closed"))

    async def _mia(self) -> None:
        world, mia = self.world, self.mia
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(mia, board, "🔎")
        await self.types(mia, room, "!inc frobnicate")
        await self.see(lambda: self._standing("letter/", "frobnicate"))
        await self.types(mia, room, "!inc hypothesis cache eviction")
        await self.types(mia, room, "!inc hypothesis tax rounding in release 214")
        third = world.say(mia, room, "or is it the payment provider?")
        await self.reacts(mia, world.look(third), "💡")
        await self.reacts(mia, await self.see(lambda: self.card("item/H2", "free")), "✋")
        seen = world.say(mia, room, "errors began at 10:02 exactly")
        await self.reacts(mia, world.look(seen), "📌")
        wrong = world.say(mia, room, "sign-in fails as well")
        await self.reacts(mia, world.look(wrong), "📌")
        await asyncio.sleep(8)
        await self.takes_back(mia, world.look(wrong), "📌")
        fix = await self.see(lambda: self.card("item/R1", "free"))
        await self.reacts(mia, fix, "✋")
        await self.see(lambda: self.card("item/R1", "is on it"))
        await self.reacts(mia, fix, "❌")
        await self.see(lambda: self.card("item/R2", "Done"))
        await self.types(mia, room, "!inc confirm H2 the totals differ by a cent")

    async def _jon(self) -> None:
        jon = self.jon
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(jon, board, "📣")
        for number, (after, words) in enumerate(
            (
                (180, "impact=Some users cannot pay working=Sign-in works next=We test a rollback every=5m"),
                (460, "impact=Some users cannot pay working=Sign-in works next=We roll back release 214 every=5m"),
            ),
            1,
        ):
            await self.at(after)
            await self.see(lambda: self.card("board", "Updates Jon"))
            await self.types(jon, room, f"/inc update {words}")
            draft = await self.see(lambda n=number: self.card(f"draft/{n}", "as it will be read"))  # type: ignore[misc]
            await self.reacts(jon, draft, "📤")
            for place in (None, self.support, self.leadership):
                where = self.world.channels[place.id] if place else None
                await self.see(lambda n=number, w=where: self.card(f"update/{n}", room=w))  # type: ignore[misc]

    async def _leah(self) -> None:
        world, leah = self.world, self.leah
        board = await self.see(lambda: self.card("board"))
        room = board.ref.channel
        await self.reacts(leah, board, "⏪")
        await self.at(300)
        await self.see(lambda: self.card("board", "Recovery Leah"))
        await self.types(leah, room, "!inc path fix put back the config value")
        await self.see(lambda: self.card("item/R1", "Did not help"))
        await self.at(540)
        said = world.say(leah, room, "We roll back release 214 now")
        await self.see(lambda: world.look(said).who("⚖️"))
        world.edit(leah, said, "We roll back release 214 now, errors are above 20 %")
        self._did("Leah edits what she decided")
        await self.types(leah, room, "!inc path rollback release 214 is the latest change")
        back = await self.see(lambda: self.card("item/R2", "free"))
        await self.reacts(leah, back, "✋")
        await self.see(lambda: self.card("item/R2", "is on it"))
        await self.reacts(leah, back, "✅")

    def _chat(self, words: str) -> Message | None:
        said = self.world.said(self.room.ref) if self.room else []
        return next((one for one in said if one.post is None and one.text.startswith(words)), None)

    def _standing(self, start: str, words: str) -> Message | None:
        said = self.world.said(self.room.ref) if self.room else []
        return next((one for one in said if one.post and one.post.card.startswith(start) and words in one.text), None)
