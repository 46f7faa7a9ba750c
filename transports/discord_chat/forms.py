"""A verb's form as a window to fill in, and what was filled in; who opened it may send it off after a restart.

Rule: all that a window knows stands in its name: the verb, and what was said before it opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import discord

from core.incident.commands import TEXT_LIMIT, TITLE_LIMIT
from core.incident.forms import Argument, Kind, Verb
from core.incident.verbs import PATHS

PREFIX = "form:"

MOST = 5
"""Inputs of one window (receiving-and-responding#modals)."""

LABEL = 45
"""Characters of a label."""


def opens(verb: Verb, given: Mapping[str, str]) -> bool:
    """Whether somebody who gave no more than this is asked for the rest: nothing at all, or not what must be there.

    Not where somebody has to be named: a window has text alone, and who that means is known of few; an option knows.
    """
    needed = [slot.name for slot in verb.arguments if slot.required]
    names = any(slot.kind is Kind.WHO and slot.name in verb.needs for slot in verb.fields)
    return bool(verb.form) and not names and (not all(name in given for name in needed) or not given)


def window(verb: Verb, given: Mapping[str, str], known: Mapping[str, str]) -> discord.ui.Modal:
    """The form, filled with what was said and what is known."""
    asked = verb.form[:MOST]
    aside = {name: said for name, said in given.items() if name not in {slot.name for slot in asked}}
    name = f"{PREFIX}{verb.path}?{urlencode(aside)}"
    modal = discord.ui.Modal(title=f"{verb.does[:1].upper()}{verb.does[1:]}"[:LABEL], custom_id=name, timeout=None)
    for slot in asked:
        modal.add_item(_input(slot, required=slot in verb.arguments and slot.required, words={**known, **given}))
    # What is sent off is read by its name alone.
    modal.stop()
    return modal


def _input(slot: Argument, *, required: bool, words: Mapping[str, str]) -> discord.ui.Label[Any]:
    said = slot.asked
    limit = TITLE_LIMIT if slot.name == "title" else TEXT_LIMIT
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=slot.name,
        style=discord.TextStyle.paragraph
        if slot.kind is Kind.WORDS and limit == TEXT_LIMIT
        else discord.TextStyle.short,
        default=words.get(slot.name, "")[:limit] or None,
        required=required,
        max_length=limit,
    )
    return discord.ui.Label(text=f"{said[:1].upper()}{said[1:]}"[:LABEL], component=field)


def filled(data: Mapping[str, Any]) -> tuple[Verb, dict[str, str]] | None:
    """The verb of a window that was sent off, and what stands in its slots; `None` for one that this version has not."""
    name = str(data.get("custom_id", ""))
    path, _, aside = name.removeprefix(PREFIX).partition("?")
    if not name.startswith(PREFIX) or path not in PATHS:
        return None
    return PATHS[path], dict(parse_qsl(aside)) | dict(_inputs(data.get("components", [])))


def _inputs(parts: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for part in parts:
        if "custom_id" in part and part.get("value"):
            yield part["custom_id"], str(part["value"])
        inside = [*part.get("components", []), *([part["component"]] if "component" in part else [])]
        yield from _inputs(inside)
