"""The values inside a command's words: `READERS`, one for each kind of argument, and who is meant by `@who`.

Rule: a reader says `None` to words that are not of its kind, and raises `ValueError` with a sentence for people when they
plainly are but make no sense (a time to come, a person nobody knows). Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from difflib import get_close_matches

from core.incident.forms import Kind
from core.incident.times import FORMS
from core.incident.verbs import fold
from core.incident.vocabulary import ROLE_WORDS, FollowUpRef, Path, Person, Phase, Priority, Role, Severity
from transports.dates import day
from transports.moments import coming, length, past, was


def _nobody(_: str) -> Person | None:
    return None


def number(words: str) -> int | None:
    """An incident's number."""
    return int(words.removeprefix("#")) if re.fullmatch(r"#?[0-9]{1,6}", words) else None


@dataclass(frozen=True, slots=True)
class Context:
    """What words are read against. `mentions` are the people whom the chat says the message names.

    `named` finds a person of the config; `numbered` an incident by its number or name; `item` is the item in whose thread
    this was typed, where naming it again is not needed; `zone` is the one in which clock times are meant; `groups` are the
    names of groups that may be called.
    """

    now: datetime
    zone: tzinfo = UTC
    mentions: tuple[Person, ...] = ()
    named: Callable[[str], Person | None] = _nobody
    numbered: Callable[[str], int | None] = number
    item: str = ""
    groups: tuple[str, ...] = ()


ROLES: dict[str, Role] = {fold(word): role for word, role in ROLE_WORDS.items()} | {fold(r.title): r for r in Role}
PHASES: dict[str, Phase] = {phase.value: phase for phase in Phase} | dict.fromkeys(
    ("fixed", "solved", "done"), Phase.RESOLVED
)
PATHS: dict[str, Path] = {path.value: path for path in Path} | {"rolledback": Path.ROLLBACK, "revert": Path.ROLLBACK}
_ITEM = re.compile(r"#?([har])-?([0-9]{1,4})", re.IGNORECASE)
_SEVERITY = re.compile(r"(?:sev(?:erity)?[- ]?)?([0-9]{1,3})", re.IGNORECASE)
_ENTRY = re.compile(r"#?t?([0-9]{1,6})", re.IGNORECASE)
_POINT = re.compile(r"#?d-?([0-9]{1,4})", re.IGNORECASE)
_FOLLOW_UP = re.compile(r"(?:#?(?:inc[- ]?)?([0-9]{1,6})[./-])?#?f?-?([0-9]{1,4})", re.IGNORECASE)
_PROMPT = re.compile(r"(?:prompt/)?([a-z]+(?:-[a-z]+)*-[0-9]{1,6})", re.IGNORECASE)
_AT = re.compile(r"@[\w.=+-]+(?::\S+)?|<@!?[0-9]+>")
"""What stands for a person even where nobody knows them: `@ann`, `@ann:example.org`, Discord's `<@123>`."""


def _role(words: str, _: Context) -> Role | None:
    return ROLES.get(fold(words))


def _phase(words: str, _: Context) -> Phase | None:
    return PHASES.get(words.casefold())


def _path(words: str, _: Context) -> Path | None:
    return PATHS.get(fold(words))


def _severity(words: str, _: Context) -> Severity | None:
    found = _SEVERITY.fullmatch(words)
    if found is None or found[1] in "123":
        return Severity(f"sev{found[1]}") if found else None
    if words.isdecimal():
        return None
    raise ValueError(f"There is no {words}; there are {', '.join(Severity)}.")


def _item(words: str, _: Context) -> str | None:
    found = _ITEM.fullmatch(words)
    return f"{found[1].upper()}{int(found[2])}" if found else None


def _entry(words: str, _: Context) -> int | None:
    found = _ENTRY.fullmatch(words)
    return int(found[1]) if found else None


def _incident(words: str, context: Context) -> int | None:
    return context.numbered(words)


def _prompt(words: str, _: Context) -> str | None:
    found = _PROMPT.fullmatch(words)
    return f"prompt/{found[1].lower()}" if found else None


def _flag(words: str, _: Context) -> bool | None:
    return True if words.casefold() == "private" else None


def _point(words: str, _: Context) -> str | None:
    found = _POINT.fullmatch(words)
    return f"D{int(found[1])}" if found else None


def _follow_up(words: str, _: Context) -> FollowUpRef | None:
    found = _FOLLOW_UP.fullmatch(words)
    return FollowUpRef(number=int(found[2]), incident=int(found[1]) if found[1] else None) if found else None


def _priority(words: str, _: Context) -> Priority | None:
    found = re.fullmatch(r"p?([0-9])", words.casefold())
    if found is None or found[1] in "0123":
        return Priority(f"P{found[1]}") if found else None
    raise ValueError(f"There is no {words}; there are {', '.join(Priority)}.")


def _who(words: str, context: Context) -> Person | None:
    wanted = words.strip().rstrip(",;.!")
    for name in (wanted, wanted.rstrip(":")):
        if found := _mentioned(name, context) or context.named(name):
            return found
    return None


def _called(words: str, context: Context) -> Person | str | None:
    """A person, or a group by its name; a person goes first, since groups are chosen not to be called like one."""
    known = {fold(name): name for name in context.groups}
    return _who(words, context) or known.get(fold(words.rstrip(",;.!:")))


def _mentioned(words: str, context: Context) -> Person | None:
    name = re.sub(r"<@!?([0-9]+)>", r"\1", words).casefold()
    forms = (name, name.removeprefix("@"))
    return next((person for person in context.mentions if any(form in _names(person) for form in forms)), None)


def _names(person: Person) -> frozenset[str]:
    id_ = person.account.id.casefold()
    local = id_.removeprefix("@").partition(":")[0]
    return frozenset({person.name.casefold(), person.account.name.casefold(), id_, id_.removeprefix("@"), local}) - {""}


def marked_person(words: str, context: Context) -> Person | None:
    """A person named at the end of a text, where only a mention or an `@` sets a name apart from the words before it."""
    if not (words.startswith(("@", "<@")) or _mentioned(words, context)):
        return None
    found = _who(words, context)
    if found is None and _AT.fullmatch(words):
        raise ValueError(unknown(Kind.WHO, words))
    return found


def marked_priority(words: str, context: Context) -> Priority | None:
    """A priority where nothing but its P says that a figure is one."""
    said = words.rstrip(",;.")
    return _priority(said, context) if said[:1] in ("p", "P") else None


Reader = Callable[[str, Context], object]

READERS: dict[Kind, tuple[int, Reader]] = {
    Kind.ROLE: (2, _role),
    Kind.ITEM: (1, _item),
    Kind.WHO: (5, _who),
    Kind.TIME: (5, lambda words, context: past(words, context.now, context.zone)),
    Kind.MOMENT: (5, lambda words, context: coming(words, context.now, context.zone)),
    Kind.POINT: (1, _point),
    Kind.LENGTH: (6, lambda words, _: length(words)),
    Kind.PHASE: (1, _phase),
    Kind.SEVERITY: (2, _severity),
    Kind.PATH: (2, _path),
    Kind.INCIDENT: (1, _incident),
    Kind.ENTRY: (1, _entry),
    Kind.PROMPT: (1, _prompt),
    Kind.FLAG: (1, _flag),
    Kind.WHEN: (5, lambda words, context: was(words, context.now, context.zone)),
    Kind.DATE: (5, lambda words, context: day(words, context.now.astimezone(context.zone).date())),
    Kind.FOLLOW_UP: (1, _follow_up),
    Kind.PRIORITY: (1, _priority),
    Kind.CALLED: (5, _called),
}
"""For each kind, how many words it may span and what they mean."""

CHOICES: dict[Kind, tuple[str, ...]] = {
    Kind.ROLE: tuple(ROLE_WORDS),
    Kind.PHASE: tuple(PHASES),
    Kind.PATH: tuple(path.value for path in Path),
    Kind.SEVERITY: ("sev1", "sev2", "sev3"),
    Kind.PRIORITY: tuple(Priority),
}
"""The words that there are, where they can be listed."""


NONE: dict[Kind, str] = {
    Kind.WHO: "I know nobody called {}: mention them, or give an account id or a name from the config.",
    Kind.CALLED: "{} is nobody I know, and no group of the config: mention them, or give an account id or a name.",
    Kind.LENGTH: "{} is not a length of time.",
    Kind.MOMENT: f"{{}} is no time like {FORMS}.",
    Kind.WHEN: "{} is no time like `10:02`, `2026-05-02T10:02` or `5m ago`.",
    Kind.DATE: "{} is no day like `Friday`, `12 May` or `2026-05-12`.",
    Kind.FOLLOW_UP: "{} is no follow-up; they are called `F1`, `F2` and so on.",
    Kind.POINT: "{} is no decision point; they are called `D1`, `D2` and so on.",
}
"""What is said of a word that is not of its kind, where that takes words of its own."""


def unknown(kind: Kind, word: str, *, leads: bool = False) -> str:
    """Why a word is not of its kind, with the nearest that is. `leads`: some words of the person's own come after it."""
    if kind is Kind.MOMENT and leads:
        return f"The time comes first, like {FORMS}; {quoted(word)} is none."
    if kind in NONE:
        return NONE[kind].format(quoted(word))
    if kind not in CHOICES:
        return f"{quoted(word)} is no {kind}."
    near = get_close_matches(word.casefold(), CHOICES[kind], n=1, cutoff=0.5)
    hint = (
        f"did you mean `{near[0]}`?"
        if near
        else f"there are {', '.join(Role if kind is Kind.ROLE else CHOICES[kind])}."
    )
    return f"{quoted(word)} is no {kind}; {hint}"


def missing(kind: Kind) -> str:
    """What is asked of somebody who left out what is required."""
    return "When?" if kind is Kind.MOMENT else f"Which {kind}?"


def quoted(words: str) -> str:
    """What somebody typed, at a length that an answer can hold."""
    words = words.replace("`", "'")
    return f"`{words if len(words) <= 60 else words[:59] + '…'}`"
