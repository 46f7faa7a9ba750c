"""A follow-up's owner, day and priority where somebody leaves out their keys: `followup fix the alert @ann friday p1`.

Rule: no word of a text is ever taken for one. A mention ends the text where nothing but such words comes after it; and where
there is no text, there is nothing else to take them for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.incident.forms import Argument, Group, Kind, Verb
from transports.arguments import READERS, Context, marked_person, marked_priority

READ = {Kind.DATE: READERS[Kind.DATE][1], Kind.WHO: marked_person, Kind.PRIORITY: marked_priority}
"""How each is read where no key says what it is."""


def signed(verb: Verb, words: list[str], values: dict[str, Any], context: Context) -> list[str]:
    """The text without the mention that ends it, and what stands behind that. Raises `ValueError`."""
    slots = _open(verb, values)
    who = next((slot for slot in slots if slot.kind is Kind.WHO), None)
    for at in reversed(range(len(words))) if who and verb.needs else ():
        for count in range(min(READERS[Kind.WHO][0], len(words) - at), 0, -1):
            try:
                behind = unkeyed([slot for slot in slots if slot is not who], words[at + count :], context)
            except ValueError:
                # It is none of a mention's unless there is one.
                if marked_person(" ".join(words[at : at + count]), context):
                    raise
                continue
            person = marked_person(" ".join(words[at : at + count]), context) if behind is not None else None
            if who and behind is not None and person is not None:
                values |= {who.into: person, **behind}
                return words[:at]
    return words


def alone(verb: Verb, words: Sequence[str], values: dict[str, Any], context: Context) -> bool:
    """Whether these words are nothing else; then the values have them. Raises `ValueError`."""
    found = unkeyed(_open(verb, values), words, context) if words else None
    values |= found or {}
    return bool(found)


def _open(verb: Verb, values: dict[str, Any]) -> list[Argument]:
    """The fields that may stand without a key, and are not given."""
    fields = verb.fields if verb.group is Group.AFTER else ()
    return [slot for slot in fields if slot.kind in READ and slot.into not in values]


def unkeyed(slots: Sequence[Argument], words: Sequence[str], context: Context) -> dict[str, Any] | None:
    """What the words say, each slot once; `None` where one is left over. Raises `ValueError`."""
    if not words:
        return {}
    for slot in slots:
        for count in range(min(READERS[slot.kind][0], len(words)), 0, -1):
            value = READ[slot.kind](" ".join(words[:count]), context)
            rest = [one for one in slots if one is not slot]
            if value is not None and (found := unkeyed(rest, words[count:], context)) is not None:
                return {slot.into: value, **found}
    return None
