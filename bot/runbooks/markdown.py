"""Markdown (CommonMark) read as a runbook: pages of plain lines, and the steps among them.

Rule: the file is anybody's who may write in that folder. HTML is text, what is nested deep or is very long is cut, and that
is said on the last page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.incident.runbook import Page, Runbook, RunbookLine
from core.incident.spelling import one_line

LIMIT = 64 * 1024
"""Bytes of a file that are read: some forty pages of a card."""

PAGES = 60

CHARACTERS, LINES = 1500, 24
"""Of a page; a chat cuts off more."""

LINE = 400
"""Characters of a line."""

STEPS = 9
"""Of a page: people take them with 1️⃣ to 9️⃣."""

FRONT = 4 * 1024
"""Bytes of front matter."""

_MITIGATIONS = re.compile(
    r"\W*(?:mitigat(?:ions?|e|ing)|fix(?:es)?|recover(?:y|ing)?|remediations?|rollback)\b", re.IGNORECASE
)
_TASK = re.compile(r"\[[ xX]\]\s+")
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_SAFE = re.compile(r"https?://", re.IGNORECASE)

_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})

Kind = Literal["text", "bullet", "code", "quote", "strong"]


def runbook(name: str, data: bytes) -> Runbook:
    """The runbook in a file, by its name without an ending. Whatever stands there, it is one."""
    text = data[:LIMIT].decode("utf-8", "replace").replace("\r\n", "\n").lstrip("\ufeff")
    front, text = _front(text)
    reader = _Reader()
    reader.read(_PARSER.parse(text))
    pages = reader.pages()
    if len(data) > LIMIT or len(pages) > PAGES:
        cut = RunbookLine(text="The rest of the file is too long to be shown here.", kind="strong")
        # A file may begin with nothing, for as long as it is read.
        pages = pages[:PAGES] or [Page(heading=name)]
        pages[-1] = pages[-1].model_copy(update={"lines": (*pages[-1].lines, cut)})
    return Runbook(
        name=name,
        title=_said(front.get("title")) or reader.title or name,
        digest=sha256(data).hexdigest(),
        services=_words(front.get("services", front.get("service"))),
        labels=_labels(front.get("labels")),
        pages=tuple(pages),
    )


def _front(text: str) -> tuple[dict[Any, Any], str]:
    """The front matter, each value as it is written (`1.10`, `true`), and the text below it."""
    found = _FRONT.match(text[:FRONT])
    if found is None:
        return {}, text
    try:
        # The safe loader makes numbers and dates of words, which no label is; and stumbles over what is none.
        fields = yaml.BaseLoader(found[1]).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError):
        fields = None
    return (fields if isinstance(fields, dict) else {}), text[found.end() :]


def _said(value: object) -> str:
    return one_line(value)[:120] if isinstance(value, str) else ""


def _words(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(word for each in values[:50] if (word := _said(each)))


def _labels(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {_said(key): _said(each) for key, each in list(pairs)[:50] if _said(key)}


@dataclass
class _Section:
    heading: str
    lines: list[RunbookLine] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.title = ""
        self._sections: list[_Section] = []
        self._lists: list[int | None] = []
        self._quotes = 0
        self._item = False

    def read(self, tokens: Sequence[Token]) -> None:
        heading = False
        for token in tokens:
            match token.type:
                case "heading_open" | "heading_close":
                    heading = token.nesting > 0
                case "fence" | "code_block":
                    for row in token.content.rstrip("\n").split("\n"):
                        self._say(row.expandtabs(4), "code")
                case "inline" if heading:
                    self._head(_text(token.children or []))
                case "inline":
                    self._inline(_text(token.children or []))
                case _:
                    self._around(token)

    def _around(self, token: Token) -> None:
        """Lists and quotes begin and end."""
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item = True
            case "blockquote_open" | "blockquote_close":
                self._quotes += token.nesting

    def _head(self, text: str) -> None:
        text = " ".join(text.split())[:120]
        if not self.title and not self._sections:
            self.title = text
        else:
            self._sections.append(_Section(text or "…"))

    def _inline(self, text: str) -> None:
        rows = [row.strip() for row in text.split("\n") if row.strip()]
        for row in rows:
            first, self._item = self._item and bool(self._lists), False
            if first:
                self._listed(row)
            else:
                self._say(row, "quote" if self._quotes else "text")

    def _listed(self, text: str) -> None:
        """An item of a list: a step where it is to be ticked, or stands among the mitigations."""
        depth, number = len(self._lists), self._lists[-1]
        task = _TASK.match(text)
        text = text[task.end() :] if task else text
        among = self._sections and _MITIGATIONS.match(self._sections[-1].heading)
        if number is not None:
            self._lists[-1] = number + 1
        if (task or (among and depth == 1)) and text:
            # Its number is given where its page is known.
            self._say(text, "bullet", step=1)
        else:
            dash = "– " * min(depth - 1, 3) + (f"{number}. " if number is not None else "")
            self._say(f"{dash}{text}", "bullet")

    def _say(self, text: str, kind: Kind, step: int = 0) -> None:
        if not self._sections:
            self._sections.append(_Section(self.title or "Overview"))
        lines = self._sections[-1].lines
        if step or len(text) <= LINE:
            lines.append(RunbookLine(text=text if len(text) <= LINE else f"{text[: LINE - 1]}…", kind=kind, step=step))
            return
        for at in range(0, len(text), LINE):
            lines.append(RunbookLine(text=text[at : at + LINE], kind=kind))

    def pages(self) -> list[Page]:
        """The sections, each on as many pages as it takes."""
        return [page for section in self._sections for page in _split(section)]


def _split(section: _Section) -> Iterator[Page]:
    part: list[RunbookLine] = []
    number, size, steps = 1, 0, 0
    for line in section.lines:
        if part and (size + len(line.text) > CHARACTERS or len(part) >= LINES or steps + bool(line.step) > STEPS):
            yield _page(section, number, part)
            part, size, steps, number = [], 0, 0, number + 1
        size += len(line.text)
        steps += bool(line.step)
        part.append(line.model_copy(update={"step": steps}) if line.step else line)
    yield _page(section, number, part)


def _page(section: _Section, number: int, lines: list[RunbookLine]) -> Page:
    return Page(heading=section.heading if number == 1 else f"{section.heading} ({number})", lines=tuple(lines))


def _text(tokens: Sequence[Token]) -> str:
    """What stands in a line: links with where they lead, pictures by their words."""
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "link_open":
                links.append((str(token.attrs.get("href", "")), len(parts)))
            case "link_close":
                href, at = links.pop()
                if _SAFE.match(href) and "".join(parts[at:]) != href:
                    parts.append(f" ({href[:200]})")
            case _:
                parts.append(token.content)
    return "".join(parts)
