"""The commands in words: `read` makes a command of what a person typed, by the forms in `core.incident.verbs.VERBS`.

Rule: never silence and nothing half-read. Words that do not fit become a `Misread`, whose answer says what is wrong and
gives the nearest correct form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from pydantic import ValidationError

from core.incident.commands import AnyCommand, Misread, Show, one_line
from core.incident.forms import Argument, Group, Kind, Verb
from core.incident.verbs import PATHS, VERBS, nearest_verb
from transports.arguments import READERS, Context, Reader, marked_person, missing, quoted, unknown
from transports.meant import Unreadable, meant
from transports.moments import marked_length
from transports.unkeyed import alone, signed

__all__ = ["Context", "given", "read"]

TYPED_LIMIT = 200
"""Characters of what could not be read that the record keeps."""

EITHER_SIDE = (Kind.ROLE, Kind.POINT, Kind.LENGTH)
"""Kinds that stand before or behind the other one: `assign @ann recovery`, `move-decision 10:20 D1`, `cover @ann 2h`."""

MARKED: dict[Kind, Reader] = {Kind.WHO: marked_person, Kind.LENGTH: lambda words, _: marked_length(words)}
"""Kinds that are read with more care at the end of a text, which may end so by itself."""

_KEY = re.compile(r"(?<!\S)([^\W\d_][\w-]{1,15})=")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»"}


def read(text: str, context: Context) -> AnyCommand:
    """The command that the words mean, without their prefix; a `Misread` with an answer when they mean none."""
    text = one_line(text)
    if not text:
        return Show(what="help")
    try:
        forms, rest = meant(text, context)
        return _first_that_fits(forms, rest, context)
    except Unreadable as wrong:
        return Misread(answer=_answer(wrong), typed=text[:TYPED_LIMIT])


def given(path: str, options: Mapping[str, str], context: Context) -> AnyCommand:
    """The command of a form that was filled in: a verb by its path, and what stands in each of its slots by name.

    Nothing is looked for in the words of one slot that belongs in another; a blank slot is one left out.
    """
    verb = PATHS[path]
    try:
        return _given(verb, {name: one_line(said) for name, said in options.items()}, context)
    except Unreadable as wrong:
        return Misread(answer=_answer(wrong), typed=path)


def _given(verb: Verb, options: Mapping[str, str], context: Context) -> AnyCommand:
    try:
        values = {
            slot.into: value
            for slot in (*verb.arguments, *verb.fields)
            for value in _filled(verb, slot, options, context)
        }
    except ValueError as wrong:
        raise Unreadable(_sentence(str(wrong)), [verb]) from None
    return _built(verb, values)


def _filled(verb: Verb, slot: Argument, options: Mapping[str, str], context: Context) -> tuple[object, ...]:
    """The value of a slot, or none where it is left blank and may be. Raises `ValueError`."""
    said = options.get(slot.name, "")
    if said.strip("… ."):
        return (_value(slot, said, context),)
    if slot.kind is Kind.ITEM and context.item:
        return (context.item,)
    if slot.required and slot in verb.arguments:
        raise ValueError(f"`{verb.word}` needs {slot.shown}.")
    return ()


def _answer(wrong: Unreadable) -> str:
    why = str(wrong)
    if not wrong.forms:
        return why
    forms = " or ".join(f"`{verb.usage}`" for verb in wrong.forms)
    example = wrong.forms[0].example
    return f"{why} Write {forms}." if forms == f"`{example}`" else f"{why} Write {forms}, for example `{example}`."


def _first_that_fits(forms: Sequence[Verb], rest: str, context: Context) -> AnyCommand:
    complaints: list[Unreadable] = []
    for verb in forms:
        try:
            return _read_form(verb, rest, context)
        except Unreadable as wrong:
            complaints.append(wrong)
    if len(forms) == 1:
        raise complaints[0]
    # A word in two rows: what the first says, with both forms.
    raise Unreadable(str(complaints[0]), forms)


def _read_form(verb: Verb, rest: str, context: Context) -> AnyCommand:
    try:
        values, words = _fields(verb, rest, context)
        left = _arguments(verb, words, values, context)
    except ValueError as wrong:
        raise Unreadable(_sentence(str(wrong)), [verb]) from None
    if left and not _fits(verb, left, values, context):
        raise _left_over(verb, left)
    return _built(verb, values)


def _fits(verb: Verb, words: Sequence[str], values: dict[str, Any], context: Context) -> bool:
    try:
        return alone(verb, words, values, context)
    except ValueError as wrong:
        raise Unreadable(_sentence(str(wrong)), [verb]) from None


def _built(verb: Verb, values: Mapping[str, Any]) -> AnyCommand:
    try:
        return verb.build(values)
    except ValidationError as wrong:
        raise Unreadable(_invalid(verb, wrong), [verb]) from None


def _fields(verb: Verb, text: str, context: Context) -> tuple[dict[str, Any], list[str]]:
    """The `key=value` fields that were given, and the words that stand beside them. Raises `ValueError`."""
    values: dict[str, Any] = {}
    if not verb.fields:
        return values, text.split()
    # Flags end the line, after the last value too: `declare TITLE service=shop sev1`.
    words = text.split()
    flags = [slot for slot in verb.arguments if slot.kind in (Kind.FLAG, Kind.SEVERITY)]
    text = " ".join(words[: len(words) - _from_behind(flags, words, values, context)])
    # Who it is about may have a key too, as it has in other commands: `postmortem owner=@mia`.
    slots = {slot.into: slot for slot in verb.arguments if slot.kind is Kind.WHO}
    slots |= {slot.name: slot for slot in verb.fields}
    keys = list(_keys(text))
    known = [match for match in keys if match[1].casefold() in slots]
    # Enough to find a slip of the hand; a text full of "=" is no list of fields.
    for match in islice((match for match in keys if match not in known), 20):
        key = match[1].casefold()
        begun = [name for name in slots if name.startswith(key)] if len(key) > 3 else []
        if near := get_close_matches(key, slots, n=1, cutoff=0.76) or begun:
            raise ValueError(f"`{verb.word}` has no `{match[1]}=`; did you mean `{near[0]}=`?")
    ends = [*(match.start() for match in known[1:]), len(text)]
    for match, end in zip(known, ends, strict=False):
        slot, said = slots[match[1].casefold()], unquoted(text[match.end() : end].strip())
        if slot.into in values:
            raise ValueError(f"`{slot.name}=` is there twice.")
        # "…" is the form's blank, left as it was.
        if said.strip("… ."):
            values[slot.into] = _value(slot, said, context)
    return values, text[: known[0].start() if known else len(text)].split()


def _keys(text: str) -> Iterator[re.Match[str]]:
    """Every `key=` of the text that does not stand inside a quoted value."""
    at = 0
    while match := _KEY.search(text, at):
        yield match
        at = match.end()
        close = _QUOTES.get(text[at : at + 1]) if text[at : at + 1] != "'" else None
        if close and (end := text.find(close, at + 1)) > 0:
            at = end + 1


def _value(slot: Argument, said: str, context: Context) -> object:
    if slot.kind is Kind.WORDS:
        return said
    value = READERS[slot.kind][1](said, context)
    if value is None:
        raise ValueError(unknown(slot.kind, said))
    return value


def _arguments(verb: Verb, words: list[str], values: dict[str, Any], context: Context) -> list[str]:
    """Fill the arguments from the words; what is left over. Raises `ValueError` when a required one is not there."""
    slots = [slot for slot in verb.arguments if slot.into not in values]
    at = next((at for at, slot in enumerate(slots) if slot.kind is Kind.WORDS), None)
    if at is not None:
        text, behind = slots[at], slots[at + 1 :]
        words = _from_front(slots[:at], words, values, context, leads=True)
        words = signed(verb, words, values, context)
        words = words[: len(words) - _from_behind(behind, words, values, context)]
        if words and not words[0].isdecimal():
            # Half asleep, one says how bad it is first: `declare sev1 checkout is down`.
            first = [slot for slot in behind if slot.kind is Kind.SEVERITY and slot.into not in values]
            words = _from_front(first, words, values, context)
        if words and not (not text.required and alone(verb, words, values, context)):
            values[text.into] = unquoted(" ".join(words))
        elif text.required:
            raise ValueError(f"`{verb.word}` needs {text.shown}.")
        return []
    # "assign recovery to @ann", "move-decision to 10:20".
    words = [word for word in words if word.casefold() != "to"] or words
    # A role stands before or after the person, and a name may be several words: the person takes what is left.
    return _from_front(sorted(slots, key=lambda slot: slot.kind is Kind.WHO), words, values, context)


def _from_front(
    slots: Sequence[Argument], words: list[str], values: dict[str, Any], context: Context, *, leads: bool = False
) -> list[str]:
    """Fill the slots from the first words, or where several stand together from the last; what is left over.

    `leads`: the rest is a text. Raises `ValueError`.
    """
    for slot in slots:
        span, reader = READERS[slot.kind]
        sides = ((True, False) if slot.kind in EITHER_SIDE and len(slots) > 1 else (True,)) if words else ()
        for front in sides:
            for count in range(min(span, len(words)), 0, -1):
                value = reader(" ".join(words[:count] if front else words[-count:]), context)
                if value is not None:
                    values[slot.into] = value
                    words = words[count:] if front else words[:-count]
                    break
            if slot.into in values:
                break
        if slot.into not in values and slot.kind is Kind.ITEM and context.item:
            values[slot.into] = context.item
        if slot.into not in values and slot.required:
            raise ValueError(unknown(slot.kind, words[0], leads=leads) if words else missing(slot.kind))
    return words


def _from_behind(slots: Sequence[Argument], words: Sequence[str], values: dict[str, Any], context: Context) -> int:
    """How many of the last words belong to these arguments, in any order."""
    taken, open_ = 0, list(slots)
    while open_:
        found = next((hit for slot in open_ if (hit := _last(slot, words[: len(words) - taken], context))), None)
        if found is None:
            break
        slot, value, count = found
        values[slot.into] = value
        taken += count
        open_.remove(slot)
    return taken


def _last(slot: Argument, words: Sequence[str], context: Context) -> tuple[Argument, object, int] | None:
    span, reader = READERS[slot.kind]
    reader = MARKED.get(slot.kind, reader)
    for count in range(min(span, len(words)), 0, -1):
        tail = " ".join(words[-count:])
        # A bare figure at the end of a title is part of the title.
        if slot.kind is Kind.SEVERITY and tail.isdecimal():
            continue
        if (value := reader(tail, context)) is not None:
            return slot, value, count
    return None


def unquoted(text: str) -> str:
    """The text without the quotes around the whole of it, straight or curly."""
    close = _QUOTES.get(text[:1])
    inner = text[1:-1]
    if close and len(text) > 1 and text.endswith(close) and close not in inner and text[0] not in inner:
        return inner.strip()
    return text


def _family(verb: Verb) -> list[Verb]:
    return [form for form in VERBS if form.word.split()[0] == verb.word.split()[0]]


def _left_over(verb: Verb, left: Sequence[str]) -> Unreadable:
    words = quoted(" ".join(left))
    if left[0].startswith("@") and any(slot.kind is Kind.WHO for slot in verb.arguments):
        return Unreadable(unknown(Kind.WHO, " ".join(left)), [verb])
    if verb.group is Group.UPDATE and verb.fields and len(left) == 1 and (near := nearest_verb(left[0], Group.UPDATE)):
        return Unreadable(f"There is no command {words}. Did you mean `{near.word}`?", [near])
    if verb.fields:
        key = "impact" if verb.group is Group.UPDATE else verb.fields[0].name
        return Unreadable(
            f"I cannot tell what {words} is: put a key before it, as in `{verb.word} {key}=…`.", _family(verb)
        )
    if verb.arguments:
        return Unreadable(f"I cannot place {words}.", [verb])
    return Unreadable(f"`{verb.word}` stands alone; I cannot place {words}.")


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?")) else f"{text}."


def _invalid(verb: Verb, wrong: ValidationError) -> str:
    error = wrong.errors(include_url=False, include_input=False)[0]
    name = _typed_name(verb, error["loc"])
    context = error.get("ctx", {})
    if "max_length" in context:
        return f"{name} has {context['actual_length']} characters; the limit is {context['max_length']}."
    return f"{name} has no words in it."


def _typed_name(verb: Verb, place: Sequence[int | str]) -> str:
    slots = (*verb.arguments, *verb.fields)
    return next(
        (slot.name.upper() if slot in verb.arguments else f"`{slot.name}=`" for slot in slots if slot.into in place),
        "It",
    )
