"""Interactions of the fake Discord: what a person sets off, what the bot answers, and by when.

`Use` is one of them, kept with everything that came of it; `Uses` is one person's client, which offers only what is
there to be used and raises `Refused` otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import discord_shapes as shapes
from discord_entry import awake, find, require
from discord_forms import BUTTON, TEXT_INPUT, inputs, inside
from discord_limits import UNKNOWN_COMMAND, UNKNOWN_COMPONENT, Refused, invalid
from discord_options import nested, resolved, same_name
from discord_permissions import Permission, in_channel
from discord_world import EPHEMERAL, LOADING, Channel, Event, Guild, Json, Message, User, Viewer

if TYPE_CHECKING:
    from discord_fake import FakeDiscord

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
"""Interaction types: docs/interactions/receiving-and-responding."""
CHAT, MESSAGE_MENU = 1, 3
"""Command types: docs/interactions/application-commands."""
PATIENCE = 20.0
"""Real seconds that a person waits for an answer in a test."""

T = TypeVar("T")
P = Permission


@dataclass(eq=False)
class Use:
    """One interaction. `acknowledged` is in seconds after it began, `None` as long as nobody answered."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    began: float
    source: Message | None = None
    name: str = ""
    acknowledged: float | None = None
    kind: int | None = None  # the type of the first answer
    original: Message | None = None
    answers: list[Message] = field(default_factory=list)  # the first and its follow-ups, ephemeral ones too
    opened: Json | None = None
    offered: list[Json] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def changed(self) -> None:
        self._changed.set()

    async def answer(self) -> Message:
        """The first answer that says something."""
        return await self._until(lambda: next((each for each in self.answers if not each.flags & LOADING), None))

    async def modal(self) -> Json:
        """The modal that was opened."""
        return await self._until(lambda: self.opened)

    async def choices(self) -> list[tuple[str, Any]]:
        """What autocomplete offers, as (name, value)."""
        offered = await self._until(lambda: self.offered)
        return [(each["name"], each["value"]) for each in offered]

    async def done(self) -> int:
        """The type of the first answer, whatever it is: 6 and 7 leave no message of their own."""
        return await self._until(lambda: self.kind)

    async def _until(self, there: Callable[[], T | None]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := there()) is None:
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            raise AssertionError(f"{self.name}: no such answer within {PATIENCE} s; kind {self.kind}") from None
        return found


class Interactions:
    """Every use by its token, and the commands that the application has registered, by guild (0: everywhere)."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._discord = discord
        self.uses: dict[str, Use] = {}
        self.commands: dict[int, list[Json]] = {}

    def command(self, guild: Guild, kind: int, name: str) -> Json:
        for each in (*self.commands.get(guild.id, []), *self.commands.get(0, [])):
            if each["type"] == kind and same_name(each, name):
                return each
        raise Refused(UNKNOWN_COMMAND)

    def begin(self, use: Use, data: Json) -> Use:
        """Send INTERACTION_CREATE to the bot, whatever its intents are."""
        discord, channel = self._discord, use.channel
        guild, bot = channel.guild, discord.bot
        self.uses[use.token] = use
        member, me = guild.members[use.user.id], guild.members[bot.user.id]
        everything = Viewer(bot.user.id)
        place = shapes.channel(channel, everything)
        granted = str(in_channel(member, channel))
        shape: Json = {
            "id": str(use.id),
            "application_id": str(bot.application_id),
            "type": use.type,
            "token": use.token,
            "version": 1,
            "data": data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "channel_id": str(channel.id),
            "channel": place | {"permissions": granted},
            "member": shapes.member(member) | {"permissions": granted},
            "app_permissions": str(in_channel(me, channel)),
            "locale": use.user.locale,
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": 10 * 2**20,
        }
        if use.source is not None and use.type in (COMPONENT, MODAL):
            shape["message"] = shapes.message(discord.world, use.source, everything)
        discord.world.tell(Event("INTERACTION_CREATE", guild, lambda _: shape, only=bot.user.id))
        return use


class Uses:
    """One person's part in them."""

    def __init__(self, discord: FakeDiscord, guild: Guild, user: User) -> None:
        self._discord = discord
        self._guild = guild
        self._user = user

    @property
    def private(self) -> list[Message]:
        """The ephemeral answers that were given to this person."""
        mine = (each for each in self._discord.interactions.uses.values() if each.user is self._user)
        return [answer for each in mine for answer in each.answers if answer.flags & EPHEMERAL]

    def slash(self, channel: Channel, command: str, given: Mapping[str, object]) -> Use:
        root, data = self._typed(channel, command, given, None)
        return self._begin(COMMAND, channel, root["name"], data)

    def autocomplete(self, channel: Channel, command: str, focused: str, given: Mapping[str, object]) -> Use:
        root, data = self._typed(channel, command, given, focused)
        return self._begin(AUTOCOMPLETE, channel, root["name"], data)

    def _typed(
        self, channel: Channel, command: str, given: Mapping[str, object], focused: str | None
    ) -> tuple[Json, Json]:
        awake(self._user, channel)
        root = self._allowed(channel, CHAT, command.split(maxsplit=1)[0])
        options, mentioned = nested(root, command.split()[1:], given, focused)
        data: Json = _about(root) | {"options": options}
        found = resolved(self._guild, mentioned, Viewer(self._discord.bot.user.id))
        return root, data | ({"resolved": found} if found else {})

    def menu(self, message: Message, command: str) -> Use:
        """The bot is given the whole message, intent or not: docs/events/gateway#message-content-intent."""
        awake(self._user, message.channel)
        root = self._allowed(message.channel, MESSAGE_MENU, command)
        everything = Viewer(self._discord.bot.user.id)
        target = shapes.message(self._discord.world, message, everything)
        data: Json = _about(root) | {"target_id": str(message.id)}
        data["resolved"] = {"messages": {str(message.id): target}}
        return self._begin(COMMAND, message.channel, root["name"], data)

    def press(self, message: Message, name: str, values: Sequence[str] | None = None) -> Use:
        if not message.flags & EPHEMERAL:
            find(message.channel, message.id)
        elif message.for_user != self._user.id:
            raise Refused(UNKNOWN_COMPONENT)
        require(self._user, message.channel, P.VIEW_CHANNEL)
        awake(self._user, message.channel)
        offered = [each for each in inside(message.components) if "custom_id" in each]
        found = next((each for each in offered if name in _names(each)), None)
        if found is None or found.get("disabled") or (values is None) != (found["type"] == BUTTON):
            raise Refused(UNKNOWN_COMPONENT)
        data: Json = {"custom_id": found["custom_id"], "component_type": found["type"], "id": found["id"]}
        data |= {} if values is None else {"values": list(values)}
        return self._begin(COMPONENT, message.channel, name, data, source=message)

    def submit(self, use: Use, given: Mapping[str, object]) -> Use:
        if use.opened is None:
            raise Refused(UNKNOWN_COMPONENT)
        values = {}
        for one in inputs(use.opened):
            named = {_plain(each): each for each in (one["custom_id"], one.get("label") or "")}
            key = next((each for each in given if each in named), None)
            values[one["custom_id"]] = _filled(one, given[key] if key else one.get("value"))
        used = {_plain(text) for one in inputs(use.opened) for text in (one["custom_id"], one.get("label") or "")}
        if unknown := set(given) - used:
            raise LookupError(f"the modal has no {unknown}, only {used - {''}}")
        parts = [_sent_back(each, values) for each in use.opened["components"]]
        data: Json = {"custom_id": use.opened["custom_id"], "components": parts, "resolved": {}}
        return self._begin(MODAL, use.channel, use.name, data, source=use.source)

    def _allowed(self, channel: Channel, kind: int, name: str) -> Json:
        found = self._discord.interactions.command(self._guild, kind, name)
        require(self._user, channel, P.USE_APPLICATION_COMMANDS)
        needed = found.get("default_member_permissions")
        if needed is not None:
            granted = in_channel(self._guild.members[self._user.id], channel)
            if int(needed) & ~granted or (needed == "0" and not granted & P.ADMINISTRATOR):
                raise Refused(UNKNOWN_COMMAND)
        return found

    def _begin(self, kind: int, channel: Channel, name: str, data: Json, source: Message | None = None) -> Use:
        world = self._discord.world
        number = world.clock.snowflake()
        use = Use(number, f"token-of-{number}", kind, self._user, channel, world.clock.time(), source, name)
        return self._discord.interactions.begin(use, data)


def _about(command: Json) -> Json:
    """A command as an interaction names it; one of a guild's with the guild that has it."""
    return {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command}


def _names(component: Json) -> set[str]:
    return {component["custom_id"], component.get("label") or "", (component.get("emoji") or {}).get("name") or ""}


def _plain(text: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in text)


def _filled(one: Json, value: object) -> Any:
    """What a person put into a field, which the client lets them send."""
    if one["type"] != TEXT_INPUT:
        return value
    text = "" if value is None else str(value)
    if not text and one.get("required", True):
        raise invalid(one["custom_id"], "BASE_TYPE_REQUIRED", "This field is required")
    if text and not (one.get("min_length") or 0) <= len(text) <= (one.get("max_length") or 4000):
        raise invalid(one["custom_id"], "BASE_TYPE_BAD_LENGTH", "Too long or too short")
    return text


def _sent_back(part: Json, values: Mapping[str, Any]) -> Json:
    shape: Json = {key: part[key] for key in ("type", "id", "custom_id") if key in part}
    if (key := part.get("custom_id")) is not None:
        value = values[key]
        plural = isinstance(value, list | tuple)
        shape["values" if plural else "value"] = list(value) if plural else value
    if "components" in part:
        shape["components"] = [_sent_back(each, values) for each in part["components"]]
    if "component" in part:
        shape["component"] = _sent_back(part["component"], values)
    return shape
