"""Text in Discord's markdown, and back. Rule: this is where text is escaped, once, and nowhere else.

Nothing here relies on a nicety of one client: text reads the same where closing marks heed a backslash (the desktop's
simple-markdown) and where they do not (Discord's own SimpleAST).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from core.incident.document import utc

_MARKUP = re.compile(
    r"""
      [\\`*_~|<>\[@\#]     # these may begin something wherever they stand
    | :(?!\s)              # `:tada:`, `https://`; not `Cause: unknown`
    | (?<![^\W_])[-+]      # a list or subtext, were it to begin the line; not `sign-in`
    | (?<=[0-9])\.(?!\S)   # `1. ` is a list as well; not `v1.2`
    """,
    re.VERBOSE,
)
_ADDRESS = re.compile(r"(https?://\S+)")
_HARMLESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()+,;=%\"-]+")
_LABEL = re.compile(r"[^\W_]+(?: [^\W_]+)*")

_OURS = re.compile(
    r"""
      ```\n(?P<block>.*?)\n```
    | `(?P<code>[^`]+)`
    | \[(?P<label>[^\]]+)\]\(https://[^)]+\)
    | <t:(?P<time>-?[0-9]+):t>
    | (?P<address>https?://\S+)
    | \\(?P<escaped>.)
    | \*\* | ~~
    """,
    re.VERBOSE | re.DOTALL,
)
"""All that this module and `render` ever write: what people typed adds nothing to it, since it is escaped."""


def size(text: str) -> int:
    """Characters as Discord counts them, or more.

    Its API counts code points (discord-api-docs#1315), but a description of 2,491 emoji was refused (gitea#34084).
    """
    return len(text) + sum(letter > "\uffff" for letter in text)


def clean(text: str) -> str:
    """Text on one line, without what is invisible or turns the reading direction: the letters that `one_line` keeps."""
    if text.isprintable():
        return text
    return "".join(" " if letter.isspace() or _is_control(letter) else letter for letter in text if not _hides(letter))


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) == "Cc"


def _hides(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cf", "Cs", "Co") and letter not in "\u200c\u200d"


def escaped(text: str) -> str:
    """Text that reads as it was typed wherever it stands: a backslash before punctuation is not shown."""
    return _MARKUP.sub(r"\\\g<0>", text)


def linked(text: str, *, last: bool) -> str:
    """The same, but addresses can be clicked; `last`: nothing follows on this line.

    Discord's client takes an address whole, up to a space, so an escape inside would become part of it, and so would
    whatever follows without a space. It stays bare when there is neither; else it is text like any other.
    """
    parts = _ADDRESS.split(text)
    bare = [
        bool(at % 2 and _HARMLESS.fullmatch(part) and (last or parts[at + 1] != "")) for at, part in enumerate(parts)
    ]
    return "".join(part if is_bare else escaped(part) for part, is_bare in zip(parts, bare, strict=True))


def styled(mark: str, text: str) -> str:
    """Text between two marks, `**` or `~~`. What could be taken for a part of the closing one stands behind it."""
    begin = text[: len(text) - len(text.lstrip())]
    words = text.strip().rstrip(f"{mark[0]} ")
    if not words:
        return escaped(text)
    return f"{begin}{mark}{escaped(words)}{mark}{escaped(text[len(begin) + len(words) :])}"


def can_be_code(text: str) -> bool:
    """Whether inline code shows it letter by letter: SimpleAST ends code at any backtick, other clients trim its ends."""
    return text != "" and "`" not in text and text == text.strip()


def link(label: str, address: str) -> str | None:
    """A masked link. `None` where the label holds more than words: escapes do not count in there (discord-api-docs#6185)."""
    return f"[{label}]({address})" if _LABEL.fullmatch(label) else None


def plain(markdown: str) -> str:
    """What a reader reads of a description of ours. Times are UTC, and channels stay `<#5>`."""
    return _OURS.sub(_read, markdown)


def _read(found: re.Match[str]) -> str:
    if found["time"] is not None:
        return utc(datetime.fromtimestamp(int(found["time"]), UTC))
    return next((words for words in found.groups() if words is not None), "")
