"""A slash command as a person types it, in the shape in which Discord passes it on: groups, typed options, who is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord_shapes as shapes
from discord_limits import UNKNOWN_COMMAND, Refused, invalid
from discord_world import Channel, Guild, Json, Role, Viewer

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)
"""docs/interactions/application-commands#application-command-object-application-command-option-type."""
PLAIN = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: float}


def same_name(command: Json, name: str) -> bool:
    return name in (command["name"], *(command.get("name_localizations") or {}).values())


def nested(
    root: Json, words: Sequence[str], given: Mapping[str, object], focused: str | None
) -> tuple[list[Json], list[Any]]:
    """The options of a command as Discord nests them, and the users, roles and channels among them."""
    if words:
        found = next((each for each in root.get("options", []) if each["name"] == words[0]), None)
        if found is None or found["type"] not in (SUBCOMMAND, GROUP):
            raise Refused(UNKNOWN_COMMAND)
        inside, mentioned = nested(found, words[1:], given, focused)
        return [{"name": found["name"], "type": found["type"], "options": inside}], mentioned
    known = {each["name"]: each for each in root.get("options", [])}
    if any(each["type"] in (SUBCOMMAND, GROUP) for each in known.values()):
        raise Refused(UNKNOWN_COMMAND)
    for name, option in known.items():
        if option.get("required") and name not in given and focused is None:
            raise invalid(name, "APPLICATION_COMMAND_INVALID_VALUE", "This option is required")
    if unknown := (set(given) | ({focused} if focused else set())) - known.keys():
        raise LookupError(f"{root['name']} has no option {unknown}, only {sorted(known)}")
    typed = [_typed(known[name], value, focused=name == focused) for name, value in given.items()]
    if focused and focused not in given:
        typed.append({"name": focused, "type": known[focused]["type"], "value": "", "focused": True})
    return typed, [value for name, value in given.items() if known[name]["type"] in range(USER, NUMBER)]


def _typed(option: Json, value: Any, *, focused: bool) -> Json:
    kind = option["type"]
    shape: Json = {"name": option["name"], "type": kind}
    shape["value"] = PLAIN[kind](value) if kind in PLAIN and not focused else str(getattr(value, "id", value))
    if focused:
        if not option.get("autocomplete"):
            raise LookupError(f"{option['name']} does not complete itself")
        return shape | {"focused": True}
    choices = option.get("choices") or []
    if choices and shape["value"] not in [each["value"] for each in choices]:
        raise invalid(option["name"], "APPLICATION_COMMAND_INVALID_VALUE", "Not one of the choices")
    if kind == STRING and not option.get("min_length", 0) <= len(shape["value"]) <= option.get("max_length", 6000):
        raise invalid(option["name"], "APPLICATION_COMMAND_INVALID_VALUE", "Too long or too short")
    if kind in (INTEGER, NUMBER):
        low, high = option.get("min_value"), option.get("max_value")
        if (low is not None and shape["value"] < low) or (high is not None and shape["value"] > high):
            raise invalid(option["name"], "APPLICATION_COMMAND_INVALID_VALUE", "Too much or too little")
    return shape


def resolved(guild: Guild, mentioned: Sequence[Any], viewer: Viewer) -> Json:
    """What the ids among the options stand for."""
    found: dict[str, Json] = {}
    for each in mentioned:
        key = str(each.id)
        if isinstance(each, Role):
            found.setdefault("roles", {})[key] = shapes.role(each)
        elif isinstance(each, Channel):
            found.setdefault("channels", {})[key] = shapes.channel(each, viewer) | {"permissions": "0"}
        elif (member := guild.members.get(each.id)) is not None:
            found.setdefault("users", {})[key] = shapes.user(member.user)
            found.setdefault("members", {})[key] = shapes.member(member, with_user=False) | {"permissions": "0"}
    return found
