"""The checkout story on Discord: its cast with ordinary clients around a real Tocsin, and what stands in their channels."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from bot_process import BotProcess
from discord_fake import FakeDiscord
from discord_forms import emoji
from discord_person import Person
from discord_world import Channel, Message
from matrix_story import as_typed

from bot.story import CAST, ON_CALL, STORY, Beat
from transports.discord_chat.markdown import plain
from transports.discord_chat.render import mark

PATIENCE = 60.0
"""Seconds after which something that has to be seen is not there."""

FRAME = "For support: reuse the text as it stands."


def borne(message: Message) -> tuple[int, str] | None:
    """The mark that a card bears: the incident's number and the card's key."""
    return mark(str(message.embeds[0].get("footer", {}).get("text", ""))) if message.embeds else None


def reads(message: Message) -> str:
    """A message as people read it."""
    return plain(str(message.embeds[0]["description"])) if message.embeds else message.content


class Company:
    """The cast, its channels and the bot that serves them."""

    def __init__(
        self, discord: FakeDiscord, home: Path, stack: AsyncExitStack, *, more: str = "", **rooms: str
    ) -> None:
        """`more` stands in the config too; `rooms` are those of an audience that is elsewhere."""
        self.discord = discord
        self._rooms = rooms
        self.people: dict[str, Person] = {}
        self.named: dict[str, Message] = {}
        self.presses = False
        """Whether what Tocsin asks is answered by its buttons, as people do; a bot that is away hears no press."""
        self.acts: list[Message] = []
        responders = discord.create_role("Responders")
        for name in CAST:
            self.people[name] = discord.create_person(name, roles=(responders,))
        self.channels: dict[str, Channel] = {
            name: discord.create_channel(name, only=(responders,))
            for name in ("triage", "support", "leadership")
            if name not in rooms
        }
        self.bot = BotProcess(home, self._config() + more)
        stack.push_async_callback(self.bot.kill)

    def _config(self) -> str:
        people = "".join(f'[[people]]\nname = "{name}"\ndiscord = "{one.id}"\n' for name, one in self.people.items())
        return (
            f"""
            database = "tocsin.db"
            [transports.discord]
            token = "{self.discord.bot.token}"
            guild = "{self.discord.guild.id}"
            triage = ["triage"]
            api_url = "{self.discord.api_url}"
            gateway_url = "{self.discord.gateway_url}"
            ready_timeout = "1s"
            [groups]
            oncall = ["{ON_CALL}"]
            [audiences.support]
            rooms = ["{self._room("support")}"]
            frame = "{FRAME}"
            [audiences.leadership]
            rooms = ["{self._room("leadership")}"]
        """
            + people
            + '[times]\nsignal = "1s"\n'
        )

    def _room(self, audience: str) -> str:
        return self._rooms.get(audience) or f"discord:{self.channels[audience].id}"

    def link(self, name: str, **account: str) -> None:
        """A person has an account of another chat, too; said before the bot starts."""
        (chat, other), path = next(iter(account.items())), self.bot.config
        person = f'[[people]]\nname = "{name}"\n'
        path.write_text(path.read_text().replace(person, f'{person}{chat} = "{other}"\n'))

    # --- playing ------------------------------------------------------------------------------------------------------

    async def play(self, between: Callable[[int], Awaitable[None]] | None = None) -> None:
        """The whole story, as fast as the chat allows; `between` is called after each act with its number."""
        for number, beat in enumerate(STORY):
            await self.do(beat)
            if between is not None:
                await between(number)
        await self.sees(lambda: all(self.card(name, "summary") for name in self.channels), "the summary")

    async def do(self, beat: Beat) -> None:
        """One act, once the card it needs is there; acts in different channels wait for what went before."""
        who = self.people[beat.who]
        where = "triage" if beat.where == "triage" or beat.on == "alarm" else await self.incident()
        target = await self.target(where, beat.on) if beat.on else None
        if beat.reacts:
            assert target is not None
            if self.presses and beat.on.startswith("prompt/"):
                who.press(target, beat.reacts)
            else:
                who.react(target, beat.reacts)
            self.named[beat.name] = target
            return
        place = who.thread(target) if target is not None else self.channels[where]
        said = who.say(place, as_typed(beat.says))
        if said.content.startswith("!inc"):
            self.acts.append(said)
        self.named[beat.name] = said

    async def target(self, where: str, on: str) -> Message:
        if on in self.named:
            return self.named[on]
        await self.sees(lambda: self.card(where, on) is not None, on)
        card = self.card(where, on)
        assert card is not None
        return card

    async def incident(self) -> str:
        """The incident's channel, once its board is there."""
        await self.sees(lambda: self.made() is not None, "the incident's channel")
        made = self.made()
        assert made is not None
        self.channels["incident"] = made
        await self.sees(lambda: self.card("incident", "board") is not None, "the board")
        return "incident"

    def made(self) -> Channel | None:
        """The incident's channel that is there."""
        there = self.discord.guild.channels.values()
        made = [each for each in there if each.name.startswith("inc-") and not each.deleted]
        assert len(made) < 2, f"{len(made)} channels were made"
        return made[0] if made else None

    # --- what is seen -------------------------------------------------------------------------------------------------

    def cards(self, where: str) -> list[Message]:
        """The bot's messages in a channel and its threads, the oldest first."""
        place = self.channels[where]
        inside = [each for each in self.discord.guild.channels.values() if each.parent is place]
        said = [one for each in (place, *inside) for one in each.messages.values() if one.author.bot and one.embeds]
        return sorted(said, key=lambda each: each.id)

    def card(self, where: str, key: str) -> Message | None:
        return next((each for each in self.cards(where) if (borne(each) or (0, ""))[1] == key), None)

    def ticked(self, message: Message) -> int:
        """How often the bot's ✅ stands on a message."""
        own = self.discord.bot.user.id
        return sum(emoji(key) == "✅" for key, users in message.reactions.items() for user in users if user == own)

    async def sees(self, holds: Callable[[], object], what: str, within: float = PATIENCE) -> None:
        """Wait until it stands there."""
        end = time.monotonic() + within
        while not holds():
            assert time.monotonic() < end, f"nobody saw {what}; the bot wrote:\n{self.bot.text()[-3000:]}"
            await asyncio.sleep(0.02)

    async def reads(self, where: str, key: str, words: str) -> None:
        """Wait until a card reads so."""

        def holds() -> bool:
            card = self.card(where, key)
            return card is not None and words in reads(card)

        await self.sees(holds, f"{words!r} on the {key} in {where}")

    def twice(self) -> Mapping[tuple[str, int, str], int]:
        """The cards and answers that stand in a channel more than once, by channel, incident and key."""
        counted = Counter((name, *(borne(each) or (0, ""))) for name in self.channels for each in self.cards(name))
        return {card: count for card, count in counted.items() if count > 1}

    def threads_twice(self) -> list[str]:
        """The names of threads that several share."""
        names = Counter(each.name for each in self.discord.guild.channels.values() if each.parent in self._own())
        return [name for name, count in names.items() if count > 1]

    def _own(self) -> list[Channel]:
        return [each for name, each in self.channels.items() if name == "incident"]

    def unticked(self) -> list[str]:
        """The commands without the bot's ✅."""
        return [act.content for act in self.acts if self.ticked(act) != 1]
