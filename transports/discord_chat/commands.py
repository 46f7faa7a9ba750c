"""`/incident` and the message menus, as Discord is told of them: built from `VERBS` and `MENUS`.

Rule: a command is a row of a table and nothing here; no row is known by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

import discord
from discord import app_commands

from core.incident.forms import Argument, Group, Kind, Verb
from core.incident.verbs import VERBS
from core.incident.vocabulary import Path, Phase, Priority, Role, Severity

NAME = "incident"

MENUS: dict[str, str] = {
    "Add hypothesis": "hypothesis",
    "Add action": "action",
    "Mark decision": "decision",
    "Pin to timeline": "pin",
    "Draft update": "draft",
    "Declare incident": "declare",
}
"""*Apps > …* on a message: the name, and the act by its stable name (`transports.reactions`)."""

LISTED: dict[Kind, type[StrEnum]] = {
    Kind.ROLE: Role,
    Kind.PHASE: Phase,
    Kind.PATH: Path,
    Kind.SEVERITY: Severity,
    Kind.PRIORITY: Priority,
}
"""The kinds of which there are so few that Discord shows them all, each by its main word."""

COMPLETED = (Kind.ITEM, Kind.POINT, Kind.INCIDENT, Kind.ENTRY, Kind.PROMPT, Kind.FOLLOW_UP, Kind.DATE)
"""The kinds of which what is there is offered while somebody types."""

TYPES: dict[Kind, type] = {Kind.WHO: discord.User, Kind.FLAG: bool}
"""What Discord itself knows how to ask for; everything else is text."""

LONGEST = 100
"""Characters of a description and of what is offered (application-commands)."""

MOST = 25
"""Of whatever is listed (application-commands)."""

LIBRARY_MENUS = 5
"""Menus that discord.py 2.7 lets one guild have."""

Interaction = discord.Interaction[Any]

Completing = Callable[[Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]


class Used(Protocol):
    """Who is told when somebody uses one of these; each acknowledges before anything else."""

    async def asked(self, interaction: Interaction, verb: Verb, options: Mapping[str, Any]) -> None:
        """A slash command with the options that were given."""

    async def chosen(self, interaction: Interaction, action: str, message: discord.Message) -> None:
        """A menu on a message."""

    async def misunderstood(self, interaction: Interaction, error: Exception) -> None:
        """One that Discord still shows, or a bug."""

    def offered(self, interaction: Interaction, verb: Verb, slot: Argument, typed: str) -> Sequence[tuple[str, str]]:
        """What may stand in a slot: what is shown, and what it stands for. From memory."""


class Tree(app_commands.CommandTree[discord.Client]):
    """All of them, for one guild."""

    def __init__(self, client: discord.Client, guild: discord.abc.Snowflake, used: Used) -> None:
        super().__init__(client, fallback_to_global=True)
        self._used = used
        self.guild = guild
        self.add_command(incident(used), guild=guild)
        for count, (name, action) in enumerate(MENUS.items()):
            # discord.py lets a guild have 5, as Discord did; by now it is 15 (application-commands). Those beyond are found
            # as if they were everywhere's, and told of as the guild's.
            self.add_command(_menu(name, action, used), guild=guild if count < LIBRARY_MENUS else None)

    def shapes(self) -> list[dict[str, Any]]:
        """What Discord is told."""
        every = (*self.get_commands(guild=self.guild), *self.get_commands(guild=None))
        return [command.to_dict(self) for command in every]

    async def put(self) -> None:
        """Has Discord take them in the place of all that the guild has of this bot's."""
        application = self.client.application_id
        assert application is not None, "known from signing in on"
        await self.client.http.bulk_upsert_guild_commands(application, self.guild.id, payload=self.shapes())

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await self._used.misunderstood(interaction, error)


def incident(used: Used, verbs: Sequence[Verb] = VERBS) -> app_commands.Group:
    """The command with its groups."""
    root = app_commands.Group(name=NAME, description=_sentence(Group.DIRECT.does), guild_only=True)
    groups = {Group.DIRECT: root}
    for verb in verbs:
        if verb.group not in groups:
            about = _sentence(verb.group.does)
            groups[verb.group] = app_commands.Group(name=verb.group.value, description=about, parent=root)
        groups[verb.group].add_command(_command(verb, used))
    return root


def slots(verb: Verb) -> Iterator[tuple[Argument, bool]]:
    """A verb's slots as Discord wants them, what is required first. What can be asked for in a form is not."""
    every = [(slot, slot.required and slot in verb.arguments and not verb.form) for slot in _all(verb)]
    yield from sorted(every, key=lambda one: not one[1])


def _all(verb: Verb) -> tuple[Argument, ...]:
    return (*verb.arguments, *verb.fields)


def _command(verb: Verb, used: Used) -> app_commands.Command[Any, ..., None]:
    async def callback(interaction: Interaction, **options: Any) -> None:
        given = {name: value for name, value in options.items() if value is not None}
        await used.asked(interaction, verb, given)

    # discord.py reads the options off the callback's parameters.
    vars(callback)["__signature__"] = inspect.Signature(
        [
            inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction),
            *(_parameter(slot, required=required) for slot, required in slots(verb)),
        ]
    )
    every = _all(verb)
    app_commands.describe(**{slot.name: _sentence(slot.asked) for slot in every})(callback)
    app_commands.choices(**{slot.name: _choices(LISTED[slot.kind]) for slot in every if slot.kind in LISTED})(callback)
    app_commands.autocomplete(**{slot.name: _completing(verb, slot, used) for slot in every if slot.kind in COMPLETED})(
        callback
    )
    name = verb.word.replace(" ", "-")
    return app_commands.Command(name=name, description=_sentence(verb.does), callback=callback)


def _parameter(slot: Argument, *, required: bool) -> inspect.Parameter:
    kind = TYPES.get(slot.kind, str)
    default = inspect.Parameter.empty if required else None
    annotation = kind if required else kind | None
    return inspect.Parameter(slot.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _choices(words: type[StrEnum]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=_shown(word), value=word.value) for word in words]


def _shown(word: StrEnum) -> str:
    """A role by its word and in full; newcomers do not know what "ic" means."""
    return f"{word.value}: {word.title}" if isinstance(word, Role) and word.title != word.value else word.value


def _completing(verb: Verb, slot: Argument, used: Used) -> Completing:
    async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = used.offered(interaction, verb, slot, typed)
        return [app_commands.Choice(name=_cut(shown), value=value[:LONGEST]) for shown, value in found[:MOST]]

    return complete


def _menu(name: str, action: str, used: Used) -> app_commands.ContextMenu:
    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await used.chosen(interaction, action, message)

    # discord.py reads off it that the menu is one on messages.
    callback.__annotations__["message"] = discord.Message
    menu = app_commands.ContextMenu(name=name, callback=callback)
    menu.guild_only = True
    return menu


def _sentence(words: str) -> str:
    """A description: Discord shows no markup there."""
    return _cut(f"{words[:1].upper()}{words[1:]}".replace("`", ""))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
