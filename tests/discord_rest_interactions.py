"""Routes by which a bot registers commands and answers interactions: docs/interactions."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import discord_acts as acts
import discord_shapes as shapes
from discord_entry import post
from discord_forms import components, length, modal
from discord_interactions import AUTOCOMPLETE, CHAT, COMMAND, COMPONENT, MESSAGE_MENU, MODAL, Use
from discord_limits import (
    ALREADY_ANSWERED,
    NO_ACCESS,
    TOKEN_EXPIRED,
    UNKNOWN_APPLICATION,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    Refused,
    invalid,
)
from discord_options import GROUP, SUBCOMMAND
from discord_rest import Call, Route
from discord_world import EPHEMERAL, LOADING, MENU, SLASH, Json, Message

SAY, DEFER, DEFER_UPDATE, UPDATE, OFFER, OPEN = 4, 5, 6, 7, 8, 9
"""Callback types: docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type."""
POSSIBLE = {
    COMMAND: (SAY, DEFER, OPEN),
    COMPONENT: (SAY, DEFER, DEFER_UPDATE, UPDATE, OPEN),
    AUTOCOMPLETE: (OFFER,),
    MODAL: (SAY, DEFER, DEFER_UPDATE, UPDATE),
}


def respond(call: Call) -> Json | None:
    """The first answer: once, within three seconds."""
    use = call.discord.interactions.uses.get(call.args["token"])
    now = call.world.clock.time()
    if use is None or use.id != call.id("interaction"):
        raise Refused(UNKNOWN_INTERACTION)
    if use.acknowledged is not None:
        raise Refused(ALREADY_ANSWERED)
    if now - use.began > call.world.windows.acknowledge:
        raise Refused(UNKNOWN_INTERACTION)
    kind, data = call.body["type"], call.body.get("data") or {}
    if kind not in POSSIBLE[use.type] or (kind in (DEFER_UPDATE, UPDATE) and use.source is None):
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {POSSIBLE[use.type]}.")
    message = _first(call, use, kind, data)
    use.acknowledged, use.kind = now - use.began, kind
    use.changed()
    if call.query.get("with_response") not in ("1", "true"):
        call.status = 204
        return None
    about: Json = {"id": str(use.id), "type": use.type, "channel_id": str(use.channel.id)}
    about |= {"guild_id": str(use.channel.guild.id)}
    if message is None:
        return {"interaction": about}
    about |= {
        "response_message_id": str(message.id),
        "response_message_loading": bool(message.flags & LOADING),
        "response_message_ephemeral": bool(message.flags & EPHEMERAL),
    }
    if kind not in (SAY, UPDATE):
        return {"interaction": about}
    return {"interaction": about, "resource": {"type": kind, "message": _shape(call, message)}}


def _first(call: Call, use: Use, kind: int, data: Json) -> Message | None:
    match kind:
        case 4:
            use.original = _say(call, use, data)
        case 5:
            made = Message(call.world.clock.snowflake(), use.channel, call.who, call.world.clock.now())
            made.flags = LOADING | int(data.get("flags") or 0) & EPHEMERAL
            use.original = _put(call, use, made)
        case 6:
            use.original = use.source
            return None
        case 7 if use.source is not None:
            acts.change(call.world, use.source, data, call.uploads)
            use.original = use.source
        case 8:
            use.offered = _offered(call, data)
            return None
        case _:
            use.opened = modal(call.world.caps, data)
            use.opened = data | {"components": components(call.world.caps, data["components"], v2=True)}
            return None
    return use.original


def _offered(call: Call, data: Json) -> list[Json]:
    choices = list(data.get("choices") or [])
    if len(choices) > call.world.caps.choices:
        raise invalid("data.choices", "BASE_TYPE_BAD_LENGTH", f"Must be {call.world.caps.choices} or fewer in length.")
    for each in choices:
        length("data.choices.name", each["name"], 100, 1)
        length("data.choices.value", str(each["value"]), 100)
    return choices


def _say(call: Call, use: Use, data: Json) -> Message:
    return _put(call, use, acts.compose(call.world, call.who, use.channel, data, call.uploads))


def _put(call: Call, use: Use, made: Message) -> Message:
    """Into the channel, or before the one person's eyes. No permission is asked for: the answer is the person's."""
    if use.type == COMMAND and not use.answers:
        made.type = MENU if use.source is not None else SLASH
    made.application_id = call.discord.bot.application_id
    made.interaction = {
        "id": str(use.id),
        "type": use.type,
        "user": shapes.user(use.user),
        "authorizing_integration_owners": {"0": str(use.channel.guild.id)},
    }
    if use.type == COMPONENT and use.source is not None:
        made.interaction["interacted_message_id"] = str(use.source.id)
    if use.type == MODAL:
        made.interaction["triggering_interaction_metadata"] = made.interaction | {"type": COMMAND}
    if made.flags & EPHEMERAL:
        made.for_user = use.user.id
    else:
        post(call.world, made)
    use.answers.append(made)
    use.changed()
    return made


def _shape(call: Call, message: Message) -> Json:
    return shapes.message(call.world, message, call.viewer)


def _use(call: Call) -> Use:
    """The interaction whose token this is, as long as it is good."""
    use = call.discord.interactions.uses.get(call.args["token"])
    if call.id("application") != call.discord.bot.application_id or use is None or use.acknowledged is None:
        raise Refused(UNKNOWN_WEBHOOK)
    if call.world.clock.time() - use.began > call.world.windows.token:
        raise Refused(TOKEN_EXPIRED)
    return use


def follow_up(call: Call) -> Json:
    """Another message. The first one after a deferral takes the place of the one that waits: seen."""
    use = _use(call)
    if use.original is not None and use.original.flags & LOADING:
        return _shape(call, _edited(call, use, use.original))
    return _shape(call, _say(call, use, call.body))


def _answer(call: Call, use: Use) -> Message:
    wanted = call.args["message"]
    known = [*use.answers, *([use.original] if use.original else [])]
    if wanted == "@original":
        known = [use.original] if use.original else []
    found = next((each for each in known if wanted in ("@original", str(each.id))), None)
    if found is None or (not found.flags & EPHEMERAL and found.id not in found.channel.messages):
        raise Refused(UNKNOWN_MESSAGE)
    return found


def _edited(call: Call, use: Use, message: Message) -> Message:
    waiting = message.flags & LOADING
    message.flags &= ~LOADING
    try:
        acts.change(call.world, message, call.body, call.uploads)
    except Refused:
        message.flags |= waiting
        raise
    use.changed()
    return message


def read_answer(call: Call) -> Json:
    return _shape(call, _answer(call, _use(call)))


def edit_answer(call: Call) -> Json:
    use = _use(call)
    return _shape(call, _edited(call, use, _answer(call, use)))


def delete_answer(call: Call) -> None:
    use = _use(call)
    gone = _answer(call, use)
    if gone in use.answers:
        use.answers.remove(gone)
    if use.original is gone:
        use.original = None
    if not gone.flags & EPHEMERAL:
        acts.delete(call.world, call.who, gone.channel.id, gone.id)


def commands(call: Call) -> list[Json]:
    return call.discord.interactions.commands.get(_scope(call), [])


def overwrite_commands(call: Call) -> list[Json]:
    """All commands at once; one that was there under the same type and name keeps its id."""
    scope = _scope(call)
    old = {(each["type"], each["name"]): each for each in call.discord.interactions.commands.get(scope, [])}
    counted = Counter(each.get("type", CHAT) for each in call.body)
    if counted[CHAT] > call.world.caps.global_commands or counted[MESSAGE_MENU] > call.world.caps.menu_commands:
        raise invalid("_", "APPLICATION_COMMAND_TOO_MANY", "Too many commands")
    if len({(each.get("type", CHAT), each["name"]) for each in call.body}) < len(call.body):
        raise invalid("_", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    made = [_command(call, each, scope, old) for each in call.body]
    call.discord.interactions.commands[scope] = made
    return made


def _command(call: Call, given: Json, scope: int, old: dict[tuple[int, str], Json]) -> Json:
    caps, kind = call.world.caps, given.get("type", CHAT)
    length("name", given["name"], 32, 1)
    if kind == CHAT:
        _named(given, caps.command_options)
        if _letters(given) > caps.command_text:
            raise invalid("_", "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({caps.command_text})")
    before = old.get((kind, given["name"]))
    shape: Json = {
        "dm_permission": True,
        "integration_types": [0],
        "nsfw": False,
        "default_member_permissions": None,
        "name_localizations": None,
        "description_localizations": None,
        "description": "",
        **{key: value for key, value in given.items() if value is not None and (key != "options" or kind == CHAT)},
        "id": before["id"] if before else str(call.world.clock.snowflake()),
        "application_id": str(call.discord.bot.application_id),
        "version": str(call.world.clock.snowflake()),
        "type": kind,
    }
    if shape["default_member_permissions"] is not None:
        shape["default_member_permissions"] = str(shape["default_member_permissions"])
    return shape | ({"guild_id": str(scope)} if scope else {})


def _named(one: Json, most: int) -> None:
    """Names, descriptions and numbers of a slash command and what is in it."""
    if not re.fullmatch(r"[-_'\w]{1,32}", one["name"]) or one["name"] != one["name"].lower():
        raise invalid("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    length("description", one.get("description") or "", 100, 1)
    options = one.get("options") or []
    if len(options) > most or len(one.get("choices") or []) > most:
        raise invalid("options", "BASE_TYPE_BAD_LENGTH", f"Must be {most} or fewer in length.")
    required = [bool(each.get("required")) for each in options if each["type"] not in (SUBCOMMAND, GROUP)]
    if required != sorted(required, reverse=True):
        raise invalid("options", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options must come first")
    for each in options:
        _named(each, most)


def _letters(one: Json) -> int:
    choices = sum(len(each["name"]) + len(str(each["value"])) for each in one.get("choices") or [])
    inside = sum(_letters(each) for each in one.get("options") or [])
    return len(one["name"]) + len(one.get("description") or "") + choices + inside


def _scope(call: Call) -> int:
    if call.id("application") != call.discord.bot.application_id:
        raise Refused(UNKNOWN_APPLICATION)
    guild = int(call.args.get("guild", 0))
    if guild and guild not in call.world.guilds:
        raise Refused(NO_ACCESS)
    return guild


APPLICATION = r"/applications/{application:\d+}"
OWN: dict[str, Any] = {"own_token": True}
HOOK = r"/webhooks/{application:\d+}/{token}"

ROUTES = (
    Route("GET", APPLICATION + "/commands", "commands", commands),
    Route("PUT", APPLICATION + "/commands", "commands", overwrite_commands),
    Route("GET", APPLICATION + r"/guilds/{guild:\d+}/commands", "commands", commands),
    Route("PUT", APPLICATION + r"/guilds/{guild:\d+}/commands", "commands", overwrite_commands),
    Route("POST", r"/interactions/{interaction:\d+}/{token}/callback", "interaction", respond, **OWN),
    Route("POST", HOOK, "interaction", follow_up, **OWN),
    Route("GET", HOOK + "/messages/{message}", "interaction", read_answer, **OWN),
    Route("PATCH", HOOK + "/messages/{message}", "interaction", edit_answer, **OWN),
    Route("DELETE", HOOK + "/messages/{message}", "interaction", delete_answer, 204, **OWN),
)
