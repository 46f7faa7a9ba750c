"""What may be in the body of a message: counted, trimmed and numbered as Discord does; nothing here knows who sends it."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from discord_limits import EMPTY, UNKNOWN_EMOJI, Caps, Refused, invalid
from discord_world import COMPONENTS_V2, Json

ROW, BUTTON, SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
EMBED_PARTS = {
    "title": "embed_title",
    "description": "embed_description",
    "footer.text": "embed_footer",
    "author.name": "embed_author",
}


def length(path: str, text: str, most: int, least: int = 0) -> None:
    if len(text) > most:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    if len(text) < least:
        raise invalid(path, "BASE_TYPE_MIN_LENGTH", f"Must be {least} or more in length.")


def content(caps: Caps, body: Json) -> str:
    """The words of a message, trimmed."""
    text = body.get("content") or ""
    if not isinstance(text, str):
        raise invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    length("content", text, caps.content)
    return text.strip()


def embeds(caps: Caps, given: list[Json] | None) -> list[Json]:
    """Embeds within their limits, as they are read back."""
    given = given or []
    if len(given) > caps.embeds:
        raise invalid("embeds", "BASE_TYPE_BAD_LENGTH", f"Must be between 0 and {caps.embeds} in length.")
    done = [_embed(caps, each, f"embeds.{index}") for index, each in enumerate(given)]
    if sum(_letters(each) for each in done) > caps.embed_total:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {caps.embed_total}")
    return done


def _embed(caps: Caps, given: Json, path: str) -> Json:
    done = {key: value for key, value in given.items() if value is not None} | {"type": "rich"}
    for part, cap in EMBED_PARTS.items():
        outer, _, inner = part.partition(".")
        if inner and outer in done:
            done[outer] = done[outer] | {inner: (done[outer].get(inner) or "").strip()}
            length(f"{path}.{part}", done[outer][inner], getattr(caps, cap))
        elif outer in done:
            done[outer] = done[outer].strip()
            length(f"{path}.{part}", done[outer], getattr(caps, cap))
    fields = done.get("fields", [])
    if len(fields) > caps.embed_fields:
        raise invalid(f"{path}.fields", "BASE_TYPE_BAD_LENGTH", f"Must be between 0 and {caps.embed_fields} in length.")
    for index, each in enumerate(fields):
        for key, most in (("name", caps.embed_field_name), ("value", caps.embed_field_value)):
            text = (each.get(key) or "").strip()
            if not text:
                raise invalid(f"{path}.fields.{index}.{key}", "BASE_TYPE_REQUIRED", "This field is required")
            length(f"{path}.fields.{index}.{key}", text, most)
    if fields:
        done["fields"] = [
            {"name": each["name"].strip(), "value": each["value"].strip(), "inline": bool(each.get("inline"))}
            for each in fields
        ]
    return done


def _letters(embed: Json) -> int:
    """What counts towards the 6000: title, description, field names and values, footer, author."""
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    texts += [text for each in embed.get("fields", []) for text in (each["name"], each["value"])]
    return sum(map(len, texts))


def components(caps: Caps, given: list[Json] | None, *, v2: bool = False) -> list[Json]:
    """Components within their limits, each with the number that Discord gives it."""
    given = given or []
    everything = list(inside(given))
    if not v2 and (len(given) > caps.action_rows or any(each["type"] != ROW for each in given)):
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", f"Must be between 0 and {caps.action_rows} in length.")
    if len(everything) > caps.components:
        raise invalid("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Too many components")
    seen: set[str] = set()
    for each in everything:
        _component(caps, each, seen)
    taken = {each["id"] for each in everything if "id" in each}
    free = (number for number in count(1) if number not in taken)
    return [_numbered(each, free) for each in given]


def _component(caps: Caps, one: Json, seen: set[str]) -> None:
    if one["type"] == ROW:
        parts = one.get("components", [])
        most = 5 if all(each["type"] == BUTTON for each in parts) else 1
        if not 1 <= len(parts) <= most:
            raise invalid("components.0.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")
    if (custom_id := one.get("custom_id")) is not None:
        length("components.custom_id", custom_id, caps.custom_id, 1)
        if custom_id in seen:
            raise invalid(
                "components.custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        seen.add(custom_id)
    if one["type"] == BUTTON:
        length("components.label", one.get("label") or "", caps.label)
        if not one.get("label") and not one.get("emoji"):
            raise invalid("components.label", "BASE_TYPE_REQUIRED", "This field is required")
    if one["type"] == SELECT and not 1 <= len(one["options"]) <= caps.select_options:
        raise invalid("components.options", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {caps.select_options}.")


def inside(given: list[Json]) -> list[Json]:
    """Components with all that is nested in them."""
    found: list[Json] = []
    for each in given:
        within = [*each.get("components", []), *(each[key] for key in ("component", "accessory") if key in each)]
        found += [each, *inside(within)]
    return found


def _numbered(one: Json, free: Any) -> Json:
    done = {key: value for key, value in one.items() if value is not None}
    done.setdefault("id", next(free))
    if "emoji" in done:
        done["emoji"] = {key: value for key, value in done["emoji"].items() if value is not None}
    if "components" in one:
        done["components"] = [_numbered(each, free) for each in one["components"]]
    for key in ("component", "accessory"):
        if key in one:
            done[key] = _numbered(one[key], free)
    return done


def modal(caps: Caps, given: Json) -> Json:
    """A modal within its limits: docs/interactions/receiving-and-responding."""
    length("data.title", given.get("title") or "", caps.modal_title, 1)
    length("data.custom_id", given.get("custom_id") or "", caps.custom_id, 1)
    parts = given.get("components") or []
    if not 1 <= len(parts) <= caps.modal_components:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {caps.modal_components}.")
    for each in inside(parts):
        if each["type"] == TEXT_INPUT:
            length("data.components.value", each.get("value") or "", caps.modal_text)
            length("data.components.label", each.get("label") or "", 45)
            length("data.components.placeholder", each.get("placeholder") or "", 100)
        if each["type"] == LABEL:
            length("data.components.label", each.get("label") or "", 45, 1)
            length("data.components.description", each.get("description") or "", 100)
    return given


def inputs(modal_given: Json) -> list[Json]:
    """The fields of a modal that a person fills in."""
    return [each for each in inside(modal_given["components"]) if "custom_id" in each]


def not_empty(text: str, *parts: list[Any], flags: int = 0) -> None:
    """A message says something: docs/resources/message#create-message."""
    if flags & COMPONENTS_V2 and (text or parts[0]):
        raise invalid("flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "No content or embeds with V2")
    if not text and not any(parts):
        raise Refused(EMPTY)


def emoji(key: str) -> str:
    """A reaction as the path names it: an emoji, or a custom one that is not from here."""
    if (key and not key.isascii()) or re.fullmatch(r"[0-9#*]\ufe0f?\u20e3", key):
        return key
    raise Refused(UNKNOWN_EMOJI)
