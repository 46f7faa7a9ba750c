"""What people typed, as Markdown and as YAML that read as it was typed.

Rule: typed text never makes markup: no link, no heading, no emphasis, no list, no HTML, no second line. It reads the same
in plain CommonMark, inside a table, and where a forge makes links of bare addresses.
"""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
"""What would begin another line, or move what follows."""

_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""What has no look of its own, a NUL among it, and what would turn the words after it round."""

_MARKS = re.compile(r"""[\\`*_\[\]<>~|$#@]|&(?=[#\w])|:(?=//)|(?<=\bwww)\.|!(?=\[)""", re.IGNORECASE)
_LEADS = re.compile(r"[-+=:]|\d+(?=[.)])")
"""What makes a list, a heading or a table where a line begins."""

_YAML = {char: f"\\x{ord(char):02X}" for char in "<>&[]*_`|~$"}
"""A reader that knows no front matter takes it for Markdown."""


def flat(text: str) -> str:
    """The text as one line without what cannot be seen."""
    return _UNPRINTED.sub("\ufffd", _BREAKS.sub(" ", text)).strip()


def words(text: str) -> str:
    """The text inside a line of Markdown, or at its beginning."""
    escaped = _MARKS.sub(lambda found: f"\\{found[0]}", flat(text))
    lead = _LEADS.match(escaped)
    if lead is None:
        return escaped
    # A figure cannot be escaped, so it is the dot after it that is.
    return f"{lead[0]}\\{escaped[lead.end() :]}" if lead[0][0].isdigit() else f"\\{escaped}"


def yaml(value: str | int | None) -> str:
    """A scalar of YAML, which is quoted where it is text."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    quoted = (
        flat(value).replace("\\", "\\\\").replace('"', '\\"').replace("://", "\\x3A//").replace("\ufeff", "\\uFEFF")
    )
    return f'"{"".join(_YAML.get(char, char) for char in quoted)}"'
