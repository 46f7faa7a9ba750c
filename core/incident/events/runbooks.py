"""A runbook was shown: with its words, so that an edit of the file rewrites nothing."""

from __future__ import annotations

from typing import Literal

from core.incident.events.happened import Happened
from core.incident.runbook import Page


class RunbookShown(Happened):
    """`page` counts from 1; 0 is the table of contents. `digest` is of the file as it was; `link` is all there is elsewhere."""

    kind: Literal["runbook_shown"] = "runbook_shown"
    name: str
    title: str
    digest: str = ""
    page: int = 0
    contents: tuple[str, ...] = ()
    shown: Page | None = None
    link: str = ""
