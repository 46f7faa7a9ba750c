"""What `help` answers: all commands on one card, one group of them, or one command with an example."""

from __future__ import annotations

from core.incident.document import Code, Document, Line, Plain, Span, Strong, Typed, line
from core.incident.forms import Group, Verb
from core.incident.verbs import SPELLINGS, VERBS, fold, nearest_verb

_FORMS = "ITEM is `H2` or `a3`; ROLE is ic, diagnosis, updates, recovery or scribe; a time is `10:20` (UTC, or the house's zone) or `15m`."


def help_document(topic: str = "") -> Document:
    """Help on a command or a group; on everything without a topic; on the nearest where there is no such topic."""
    first, _, rest = topic.strip().partition(" ")
    if rest and fold(first) in list(Group):
        return help_document(rest)
    word = fold(topic)
    # `update` is a group and another word for `draft`; the group tells more.
    if word in list(Group):
        return _group(Group(word))
    if word in SPELLINGS:
        return _verbs(_family(SPELLINGS[word]))
    near = nearest_verb(topic) if word else None
    if near is None:
        return _everything()
    found = _verbs(_family((near,)))
    return Document((line("There is no such command; this is the nearest."), *found.lines), found.title)


def drills_document(listed: str) -> Document:
    """The drills, a line each, with what to type for it."""
    rows = [marked(row) for row in listed.splitlines()] or [line("There is none.")]
    return Document(tuple(rows), (Strong("Drills"),))


def marked(text: str) -> Line:
    """A line whose words between backticks are code, or a command to type."""
    return line(*marked_words(text))


def marked_words(text: str) -> tuple[Span, ...]:
    """The same as words: `takeover ic` between backticks is a command, `15m` is not."""
    parts = ((at % 2, part) for at, part in enumerate(text.split("`")))
    return tuple(_code(part) if inside else Plain(part) for inside, part in parts if part)


def _code(text: str) -> Span:
    word = fold(text.split(" ", maxsplit=1)[0])
    return Typed(text) if word in SPELLINGS else Code(text)


def _family(rows: tuple[Verb, ...]) -> tuple[Verb, ...]:
    """All forms of a word: `close` has three."""
    return tuple(verb for verb in VERBS if verb.word.split()[0] == rows[0].word) or rows


def _everything() -> Document:
    groups = [(group, [verb for verb in VERBS if verb.group is group]) for group in Group]
    rows = [line(*_listed(verbs), label=group.value) for group, verbs in groups if verbs]
    return Document((*rows, marked(_FORMS), marked("`help COMMAND` explains one.")), (Strong("Commands"),))


def _listed(verbs: list[Verb]) -> list[Span | str]:
    words: list[Span | str] = []
    for verb in verbs:
        # The fields of an update and of a close would double the card; `help update` has them.
        short = f"{verb.word} […]" if verb.fields and not verb.arguments else verb.usage
        words += [" · ", Code(short)] if words else [Code(short)]
    return words


def _group(group: Group) -> Document:
    rows = [line(Code(verb.usage), f": {verb.does}", bullet=True) for verb in VERBS if verb.group is group]
    return Document(tuple(rows), (Strong(f"Commands: {group.value}"),))


def _verbs(verbs: tuple[Verb, ...]) -> Document:
    rows: list[Line] = []
    for verb in verbs:
        rows += [line(Code(verb.usage)), marked(f"{verb.does[:1].upper()}{verb.does[1:]}.")]
        if verb.example != verb.usage:
            rows.append(line("For example: ", Typed(verb.example, alone=True)))
        if verb.aliases:
            rows.append(line("Also understood: ", Code(", ".join(verb.aliases))))
    return Document(tuple(rows), (Strong(verbs[0].word),))
