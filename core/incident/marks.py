"""Text in Markdown as it was typed: what could be markup in CommonMark, or in what GitHub adds to it, is escaped.

Rule: this is for one line of somebody's words; what stands around it (a list, a table's cell, a heading) is the caller's.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(
    r"""
      ^([0-9]{1,9})(?=[.)])   # `1. ` is a list
    | (?=
          [\\`*_\[\]<>#|~&$@^{}]   # these may begin something wherever they stand
        | :(?!\s)                # an address, `:tada:`; not `Cause: unknown`
        | (?<=www)\.             # an address without its scheme
        | ^[-+=:]                # at the beginning: a list, a heading's underline, a definition
      )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What a backslash goes behind, or before."""


def escaped(text: str) -> str:
    """The words on one line, so that a reader of Markdown shows them letter by letter wherever they stand."""
    return _MARKUP.sub(r"\1\\", " ".join(text.replace("\0", "\ufffd").split()))
