"""What a reader sees of Discord's markdown: the letters that are shown, and what each of them is.

Written from what is said of Discord's markdown, each rule with its source, and always on the strict side: where clients
differ, a rule takes what any of them would. `heeds` tells the two families apart that differ most: Khan Academy's
simple-markdown, of which desktop and web are made (brussell98/discord-markdown follows it), heeds a backslash before a
closing mark; Discord's own SimpleAST (github.com/discord/SimpleAST, `SimpleMarkdownRules`, `CodeRules`) does not.

Sources: `101` is Discord's "Markdown Text 101" (support article 210298617), `formats` its reference of message formatting
(docs/reference#message-formatting), `SimpleAST` as above, `dismark` the notes on desktop's behaviour, bug for bug, in
jeremy-rifkin/discord-markdown, `issue` a thread of discord/discord-api-docs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

Styles = frozenset[str]


@dataclass(frozen=True)
class Letter:
    """One character as shown, and what it is part of: `strong`, `quote`, `link https://…`; plain text is part of nothing."""

    letter: str
    styles: Styles


@dataclass(frozen=True)
class Reading:
    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        return "".join(each.letter for each in self.letters)

    @property
    def effects(self) -> set[str]:
        """Everything that is more than text."""
        return {style for each in self.letters for style in each.styles}

    def of(self, style: str) -> str:
        """The letters of one style."""
        return "".join(each.letter for each in self.letters if style in each.styles)


def read(markdown: str, *, heeds: bool = True) -> Reading:
    reader = _Reader(heeds=heeds)
    reader.parse(markdown, frozenset())
    return Reading(tuple(reader.letters))


class _Reader:
    def __init__(self, *, heeds: bool) -> None:
        self.heeds = heeds
        self.letters: list[Letter] = []
        self.line_begins = True

    def parse(self, text: str, styles: Styles) -> None:
        at = 0
        while at < len(text):
            ends = (rule(self, text, at, styles) for rule in RULES)
            at = next(end for end in ends if end > at)

    def show(self, text: str, styles: Styles) -> None:
        for letter in text:
            self.letters.append(Letter(letter, styles))
            # Spaces do not end the beginning of a line, and neither does a mark that shows nothing (dismark).
            self.line_begins = letter == "\n" or (self.line_begins and letter.isspace())

    def closing(self, text: str, begin: int, mark: str, *, alone: bool) -> int:
        """Where a mark closes what begins here; `alone`: not where one more of its letters follows. -1: nowhere."""
        at = begin
        while at < len(text):
            if self.heeds and text[at] == "\\":
                at += 2
            elif text.startswith(mark, at) and at > begin and not (alone and text.startswith(mark[0], at + len(mark))):
                return at
            else:
                at += 1
        return -1


QUOTE = re.compile(r"(?:>>> (.+)|> ([^\n]+\n?))", re.DOTALL)
BEGINNING = re.compile(r"(#{1,3}|-#|[-+*]|[0-9]+\.)[^\S\n]+([^\n]+\n?)")
LINK = re.compile(r"\[(.+?)\]\(\s*<?(https?://[^)\s>]+)>?\s*\)", re.DOTALL)
ADDRESS = re.compile(r"<(https?://[^\s<>]+)>|(https?://[^\s<]*[^\s<.,:;\"')\]])", re.IGNORECASE)

Rule = Callable[[_Reader, str, int, Styles], int]
"""Shows what stands at a place of the text and returns where that ends; the place itself where the rule does not apply."""


def _escape(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """A backslash hides itself before anything but letters, digits and spaces (101; SimpleAST), not in a link's label,
    where it is shown (issue 6185, by staff).
    """
    after = text[at + 1 : at + 2]
    if text[at] != "\\" or not after or re.match(r"[0-9A-Za-z\s]", after) or _in_label(styles):
        return at
    reader.show(after, styles)
    return at + 2


def _in_label(styles: Styles) -> bool:
    return any(style.startswith("link ") for style in styles)


def _shrug(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    r"""`¯\_(ツ)_/¯` is shown with all of its arms (brussell98/discord-markdown, `emoticon`)."""
    arms = "¯\\_(ツ)_/¯"
    if not text.startswith(arms, at):
        return at
    reader.show(arms, styles)
    return at + len(arms)


def _block(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """Three backticks, whatever stands between, a language in the first line left out (101; SimpleAST)."""
    end = text.find("```", at + 3)
    if not text.startswith("```", at) or not text[at + 3 : max(end, at + 3)].strip("`\n"):
        return at
    words = re.sub(r"^[\w+.-]*[^\S\n]*\n", "", text[at + 3 : end])
    reader.show(words.strip("\n"), styles | {"block"})
    return end + 3


def _code(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """Between backticks nothing else counts. simple-markdown closes with as many as began it and trims; SimpleAST knows
    one or two, and closes at any.
    """
    if text[at] != "`":
        return at
    if reader.heeds:
        ticks = len(text[at:]) - len(text[at:].lstrip("`"))
        closed = re.compile(rf"(?<!`)`{{{ticks}}}(?!`)").search(text, at + ticks)
        if closed is None:
            return at
        reader.show(text[at + ticks : closed.start()].strip(), styles | {"code"})
        return closed.end()
    for marks in ("``", "`"):
        end = text.find("`", at + len(marks))
        if text.startswith(marks, at) and end >= 0 and text.startswith(marks, end):
            inside = text[at + len(marks) : end]
            reader.show(inside or marks * 2, styles | {"code"} if inside else styles)
            return end + len(marks)
    return at


def _quote(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """`> ` quotes its line and `>>> ` all that follows, at the beginning of a line and not in a quote (101; dismark)."""
    if not reader.line_begins or "quote" in styles or not (found := QUOTE.match(text, at)):
        return at
    reader.parse(found[1] or found[2], styles | {"quote"})
    return found.end()


def _beginning(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """Headings, subtext and lists, at the beginning of a line, within quotes and styles too (101; dismark)."""
    if not reader.line_begins or not (found := BEGINNING.match(text, at)):
        return at
    reader.parse(found[2], styles | {"heading" if "#" in found[1] else "list"})
    return found.end()


def _link(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """`[label](https://…)` (101), unless the label has an address in it (issue 7721)."""
    found = LINK.match(text, at)
    if not found or _in_label(styles) or re.search(r"https?://\w\w", found[1]):
        return at
    reader.parse(found[1], styles | {f"link {found[2]}"})
    return found.end()


def _address(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """An address is a link up to a space or `<`, escapes and marks included, but for punctuation at its end; in the middle
    of a word too (simple-markdown's `url`; SimpleAST's text ends before `word:`); in `<…>` as well (101).
    """
    found = ADDRESS.match(text, at)
    if not found or _in_label(styles):
        return at
    reader.show(found[1] or found[2], styles | {"address"})
    return found.end()


FORMATS: tuple[tuple[str, str], ...] = (
    ("user", r"<@!?[0-9]+>"),
    ("role", r"<@&[0-9]+>"),
    ("channel", r"<#[0-9]+>"),
    ("time", r"<t:(-?[0-9]+)(?::[tTdDfFR])?>"),
    ("emoji", r"<a?:\w+:[0-9]+>"),
    ("command", r"</[^:>\n]+:[0-9]+>"),
    ("navigation", r"<id:\w+>"),
    ("everyone", r"@(?:everyone|here)"),
    ("emoji", r":[^\s:]+:"),  # any name: clients know thousands
)
"""formats; `@everyone` and `:tada:` from brussell98/discord-markdown and from what bots' messages look like."""


def _format(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """What stands for a person, a channel, a time; shown as it is written, but a time as its reader in UTC sees it."""
    if text[at] not in "<@:":
        return at
    for name, form in FORMATS:
        if found := re.match(form, text[at:]):
            time = datetime.fromtimestamp(int(found[1]), UTC).strftime("%H:%M UTC") if name == "time" else found[0]
            reader.show(time, styles | {name})
            return at + found.end()
    return at


MARKS: tuple[tuple[str, str, bool], ...] = (
    ("**", "strong", True),
    ("__", "underlined", True),
    ("*", "slanted", True),
    ("_", "slanted", True),
    ("~~", "struck", False),
    ("||", "spoiler", False),
)
"""101; SimpleAST. True: one more of the same letter behind it, and it does not close."""


def _marked(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    """Words between two marks. A single one does not stand before a space, and a struck line has none at its ends."""
    for mark, style, alone in MARKS:
        begin = at + len(mark)
        if not text.startswith(mark, at) or (len(mark) == 1 and text[begin : begin + 1].isspace()):
            continue
        end = reader.closing(text, begin, mark, alone=alone)
        words = text[begin : max(end, begin)]
        if words and not (style == "struck" and words != words.strip()):
            reader.parse(words, styles | {style})
            return end + len(mark)
    return at


def _letter(reader: _Reader, text: str, at: int, styles: Styles) -> int:
    reader.show(text[at], styles)
    return at + 1


RULES: tuple[Rule, ...] = (
    _escape,
    _shrug,
    _block,
    _code,
    _quote,
    _beginning,
    _link,
    _address,
    _format,
    _marked,
    _letter,
)
"""The first that applies."""
