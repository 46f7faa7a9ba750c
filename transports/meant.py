"""Which verb a command's first words mean, however it is spelled: grouped, in two words, by another name.

Rule: of a verb with words of its own, no word is taken for a part of a longer name unless what that name asks for follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.incident.forms import Argument, Group, Kind, Verb
from core.incident.verbs import SPELLINGS, VERBS, fold, nearest_verb
from transports.arguments import READERS, Context, quoted

_FOLLOW_UP = re.compile(r"(?:[0-9]+\.)?F[0-9]+[,:.]?", re.IGNORECASE)
"""A follow-up by its name, so that a bare figure is none."""


class Unreadable(Exception):
    """What is wrong with the words, in a sentence for who typed them, and the forms that would be right."""

    def __init__(self, why: str, forms: Sequence[Verb] = ()) -> None:
        super().__init__(why)
        self.forms = forms


def meant(text: str, context: Context) -> tuple[Sequence[Verb], str]:
    """The rows that the first words mean, and the words after them. Raises `Unreadable`."""
    words = text.split(" ")
    group = _group(words)
    if group is not None:
        words = words[1:]
    # `sev1` alone is as good as `sev 1`.
    if re.fullmatch(r"sev-?[123]", words[0], re.IGNORECASE):
        words = [words[0][:3], words[0][-1], *words[1:]]
    # A decision point by its name says what is withdrawn: never an update that was published.
    named = len(words) > 1 and fold(words[0]) in ("withdraw", "move") and READERS[Kind.POINT][1](words[1], context)
    if named and group in (None, Group.CALL):
        words = [f"{words[0]}-decision", *words[1:]]
    # So does a follow-up: `done F2`.
    elif group in (None, Group.AFTER) and fold(words[0]) in ("done", "drop", "move") and _is_follow_up(words[1:]):
        words = [f"followup-{fold(words[0])}", *words[1:]]
    for count in (3, 2, 1):
        spelled = fold("".join(words[:count]))
        # A verb that takes words of its own ("decide by noon …") is no other verb spelled with a space.
        if count > 1 and not (_is_form_of(words[0], spelled) or _goes_on(words[:count], words[count:], context)):
            continue
        if rows := [verb for verb in SPELLINGS.get(spelled, ()) if group in (None, verb.group)]:
            return rows, " ".join(words[count:])
    raise _no_verb(words[0], group)


def _is_follow_up(words: Sequence[str]) -> bool:
    return bool(words) and _FOLLOW_UP.fullmatch(words[0]) is not None


def _group(words: Sequence[str]) -> Group | None:
    """The group of a grouped spelling; `update impact=…` is none, since `update` is a verb too."""
    first = words[0].casefold()
    if first not in list(Group) or first == Group.DIRECT:
        return None
    group = Group(first)
    if len(words) > 1 and (group is not Group.UPDATE or _in_group(words[1], group)):
        return group
    if group is Group.UPDATE:
        return None
    raise _no_verb("", group)


def _in_group(word: str, group: Group) -> bool:
    return any(verb.group is group for verb in SPELLINGS.get(fold(word), ()))


def _is_form_of(first: str, spelled: str) -> bool:
    rows = SPELLINGS.get(spelled, ())
    return any(" " in verb.word for verb in rows) or fold(first) not in SPELLINGS


def _goes_on(spelling: Sequence[str], rest: Sequence[str], context: Context) -> bool:
    """Whether the words after such a spelling are what that verb begins with: `decide by 10:15 …`, `withdraw decision D1`."""
    rows = SPELLINGS.get(fold("".join(spelling)), ()) if all(map(fold, spelling)) and len(spelling) > 1 else ()
    first = [verb.arguments[0] for verb in rows if verb.arguments]
    return bool(first) and (not rest or any(not slot.required or _begins(slot, rest, context) for slot in first))


def _begins(slot: Argument, words: Sequence[str], context: Context) -> bool:
    if slot.kind is Kind.WORDS:
        return False
    span, reader = READERS[slot.kind]
    try:
        return any(reader(" ".join(words[:count]), context) is not None for count in range(1, span + 1))
    except ValueError:
        # It plainly is one, and its own verb says what is wrong with it.
        return True


def _no_verb(word: str, group: Group | None) -> Unreadable:
    there = [verb for verb in VERBS if verb.group is group]
    if group is not None and not word:
        return Unreadable(f"`{group}` needs one of {', '.join(verb.word for verb in there)}.", there[:1])
    what = f"`{group}` has no command {quoted(word)}." if group else f"There is no command {quoted(word)}."
    near = nearest_verb(word, group) or nearest_verb(word)
    return (
        Unreadable(f"{what} Did you mean `{near.word}`?", [near]) if near else Unreadable(f"{what} `help` lists them.")
    )
