"""A post as Discord shows it: an embed that holds the document and its mark, and a content that only calls people.

Rule: what anybody typed stands in the embed's description, where nothing pings; the content is mentions and no words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby
from typing import assert_never

import discord

from core.incident.document import (
    Code,
    Document,
    Jump,
    Line,
    Place,
    Plain,
    Post,
    Span,
    Strong,
    Struck,
    Typed,
    When,
    Who,
)
from core.incident.vocabulary import MessageRef
from transports.discord_chat.markdown import can_be_code, clean, link, linked, size, styled
from transports.discord_chat.typed import slash

NAME = "discord"
"""The transport as people and messages are known under it."""

LIMIT = 4096
"""Characters of a description. With a footer of a few words, the 6,000 of all embeds of a message are never reached."""

LONG = LIMIT // 4
"""A line longer than this is cut where it does not fit; a shorter one is left out whole."""

CALLED = 80
"""People whom one message may call: so many mentions fit into the 2,000 characters of a content."""

CUT = "…"

_MARK = re.compile(r"(?:inc ([0-9]+)|tocsin) · (\S+)")
_SNOWFLAKE = re.compile(r"[0-9]{1,20}")


def embed(post: Post, guild: str) -> discord.Embed:
    """The document and its mark; `guild` is the id of the server, which links to messages need."""
    shown = discord.Embed(description=description(post.document, guild))
    whose = f"inc {post.number}" if post.number else "tocsin"
    return shown.set_footer(text=f"{whose} · {post.card}")


def mark(footer: str) -> tuple[int, str] | None:
    """The incident's number (0 for the house) and the card's key, from the footer of one of our embeds."""
    found = _MARK.fullmatch(footer)
    return (int(found[1] or 0), found[2]) if found else None


def pinged(post: Post) -> str:
    """The content: whom the message calls, and no word besides."""
    return " ".join(f"<@{each}>" for each in _called(post))


def allowed(post: Post) -> discord.AllowedMentions:
    """The same people by id: whatever else may look like a mention calls nobody."""
    users = [discord.Object(each) for each in _called(post)]
    return discord.AllowedMentions(everyone=False, roles=False, users=users, replied_user=False)


def _called(post: Post) -> list[int]:
    accounts = [person.on(NAME) for person in (*post.pings, *post.calls)]
    ids = [int(one.id) for one in accounts if one is not None and _SNOWFLAKE.fullmatch(one.id)]
    return list(dict.fromkeys(ids))[:CALLED]


def description(document: Document, guild: str) -> str:
    """The document in markdown. What is too long ends early and says so; what matters stands first."""
    rows = [_row(line, guild) for line in (*_title(document), *document.lines)]
    texts = [row.text for row in rows]
    if size("\n".join(texts)) <= LIMIT:
        return "\n".join(texts)
    shown: list[str] = []
    room = LIMIT
    for row, text in zip(rows, texts, strict=True):
        if size(f"{text}\n{CUT}") > room:
            shown.append(row.cut(room) if size(text) > LONG else CUT)
            break
        shown.append(text)
        room -= size(f"{text}\n")
    return "\n".join(shown)


class _Style(Enum):
    PLAIN = auto()
    STRONG = auto()
    STRUCK = auto()
    CODE = auto()
    BLOCK = auto()
    MARKUP = auto()


_Piece = tuple[_Style, str]
"""Text that was typed, and how it is to look; or markup of ours, which is whole or not there."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line that can be cut: the markup that it begins with, and its pieces."""

    lead: str
    pieces: tuple[_Piece, ...]

    @property
    def text(self) -> str:
        return self.lead + _markdown(self.pieces)

    def cut(self, room: int) -> str:
        """As much of it as there is room for. What is cut is the text and not its markdown, so no escape is torn."""

        def kept(letters: int) -> str:
            return _Row(self.lead, (*_first(self.pieces, letters), (_Style.PLAIN, CUT))).text

        letters = range(sum(len(text) for _, text in self.pieces))
        fitting = bisect_right(letters, room, key=lambda count: size(kept(count))) - 1
        return kept(fitting) if fitting >= 0 else CUT


def _first(pieces: Sequence[_Piece], letters: int) -> Iterator[_Piece]:
    for style, text in pieces:
        if style is not _Style.MARKUP:
            yield style, text[:letters]
        elif len(text) <= letters:
            yield style, text
        letters = max(0, letters - len(text))


def _title(document: Document) -> Iterator[Line]:
    """The title as the first line, in bold; code and links in it are what they are."""
    if document.title:
        yield Line(tuple(Strong(_name(span)) if isinstance(span, Plain | Who) else span for span in document.title))


def _name(span: Plain | Who) -> str:
    return span.text if isinstance(span, Plain) else span.person.name


def _row(line: Line, guild: str) -> _Row:
    pieces = tuple(_piece(span, guild) for span in line.spans)
    if line.label:
        return _Row(f"{styled('**', clean(line.label))}  ", pieces)
    if line.bullet:
        return _Row("• ", pieces)
    if line.quote:
        # A quotation without words would show its sign.
        return _Row("> " if any(text.strip() for _, text in pieces) else "", pieces)
    match line.spans:
        # What is copied whole has a block to itself, with the client's own button for it.
        case (Typed(alone=True),) if pieces[0][0] is _Style.CODE:
            return _Row("", ((_Style.BLOCK, pieces[0][1]),))
        case _:
            return _Row("", pieces)


def _piece(span: Span, guild: str) -> _Piece:
    match span:
        case Plain(text):
            return _Style.PLAIN, clean(text)
        case Strong(text):
            return _Style.STRONG, clean(text)
        case Struck(text):
            return _Style.STRUCK, clean(text)
        case Code(text):
            return _code(text)
        case Typed(text):
            return _code(slash(text))
        case Who(person):
            return _Style.PLAIN, clean(person.name)
        case When(at):
            return _Style.MARKUP, f"<t:{int(at.timestamp())}:t>"
        case Jump(to, text) if to.channel.transport == NAME and (there := link(clean(text), _address(to, guild))):
            return _Style.MARKUP, there
        case Place(channel) if channel.transport == NAME:
            return _Style.MARKUP, f"<#{channel.id}>"
        case Jump(text=text) | Place(text=text):
            return _Style.PLAIN, clean(text)
        case _:
            assert_never(span)


def _code(text: str) -> _Piece:
    text = clean(text)
    return (_Style.CODE if can_be_code(text) else _Style.PLAIN), text


def _address(message: MessageRef, guild: str) -> str:
    # A message of a thread has the thread's id before its own, and the thread is its channel.
    path = message.id if "/" in message.id else f"{message.channel.id}/{message.id}"
    return f"https://discord.com/channels/{guild}/{path}"


def _markdown(pieces: Sequence[_Piece]) -> str:
    # Neighbours of one style are one: `**a****b**` would not be two bold words.
    runs = groupby((piece for piece in pieces if piece[1]), key=lambda piece: piece[0])
    joined = [(style, "".join(text for _, text in run)) for style, run in runs]
    return "".join(_dress(style, text, last=at == len(joined)) for at, (style, text) in enumerate(joined, 1))


def _dress(style: _Style, text: str, *, last: bool) -> str:
    match style:
        case _Style.PLAIN:
            return linked(text, last=last)
        case _Style.STRONG:
            return styled("**", text)
        case _Style.STRUCK:
            return styled("~~", text)
        case _Style.CODE:
            # Cutting may have left a space at its end.
            return f"`{text.rstrip()}`"
        case _Style.BLOCK:
            return f"```\n{text}\n```"
        case _Style.MARKUP:
            return text
        case _:
            assert_never(style)
