"""The chats that the contract of transports is tested on, each with people in it who do what people do.

A new transport joins by a class here and a row in `CHATS`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import aiohttp
from discord_fake import FakeDiscord
from discord_limits import Refused as DiscordRefused
from discord_person import Person as Somebody
from matrix_person import Person, Refused
from matrix_world import World
from pydantic import SecretStr
from running import Notes, Running
from synapse import Synapse

from core.clock import SystemClock
from core.incident.vocabulary import Account, ChannelRef, MessageRef
from core.port import ChannelPlan, Transport
from transports.discord_chat import DiscordSettings, DiscordTransport
from transports.discord_chat.markdown import plain
from transports.discord_chat.refs import address, channel_ref, message_ref
from transports.discord_chat.render import mark
from transports.sandbox.faults import Faults
from transports.sandbox.places import Kind, Turned
from transports.sandbox.server import Server
from transports.sandbox.transport import SandboxTransport
from transports.sandbox.world import World as Sandbox


class NotAllowed(Exception):
    """The chat turned a person down."""


@dataclass(frozen=True)
class Seen:
    """A message as a person finds it; `incident`, `card` and `base` are the bot's mark, empty where there is none.

    `file` is the name and the content of the file that it has, as a client downloads it.
    """

    ref: MessageRef
    text: str
    incident: str = ""
    card: str = ""
    base: str | None = None
    file: tuple[str, bytes] | None = None


class Someone(Protocol):
    """A person with an ordinary client. Raises `NotAllowed` when the chat does not let them."""

    @property
    def id(self) -> str: ...

    async def say(self, channel: ChannelRef, text: str, thread: MessageRef | None = None) -> MessageRef: ...

    async def mention(self, channel: ChannelRef, who: Someone) -> MessageRef: ...

    async def change(self, message: MessageRef, text: str) -> None: ...

    async def delete(self, message: MessageRef) -> None: ...

    async def react(self, message: MessageRef, emoji: str) -> None: ...

    async def unreact(self, message: MessageRef, emoji: str) -> None: ...

    async def enter(self, channel: ChannelRef) -> None: ...

    async def leave(self, channel: ChannelRef) -> None: ...

    async def sees(self, channel: ChannelRef) -> list[Seen]: ...

    async def reactions(self, message: MessageRef) -> list[tuple[str, str]]:
        """Who (account id) put what there."""

    async def topic(self, channel: ChannelRef) -> str: ...

    async def pinned(self, channel: ChannelRef) -> list[str]: ...


@dataclass(frozen=True)
class Tells:
    """What a chat tells, where chats differ: who deleted a message, that one came and went while nobody listened, who left,
    and a base update's text beside what is read.
    """

    who_deleted: bool = True
    deleted_while_away: bool = True
    left: bool = True
    base: bool = True


class Chat(Protocol):
    """A chat with one triage channel and a bot that is connected to it."""

    bot: Running
    triage: ChannelRef
    tells: Tells

    async def someone(self, name: str) -> Someone:
        """A person in triage, who may take the bot's messages away."""

    async def stranger(self, name: str) -> Someone:
        """A person who is not in triage."""

    def process(self) -> Running:
        """The next process of the bot, not started yet, on the same notebook."""

    def plan(self, name: str) -> ChannelPlan:
        """A plan for a channel beside triage; names are made unique to the test."""


class OnMatrix:
    """A person on Matrix."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._put: dict[tuple[str, str], str] = {}

    @property
    def id(self) -> str:
        return self._person.id

    async def say(self, channel: ChannelRef, text: str, thread: MessageRef | None = None) -> MessageRef:
        relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": thread.id}} if thread else {}
        with _refusals():
            return MessageRef(channel=channel, id=await self._person.say(channel.id, text, **relation))

    async def mention(self, channel: ChannelRef, who: Someone) -> MessageRef:
        named = {"m.mentions": {"user_ids": [who.id]}}
        return MessageRef(channel=channel, id=await self._person.say(channel.id, "look, you", **named))

    async def change(self, message: MessageRef, text: str) -> None:
        await self._person.change(message.channel.id, message.id, text)

    async def delete(self, message: MessageRef) -> None:
        await self._person.redact(message.channel.id, message.id)

    async def react(self, message: MessageRef, emoji: str) -> None:
        with _refusals():
            self._put[message.id, emoji] = await self._person.react(message.channel.id, message.id, emoji)

    async def unreact(self, message: MessageRef, emoji: str) -> None:
        await self._person.redact(message.channel.id, self._put.pop((message.id, emoji)))

    async def enter(self, channel: ChannelRef) -> None:
        with _refusals():
            await self._person.join(channel.id)

    async def leave(self, channel: ChannelRef) -> None:
        await self._person.leave(channel.id)

    async def sees(self, channel: ChannelRef) -> list[Seen]:
        found = []
        for listed in await self._person.messages(channel.id):
            event = await self._person.event(channel.id, listed["event_id"])
            latest = event["unsigned"].get("m.relations", {}).get("m.replace", {}).get("content", {})
            content = latest.get("m.new_content", event["content"])
            mark = content.get("dev.tocsin", {})
            ref = MessageRef(channel=channel, id=event["event_id"])
            file = None
            if content["msgtype"] == "m.file":
                file = content["filename"], (await self._person.download(content["url"]))[0]
            marked = mark.get("incident", ""), mark.get("card", ""), mark.get("text")
            found.append(Seen(ref, content["body"], *marked, file))
        return found

    async def reactions(self, message: MessageRef) -> list[tuple[str, str]]:
        return await self._person.reactions(message.channel.id, message.id)

    async def topic(self, channel: ChannelRef) -> str:
        return str((await self._person.state(channel.id, "m.room.topic"))["topic"])

    async def pinned(self, channel: ChannelRef) -> list[str]:
        return list((await self._person.state(channel.id, "m.room.pinned_events"))["pinned"])


class MatrixChat:
    """matrix-nio against a real Synapse."""

    tells = Tells()

    def __init__(self, world: World) -> None:
        self._world = world
        self.bot = world.bot
        self.triage = world.at(world.triage)

    async def someone(self, name: str) -> Someone:
        person = await self._world.person(name)
        levels = await self._world.ann.state(self.triage.id, "m.room.power_levels")
        levels["users"] = {**levels.get("users", {}), person.id: 50}
        await self._world.ann.put_state(self.triage.id, "m.room.power_levels", levels)
        return OnMatrix(person)

    async def stranger(self, name: str) -> Someone:
        return OnMatrix(await self._world.stranger(name))

    def process(self) -> Running:
        return self._world.take(self._world.process())

    def plan(self, name: str) -> ChannelPlan:
        return self._world.plan(self._world.unique(name))


class InSandbox:
    """A person in the sandbox."""

    def __init__(self, world: Sandbox, account: Account) -> None:
        self._world = world
        self._account = account

    @property
    def id(self) -> str:
        return self._account.id

    async def say(self, channel: ChannelRef, text: str, thread: MessageRef | None = None) -> MessageRef:
        with _refusals():
            return self._world.say(self._account, channel, text, thread=thread)

    async def mention(self, channel: ChannelRef, who: Someone) -> MessageRef:
        return self._world.say(self._account, channel, f"look, @{self._world.people[who.id].name}")

    async def change(self, message: MessageRef, text: str) -> None:
        self._world.edit(self._account, message, text)

    async def delete(self, message: MessageRef) -> None:
        self._world.delete(self._account, message)

    async def react(self, message: MessageRef, emoji: str) -> None:
        with _refusals():
            self._world.react(self._account, message, emoji)

    async def unreact(self, message: MessageRef, emoji: str) -> None:
        self._world.unreact(self._account, message, emoji)

    async def enter(self, channel: ChannelRef) -> None:
        with _refusals():
            self._world.join(self._account, channel)

    async def leave(self, channel: ChannelRef) -> None:
        self._world.leave(self._account, channel)

    async def sees(self, channel: ChannelRef) -> list[Seen]:
        return [
            Seen(
                each.ref,
                each.text,
                each.post.incident,
                each.post.card,
                each.post.text,
                (each.file.name, each.file.data) if each.file else None,
            )
            if each.post
            else Seen(each.ref, each.text)
            for each in self._world.said(channel)
        ]

    async def reactions(self, message: MessageRef) -> list[tuple[str, str]]:
        put = self._world.look(message).reactions
        return [(account_id, emoji) for emoji, turns in put.items() for account_id in turns]

    async def topic(self, channel: ChannelRef) -> str:
        return self._world.room(channel).topic

    async def pinned(self, channel: ChannelRef) -> list[str]:
        return list(self._world.room(channel).pins)


class SandboxChat:
    """The sandbox, in this process."""

    tells = Tells()

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._world = Sandbox(SystemClock())
        self._server = Server(self._world, Random(1), Faults())
        self._notes = Notes()
        self.triage = self._world.create_channel("triage", Kind.TRIAGE)
        self.bot = self.process()

    async def someone(self, name: str) -> Someone:
        return InSandbox(self._world, self._world.create_person(name))

    async def stranger(self, name: str) -> Someone:
        return InSandbox(self._world, self._world.create_person(name, channels=()))

    def process(self) -> Running:
        transport: Transport = SandboxTransport(self._server)
        running = Running(transport, self._notes)
        self._stack.push_async_callback(running.stop)
        return running

    def plan(self, name: str) -> ChannelPlan:
        return ChannelPlan(name=name, incident=name, topic=f"{name} · no page", beside=self.triage)


class OnDiscord:
    """A person on the fake Discord."""

    def __init__(self, person: Somebody, incident: str) -> None:
        self._person = person
        self._incident = incident

    @property
    def id(self) -> str:
        return str(self._person.id)

    async def say(self, channel: ChannelRef, text: str, thread: MessageRef | None = None) -> MessageRef:
        with _refusals():
            if thread is None:
                return message_ref(int(channel.id), self._person.say(channel.id, text).id)
            inside = self._person.thread(self._look(thread))
            return message_ref(int(channel.id), self._person.say(inside, text).id, inside.id)

    async def mention(self, channel: ChannelRef, who: Someone) -> MessageRef:
        return await self.say(channel, f"look, <@{who.id}>")

    async def change(self, message: MessageRef, text: str) -> None:
        self._person.edit(self._look(message), text)

    async def delete(self, message: MessageRef) -> None:
        self._person.delete(self._look(message))

    async def react(self, message: MessageRef, emoji: str) -> None:
        with _refusals():
            self._person.react(self._look(message), emoji)

    async def unreact(self, message: MessageRef, emoji: str) -> None:
        self._person.unreact(self._look(message), emoji)

    async def enter(self, channel: ChannelRef) -> None:
        with _refusals():
            self._person.enter(channel.id)

    async def leave(self, channel: ChannelRef) -> None:
        self._person.leave_guild()

    async def sees(self, channel: ChannelRef) -> list[Seen]:
        found = []
        for each in self._person.sees(channel.id):
            shown = each.embeds[0] if each.embeds else {}
            borne = mark(str(shown.get("footer", {}).get("text", "")))
            text = plain(str(shown.get("description", ""))) if shown else each.content
            ref = message_ref(int(channel.id), each.id)
            file = None
            for one in self._person.attachments(each):
                async with aiohttp.ClientSession() as session, session.get(one["url"]) as response:
                    file = one["filename"], await response.read()
            found.append(Seen(ref, text, self._incident if borne else "", borne[1] if borne else "", None, file))
        return found

    async def reactions(self, message: MessageRef) -> list[tuple[str, str]]:
        return [(str(user), emoji) for user, emoji in self._person.reactions(self._look(message))]

    async def topic(self, channel: ChannelRef) -> str:
        return self._person.enter(channel.id).topic or ""

    async def pinned(self, channel: ChannelRef) -> list[str]:
        return [str(each.id) for each in self._person.pins(channel.id)]

    def _look(self, message: MessageRef) -> Any:
        place, own = address(message)
        return self._person.message(place, own)


class DiscordChat:
    """discord.py over real sockets against a fake Discord."""

    # Who left is told only to bots with the privileged members intent, which Tocsin does without.
    tells = Tells(who_deleted=False, deleted_while_away=False, left=False, base=False)

    def __init__(self, discord: FakeDiscord, stack: AsyncExitStack) -> None:
        self._discord = discord
        self._stack = stack
        self._notes = Notes()
        # They may take the bot's messages away.
        self._responders = discord.create_role("Responders", permissions=1 << 13)
        self._channel = discord.create_channel("triage", only=(self._responders,))
        self.triage = channel_ref(self._channel.id)
        self.bot = self.process()

    async def someone(self, name: str) -> Someone:
        return OnDiscord(self._discord.create_person(name, roles=(self._responders,)), "inc-a")

    async def stranger(self, name: str) -> Someone:
        return OnDiscord(self._discord.create_person(name), "inc-a")

    def process(self) -> Running:
        settings = DiscordSettings(
            token=SecretStr(self._discord.bot.token),
            guild=str(self._discord.guild.id),
            triage=("triage",),
            api_url=self._discord.api_url,
            gateway_url=self._discord.gateway_url,
            ready_timeout=0.05,
        )
        running = Running(DiscordTransport(settings, SystemClock(), Random(1)), self._notes)
        self._stack.push_async_callback(running.stop)
        return running

    def plan(self, name: str) -> ChannelPlan:
        return ChannelPlan(name=name, incident=name, topic=f"{name} · no page", beside=self.triage)


@contextmanager
def _refusals() -> Iterator[None]:
    """What each chat raises when it turns a person down, as `NotAllowed`."""
    try:
        yield
    except (Refused, Turned, DiscordRefused) as error:
        raise NotAllowed(str(error)) from error


@asynccontextmanager
async def on_matrix(server: Callable[[], Synapse]) -> AsyncIterator[Chat]:
    async with AsyncExitStack() as stack:
        chat = MatrixChat(await World(server(), stack).open())
        await chat.bot.start()
        yield chat


@asynccontextmanager
async def in_sandbox(_: Callable[[], Synapse]) -> AsyncIterator[Chat]:
    async with AsyncExitStack() as stack:
        chat = SandboxChat(stack)
        await chat.bot.start()
        yield chat


@asynccontextmanager
async def on_discord(_: Callable[[], Synapse]) -> AsyncIterator[Chat]:
    async with AsyncExitStack() as stack:
        chat = DiscordChat(await stack.enter_async_context(FakeDiscord()), stack)
        await chat.bot.start()
        yield chat


CHATS: dict[str, Callable[[Callable[[], Synapse]], AbstractAsyncContextManager[Chat]]] = {
    "discord": on_discord,
    "matrix": on_matrix,
    "sandbox": in_sandbox,
}
