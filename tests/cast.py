"""The people of a scenario and what they can do: say, type, react, take back, edit, delete; a few seconds apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.incident.vocabulary import Account, ChannelRef, MessageRef

if TYPE_CHECKING:
    from stage import Stage

ROSTERED = ("Ann", "Bob", "Mia", "Jon", "Leah")
"""On the config's list: Ann is on call, Bob is her backup."""

UNLISTED = ("Sam", "Kim")
"""In triage, though on no list."""

MOMENT = 3
"""Seconds that a person takes for anything; longer than the spacing of the board's edits, so that it is true by then."""


@dataclass(frozen=True)
class Someone:
    """One person. Each act lets a moment pass first, and ends when Tocsin has nothing left to do."""

    stage: Stage
    account: Account

    @property
    def name(self) -> str:
        return self.account.name

    async def says(self, text: str, where: ChannelRef | None = None, thread: MessageRef | None = None) -> MessageRef:
        """Plain words in the incident's channel, or in triage while there is none."""
        await self.stage.fast_forward(seconds=MOMENT)
        place = thread.channel if thread else where or self._here()
        message = self.stage.world.say(self.account, place, text, thread=thread)
        await self.stage.settle()
        return message

    def _here(self) -> ChannelRef:
        awake = self.stage.tocsin.post.awake()
        return self.stage.channel if awake and self.stage.incident.channel else self.stage.triage

    async def types(self, words: str, where: ChannelRef | None = None, thread: MessageRef | None = None) -> MessageRef:
        """A command that works: it gets ✅."""
        message = await self.says(f"!inc {words}", where, thread)
        assert self._ticked(message), f"no ✅ on {words!r}; {self._answers(message)}"
        self.stage.ticks.add(message.id)
        return message

    async def asks(self, words: str, where: ChannelRef | None = None) -> str:
        """A command that is answered in words. Returns them."""
        message = await self.says(f"/inc {words}", where)
        assert not self._ticked(message)
        return self._taken(message)

    async def is_told(self, words: str, *contains: str, where: ChannelRef | None = None) -> MessageRef:
        """A command that is turned down, with these words in the answer."""
        message = await self.says(f"!inc {words}", where)
        assert not self._ticked(message), f"{words!r} worked"
        self._says_all(self._taken(message), contains)
        return message

    async def reacts(self, target: MessageRef | str, emoji: str) -> None:
        """An emoji on a message, or on a card by its key."""
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.react(self.account, self._ref(target), emoji)
        await self.stage.settle()

    async def reacts_in_vain(self, target: MessageRef | str, emoji: str, *contains: str) -> None:
        """A reaction that is turned down: taken away, and answered once."""
        message = self._ref(target)
        await self.reacts(message, emoji)
        self._says_all(self._taken(message), contains)
        assert self.account.id not in self.stage.world.look(message).who(emoji), f"{emoji} still stands"

    async def takes_back(self, target: MessageRef | str, emoji: str) -> None:
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.unreact(self.account, self._ref(target), emoji)
        await self.stage.settle()

    async def edits(self, message: MessageRef, text: str) -> None:
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.edit(self.account, message, text)
        await self.stage.settle()

    async def deletes(self, target: MessageRef | str) -> None:
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.delete(self.account, self._ref(target))
        await self.stage.settle()

    async def leaves(self, channel: ChannelRef) -> None:
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.leave(self.account, channel)
        await self.stage.settle()

    async def deletes_channel(self, channel: ChannelRef) -> None:
        await self.stage.fast_forward(seconds=MOMENT)
        self.stage.world.delete_channel(self.account, channel)
        await self.stage.settle()

    def told(self, target: MessageRef | str, *contains: str) -> str:
        """The newest answer to this person on a message, which is expected with that. Returns its text."""
        text = self._taken(self._ref(target))
        self._says_all(text, contains)
        return text

    # --- how it is looked at ------------------------------------------------------------------------------------------

    def _ref(self, target: MessageRef | str) -> MessageRef:
        return self.stage.find(target).ref if isinstance(target, str) else target

    def _ticked(self, message: MessageRef) -> bool:
        return self.stage.world.bot.id in self.stage.world.look(message).who("✅")

    def _taken(self, message: MessageRef) -> str:
        """The newest answer in reply to a message: expected from now on."""
        for answer in reversed(self.stage.of_tocsin(message.channel)):
            post = answer.post
            if answer.reply_to == message and post is not None and post.card.startswith(("letter/", "answer/")):
                self.stage.expected.add((message.channel.id, post.incident, post.card))
                return answer.text
        raise AssertionError(f"no answer to {self.stage.world.look(message).text!r}")

    def _answers(self, message: MessageRef) -> list[str]:
        return [one.text for one in self.stage.of_tocsin(message.channel) if one.reply_to == message]

    @staticmethod
    def _says_all(text: str, contains: tuple[str, ...]) -> None:
        for words in contains:
            assert words in text, f"the answer does not say {words!r}:\n{text}"


def hire(stage: Stage) -> dict[str, Someone]:
    """Everyone by name; Zoe is a stranger, who is in no triage channel."""
    world = stage.world
    people = {name: Someone(stage, world.create_person(name)) for name in (*ROSTERED, *UNLISTED)}
    return people | {"Zoe": Someone(stage, world.create_person("Zoe", []))}
