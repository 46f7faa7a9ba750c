"""What Tocsin asked and told people, and what it turned down."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from core.incident.events.happened import Happened
from core.incident.vocabulary import MessageRef, Person, Phase, Role, Severity, Value


class Ask(StrEnum):
    """What Tocsin asks somebody to do; the first word of a prompt's card key."""

    COMMANDER = "commander"
    UPDATE = "update"
    CLOSE = "close"
    WATCH = "watch"
    HANDOFF = "handoff"
    TAKEOVER = "takeover"
    UNFREEZE = "unfreeze"
    SAME = "same"
    STALE = "stale"
    DECISION = "decision"
    RULE = "rule"
    UNSAFE = "unsafe"
    STOP = "stop"
    SIGNAL = "signal"
    WORKED = "worked"
    OBJECTION = "objection"
    SECOND = "second"
    VACANT = "vacant"
    POSTMORTEM = "postmortem"
    PAGE = "page"
    UNANSWERED = "unanswered"
    WIDEN = "widen"
    SHIFT = "shift"
    RUNBOOK = "runbook"


class Again(Value):
    """A command to be given again on a yes: its class name and its fields as JSON."""

    command: str
    fields: str


class Briefing(Value):
    """How an incident stood when these people were called into it; what there was nothing of is empty."""

    to: tuple[Person, ...]
    severity: Severity
    phase: Phase
    title: str
    impact: str = ""
    theory: str = ""
    path: str = ""
    free: tuple[str, ...] = ()


class Asked(Happened):
    """Tocsin asks `to`; the card is `prompt/{ask}-{number}`. What else is filled depends on `ask`.

    `point` is a decision point, `item` an item and `entry` a timeline entry that it is about; `why` is said of a page.
    Of a page into an incident that goes on, `briefing` is what whoever was not there is told in private.
    """

    kind: Literal["asked"] = "asked"
    ask: Ask
    number: int
    to: tuple[Person, ...]
    by: Person | None = None
    roles: tuple[Role, ...] = ()
    step: int = 0
    due: datetime | None = None
    title: str = ""
    message: MessageRef | None = None
    again: Again | None = None
    point: str = ""
    item: str = ""
    entry: int = 0
    why: str = ""
    briefing: Briefing | None = None


class Settled(Happened):
    """A prompt needs no answer any more; `how` says why, in a word or two."""

    kind: Literal["settled"] = "settled"
    prompt: str
    how: str


class Nudged(Happened):
    """A row of the nudges was told to somebody."""

    kind: Literal["nudged"] = "nudged"
    row: str
    to: Person


class Told(Happened):
    """Somebody asked for words: the answer is computed from the incident as it then was.

    Of the drills that there were, `topic` lists them, a line each.
    """

    kind: Literal["told"] = "told"
    what: Literal["board", "timeline", "help", "form", "drills"]
    topic: str = ""


class Heard(Happened):
    """An act that changed nothing, kept so that its repeat cannot."""

    kind: Literal["heard"] = "heard"


class Refused(Happened):
    """An act turned down. Kept, because a refused act that is heard again must be refused again."""

    kind: Literal["refused"] = "refused"
    rule: str
    answer: str
