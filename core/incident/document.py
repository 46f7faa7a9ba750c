"""A message as data: lines of spans that every chat renders in its own markup, escaping once, there.

Rule: nothing in a document is markup. A `Span` says what its text is (plain, strong, a person, a time), and a renderer
says how that looks, so whatever people typed reads as it was typed in every chat and page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from core.incident.vocabulary import ChannelRef, MessageRef, Person


@dataclass(frozen=True, slots=True)
class Plain:
    """Words as they were typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that carry the line."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed or copied letter by letter."""

    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A command to type; each chat puts its own prefix before it. `alone`: it stands on a line to be copied whole."""

    text: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """A person by name. It never pings: `Card.pings` does."""

    person: Person


@dataclass(frozen=True, slots=True)
class When:
    """A moment: UTC in text, and the reader's own time where the chat can."""

    at: datetime

    def __post_init__(self) -> None:
        # One moment has one form, whether it was just now or is read from the log: a card is compared by its form.
        object.__setattr__(self, "at", self.at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Jump:
    """A link to a message of a chat; `text` is what stands there where the chat cannot link."""

    to: MessageRef
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A channel by name; a link where the chat can."""

    channel: ChannelRef
    text: str


@dataclass(frozen=True, slots=True)
class Struck:
    """Words that no longer stand."""

    text: str


Span = Plain | Strong | Code | Typed | Who | When | Jump | Place | Struck


@dataclass(frozen=True, slots=True)
class Line:
    """One line. A `label` stands in a column of its own (`Impact       some users cannot pay`)."""

    spans: tuple[Span, ...]
    label: str = ""
    bullet: bool = False
    quote: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole message: an optional title and its lines."""

    lines: tuple[Line, ...] = ()
    title: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a reader may do with a card: the emoji, what it does in words, and the command that does the same."""

    emoji: str
    label: str
    command: str


_UNFIT = re.compile('[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff/\\\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class File:
    """A text file that goes with a message: sent once with it, and left as it is when its words are edited.

    `text` makes the content when it is sent, from what is on the record then; a card is compared without it.
    """

    name: str
    media_type: str
    text: Callable[[], str] = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        # Whatever is typed into a name, it is one file's, in the folder where a reader puts it, on any system.
        object.__setattr__(self, "name", _UNFIT.sub("-", self.name).strip(" .") or "file")

    def data(self) -> bytes:
        """The content as it travels, made now: UTF-8, with a question mark for what UTF-8 has no letter for."""
        return self.text().encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Post:
    """A document on its way to one channel, with all that a chat needs to show it.

    `incident` (or its `number`, which is 0 for the house) and `card` are the mark by which any client finds the card
    again; `text`, when set, is the base update word for word. `pings` are the only people whose attention the message
    may call; `calls` are those whom a chat without invitations calls when it is first made. `choices` are shown as
    buttons or seeded as reactions, as the chat can; `seeds` are bare reactions for people to click. `topic` names the
    thread that hangs on the card, in a chat where a thread has to be made.
    """

    document: Document
    incident: str
    card: str
    number: int = 0
    text: str | None = None
    pings: tuple[Person, ...] = ()
    calls: tuple[Person, ...] = ()
    topic: str = ""
    choices: tuple[Choice, ...] = ()
    seeds: tuple[str, ...] = ()
    reply_to: MessageRef | None = None
    thread: MessageRef | None = None
    private_to: Person | None = field(default=None)
    file: File | None = None


Words = Span | str
"""What `line` accepts: a bare string is plain text."""


def spans(*words: Words) -> tuple[Span, ...]:
    """The words as spans, bare strings as plain text, empty strings left out."""
    return tuple(Plain(word) if isinstance(word, str) else word for word in words if word != "")


def line(*words: Words, label: str = "", bullet: bool = False, quote: bool = False) -> Line:
    """One line of these words."""
    return Line(spans(*words), label, bullet, quote)


def utc(at: datetime) -> str:
    """A moment in text: `10:05 UTC`."""
    return at.astimezone(UTC).strftime("%H:%M UTC")


LABEL_WIDTH = 13
"""The label column of plain text, as the board in the spec shows it (section 4)."""


def span_text(span: Span, prefix: str = "") -> str:
    """A span as plain text; `prefix` is how a command begins in the chat."""
    match span:
        case Typed(text, alone):
            return f"{prefix}{text}" if alone else f"`{prefix}{text}`"
        case Who(person):
            return person.name
        case When(at):
            return utc(at)
        case Jump(text=text) | Place(text=text) | Struck(text) | Plain(text) | Strong(text) | Code(text):
            return text
        case _:
            assert_never(span)


def line_text(words: Sequence[Span], prefix: str = "") -> str:
    """Spans as plain text."""
    return "".join(span_text(span, prefix) for span in words)


def plain(document: Document, prefix: str = "") -> str:
    """The document as plain text: what a chat's fallback body, the terminal and the logs show."""
    rows = [line_text(document.title, prefix)] if document.title else []
    for row in document.lines:
        lead = f"{row.label:<{LABEL_WIDTH}}" if row.label else "• " if row.bullet else "> " if row.quote else ""
        rows.append(lead + line_text(row.spans, prefix))
    return "\n".join(rows)
