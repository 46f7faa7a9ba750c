"""Resolved, closed, come back, reopened."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import Person


class Resolved(Happened):
    kind: Literal["resolved"] = "resolved"
    fixed: str = ""


class RelapseSeen(Happened):
    kind: Literal["came_back"] = "came_back"
    why: str = ""


class CloseKind(StrEnum):
    DECLARED = "declared"
    FALSE_ALARM = "false alarm"
    DUPLICATE = "duplicate"
    DRILL = "drill"


class Closed(Happened):
    """The commander said that it is over. A false alarm or a duplicate carries its reason in `cause`. A drill's time was over: nobody said anything."""

    kind: Literal["closed"] = "closed"
    how: CloseKind
    cause: str
    fixed: str = ""
    next: str = ""
    owner: Person | None = None
    of: int | None = None


class Reopened(Happened):
    kind: Literal["reopened"] = "reopened"
    why: str
